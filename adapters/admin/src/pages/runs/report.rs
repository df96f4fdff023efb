//! What is known of a run: its record, and what it told while it went on.

use chrono::{DateTime, Duration, Utc};
use ipass_core::job::Job;
use ipass_core::ports::RunRecord;
use ipass_core::reason::Reason;
use ipass_core::run::{LOG_LINES, LogLine};
use ipass_core::stage::Stage;
use serde_json::Value;

use super::{events_path, mark, order_path, state_words};
use crate::desk::show::number;
use crate::desk::{Html, Page, links};
use crate::pages::jobs::words;
use crate::text::{Text, common as c, jobs as t};

/// Orders that one page shows.
const SHOWN: usize = 500;

/// A run as it is shown.
pub(crate) struct RunView {
    pub(crate) id: String,
    pub(crate) route: String,
    pub(crate) job: Option<Job>,
    pub(crate) job_name: String,
    /// `running`, `done`, `failed` or `interrupted`.
    pub(crate) state: String,
    pub(crate) by: Option<Text>,
    pub(crate) po: Option<(String, String)>,
    pub(crate) started: Option<DateTime<Utc>>,
    pub(crate) finished: Option<DateTime<Utc>>,
    pub(crate) took: Option<String>,
    pub(crate) error: Option<String>,
    /// Words, number, and where the list behind it is.
    pub(crate) counts: Vec<(String, String, Option<String>)>,
    pub(crate) calls: Vec<(String, String)>,
    pub(crate) point: Option<String>,
    pub(crate) orders: Vec<OrderLine>,
    /// Orders that fit, of which `orders` may be the first.
    pub(crate) orders_in_all: usize,
    pub(crate) log: Vec<(String, String)>,
    pub(crate) events: String,
    /// What single orders came to is known.
    pub(crate) kept: bool,
    pub(crate) findings: Option<Vec<FindingLine>>,
    pub(crate) incomplete: Vec<String>,
    pub(crate) stock: Option<Vec<StockLine>>,
    pub(crate) json: Option<String>,
    report: Value,
}

/// What one order came to.
pub(crate) struct OrderLine {
    pub(crate) po: String,
    pub(crate) href: String,
    pub(crate) outcome: Html,
    pub(crate) stages: String,
    pub(crate) why: Option<(String, String)>,
}

/// What a check found about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FindingLine {
    pub(crate) po: String,
    pub(crate) stage: Option<Stage>,
    /// Code of the kind.
    pub(crate) kind: String,
    /// The channel's status.
    pub(crate) detail: String,
    /// `pull`, `set_stage` or `look`.
    pub(crate) repair: String,
    pub(crate) to: Option<Stage>,
}

/// A figure of a stock run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StockLine {
    pub(crate) warehouse: String,
    pub(crate) sku: String,
    pub(crate) erp_sku: String,
    pub(crate) erp: Option<i64>,
    pub(crate) channel: Option<i64>,
    pub(crate) difference: Option<i64>,
    pub(crate) result: String,
    pub(crate) reason: Option<String>,
    pub(crate) detail: String,
}

impl RunView {
    /// `None` if nobody knows it.
    pub(crate) fn of(
        page: &Page,
        id: &str,
        record: Option<&RunRecord>,
        kept: Option<(Vec<Value>, bool)>,
    ) -> Option<Self> {
        let known = kept.is_some();
        let (events, ended) = kept.unwrap_or_default();
        let of_kind = |kind: &'static str| events.iter().filter(move |event| event["kind"] == kind);
        let began = of_kind("began").next();
        let route = record.map(|run| run.route.0.clone());
        let route = route.or_else(|| began.and_then(|event| text(event, "route")))?;
        let job_code = record.map(|run| run.job.clone());
        let job_code = job_code.or_else(|| began.and_then(|event| text(event, "job"))).unwrap_or_default();
        let job = words::job(&job_code);
        let told = of_kind("finished").next_back().map(|event| event["report"].clone()).filter(Value::is_object);
        let stored = record.and_then(|run| serde_json::from_str::<Value>(run.report.as_deref()?).ok());
        // The record has the whole log; of a run that goes on there are its events.
        let kept = record.and_then(|run| serde_json::from_str::<Vec<Value>>(run.log.as_deref()?).ok());
        let log = match &kept {
            Some(lines) => log_lines(page, lines.iter()),
            None => log_lines(page, of_kind("log")),
        };
        let report = told.or(stored).unwrap_or_default();
        let state = match record {
            Some(run) if run.state != "running" => run.state.clone(),
            _ if ended => text(&report, "result").unwrap_or_else(|| "done".to_owned()),
            Some(_) | None => "running".to_owned(),
        };
        let started = record.map(|run| run.started_at).or_else(|| began.and_then(at));
        let finished = record.and_then(|run| run.finished_at);
        let finished = finished.or_else(|| of_kind("finished").next_back().and_then(at));
        let outcomes = report["outcomes"].as_array();
        let wanted = page.query.get("outcome");
        let all: Vec<&Value> = match outcomes {
            Some(outcomes) => outcomes.iter().collect(),
            None => of_kind("order").collect(),
        };
        let fits = |order: &&&Value| wanted.is_none_or(|wanted| order["outcome"] == wanted);
        let fitting: Vec<&&Value> = all.iter().filter(fits).collect();
        let error = record.and_then(|run| run.error.clone()).or_else(|| text(&report, "error"));
        let points = of_kind("point").next_back().and_then(|event| text(event, "name"));
        Some(Self {
            job_name: job.map_or_else(|| job_code.clone(), |job| page.t(words::name(job)).to_owned()),
            by: record.map(|run| if run.trigger == "manual" { t::BY_PERSON } else { t::BY_SCHEDULE }),
            po: record.and_then(|run| {
                let po = run.po.clone()?;
                let href = page.href(&order_path(&route, &po));
                Some((po, href))
            }),
            took: started.map(|started| took(page, finished.unwrap_or(page.now) - started)),
            error: error.map(|error| page.said(error)),
            counts: counts(page, id, job, &report, known),
            calls: pairs(&report["calls"]),
            point: points.map(|name| page.t(point_words(&name)).to_owned()),
            orders_in_all: fitting.len(),
            orders: fitting.iter().take(SHOWN).map(|order| order_line(page, &route, order)).collect(),
            log,
            events: events_path(id),
            kept: known,
            findings: report["findings"].as_array().map(|list| list.iter().filter_map(finding).collect()),
            incomplete: texts(&report["incomplete"]),
            stock: report["stock"].as_array().map(|list| list.iter().map(stock_line).collect()),
            json: (!report.is_null()).then(|| serde_json::to_string_pretty(&short(&report)).unwrap_or_default()),
            report,
            id: id.to_owned(),
            route,
            job,
            state,
            started,
            finished,
        })
    }

    /// One of its counts, by its code.
    pub(crate) fn number(&self, code: &str) -> Option<String> {
        self.report["counts"][code].as_u64().map(number)
    }

    /// It goes on.
    pub(crate) fn is_running(&self) -> bool {
        self.state == "running"
    }

    /// What else there is about it: a path that ends with its id.
    pub(crate) fn link(&self, page: &Page, path: &str) -> String {
        page.href(&format!("{path}{}", links::encode(&self.id)))
    }

    /// How it stands, in words.
    pub(crate) fn mark(&self, page: &Page) -> Html {
        super::state_mark(page, &self.state)
    }

    /// How it stands, for the title.
    pub(crate) fn words(&self, page: &Page) -> String {
        state_words(page, &self.state).to_owned()
    }
}

/// Moment and sentence of each line, the newest as many as are kept of a run.
fn log_lines<'a>(page: &Page, lines: impl Iterator<Item = &'a Value>) -> Vec<(String, String)> {
    let lines: Vec<LogLine> = lines.filter_map(LogLine::of_json).collect();
    let newest = &lines[lines.len().saturating_sub(LOG_LINES)..];
    let say = |line: &LogLine| line.sentence(page.language(), &|at| page.time(at));
    newest.iter().map(|line| (page.time(&line.at), say(line))).collect()
}

fn text(value: &Value, member: &str) -> Option<String> {
    value[member].as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn at(event: &Value) -> Option<DateTime<Utc>> {
    event["at"].as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok()).map(|time| time.to_utc())
}

/// Below ten seconds with its fraction: most runs are short.
fn took(page: &Page, length: Duration) -> String {
    let ms = length.num_milliseconds().max(0);
    if ms < 10_000 { page.t1(c::SECONDS_AGO, format!("{}.{}", ms / 1000, ms % 1000 / 100)) } else { page.span(length) }
}

/// The report without what the page lists anyway.
fn short(report: &Value) -> Value {
    let mut short = report.clone();
    if let Some(object) = short.as_object_mut() {
        for list in ["outcomes", "stock", "findings"] {
            object.remove(list);
        }
    }
    short
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, count)| (name.clone(), number(count.as_u64().unwrap_or_default()))).collect()
}

/// The counts with the list behind each, where there is one.
pub(crate) fn counts(
    page: &Page,
    id: &str,
    job: Option<Job>,
    report: &Value,
    kept: bool,
) -> Vec<(String, String, Option<String>)> {
    // The report's own order is the alphabet's; people think in the order of the work.
    let Some(counts) = report["counts"].as_object() else { return Vec::new() };
    let known = COUNTS.iter().filter_map(|(code, words)| Some((*code, page.t(*words).to_owned(), counts.get(*code)?)));
    let others = counts.iter().filter(|(code, _)| !COUNTS.iter().any(|(known, _)| known == code));
    let all = known.chain(others.map(|(code, count)| (code.as_str(), code.clone(), count)));
    all.map(|(code, words, count)| {
        let href = behind(id, job, code, kept).filter(|_| count.as_u64() != Some(0));
        (words, number(count.as_u64().unwrap_or_default()), href.map(|href| page.href(&href)))
    })
    .collect()
}

/// Where what a count counted is listed.
fn behind(id: &str, job: Option<Job>, code: &str, kept: bool) -> Option<String> {
    let run = links::encode(id);
    match (job?, code) {
        (Job::SyncStock, "written" | "unconfirmed" | "skipped" | "failed") => {
            Some(format!("/admin/stock?records=all&run={run}&result={code}"))
        }
        (Job::SyncStock, "compared") => Some(format!("/admin/stock?records=all&run={run}")),
        (Job::CheckOrders, _) => Some(format!("/admin/check/{run}")),
        (job, "advanced" | "waiting" | "blocked" | "failed") if kept && job.stage().is_some() => {
            Some(format!("/admin/jobs/runs/{run}?outcome={code}"))
        }
        (job, "selected") if kept && job.stage().is_some() => Some(format!("/admin/jobs/runs/{run}")),
        _ => None,
    }
}

const COUNTS: [(&str, Text); 30] = [
    ("selected", t::COUNT_SELECTED),
    ("advanced", t::ADVANCED),
    ("waiting", t::WAITING),
    ("blocked", t::BLOCKED),
    ("seen", t::COUNT_SEEN),
    ("stored", t::COUNT_STORED),
    ("updated", t::COUNT_UPDATED),
    ("unchanged", t::COUNT_UNCHANGED),
    ("invalid", t::COUNT_INVALID),
    ("compared", t::COUNT_COMPARED),
    ("different", t::COUNT_DIFFERENT),
    ("written", t::COUNT_WRITTEN),
    ("items_written", t::COUNT_ITEMS_WRITTEN),
    ("unconfirmed", t::COUNT_UNCONFIRMED),
    ("checked", t::COUNT_CHECKED),
    ("skipped", t::COUNT_SKIPPED),
    ("failed", t::FAILED),
    ("guarded", t::COUNT_GUARDED),
    ("read", t::COUNT_READ),
    ("added", t::COUNT_ADDED),
    ("changed", t::COUNT_CHANGED),
    ("kept", t::COUNT_KEPT),
    ("conflicts", t::COUNT_CONFLICTS),
    ("findings", t::COUNT_FINDINGS),
    ("incomplete", t::COUNT_INCOMPLETE),
    ("files", t::COUNT_FILES),
    ("bytes", t::COUNT_BYTES),
    ("removed", t::COUNT_REMOVED),
    ("removed_bytes", t::COUNT_REMOVED_BYTES),
    ("would_send", t::WOULD_SEND),
];

/// What a named point of a run means.
fn point_words(name: &str) -> Text {
    match name.rsplit(':').next().unwrap_or_default() {
        "claimed" => t::POINT_CLAIMED,
        "intended" => t::POINT_INTENDED,
        "sent" => t::POINT_SENT,
        "accepted" => t::POINT_ACCEPTED,
        "recorded" => t::POINT_RECORDED,
        "page_stored" => t::POINT_PAGE,
        "mark_moved" => t::POINT_MARK,
        "erp_read" => t::POINT_ERP,
        "channel_read" => t::POINT_CHANNEL,
        "read" => t::POINT_READ,
        "saved" => t::POINT_SAVED,
        _ => t::POINT_OTHER,
    }
}

fn order_line(page: &Page, route: &str, order: &Value) -> OrderLine {
    let (po, outcome) = (text(order, "po_number").unwrap_or_default(), text(order, "outcome").unwrap_or_default());
    let (words_of, class) = match outcome.as_str() {
        "advanced" => (t::ADVANCED, "good"),
        "waiting" => (t::WAITING, ""),
        "blocked" => (t::BLOCKED, "warn"),
        "failed" => (t::FAILED, "bad"),
        _ => (t::WOULD_SEND, "warn"),
    };
    let stage = |member: &str| Some(page.stage(stage_of(order, member)?).to_owned());
    let stages = match (stage("status_before"), stage("status_after")) {
        (Some(before), Some(after)) if before != after => format!("{before} → {after}"),
        (Some(stage), _) | (None, Some(stage)) => stage,
        (None, None) => String::new(),
    };
    let why = text(order, "reason").map(|code| {
        let sentence = page.reason(&code, order["detail"].as_str().unwrap_or_default());
        let who = Reason::from_code(&code).map(|reason| page.pick(reason.actor().names()).to_owned());
        (sentence, who.unwrap_or_default())
    });
    OrderLine { href: page.href(&order_path(route, &po)), outcome: mark(page.t(words_of), class), stages, why, po }
}

fn stage_of(value: &Value, member: &str) -> Option<Stage> {
    value[member].as_i64().and_then(Stage::from_number)
}

fn finding(value: &Value) -> Option<FindingLine> {
    Some(FindingLine {
        po: text(value, "po_number")?,
        stage: stage_of(value, "status"),
        kind: text(value, "kind")?,
        detail: text(value, "channel_status").unwrap_or_default(),
        repair: text(value, "repair").unwrap_or_default(),
        to: stage_of(value, "repair_status"),
    })
}

fn stock_line(value: &Value) -> StockLine {
    let said = |member: &str| text(value, member).unwrap_or_default();
    StockLine {
        warehouse: said("warehouse_code"),
        sku: said("sku"),
        erp_sku: said("erp_sku"),
        erp: value["erp_quantity"].as_i64(),
        channel: value["channel_quantity"].as_i64(),
        difference: value["difference"].as_i64(),
        result: said("result"),
        reason: text(value, "reason"),
        detail: said("detail"),
    }
}
