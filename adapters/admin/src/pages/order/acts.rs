use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use ipass_core::job::Job;
use ipass_core::order::PoNumber;
use ipass_core::ports::{OrderRow, RouteName, StageEdit, StoreError, Trigger};
use ipass_core::reason::Reason;
use ipass_core::run::{Refused, RunRequest};
use ipass_core::stage::Stage;

use super::{find, order_path};
use crate::desk::links::encode;
use crate::desk::{Answer, Desk, Fault, Flash, Form, Page, Query, Shared, audit, local_path};
use crate::pages::orders::present;
use crate::pages::runs::{run_path, running};
use crate::text::{common as c, order as t};

/// Characters of a reason.
const MAX_REASON: usize = 500;

/// The address of a page of ours for another route than the page's own.
pub(super) fn on_route(desk: &Desk, path: &str, route: &RouteName) -> String {
    if desk.routes.first().is_some_and(|first| first.name == *route) {
        return path.to_owned();
    }
    format!("{path}?route={}", encode(&route.0))
}

/// The page of an order.
pub(super) fn order_href(desk: &Desk, row: &OrderRow) -> String {
    on_route(desk, &order_path(&row.route, &row.po), &row.route)
}

/// Back to where the form came from, else to the order; says what was done, with a link to the order.
fn done(page: &Page, desk: &Desk, form: &Form, row: &OrderRow, text: String) -> Response {
    let order = order_href(desk, row);
    let back = form.0.get("back").and_then(local_path).or(page.came_from.as_deref()).unwrap_or(&order);
    let flash = Flash::good(text).with_link(order.as_str(), page.t(t::TO_ORDER));
    page.go(back, Some(&flash))
}

/// The reason that was typed.
fn reason(form: &mut Query) -> String {
    let reason = form.required("reason", MAX_REASON);
    if !reason.is_empty() && reason.chars().count() < 3 {
        form.problem("reason", t::REASON_TOO_SHORT);
    }
    reason
}

/// A run that did not begin, with a link to the run that is in the way, where it can be found.
pub(super) async fn refused(desk: &Desk, route: &RouteName, job: Job, po: &PoNumber, refused: Refused) -> Fault {
    match refused {
        Refused::AlreadyRunning => match running(desk, route, job, Some(po)).await {
            Ok(Some(run)) => {
                let href = on_route(desk, &run_path(&run.run_id), route);
                Fault::refused_at("already_running", t::BUSY, t::BUSY_HELP, href, t::TO_RUN)
            }
            Ok(None) | Err(_) => {
                Fault::refused_at("already_running", c::RUN_REFUSED, c::ALREADY_RUNNING, "/admin/jobs", c::JOBS)
            }
        },
        other @ (Refused::Settings(_) | Refused::Usage(_) | Refused::Store(_)) => other.into(),
    }
}

fn finished(desk: &Desk, row: &OrderRow) -> Fault {
    Fault::refused_at("finished", t::FINISHED, t::FINISHED_HELP, order_href(desk, row), t::TO_ORDER)
}

/// `POST …/run`: begins a run of its stage's job for this order, and leads to the run.
pub(super) async fn run(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path((route, po)): Path<(String, String)>,
    form: Form,
) -> Answer {
    let row = find(&desk, &route, &po).await?.row;
    let job = Job::of_stage(row.stage).ok_or_else(|| finished(&desk, &row))?;
    form.once(&desk, &uri).await?;
    launch(&desk, &page, &row.route, row.po.clone(), job, "run").await
}

/// `POST …/pull`: reads the order from the channel again, also one that is not stored.
pub(super) async fn pull(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path((route, po)): Path<(String, String)>,
    form: Form,
) -> Answer {
    let route = desk.route(&route)?.name.clone();
    let po = PoNumber::new(po).ok_or(Fault::NotFound)?;
    form.once(&desk, &uri).await?;
    launch(&desk, &page, &route, po, Job::PullOrders, "repair").await
}

async fn launch(desk: &Desk, page: &Page, route: &RouteName, po: PoNumber, job: Job, what: &str) -> Answer {
    audit(desk, page.who(), what, Some(route), po.as_str(), job.name()).await?;
    let request = RunRequest { po: Some(po.clone()), ..RunRequest::of(job, Trigger::Manual) };
    match desk.launcher.launch(route, request).await {
        Ok(run_id) => Ok(page.go(&on_route(desk, &run_path(&run_id), route), None)),
        Err(why) => Err(refused(desk, route, job, &po, why).await),
    }
}

/// `POST …/retry`: makes it due.
pub(super) async fn retry(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path((route, po)): Path<(String, String)>,
    form: Form,
) -> Answer {
    let row = find(&desk, &route, &po).await?.row;
    if row.stage.is_final() {
        return Err(finished(&desk, &row));
    }
    form.once(&desk, &uri).await?;
    audit(&desk, page.who(), "retry", Some(&row.route), row.po.as_str(), "").await?;
    desk.store.retry(&row.route, Some(&row.po), desk.now()).await?;
    Ok(done(&page, &desk, &form, &row, page.t1(t::IS_DUE, &row.po)))
}

/// `POST …/hold` with `reason`.
pub(super) async fn hold(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path((route, po)): Path<(String, String)>,
    Form(mut form): Form,
) -> Answer {
    let why = reason(&mut form);
    form.check()?;
    let row = find(&desk, &route, &po).await?.row;
    if row.stage.is_final() {
        return Err(finished(&desk, &row));
    }
    let form = Form(form);
    form.once(&desk, &uri).await?;
    audit(&desk, page.who(), "hold", Some(&row.route), row.po.as_str(), &why).await?;
    desk.store.set_hold(&row.route, &row.po, Some(&why), page.who(), desk.now()).await?;
    Ok(done(&page, &desk, &form, &row, page.t1(t::WAS_HELD_NOW, &row.po)))
}

/// `POST …/release`.
pub(super) async fn release(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path((route, po)): Path<(String, String)>,
    form: Form,
) -> Answer {
    let row = find(&desk, &route, &po).await?.row;
    form.once(&desk, &uri).await?;
    audit(&desk, page.who(), "release", Some(&row.route), row.po.as_str(), "").await?;
    desk.store.set_hold(&row.route, &row.po, None, page.who(), desk.now()).await?;
    Ok(done(&page, &desk, &form, &row, page.t1(t::WAS_RELEASED_NOW, &row.po)))
}

/// `POST …/stage` with `from` (where it was seen), `to` and `reason`; `repair` names the finding that it is for.
pub(super) async fn set_stage(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path((route, po)): Path<(String, String)>,
    Form(mut form): Form,
) -> Answer {
    let stage = |text: &str| text.parse().ok().and_then(Stage::from_number);
    let (from, to) = (form.read("from", c::BAD_CHOICE, stage), form.read("to", c::BAD_CHOICE, stage));
    if from.is_none() || to.is_none() {
        form.required("from", 1);
        form.required("to", 1);
    }
    let why = reason(&mut form);
    if to.is_some() && from == to {
        form.problem("to", t::SAME_STAGE);
    }
    let repair = form.text("repair", 50);
    form.check()?;
    let (Some(from), Some(to)) = (from, to) else { return Err(Fault::NotFound) };
    let row = find(&desk, &route, &po).await?.row;
    if row.stage != from {
        let (help, href) = (t::MOVED_MEANWHILE_HELP, order_href(&desk, &row));
        return Err(Fault::refused_at("moved", t::MOVED_MEANWHILE, help, href, t::TO_ORDER));
    }
    let form = Form(form);
    form.once(&desk, &uri).await?;
    let moved = format!("{from} -> {to}: {why}");
    let (what, detail) = match repair {
        Some(finding) => ("repair", format!("{finding}, {moved}")),
        None => ("stage", moved),
    };
    audit(&desk, page.who(), what, Some(&row.route), row.po.as_str(), &detail).await?;
    let edit = StageEdit { po: row.po.clone(), to, reason: why, by: page.who().to_owned(), now: desk.now() };
    desk.store.set_stage(&row.route, &edit).await.map_err(|error| match error {
        StoreError::Conflict(_) => {
            Fault::refused_at("busy", t::BUSY, t::BUSY_HELP, order_href(&desk, &row), t::TO_ORDER)
        }
        other @ (StoreError::Unavailable(_) | StoreError::FenceLost | StoreError::Corrupt { .. }) => other.into(),
    })?;
    Ok(done(&page, &desk, &form, &row, page.t2(t::STAGE_IS_SET, &row.po, page.stage(to))))
}

/// `POST …/cancel` with `reason`: lets the service cancel the order in the ERP.
pub(super) async fn cancel_in_erp(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path((route, po)): Path<(String, String)>,
    Form(mut form): Form,
) -> Answer {
    let why = reason(&mut form);
    form.check()?;
    let row = find(&desk, &route, &po).await?.row;
    let asked = present(&row).and_then(|last| last.cause.as_ref()).map(|cause| cause.reason);
    if asked != Some(Reason::CancelNeedsDecision) || row.stage.is_final() {
        let (help, href) = (t::NOT_CANCELLABLE_HELP, order_href(&desk, &row));
        return Err(Fault::refused_at("not_cancellable", t::NOT_CANCELLABLE, help, href, t::TO_ORDER));
    }
    let form = Form(form);
    form.once(&desk, &uri).await?;
    audit(&desk, page.who(), "cancel_in_erp", Some(&row.route), row.po.as_str(), &why).await?;
    desk.store.approve_cancel(&row.route, &row.po, page.who(), desk.now()).await?;
    Ok(done(&page, &desk, &form, &row, page.t1(t::CANCEL_IS_APPROVED, &row.po)))
}
