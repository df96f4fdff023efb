//! Why orders stay: groups with their remedy, and the tray of missing mappings.

mod offers;
#[cfg(test)]
mod tests;
mod tray;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::routing::{get, post};
use axum::{Extension, Router};
use ipass_core::job::Job;
use ipass_core::order::PoNumber;
use ipass_core::ports::{CauseGroup, OrderFilter};
use ipass_core::reason::{Cause, Reason};
use ipass_core::settings::parse;
use ipass_core::stage::Stage;
use ipass_core::usecase::{UnreadGroup, unread_groups};

use self::offers::Offers;
use self::tray::{Chosen, Gap, tray};
use super::overview::{group_href, mark, order_href};
use super::settings::{Live, Table, show_preview, told};
use crate::desk::show::number;
use crate::desk::{Answer, Desk, Fault, Flash, Form, Page, Shared, audit};
use crate::text::{Text, causes as t, common as c};

const PATH: &str = "/admin/causes";
const PREVIEW: &str = "/admin/causes/preview";
const RETRY: &str = "/admin/causes/retry";
/// More orders than these are retried only with a typed reason.
const MANY: u64 = 50;
/// Orders that are made due by one act.
const AT_ONCE: usize = 1000;
/// Orders that could not be read, of which so many are named.
const NAMES: u32 = 100;
/// Orders that are read at once.
const PAGE: u32 = 200;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(PATH, get(list))
        .route(PREVIEW, post(preview).get(back))
        .route(RETRY, post(retry).get(back))
        .layer(Extension(Arc::<Offers>::default()))
}

#[derive(Template)]
#[template(path = "causes.html")]
struct CausesPage<'a> {
    p: &'a Page,
    groups: Vec<CauseGroup>,
    unread: Vec<UnreadGroup>,
    /// Keys and causes of the newest of them.
    unread_names: Vec<(String, Cause)>,
    gaps: Vec<Gap>,
    expected: i64,
    problems: Vec<(String, String)>,
    /// Somebody saved other settings since the choices were made.
    changed: bool,
}

impl CausesPage<'_> {
    /// How many orders could not be read.
    fn unread_orders(&self) -> u64 {
        self.unread.iter().map(|group| group.orders).sum()
    }

    /// Where a group is put right, if that is on a page of ours.
    fn remedy(&self, group: &CauseGroup) -> Option<(String, Text)> {
        let key = |key: String| self.p.href(&format!("/admin/settings?key={}", crate::desk::links::encode(&key)));
        if Table::of_reason(group.reason).is_some() {
            return Some((format!("{}#tray", self.p.href(PATH)), t::ADD_MAPPING));
        }
        if group.reason == Reason::MultiBan {
            let job = Job::of_stage(group.stage)?;
            return Some((key(format!("jobs.{job}.multi_ban")), t::OPEN_SWITCH));
        }
        if group.reason == Reason::ErpOtherStore {
            return Some((key("mapping.shop".to_owned()), t::OPEN_MAPPING));
        }
        let decided = matches!(group.reason, Reason::NotInErp | Reason::CancelNeedsDecision | Reason::CancelRefused);
        decided.then(|| (group_href(self.p, group), t::DECIDE))
    }
}

/// Not to be retried without a reason.
const fn many(group: &CauseGroup) -> bool {
    group.orders > MANY
}

async fn list(State(desk): State<Shared>, Extension(offers): Extension<Arc<Offers>>, page: Page) -> Answer {
    let live = Live::of(&desk, &page).await?;
    shown(&desk, &page, &offers, &live, &Chosen::new(), Vec::new(), false).await
}

/// Reloading what a form answered leads to the page.
async fn back(page: Page) -> Answer {
    Ok(page.go(&page.href(PATH), None))
}

async fn shown(
    desk: &Desk,
    page: &Page,
    offers: &Offers,
    live: &Live,
    chosen: &Chosen,
    problems: Vec<(String, String)>,
    changed: bool,
) -> Answer {
    let groups = desk.store.causes(Some(page.route_name())).await?;
    let unread = unread_groups(&*desk.store, page.route_name()).await?;
    let unread_names =
        if unread.is_empty() { Vec::new() } else { desk.store.unreadable(page.route_name(), NAMES).await? };
    let gaps = tray(desk, page, offers, &groups, &live.settings(page), chosen).await?;
    let status = match (changed, problems.is_empty()) {
        (true, _) => StatusCode::CONFLICT,
        (false, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (false, true) => StatusCode::OK,
    };
    page.show_as(
        status,
        &CausesPage { p: page, groups, unread, unread_names, gaps, expected: live.version, problems, changed },
    )
}

/// The chosen mappings as one new version of the settings, to be looked at before it is saved.
async fn preview(
    State(desk): State<Shared>,
    Extension(offers): Extension<Arc<Offers>>,
    page: Page,
    mut form: Form,
) -> Answer {
    let expected: Option<i64> = form.0.read("expected", c::BAD_CHOICE, |text| text.parse().ok());
    form.0.check()?;
    let (chosen, live) = (tray::chosen(&form.0), Live::of(&desk, &page).await?);
    if expected != Some(live.version) {
        return shown(&desk, &page, &offers, &live, &chosen, Vec::new(), true).await;
    }
    let mut document = live.document.clone();
    let mut found = tray::apply(&mut document, &chosen);
    if chosen.is_empty() {
        found.push((String::new(), t::NOTHING_CHOSEN));
    }
    let parsed = parse(&document.to_string(), page.route().aliases());
    let problems = told(&page, &found, parsed.as_ref().err().map_or(&[], |problems| problems.as_slice()));
    if !problems.is_empty() {
        return shown(&desk, &page, &offers, &live, &chosen, problems, false).await;
    }
    show_preview(&desk, &page, &live, &document, PATH).await
}

/// Makes the orders of a group due.
async fn retry(State(desk): State<Shared>, page: Page, uri: Uri, mut form: Form) -> Answer {
    let stage = form.0.read("stage", c::BAD_CHOICE, |text| text.parse().ok().and_then(Stage::from_number));
    let cause = form.0.read("cause", c::BAD_CHOICE, Reason::from_code);
    let typed = form.0.text("reason", 500);
    let detail = form.0.get("detail").map(str::to_owned);
    let (Some(stage), Some(cause)) = (stage, cause) else {
        form.0.required("stage", 20);
        form.0.required("cause", 100);
        form.0.check()?;
        return Err(Fault::NotFound);
    };
    form.0.check()?;
    let (orders, more) = members(&desk, &page, stage, cause, detail.as_deref()).await?;
    if orders.len() as u64 > MANY && typed.as_deref().is_none_or(|typed| typed.chars().count() < 3) {
        form.0.problem("reason", crate::text::settings::SHORT_REASON);
        form.0.check()?;
    }
    form.once(&desk, &uri).await?;
    let (now, route) = (desk.now(), page.route_name());
    for po in &orders {
        desk.store.retry(route, Some(po), now).await?;
    }
    // Also those whose time had come by itself.
    let due = orders.len() as u64;
    let subject = [Some(cause.code()), detail.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let words = [Some(number(due)), typed].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    audit(&desk, page.who(), "retry", Some(route), &subject, &words).await?;
    let text = match (due, more) {
        (0, _) => page.t(t::RETRIED_NONE).to_owned(),
        (_, true) => page.t1(t::RETRIED_PART, number(due)),
        (_, false) => page.t1(t::RETRIED, number(due)),
    };
    let flash = Flash::good(text).with_link(page.href("/admin/jobs"), page.t(t::SEE_JOBS));
    Ok(page.go(&page.href(PATH), Some(&flash)))
}

/// Orders of a group, and whether there are more than are taken at once.
async fn members(
    desk: &Desk,
    page: &Page,
    stage: Stage,
    reason: Reason,
    detail: Option<&str>,
) -> Result<(Vec<PoNumber>, bool), Fault> {
    let filter = OrderFilter {
        stages: vec![stage],
        reason: Some(reason.code().to_owned()),
        detail: detail.map(str::to_owned),
        held: Some(false),
        ..OrderFilter::default()
    };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let listed = desk.store.search(Some(page.route_name()), &filter, after.as_deref(), PAGE).await?;
        for row in listed.rows {
            if found.len() == AT_ONCE {
                return Ok((found, true));
            }
            found.push(row.po);
        }
        match listed.next {
            Some(next) => after = Some(next),
            None => return Ok((found, false)),
        }
    }
}
