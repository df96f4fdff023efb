//! One order: where it stands, why it is not moving, what was done for it, and what a person can do.

mod acts;
mod changes;
mod json;
mod looks;
mod story;
mod systems;
mod view;
mod why;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use ipass_core::order::PoNumber;
use ipass_core::ports::{KEPT_PAYLOADS, OrderRow, RouteName, StoredOrder};
use ipass_core::stage::Stage;

use self::changes::Version;
use self::story::{Fact, Write};
use self::view::{Contents, Step};
use self::why::{Fix, Why};
use super::orders;
use crate::desk::links::encode;
use crate::desk::{Answer, Desk, Fault, Html, Page, Query, Shared, show};
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
        .route(&path("/systems"), post(systems::read).get(back))
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

/// What is shown of an order.
struct View<'a> {
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
    versions: Vec<Version>,
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage<'a> {
    p: &'a Page,
    view: View<'a>,
}

/// The part that renews itself.
#[derive(Template)]
#[template(path = "order_body.html")]
struct OrderBody<'a> {
    p: &'a Page,
    view: View<'a>,
}

impl View<'_> {
    /// Another one when the payload is: what is unfolded of it stays as it is while it does.
    fn payload_id(&self) -> i64 {
        self.versions.first().map_or(0, |version| version.replaced_at.timestamp_micros())
    }

    /// How many earlier payloads are kept.
    #[expect(clippy::unused_self, reason = "the template asks its view")]
    const fn kept(&self) -> u32 {
        KEPT_PAYLOADS
    }

    /// What the dialogs of the page were made for: while it stays, the rest of the page is renewed by itself.
    fn made_for(&self) -> String {
        let fix = match self.why.fix {
            Fix::Nothing => "nothing",
            Fix::Settings(..) => "settings",
            Fix::SendToPush => "push",
            Fix::CancelInErp => "cancel",
            Fix::RunNow => "run",
        };
        format!("{}-{fix}-{}", self.row.stage, if self.row.hold.is_some() { "held" } else { "free" })
    }

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

/// `GET …`; `seen` is what the asking page's dialogs were made for.
async fn detail(State(desk): State<Shared>, mut page: Page, Path((route, po)): Path<(String, String)>) -> Answer {
    let seen = page.query.get("seen").map(str::to_owned);
    if seen.is_some() {
        page.here = format!("{}{}", page.path, page.query.with("seen", &[]));
        page.query = Query::of(page.here.split_once('?').map_or("", |(_, query)| query));
    }
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
    let earlier = desk.store.payloads(route, po).await?;
    let failures_only = page.query.has("only", "failures");
    let steps = view::steps(&page, &row, &timeline);
    let why = why::why(&page, &row, settings.as_ref());
    let contents = match page.route().source.parse(&raw) {
        Ok(order) => Ok(view::contents(&order, &row.evidence, settings.as_ref())),
        Err(error) => Err(page.t1(t::UNREADABLE, page.said(error.message()))),
    };
    let cut = timeline.len() >= usize::try_from(HISTORY).unwrap_or(usize::MAX);
    let view = View {
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
        versions: changes::versions(&earlier, &raw),
        row,
    };
    match seen {
        // The dialogs do not fit any more: the page is loaded anew.
        Some(seen) if page.htmx && seen != view.made_for() => Ok(page.go(&page.here, None)),
        _ if page.htmx => page.show(&OrderBody { p: &page, view }),
        _ => page.show(&OrderPage { p: &page, view }),
    }
}

#[cfg(test)]
pub(crate) mod tests;
