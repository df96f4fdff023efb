//! Checking orders against both sides, and what was found.

pub(crate) mod repair;

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use ipass_core::job::Job;
use ipass_core::order::PoNumber;
use ipass_core::ports::{OrderFilter, RunRecord, Trigger};
use ipass_core::run::{FindingKind, RunRequest};
use ipass_core::stage::Stage;

use super::jobs::{presets, range, utc};
use super::runs::{FindingLine, RunView, look, mark, order_path, start};
use crate::desk::{Answer, Fault, Form, Html, Page, Query, Shared, links};
use crate::text::{Text, check as t};

const FORM: &str = "/admin/check";
/// Earlier checks that are listed.
const EARLIER: u32 = 10;
/// Findings of one kind that are shown, and repaired at once.
pub(crate) const AT_ONCE: usize = 200;
/// Characters of a PO number.
const MAX_PO: usize = 200;

/// Every kind, in the order of the stages.
const KINDS: [FindingKind; 7] = [
    FindingKind::MissingLocalRecord,
    FindingKind::NotInErp,
    FindingKind::NotAccepted,
    FindingKind::NotShipped,
    FindingKind::NoInvoice,
    FindingKind::NotCancelled,
    FindingKind::NotInChannel,
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(FORM, get(form).post(begin))
        .route("/admin/check/{run_id}", get(show))
        .route("/admin/check/{run_id}/repair", get(repair::ask).post(repair::act))
        .route("/admin/check/repairs/{id}", get(repair::follow))
}

#[derive(Template)]
#[template(path = "check.html")]
struct FormPage<'a> {
    p: &'a Page,
    runs: Vec<RunRecord>,
    presets: Vec<(Text, String, String)>,
    problems: Vec<(String, String)>,
}

async fn form_page(desk: &Shared, page: &Page, status: StatusCode, problems: Vec<(String, String)>) -> Answer {
    let runs = desk.store.runs(Some(page.route_name()), Some(Job::CheckOrders.name()), EARLIER).await?;
    page.show_as(status, &FormPage { p: page, runs, presets: presets(page), problems })
}

async fn form(State(desk): State<Shared>, page: Page) -> Answer {
    form_page(&desk, &page, StatusCode::OK, Vec::new()).await
}

/// What is to be checked: `from` and `until`, or `po`.
fn wanted(form: &mut Query, page: &Page) -> Option<RunRequest> {
    let range = range(form, page.zone());
    let po = form.text("po", MAX_PO);
    let named = po.as_deref().and_then(PoNumber::new);
    match (&range, &po, &named) {
        (None, None, _) if form.problems().is_empty() => form.problem("from", t::NEITHER),
        (Some(_), Some(_), _) => form.problem("po", t::BOTH),
        (_, Some(_), None) => form.problem("po", t::BAD_PO),
        _ => {}
    }
    let request = RunRequest { po: named, range, ..RunRequest::of(Job::CheckOrders, Trigger::Manual) };
    form.problems().is_empty().then_some(request)
}

/// `POST /admin/check`: begins, and leads to where the findings will be. What was asked stays in the address.
async fn begin(State(desk): State<Shared>, page: Page, uri: Uri, Form(mut fields): Form) -> Answer {
    let Some(request) = wanted(&mut fields, &page) else {
        let mut again = page.clone();
        again.query = fields.clone();
        let problems = fields.problems().iter().map(|problem| (problem.path.clone(), page.say(&problem.problem)));
        return form_page(&desk, &again, StatusCode::UNPROCESSABLE_ENTITY, problems.collect()).await;
    };
    Form(fields).once(&desk, &uri).await?;
    let asked = match (&request.po, request.range) {
        (Some(po), _) => format!("po={}", links::encode(po.as_str())),
        (None, Some(range)) => format!("from={}&until={}", utc(&range.start), utc(&range.end)),
        (None, None) => String::new(),
    };
    let run_id = start(&page, request).await?;
    Ok(page.go(&page.href(&format!("{FORM}/{}?{asked}", links::encode(&run_id))), None))
}

/// Findings of one kind.
struct Group {
    kind: FindingKind,
    lines: Vec<Line>,
    count: usize,
    /// Where all of them are repaired; nothing if people have to look.
    all: Option<String>,
}

/// A finding as it is shown.
struct Line {
    finding: FindingLine,
    /// Where it stood when it was checked.
    stage: Html,
    order: String,
    /// What the order's present stage has to say, when it is not the finding's.
    moved: Option<String>,
    repair: String,
}

/// A check with what it found.
struct View {
    run: RunView,
    groups: Vec<Group>,
    /// The findings are known.
    told: bool,
    checked: String,
    asked: Vec<(&'static str, String)>,
    scope: Option<String>,
}

#[derive(Template)]
#[template(path = "check_result.html")]
struct ResultPage<'a> {
    p: &'a Page,
    view: View,
}

#[derive(Template)]
#[template(path = "check_part.html")]
struct ResultPart<'a> {
    p: &'a Page,
    view: View,
}

/// `GET /admin/check/{run_id}`.
async fn show(page: Page, Path(run_id): Path<String>) -> Answer {
    let view = view(&page, &run_id).await?;
    if page.htmx {
        return if view.run.is_running() {
            page.show(&ResultPart { p: &page, view })
        } else {
            Ok(page.go(&page.here, None))
        };
    }
    page.show(&ResultPage { p: &page, view })
}

/// A check of this route.
async fn found(page: &Page, run_id: &str) -> Result<RunView, Fault> {
    let run = look(page, run_id).await?;
    let ours = run.job == Some(Job::CheckOrders) && run.route == page.route_name().0;
    if ours { Ok(run) } else { Err(Fault::NotFound) }
}

async fn view(page: &Page, run_id: &str) -> Result<View, Fault> {
    let mut run = found(page, run_id).await?;
    let findings = run.findings.take();
    let told = findings.is_some();
    let mut kinds: BTreeMap<usize, Vec<FindingLine>> = BTreeMap::new();
    for finding in findings.unwrap_or_default() {
        if let Some(at) = KINDS.iter().position(|kind| kind.code() == finding.kind) {
            kinds.entry(at).or_default().push(finding);
        }
    }
    let mut groups = Vec::new();
    for (at, findings) in kinds {
        groups.push(group(page, run_id, KINDS[at], findings).await?);
    }
    let number = |code: &str| run.number(code).unwrap_or_else(|| "0".to_owned());
    let checked = page.t2(t::CHECKED, number("checked"), number("skipped"));
    let asked = ["from", "until", "po"].into_iter().filter_map(|name| Some((name, page.query.get(name)?.to_owned())));
    let mut query = page.query.clone();
    let scope = range(&mut query, page.zone())
        .map(|range| page.t2(t::OF_RANGE, page.time(&range.start), page.time(&range.end)));
    let scope =
        scope.or_else(|| page.query.get("po").map(str::to_owned)).or_else(|| run.po.as_ref().map(|(po, _)| po.clone()));
    Ok(View { groups, told, checked, asked: asked.collect(), scope, run })
}

async fn group(page: &Page, run_id: &str, kind: FindingKind, findings: Vec<FindingLine>) -> Result<Group, Fault> {
    let count = findings.len();
    let shown: Vec<FindingLine> = findings.into_iter().take(AT_ONCE).collect();
    let present = present(page, &shown).await?;
    let base = format!("{FORM}/{}/repair", links::encode(run_id));
    let can = shown.iter().filter(|finding| finding.repair != "look").count();
    let all = (can > 1).then(|| page.href(&format!("{base}?kind={}", kind.code())));
    let lines = shown.into_iter().map(|finding| {
        let now = present.get(&finding.po).copied();
        Line {
            stage: finding.stage.map_or_else(|| mark(page.t(t::NOT_STORED), ""), |stage| page.stage_mark(stage)),
            order: page.href(&order_path(&page.route_name().0, &finding.po)),
            moved: (now != finding.stage).then(|| match now {
                Some(_) if finding.stage.is_none() => page.t(t::STORED_NOW).to_owned(),
                now => page.t1(t::HAS_MOVED, now.map_or_else(|| page.t(t::NOT_STORED), |stage| page.stage(stage))),
            }),
            repair: page.href(&format!("{base}?po={}", links::encode(&finding.po))),
            finding,
        }
    });
    Ok(Group { kind, lines: lines.collect(), count, all })
}

/// Where orders stand at this moment; those that are not stored are not in it.
async fn present(page: &Page, findings: &[FindingLine]) -> Result<HashMap<String, Stage>, Fault> {
    let pos: Vec<PoNumber> = findings.iter().filter_map(|finding| PoNumber::new(finding.po.as_str())).collect();
    if pos.is_empty() {
        return Ok(HashMap::new());
    }
    let limit = u32::try_from(pos.len()).unwrap_or(u32::MAX);
    let filter = OrderFilter { pos, ..OrderFilter::default() };
    let found = page.desk.store.search(Some(page.route_name()), &filter, None, limit).await?;
    Ok(found.rows.into_iter().map(|row| (row.po.as_str().to_owned(), row.stage)).collect())
}

/// Where the findings of a check are.
fn path(run_id: &str) -> String {
    format!("{FORM}/{}", links::encode(run_id))
}

/// What a finding is about, in one sentence.
fn sentence(page: &Page, kind: FindingKind) -> &'static str {
    page.pick(kind.sentences())
}

/// The words of a repair's button; empty for what only people can do.
fn repair_words(page: &Page, finding: &FindingLine) -> String {
    match (finding.repair.as_str(), finding.to) {
        ("pull", _) => page.t(t::PULL_IT).to_owned(),
        ("set_stage", Some(stage)) => page.t1(t::SET_STAGE, page.stage(stage)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
