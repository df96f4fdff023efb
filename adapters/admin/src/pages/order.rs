//! One order: where it stands, why it is not moving, what was done for it, and what a person can do.

mod acts;
mod json;
mod looks;
mod story;
mod view;
mod why;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use ipass_core::order::PoNumber;
use ipass_core::ports::{OrderRow, RouteName, StoredOrder};
use ipass_core::stage::Stage;

use self::story::{Fact, Write};
use self::view::{Contents, Step};
use self::why::{Fix, Why};
use super::orders;
use crate::desk::links::encode;
use crate::desk::{Answer, Desk, Fault, Html, Page, Shared, show};
use crate::text::{Text, common as c, order as t, orders as ot};

/// Facts of the history that are read.
const HISTORY: u32 = 500;
/// Characters of a PO number.
const MAX_PO: usize = 200;

pub(super) fn routes() -> Router<Shared> {
    let path = |act: &str| format!("/admin/orders/{{route}}/{{po}}{act}");
    Router::new()
        .route(&path(""), get(detail))
        .route(&path("/run"), post(acts::run).get(back))
        .route(&path("/pull"), post(acts::pull).get(back))
        .route(&path("/retry"), post(acts::retry).get(back))
        .route(&path("/hold"), post(acts::hold).get(back))
        .route(&path("/release"), post(acts::release).get(back))
        .route(&path("/stage"), post(acts::set_stage).get(back))
        .route(&path("/cancel"), post(acts::cancel_in_erp).get(back))
        .route(&path("/dry-run"), post(looks::dry_run).get(back))
        .route(&path("/check"), post(looks::check).get(back))
}

/// The path of an order's page, without the route of links.
pub(super) fn order_path(route: &RouteName, po: &PoNumber) -> String {
    format!("/admin/orders/{}/{}", encode(&route.0), encode(po.as_str()))
}

/// The order of a path, or 404 in words.
async fn find(desk: &Desk, route: &str, po: &str) -> Result<StoredOrder, Fault> {
    let route = desk.route(route)?;
    let possible = po.chars().count() <= MAX_PO && !po.chars().any(char::is_control);
    let po = PoNumber::new(po).filter(|_| possible).ok_or(Fault::NotFound)?;
    desk.store
        .order(&route.name, &po)
        .await?
        .ok_or_else(|| Fault::with_status(StatusCode::NOT_FOUND, "unknown_order", t::UNKNOWN, t::UNKNOWN_HELP))
}

/// Acts are not read: whoever comes back to one by its address is led to the order.
async fn back(page: Page, Path((route, po)): Path<(String, String)>) -> Answer {
    Ok(page.go(&page.href(&format!("/admin/orders/{}/{}", encode(&route), encode(&po))), None))
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage<'a> {
    p: &'a Page,
    row: OrderRow,
    /// Path of the order, and what every path of an act ends with.
    path: String,
    of_route: String,
    channel_status: String,
    overdue: bool,
    steps: Vec<Step>,
    why: Why,
    contents: Result<Contents, String>,
    writes: Vec<Write>,
    facts: Vec<Fact>,
    /// The history is longer than what was read.
    cut: bool,
    failures_only: bool,
    raw: String,
    raw_bytes: String,
}

impl OrderPage<'_> {
    /// Stages that the order can be set to: number, name.
    fn other_stages(&self) -> Vec<(String, &'static str)> {
        let others = Stage::ALL.into_iter().filter(|stage| *stage != self.row.stage);
        others.map(|stage| (stage.number().to_string(), self.p.stage(stage))).collect()
    }

    /// What each stage means for an order that is set to it.
    fn consequences(&self) -> Vec<(Html, &'static str)> {
        Stage::ALL.into_iter().map(|stage| (self.p.stage_mark(stage), self.p.t(stage_means(stage)))).collect()
    }

    fn evidence(&self) -> [(Text, Vec<&str>); 3] {
        let evidence = &self.row.evidence;
        [
            (t::ERP_ORDERS, pieces(evidence.erp_order_no.as_deref())),
            (t::TRACKING, pieces(evidence.tracking.as_deref())),
            (t::INVOICE, pieces(evidence.invoice_id.as_deref())),
        ]
    }
}

/// The values of a comma-joined text.
fn pieces(joined: Option<&str>) -> Vec<&str> {
    joined.into_iter().flat_map(|joined| joined.split(',')).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// What the job of a stage does with an order that was set to it.
const fn stage_means(stage: Stage) -> Text {
    match stage {
        Stage::AwaitingPush => t::STAGE_1_MEANS,
        Stage::AwaitingAck => t::STAGE_2_MEANS,
        Stage::AwaitingShipment => t::STAGE_3_MEANS,
        Stage::AwaitingInvoice => t::STAGE_4_MEANS,
        Stage::Completed => t::STAGE_5_MEANS,
        Stage::Cancelled => t::STAGE_6_MEANS,
    }
}

async fn detail(State(desk): State<Shared>, page: Page, Path((route, po)): Path<(String, String)>) -> Answer {
    if page.route_name().0 != route {
        // The other route was chosen in the head line, or the address does not name its route for the links.
        let of_path = || format!("{}?route={}", page.path, encode(&route));
        desk.route(&route)?;
        return Ok(match page.query.get("route") {
            Some(_) => page.go(&page.href("/admin/orders"), None),
            None => page.go(&of_path(), None),
        });
    }
    let StoredOrder { row, raw } = find(&desk, &route, &po).await?;
    let (route, po) = (&row.route, &row.po);
    let timeline = desk.store.timeline(route, po, HISTORY).await?;
    let writes = desk.store.writes_of(route, std::slice::from_ref(po)).await?;
    let settings = desk.runner.settings(page.route()).await.ok().map(|(settings, _)| settings);
    let failures_only = page.query.has("only", "failures");
    let steps = view::steps(&page, &row, &timeline);
    let why = why::why(&page, &row, settings.as_ref());
    let contents = match page.route().source.parse(&raw) {
        Ok(order) => Ok(view::contents(&order, settings.as_ref())),
        Err(error) => Err(page.t1(t::UNREADABLE, error)),
    };
    let cut = timeline.len() >= usize::try_from(HISTORY).unwrap_or(usize::MAX);
    let template = OrderPage {
        p: &page,
        path: order_path(route, po),
        of_route: page.href(""),
        channel_status: orders::channel_status(&page, &row.channel_status),
        overdue: row.stage <= Stage::AwaitingShipment && row.ship_by.is_some_and(|at| at < page.now),
        steps,
        why,
        contents,
        writes: writes.into_iter().map(|write| story::write(&page, write)).collect(),
        facts: story::facts(&page, &timeline, failures_only),
        cut,
        failures_only,
        raw: json::pretty(&String::from_utf8_lossy(&raw)),
        raw_bytes: show::number(raw.len()),
        row,
    };
    page.show(&template)
}

#[cfg(test)]
pub(crate) mod tests;
