//! The list of orders: filters, columns, acts on one order or many, CSV.

mod bulk;
mod columns;
mod csv;
mod filter;
mod offers;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Router};
use ipass_core::job::Job;
use ipass_core::ports::{LastOutcome, OrderPage, OrderRow, StoreError};
use ipass_core::reason::OutcomeKind;
use ipass_core::stage::Stage;

use self::columns::{COLUMNS, Shown};
use self::filter::{FILTERS, FURTHER, HIDDEN, SORTS, filter};
use self::offers::{Offers, Readings, offers};
use super::order::order_path;
use crate::desk::links::encode;
use crate::desk::{Answer, Desk, Fault, Html, Page, Query, Shared, show};
use crate::text::{Text, common as c, orders as t};

const LIST: &str = "/admin/orders";
/// Matching orders are counted up to here: counting more of them takes longer than the rest of the page.
const COUNTED: u64 = 1_000;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(LIST, get(list))
        .route("/admin/orders/columns", post(columns::keep))
        .route("/admin/orders/csv", post(csv::csv))
        .route("/admin/orders/bulk", get(bulk::confirm).post(bulk::act))
        .layer(Extension(Arc::<Readings>::default()))
}

/// One order of the list, as it is shown.
struct Entry {
    row: OrderRow,
    /// Its page.
    href: String,
    /// Where its acts are, without the query.
    acts: String,
    /// What is added to the path of an act: the route.
    of_route: String,
    stage: Html,
    channel_status: String,
    outcome: Option<Html>,
    sentence: String,
    /// Where it is asked why it should be held.
    hold: String,
    /// Why nothing can be run for it; empty if something can.
    no_run: &'static str,
    overdue: bool,
}

/// The rows with all that belongs to them: what is renewed by itself.
struct View {
    rows: Vec<Entry>,
    next: Option<String>,
    shown: Shown,
    /// How many match, in words, and the same as a number alone.
    matching: String,
    count: String,
    filtered: bool,
    /// The job that brings orders is switched off.
    pull_off: bool,
}

#[derive(Template)]
#[template(path = "orders.html")]
struct ListPage<'a> {
    p: &'a Page,
    list: Option<View>,
    offers: Offers,
    shown: Shown,
    filtered: bool,
    /// A filter is set that is not among those always seen.
    further: bool,
    problems: Vec<(String, String)>,
}

impl ListPage<'_> {
    /// The reason that is asked for, if no order has it any more.
    fn other_reason(&self) -> Option<&str> {
        let asked = self.p.query.get("reason")?;
        self.offers.reasons.iter().all(|(code, _)| code != asked).then_some(asked)
    }

    fn stage_names(&self) -> Vec<(String, &'static str)> {
        Stage::ALL.iter().map(|stage| (stage.number().to_string(), self.p.stage(*stage))).collect()
    }
}

#[derive(Template)]
#[template(path = "orders_rows.html")]
struct RowsPart<'a> {
    p: &'a Page,
    list: &'a View,
}

async fn list(
    State(desk): State<Shared>,
    Extension(readings): Extension<Arc<Readings>>,
    page: Page,
    headers: HeaderMap,
    mut query: Query,
) -> Answer {
    let filter = filter(&mut query, &page);
    let (after, size) = (query.cursor(), query.size());
    let (filtered, further) = (query.any(&FILTERS), query.any(&FURTHER));
    let problems: Vec<_> =
        query.problems().iter().map(|problem| (problem.path.clone(), page.say(&problem.problem))).collect();
    let route = page.route_name();
    if !problems.is_empty() {
        let offers = offers(&readings, &desk, &page).await?;
        let shown = Shown::of(&headers);
        let template = ListPage { p: &page, list: None, offers, shown, filtered, further, problems };
        return page.show_as(StatusCode::UNPROCESSABLE_ENTITY, &template);
    }
    let (found, count) = tokio::join!(
        desk.store.search(Some(route), &filter, after.as_deref(), size),
        desk.store.count_orders(Some(route), &filter, COUNTED + 1),
    );
    let found = match found {
        // The mark of a page is good for the order of its list only.
        Err(StoreError::Conflict(_)) if after.is_some() => {
            query.problem("after", c::BAD_CURSOR);
            return Err(Fault::Invalid(query.problems().to_vec()));
        }
        found => found?,
    };
    if !page.htmx
        && after.is_none()
        && let Some(path) = only_hit(&query, &found)
    {
        return Ok(page.go(&page.href(&path), None));
    }
    let count = count?;
    let pull_off = found.rows.is_empty() && !filtered && is_off(&desk, &page, Job::PullOrders).await;
    let rows = View {
        rows: found.rows.into_iter().map(|row| view(&page, row)).collect(),
        next: found.next,
        shown: Shown::of(&headers),
        matching: if count > COUNTED {
            page.t1(t::MATCHING_MORE, show::number(COUNTED))
        } else {
            page.t1(t::MATCHING, show::number(count))
        },
        count: if count > COUNTED { format!("> {}", show::number(COUNTED)) } else { show::number(count) },
        filtered,
        pull_off,
    };
    if page.htmx {
        return page.show(&RowsPart { p: &page, list: &rows });
    }
    let offers = offers(&readings, &desk, &page).await?;
    let shown = Shown::of(&headers);
    page.show(&ListPage { p: &page, list: Some(rows), offers, shown, filtered, further, problems })
}

/// The page of the one order that was meant: a PO number was typed, nothing else, and one order has it.
fn only_hit(query: &Query, found: &OrderPage) -> Option<String> {
    let others: Vec<&str> = FILTERS.iter().copied().filter(|name| *name != "po").collect();
    let [row] = found.rows.as_slice() else { return None };
    (query.any(&["po"]) && !query.any(&others)).then(|| order_path(&row.route, &row.po))
}

/// Whether the schedule leaves a job alone. Settings that cannot be read are told elsewhere.
async fn is_off(desk: &Desk, page: &Page, job: Job) -> bool {
    desk.runner.settings(page.route()).await.is_ok_and(|(settings, _)| !settings.job(job).enabled)
}

/// The last look at an order, if it was a look in its present stage that left it there.
pub(super) fn present(row: &OrderRow) -> Option<&LastOutcome> {
    row.last_outcome.as_ref().filter(|last| last.cause.is_some() && last.at >= row.stage_entered_at)
}

fn view(page: &Page, row: OrderRow) -> Entry {
    let last = present(&row);
    let cause = last.and_then(|last| last.cause.as_ref());
    let sentence = match cause {
        Some(cause) => cause.reason.sentence(page.language(), &cause.detail),
        None if row.stage.is_final() => String::new(),
        None => page.t(t::NOT_LOOKED_AT).to_owned(),
    };
    let path = order_path(&row.route, &row.po);
    Entry {
        href: page.href(&path),
        of_route: page.href(""),
        hold: page.href(&format!(
            "/admin/orders/bulk?act=hold&id={}&back={}",
            encode(row.po.as_str()),
            encode(&page.here)
        )),
        acts: path,
        stage: page.stage_mark(row.stage),
        channel_status: channel_status(page, &row.channel_status),
        outcome: last.map(|last| outcome_mark(page, last.kind)),
        sentence,
        no_run: if row.stage.is_final() { page.t(t::RUN_FINISHED) } else { "" },
        overdue: row.stage <= Stage::AwaitingShipment && row.ship_by.is_some_and(|at| at < page.now),
        row,
    }
}

/// The channel's status by language, where it is one that we know.
pub(super) fn channel_status(page: &Page, status: &str) -> String {
    let known = [
        ("created", t::STATUS_CREATED),
        ("shipment_pending", t::STATUS_SHIPMENT_PENDING),
        ("shipped", t::STATUS_SHIPPED),
        ("completed", t::STATUS_COMPLETED),
        ("cancelled", t::STATUS_CANCELLED),
        ("", t::STATUS_NONE),
    ];
    known.iter().find(|(code, _)| *code == status).map_or_else(|| status.to_owned(), |(_, text)| page.t(*text).into())
}

const OUTCOMES: [(OutcomeKind, Text); 4] = [
    (OutcomeKind::Blocked, t::BLOCKED),
    (OutcomeKind::Failed, t::FAILED),
    (OutcomeKind::Waiting, t::WAITING),
    (OutcomeKind::Advanced, t::ADVANCED),
];

/// An outcome as a mark of its colour, with its name.
pub(super) fn outcome_mark(page: &Page, kind: OutcomeKind) -> Html {
    let (class, name) = match kind {
        OutcomeKind::Advanced => ("mark good", t::ADVANCED),
        OutcomeKind::Waiting => ("mark", t::WAITING),
        OutcomeKind::Blocked => ("mark bad", t::BLOCKED),
        OutcomeKind::Failed => ("mark warn", t::FAILED),
    };
    Html(format!(r#"<span class="{class}">{}</span>"#, show::escaped(page.t(name))))
}

#[cfg(test)]
mod tests;
