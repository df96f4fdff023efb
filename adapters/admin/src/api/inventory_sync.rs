//! Sending stock figures for chosen items.

use std::collections::{BTreeMap, BTreeSet};

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use ipass_core::job::Job;
use ipass_core::ports::{RowSink, STOCK_COLUMNS, StockFilter, StockResult, Trigger};
use ipass_core::run::{Route, RunReport, RunRequest, StockRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiState;
use super::acts::Caller;
use super::body::{Body, present};
use super::day;
use super::envelope::{ApiError, Problem};
use super::query::{MAX_TEXT, Params, date, text_problem, zone};
use super::runs::Started;
use super::wire::StockLine;

/// Keys of a day at most.
const MAX_OF_DAY: u32 = 5000;
/// Items of a request at most.
const MAX_ITEMS: usize = 1000;
/// A dry run is waited for so long; reading both sides takes its time.
const PATIENCE: Duration = Duration::from_mins(5);
/// Unknown items that are named.
const NAMED: usize = 50;

/// Which stock is to be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SyncBody {
    /// The route.
    #[schema(min_length = 1, max_length = 200, example = "dsco_lingxing")]
    route: String,
    #[schema(value_type = SyncSource)]
    source: Source,
    /// Only show what would be sent.
    #[serde(default = "yes")]
    #[schema(default = true)]
    dry_run: bool,
}

const fn yes() -> bool {
    true
}

/// Where the items come from: a day's records, or the request.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only described; read as Source, which tells mistakes with their place")]
enum SyncSource {
    Day(DaySource),
    Items(ItemsSource),
}

/// Everything that differed at the end of a day, at most 5,000 keys.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only described")]
struct DaySource {
    /// The day.
    #[schema(format = Date, pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", example = "2026-01-31")]
    date: String,
    /// Time zone of the day, by its IANA name; UTC if nothing is said.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 64, default = "UTC")]
    timezone: Option<String>,
}

/// These items; each has to be one that a stock run has seen.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only described")]
struct ItemsSource {
    #[schema(min_items = 1, max_items = 1000)]
    items: Vec<ItemKey>,
}

/// A SKU in a warehouse, by the channel's names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemKey {
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    warehouse_code: String,
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    sku: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    #[serde(default, deserialize_with = "present")]
    date: Option<String>,
    #[serde(default, deserialize_with = "present")]
    timezone: Option<String>,
    #[serde(default, deserialize_with = "present")]
    items: Option<Vec<ItemKey>>,
}

/// A source that was understood.
#[derive(Debug, PartialEq, Eq)]
enum Chosen {
    Day(Box<StockFilter>),
    Items(BTreeSet<ItemKey>),
}

impl Source {
    fn chosen(self) -> Result<Chosen, ApiError> {
        match (self.date, self.timezone, self.items) {
            (Some(text), zone_name, None) => {
                let zone = zone(zone_name.as_deref().unwrap_or("UTC"))
                    .ok_or_else(|| ApiError::invalid_at("source.timezone", "expected a zone as in Asia/Shanghai"))?;
                let (from, until) = date(&text)
                    .and_then(|date| day::window(date, zone))
                    .ok_or_else(|| ApiError::invalid_at("source.date", "expected a day as in 2026-01-31"))?;
                let filter = StockFilter {
                    from: Some(from),
                    until: Some(until),
                    newest_only: true,
                    differs: Some(true),
                    ..StockFilter::default()
                };
                Ok(Chosen::Day(Box::new(filter)))
            }
            (None, None, Some(items)) => items_chosen(items),
            _ => Err(ApiError::invalid_at("source", "give either date (with timezone, if need be) or items")),
        }
    }
}

fn items_chosen(items: Vec<ItemKey>) -> Result<Chosen, ApiError> {
    if items.is_empty() || items.len() > MAX_ITEMS {
        return Err(ApiError::invalid_at("source.items", format!("give 1 to {MAX_ITEMS} items")));
    }
    let mut problems = Vec::new();
    for (at, item) in items.iter().enumerate() {
        for (name, text) in [("warehouse_code", &item.warehouse_code), ("sku", &item.sku)] {
            if let Some(problem) = text_problem(text, MAX_TEXT) {
                problems.push(Problem::new(format!("source.items[{at}].{name}"), problem));
            }
        }
    }
    if problems.is_empty() { Ok(Chosen::Items(items.into_iter().collect())) } else { Err(ApiError::invalid(problems)) }
}

/// What a stock run would send.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SyncPreview {
    /// The dry run; null when the day has no difference and nothing was read.
    run_id: Option<String>,
    /// Items that were looked at, each in all its warehouses.
    skus: usize,
    /// `done`, or `failed` when nothing would be sent because of `error`.
    result: String,
    /// Why the run failed as a whole, for example because too many items would be set to zero.
    error: Option<String>,
    /// What the run saw, in figures: `compared`, `different`, `skipped` and others.
    counts: BTreeMap<String, u64>,
    /// Figures that would be sent. This list and the next hold a thousand together at most.
    would_send: Vec<StockLine>,
    /// Figures that would be left alone, with the reason.
    would_stay: Vec<StockLine>,
}

impl SyncPreview {
    /// The day has no difference.
    fn empty() -> Self {
        Self {
            run_id: None,
            skus: 0,
            result: "done".to_owned(),
            error: None,
            counts: BTreeMap::new(),
            would_send: Vec::new(),
            would_stay: Vec::new(),
        }
    }

    fn of(report: &RunReport, skus: usize) -> Self {
        let (send, stay): (Vec<_>, Vec<_>) = report
            .done
            .stock_records
            .iter()
            .partition(|record| record.result == StockResult::Different && record.cause.is_none());
        Self {
            run_id: Some(report.run_id.clone()),
            skus,
            result: report.result().to_owned(),
            error: report.error.clone(),
            counts: report.counts().into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            would_send: send.into_iter().map(StockLine::of).collect(),
            would_stay: stay.into_iter().map(StockLine::of).collect(),
        }
    }
}

/// Send stock of chosen items
///
/// The records only say *which* items: the figures themselves always come from a fresh read of the ERP and of
/// the channel. An item is sent whole, with all its warehouses, because the channel keeps their sum; what is
/// equal by now is not sent. The setting `sync` is not asked, the guard against too many zeros is.
///
/// With `dry_run` (the default) the answer comes when both sides have been read, within five minutes. Without
/// it the run begins and goes on whether or not the caller waits. 409 while a stock run is at work.
#[utoipa::path(
    post,
    path = "/inventory/sync",
    tag = "inventory",
    request_body = SyncBody,
    responses(
        (status = 200, description = "what would be sent; also without `dry_run` when the day has no difference", body = SyncPreview),
        (status = 202, description = "it runs", body = Started)
    )
)]
pub(super) async fn sync_inventory(
    State(state): State<ApiState>,
    caller: Caller,
    query: Params,
    Body(body): Body<SyncBody>,
) -> Result<Response, ApiError> {
    query.finish()?;
    let chosen = body.source.chosen()?;
    let route = state.route(&body.route)?;
    if route.inventory.is_none() {
        return Err(ApiError::invalid_at("route", "the channel of this route takes no stock figures"));
    }
    let skus = match chosen {
        Chosen::Day(filter) => skus_of_day(&state, route, &filter).await?,
        Chosen::Items(items) => skus_of_items(&state, route, items).await?,
    };
    let count = skus.len();
    if count == 0 {
        return Ok(Json(SyncPreview::empty()).into_response());
    }
    let request = RunRequest {
        stock: StockRequest { skus: Some(skus), write: Some(true) },
        // The caller chose the items; the setting is about whole runs.
        size: Some(u32::try_from(count).unwrap_or(u32::MAX)),
        dry_run: body.dry_run,
        ..RunRequest::of(Job::SyncStock, Trigger::Manual)
    };
    if body.dry_run {
        let report = dry_run(&state, route, request).await?;
        return Ok(Json(SyncPreview::of(&report, count)).into_response());
    }
    let run_id = state.launcher.launch(&route.name, request).await?;
    let detail = format!("skus={count} write=true {run_id}");
    caller.audit(&state, "run", Some(&route.name), Job::SyncStock.name(), &detail).await?;
    Ok((StatusCode::ACCEPTED, Json(Started { run_id })).into_response())
}

/// A caller who goes away, or waits too long, leaves the run to come to its end by itself.
async fn dry_run(state: &ApiState, route: &Route, request: RunRequest) -> Result<RunReport, ApiError> {
    match tokio::time::timeout(PATIENCE, state.launcher.finish(&route.name, request)).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(ApiError::unavailable("the dry run takes longer than five minutes; nothing is sent by it")),
    }
}

async fn skus_of_day(state: &ApiState, route: &Route, filter: &StockFilter) -> Result<BTreeSet<String>, ApiError> {
    let page = state.store.search_stock(Some(&route.name), filter, None, MAX_OF_DAY).await?;
    if page.next.is_some() {
        let problem =
            format!("more than {MAX_OF_DAY} figures differed on this day; start sync_stock as a run, or give items");
        return Err(ApiError::invalid_at("source.date", problem));
    }
    Ok(page.rows.into_iter().map(|record| record.sku).collect())
}

async fn skus_of_items(
    state: &ApiState,
    route: &Route,
    items: BTreeSet<ItemKey>,
) -> Result<BTreeSet<String>, ApiError> {
    let skus = items.iter().map(|item| item.sku.clone()).collect();
    let first = items.first().cloned();
    // As narrow as the items allow, without naming a thousand of them.
    let same = |of: fn(&ItemKey) -> &String| {
        first.as_ref().map(of).filter(|first| items.iter().all(|item| of(item) == *first)).cloned()
    };
    let filter = StockFilter {
        newest_only: true,
        warehouse_code: same(|item| &item.warehouse_code),
        sku: same(|item| &item.sku),
        ..StockFilter::default()
    };
    let mut missing = Missing(items);
    state.store.export_stock(Some(&route.name), &filter, &mut missing).await?;
    if missing.0.is_empty() {
        return Ok(skus);
    }
    let count = missing.0.len();
    let mut problems: Vec<Problem> = missing
        .0
        .into_iter()
        .take(NAMED)
        .map(|item| {
            let problem = format!("no stock run has ever seen {} in warehouse {}", item.sku, item.warehouse_code);
            Problem::new("source.items", problem)
        })
        .collect();
    if count > NAMED {
        problems.push(Problem::new("source.items", format!("and {} more", count - NAMED)));
    }
    Err(ApiError::invalid(problems))
}

/// Items that no record has shown yet.
struct Missing(BTreeSet<ItemKey>);

impl RowSink for Missing {
    fn row(&mut self, cells: &[Option<&str>]) -> bool {
        let cell = |name: &str| {
            let at = STOCK_COLUMNS.iter().position(|column| column.name == name)?;
            cells.get(at).copied().flatten().map(str::to_owned)
        };
        if let (Some(warehouse_code), Some(sku)) = (cell("warehouse_code"), cell("sku")) {
            self.0.remove(&ItemKey { warehouse_code, sku });
        }
        !self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(json: &str) -> Result<Chosen, ApiError> {
        serde_json::from_str::<Source>(json).unwrap().chosen()
    }

    fn item(warehouse_code: &str, sku: &str) -> ItemKey {
        ItemKey { warehouse_code: warehouse_code.to_owned(), sku: sku.to_owned() }
    }

    #[test]
    fn a_source_is_a_day_or_items_and_never_both() {
        assert!(matches!(chosen(r#"{"date":"2026-01-31"}"#), Ok(Chosen::Day(_))));
        assert!(matches!(chosen(r#"{"date":"2026-01-31","timezone":"Asia/Shanghai"}"#), Ok(Chosen::Day(_))));
        let items = chosen(r#"{"items":[{"warehouse_code":"W","sku":"A"},{"warehouse_code":"W","sku":"A"}]}"#).unwrap();
        assert_eq!(items, Chosen::Items(BTreeSet::from([item("W", "A")])));
        for wrong in [
            "{}",
            r#"{"items":[]}"#,
            r#"{"timezone":"UTC"}"#,
            r#"{"date":"2026-02-30"}"#,
            r#"{"date":"2026-01-31","timezone":"Mars/Base"}"#,
            r#"{"date":"2026-01-31","items":[{"warehouse_code":"W","sku":"A"}]}"#,
            r#"{"items":[{"warehouse_code":"W","sku":"A"}],"timezone":"UTC"}"#,
        ] {
            assert!(chosen(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_thousand_items_are_taken_and_no_more() {
        let items = |count: usize| (0..count).map(|n| item("W", &n.to_string())).collect::<Vec<_>>();
        assert!(items_chosen(items(1000)).is_ok());
        assert!(items_chosen(items(1001)).is_err());
    }

    #[test]
    fn every_item_that_cannot_be_one_is_named() {
        let error = items_chosen(vec![item("W", "A"), item("", "A\u{0}")]).unwrap_err();
        let places: Vec<&str> = error.problems().iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(places, ["source.items[1].warehouse_code", "source.items[1].sku"]);
    }

    #[test]
    fn looking_for_items_ends_with_the_last_one() {
        let mut missing = Missing(BTreeSet::from([item("W", "A"), item("V", "A")]));
        let mut cells = [None; STOCK_COLUMNS.len()];
        (cells[3], cells[5]) = (Some("W"), Some("A"));
        assert!(missing.row(&cells));
        assert!(missing.row(&cells));
        cells[3] = Some("V");
        assert!(!missing.row(&cells));
    }

    #[test]
    fn a_sync_is_dry_unless_said_otherwise() {
        let body: SyncBody = serde_json::from_str(r#"{"route":"r","source":{"date":"2026-01-31"}}"#).unwrap();
        assert!(body.dry_run);
    }
}
