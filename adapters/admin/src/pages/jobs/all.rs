//! All jobs of a route, one after the other.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::Uri;
use ipass_core::job::Job;
use ipass_core::ports::Trigger;
use ipass_core::run::{Refused, Route, RunRequest};

use crate::desk::{Answer, Fault, Form, Page, Shared, audit};
use crate::pages::runs::{Note, StepState, Steps, ended, running, show_steps};

/// In the order of the stages; stock comes last, if it is enabled.
const IN_ORDER: [Job; 5] = [Job::PullOrders, Job::PushOrders, Job::AckOrders, Job::ShipOrders, Job::InvoiceOrders];
/// Between two tries to begin while somebody else does the work.
const AGAIN: Duration = Duration::from_secs(2);
/// Tries at most.
const TRIES: u32 = 30;

/// `POST /admin/jobs/all`.
pub(super) async fn begin(State(desk): State<Shared>, page: Page, uri: Uri, form: Form) -> Answer {
    // Settings that are not valid refuse every job: say so before anything is begun.
    desk.runner.settings(page.route()).await?;
    form.once(&desk, &uri).await?;
    let id = run_all(&desk, page.route(), page.who()).await?;
    Ok(page.go(&page.href(&format!("/admin/jobs/all/{id}")), None))
}

/// `GET /admin/jobs/all/{id}`.
pub(super) async fn show(page: Page, Path(id): Path<String>) -> Answer {
    show_steps(&page, &id)
}

/// Begins to run all; answers the id under which it is followed. It goes on whether or not anybody looks.
pub(crate) async fn run_all(desk: &Shared, route: &Arc<Route>, who: &str) -> Result<String, Fault> {
    let (settings, _) = desk.runner.settings(route).await?;
    let stock = route.inventory.is_some() && settings.job(Job::SyncStock).enabled;
    let jobs: Vec<Job> = IN_ORDER.into_iter().chain(stock.then_some(Job::SyncStock)).collect();
    let names: Vec<String> = jobs.iter().map(|job| job.name().to_owned()).collect();
    audit(desk, who, "run", Some(&route.name), "run_all", &names.join(", ")).await?;
    let steps = Steps::begin(desk, "run_all", &route.name, &names);
    let id = steps.id.clone();
    tokio::spawn(one_by_one(desk.clone(), Arc::clone(route), jobs, steps));
    Ok(id)
}

async fn one_by_one(desk: Shared, route: Arc<Route>, jobs: Vec<Job>, steps: Steps) {
    let mut orders_are_in = true;
    for (at, job) in jobs.into_iter().enumerate() {
        if steps.stopping() {
            steps.tell(at, StepState::LeftOut, None, Some(&Note::Stopped));
            continue;
        }
        if job == Job::SyncStock && !orders_are_in {
            steps.tell(at, StepState::LeftOut, None, Some(&Note::StockNotSafe));
            continue;
        }
        let good = one(&desk, &route, job, &steps, at).await;
        orders_are_in &= good || !matches!(job, Job::PullOrders | Job::PushOrders);
    }
    steps.end();
}

/// Whether the job came to a good end, by this run or by the one that was in its way.
async fn one(desk: &Shared, route: &Route, job: Job, steps: &Steps, at: usize) -> bool {
    steps.tell(at, StepState::Running, None, None);
    for _ in 0..TRIES {
        let (run_id, joined) = match desk.launcher.launch(&route.name, RunRequest::of(job, Trigger::Manual)).await {
            Ok(run_id) => (run_id, None),
            Err(Refused::AlreadyRunning) => {
                if let Ok(Some(run)) = running(desk, &route.name, job, None).await {
                    (run.run_id, Some(Note::Joined))
                } else {
                    desk.runner.clock.sleep(AGAIN).await;
                    continue;
                }
            }
            Err(refused @ (Refused::Settings(_) | Refused::Usage(_))) => {
                steps.tell(at, StepState::Refused, None, Some(&Note::Said(refused.to_string())));
                return false;
            }
            // What the database says is for the log.
            Err(Refused::Store(_)) => {
                steps.tell(at, StepState::Refused, None, Some(&Note::NotRecorded));
                return false;
            }
        };
        steps.tell(at, StepState::Running, Some(&run_id), joined.as_ref());
        let (state, note) = match ended(desk, &run_id).await.as_deref() {
            Some("done") => (StepState::Done, joined),
            Some(_) => (StepState::Failed, joined),
            None => (StepState::Failed, Some(Note::NotRecorded)),
        };
        steps.tell(at, state, Some(&run_id), note.as_ref());
        return state == StepState::Done;
    }
    steps.tell(at, StepState::Refused, None, Some(&Note::Said(Refused::AlreadyRunning.to_string())));
    false
}
