//! Starting runs for people.

use ipass_core::job::Job;
use ipass_core::order::PoNumber;
use ipass_core::ports::{RouteName, RunRecord};
use ipass_core::run::{Refused, RunRequest};

use crate::desk::{Desk, Fault, Page, Say, audit, links};
use crate::text::jobs as t;

/// Runs that are looked at for the one in the way.
const LOOK: u32 = 30;

/// Where a run is shown.
pub(crate) fn run_path(run_id: &str) -> String {
    format!("/admin/jobs/runs/{}", links::encode(run_id))
}

/// Where an order is shown.
pub(crate) fn order_path(route: &str, po: &str) -> String {
    format!("/admin/orders/{}/{}", links::encode(route), links::encode(po))
}

/// Starts a run that goes on by itself, and adds it to the audit; answers its id. While the same work is being
/// done it is refused with a link to the run that does it.
pub(crate) async fn start(page: &Page, request: RunRequest) -> Result<String, Fault> {
    let desk = &page.desk;
    let route = page.route_name();
    let (job, po, detail) = (request.job, request.po.clone(), told(&request));
    match desk.launcher.launch(route, request).await {
        Ok(run_id) => {
            let subject = po.as_ref().map_or(job.name(), PoNumber::as_str);
            let detail = [job.name(), &detail, &run_id].into_iter().filter(|text| !text.is_empty());
            audit(desk, page.who(), "run", Some(route), subject, &detail.collect::<Vec<_>>().join(" ")).await?;
            Ok(run_id)
        }
        Err(Refused::AlreadyRunning) => Err(in_the_way(page, job, po.as_ref()).await?),
        Err(refused) => Err(refused.into()),
    }
}

/// What was asked for, for the audit.
fn told(request: &RunRequest) -> String {
    let mut parts = Vec::new();
    if let Some(range) = request.range {
        parts.push(format!("{} – {}", range.start.to_rfc3339(), range.end.to_rfc3339()));
    }
    if let Some(skus) = &request.stock.skus {
        parts.push(format!("skus={}", skus.len()));
    }
    if let Some(write) = request.stock.write {
        parts.push(format!("write={write}"));
    }
    if request.dry_run {
        parts.push("dry_run".to_owned());
    }
    parts.join(" ")
}

async fn in_the_way(page: &Page, job: Job, po: Option<&PoNumber>) -> Result<Fault, Fault> {
    let Some(run) = running(&page.desk, page.route_name(), job, po).await? else {
        return Ok(Refused::AlreadyRunning.into());
    };
    let help = Say::with(t::ALREADY_HELP, [page.ago(&run.started_at)]);
    Ok(Fault::refused_at("already_running", t::ALREADY, help, run_path(&run.run_id), t::WATCH_RUN))
}

/// The run that does a job at this moment, or works on the order.
pub(crate) async fn running(
    desk: &Desk,
    route: &RouteName,
    job: Job,
    po: Option<&PoNumber>,
) -> Result<Option<RunRecord>, Fault> {
    let job = po.is_none().then(|| job.name());
    let runs = desk.store.runs(Some(route), job, LOOK).await?;
    let same = |run: &RunRecord| run.state == "running" && run.po.as_deref() == po.map(PoNumber::as_str);
    Ok(runs.into_iter().find(same))
}
