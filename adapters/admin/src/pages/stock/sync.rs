//! Sending figures: first a look at what would be sent, then, confirmed, exactly those items.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use ipass_core::job::Job;
use ipass_core::ports::{StockResult, Trigger};
use ipass_core::run::{RunRequest, StockRequest};

use crate::desk::{Answer, Fault, Flash, Form, Html, Page, Shared, audit, links};
use crate::pages::runs::{RunView, StockLine, look as look_at, mark, run_path, start};
use crate::text::{common as c, jobs, stock as t};

/// Items of one request.
const MAX_ITEMS: usize = 1000;
/// Figures that a report keeps.
const KEPT: usize = 1000;
/// Characters of an item's name.
const MAX_TEXT: usize = 200;

/// `POST /admin/stock/compare`: reads both sides and records; sends nothing.
pub(super) async fn compare(State(desk): State<Shared>, page: Page, uri: Uri, form: Form) -> Answer {
    form.once(&desk, &uri).await?;
    let stock = StockRequest { skus: None, write: Some(false) };
    let run_id = start(&page, RunRequest { stock, ..RunRequest::of(Job::SyncStock, Trigger::Manual) }).await?;
    Ok(page.go(&page.href(&run_path(&run_id)), Some(&Flash::good(page.t(jobs::STARTED_FLASH)))))
}

/// `POST /admin/stock/sync`: looks what would be sent; `scope=selected` with `sku`, once for each item.
pub(super) async fn look(State(desk): State<Shared>, page: Page, uri: Uri, Form(mut form): Form) -> Answer {
    let skus = chosen(&mut form);
    form.check()?;
    Form(form).once(&desk, &uri).await?;
    let request = RunRequest {
        // As many as were chosen, whatever the setting says about whole runs.
        size: skus.as_ref().and_then(|skus| u32::try_from(skus.len()).ok()),
        stock: StockRequest { skus, write: None },
        dry_run: true,
        ..RunRequest::of(Job::SyncStock, Trigger::Manual)
    };
    let run_id = start(&page, request).await?;
    Ok(page.go(&page.href(&format!("/admin/stock/sync/{}", links::encode(&run_id))), None))
}

/// The items that were chosen; `None` means all.
fn chosen(form: &mut crate::desk::Query) -> Option<BTreeSet<String>> {
    if form.get("scope") != Some("selected") {
        return None;
    }
    let skus: BTreeSet<String> = form.all("sku").map(str::to_owned).collect();
    let strange = |sku: &String| sku.chars().count() > MAX_TEXT || sku.chars().any(char::is_control);
    if skus.is_empty() || skus.len() > MAX_ITEMS || skus.iter().any(strange) {
        form.problem("sku", t::SELECT_FIRST);
    }
    Some(skus)
}

/// A look at what would be sent.
struct Look {
    run: RunView,
    /// What is in the report, while it is kept.
    told: bool,
    send: Vec<StockLine>,
    stay: Vec<StockLine>,
    skus: BTreeSet<String>,
    zeros: usize,
    cut: bool,
}

impl Look {
    fn of(mut run: RunView) -> Self {
        let lines = run.stock.take();
        let told = lines.is_some();
        let lines = lines.unwrap_or_default();
        let cut = lines.len() >= KEPT;
        let would = |line: &StockLine| line.result == StockResult::Different.as_str() && line.reason.is_none();
        let (send, stay): (Vec<_>, Vec<_>) = lines.into_iter().partition(would);
        let skus = send.iter().map(|line| line.sku.clone()).collect();
        let zeros = send.iter().filter(|line| line.erp == Some(0)).count();
        Self { run, told, send, stay, skus, zeros, cut }
    }

    /// It has ended well and something would be sent.
    fn ready(&self) -> bool {
        self.run.state == "done" && !self.skus.is_empty()
    }

    /// A run that sent, or compared and recorded, is no look.
    fn is_look(&self) -> bool {
        let ended = [StockResult::Written, StockResult::Unconfirmed].map(StockResult::as_str);
        !self
            .stay
            .iter()
            .any(|line| ended.contains(&line.result.as_str()) || line.reason.as_deref() == Some("sync_off"))
    }
}

#[derive(Template)]
#[template(path = "stock_sync.html")]
struct SyncPage<'a> {
    p: &'a Page,
    look: Look,
}

#[derive(Template)]
#[template(path = "stock_sync_part.html")]
struct SyncPart<'a> {
    p: &'a Page,
    look: Look,
}

fn result(page: &Page, line: &StockLine) -> Html {
    let known = StockResult::parse(&line.result);
    known.map_or_else(
        || mark(&line.result, ""),
        |result| {
            let (words, class) = super::result_words(result);
            mark(page.t(words), class)
        },
    )
}

fn why(page: &Page, line: &StockLine) -> String {
    line.reason.as_deref().map(|code| page.reason(code, &line.detail)).unwrap_or_default()
}

async fn found(page: &Page, run_id: &str) -> Result<Look, Fault> {
    let run = look_at(page, run_id).await?;
    if run.job != Some(Job::SyncStock) || run.route != page.route_name().0 {
        return Err(Fault::NotFound);
    }
    Ok(Look::of(run))
}

/// `GET /admin/stock/sync/{run_id}`.
pub(super) async fn show(page: Page, Path(run_id): Path<String>) -> Answer {
    let look = found(&page, &run_id).await?;
    if page.htmx {
        // What was waited for is there: the whole page has what follows from it.
        return if look.run.is_running() {
            page.show(&SyncPart { p: &page, look })
        } else {
            Ok(page.go(&page.here, None))
        };
    }
    page.show(&SyncPage { p: &page, look })
}

/// `POST /admin/stock/sync/{run_id}`: sends the items of the look; `reason`.
pub(super) async fn send(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path(run_id): Path<String>,
    Form(mut form): Form,
) -> Answer {
    let reason = form.required("reason", 500);
    if !reason.is_empty() && reason.chars().count() < 3 {
        form.problem("reason", c::REASON_HELP);
    }
    form.check()?;
    let look = found(&page, &run_id).await?;
    if !look.ready() || !look.is_look() {
        return Err(Fault::refused_at("look_gone", t::GONE, t::GONE_HELP, super::LIST, t::BACK));
    }
    Form(form).once(&desk, &uri).await?;
    let request = RunRequest {
        size: u32::try_from(look.skus.len()).ok(),
        stock: StockRequest { skus: Some(look.skus), write: Some(true) },
        ..RunRequest::of(Job::SyncStock, Trigger::Manual)
    };
    audit(&desk, page.who(), "run", Some(page.route_name()), "sync_stock", &reason).await?;
    let run_id = start(&page, request).await?;
    Ok(page.go(&page.href(&run_path(&run_id)), Some(&Flash::good(page.t(t::SEND_BEGUN)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Query;

    #[test]
    fn only_chosen_items_are_looked_at_and_none_is_no_choice() {
        let read = |text: &str| {
            let mut query = Query::of(text);
            let skus = chosen(&mut query);
            (skus.map(|skus| skus.into_iter().collect::<Vec<_>>()), query.problems().len())
        };
        assert_eq!(read("sku=A"), (None, 0));
        assert_eq!(read("scope=selected&sku=B&sku=A&sku=B"), (Some(vec!["A".to_owned(), "B".to_owned()]), 0));
        assert_eq!(read("scope=selected").1, 1);
        assert_eq!(read("scope=selected&sku=%00").1, 1);
    }
}
