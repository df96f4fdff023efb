//! Putting right what a check found: one order, or all of a kind.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use ipass_core::job::Job;
use ipass_core::order::PoNumber;
use ipass_core::ports::{RouteName, StageEdit, StoreError, Trigger};
use ipass_core::run::{FindingKind, Refused, RunRequest};
use ipass_core::stage::Stage;

use super::{AT_ONCE, FORM, KINDS, found};
use crate::desk::{Answer, Desk, Fault, Flash, Form, Page, Query, Shared, audit, links};
use crate::pages::runs::{FindingLine, Note, StepState, Steps, order_path, run_path, show_steps};
use crate::text::{check as t, common as c};

/// What came of a repair.
#[derive(Debug)]
pub(crate) enum Repaired {
    /// It was pulled by this run, to its end, without an error.
    Pulled(String),
    /// The same, with an error.
    PullFailed(String, String),
    /// It is at its new stage.
    Set,
    /// It is not where the check saw it; nothing was done.
    Moved,
    /// Only people can do something about it.
    Look,
}

/// Why a repair was not done.
#[derive(Debug)]
pub(crate) enum NotRepaired {
    Store(StoreError),
    Refused(Refused),
}

impl From<StoreError> for NotRepaired {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<NotRepaired> for Fault {
    fn from(why: NotRepaired) -> Self {
        match why {
            NotRepaired::Store(error) => error.into(),
            NotRepaired::Refused(refused) => refused.into(),
        }
    }
}

/// Repairs one order, if it still stands where the check saw it. A pull is waited for.
pub(crate) async fn repair(
    desk: &Desk,
    route: &RouteName,
    finding: &FindingLine,
    who: &str,
    reason: &str,
) -> Result<Repaired, NotRepaired> {
    let Some(po) = PoNumber::new(finding.po.as_str()) else { return Ok(Repaired::Look) };
    let now = desk.store.order(route, &po).await?.map(|order| order.row.stage);
    if now != finding.stage {
        return Ok(Repaired::Moved);
    }
    match (finding.repair.as_str(), finding.to) {
        ("pull", _) => {
            let request = RunRequest { po: Some(po), ..RunRequest::of(Job::PullOrders, Trigger::Manual) };
            let report = desk.launcher.finish(route, request).await.map_err(NotRepaired::Refused)?;
            Ok(match report.error {
                None => Repaired::Pulled(report.run_id),
                Some(error) => Repaired::PullFailed(report.run_id, error),
            })
        }
        ("set_stage", Some(to)) => {
            let reason = format!("{reason} (check_orders: {})", finding.kind);
            let edit = StageEdit { po, to, reason, by: who.to_owned(), now: desk.now() };
            desk.store.set_stage(route, &edit).await?;
            Ok(Repaired::Set)
        }
        _ => Ok(Repaired::Look),
    }
}

/// What a repair is about: one finding, or all of a kind.
pub(crate) struct Target {
    kind: FindingKind,
    pub(crate) findings: Vec<FindingLine>,
    /// Findings of the kind that can be repaired; more than are repaired at once.
    in_all: usize,
    one: bool,
}

impl Target {
    /// What `po` or `kind` names among the findings of a check.
    pub(crate) fn of(findings: Option<Vec<FindingLine>>, po: Option<&str>, kind: Option<&str>) -> Result<Self, Fault> {
        let findings =
            findings.ok_or_else(|| Fault::refused_at("findings_gone", t::GONE, t::GONE_HELP, FORM, t::AGAIN))?;
        let fits = |finding: &FindingLine| match (po, kind) {
            (Some(po), None) => finding.po == po,
            (None, Some(kind)) => finding.kind == kind,
            (Some(_), Some(_)) | (None, None) => false,
        };
        let mut findings: Vec<FindingLine> =
            findings.into_iter().filter(|finding| fits(finding) && finding.repair != "look").collect();
        let kind = findings.first().and_then(|first| KINDS.into_iter().find(|kind| kind.code() == first.kind));
        let kind = kind.ok_or_else(|| Fault::refused("no_repair", t::NO_REPAIR_TITLE, t::NO_REPAIR_HELP))?;
        let in_all = findings.len();
        findings.truncate(AT_ONCE);
        Ok(Self { kind, findings, in_all, one: po.is_some() })
    }

    /// A pull adds an order that is missing, and changes none.
    fn harmless(&self) -> bool {
        self.one && self.findings.iter().all(|finding| finding.repair == "pull")
    }

    /// The stages that orders are set to, each once.
    fn stages(&self) -> Vec<Stage> {
        let mut stages: Vec<Stage> = self.findings.iter().filter_map(|finding| finding.to).collect();
        stages.sort_unstable();
        stages.dedup();
        stages
    }
}

#[derive(Template)]
#[template(path = "check_repair.html")]
struct AskPage<'a> {
    p: &'a Page,
    target: Target,
    back: String,
    /// What will happen.
    means: Vec<String>,
}

impl AskPage<'_> {
    fn sentence(&self) -> &'static str {
        super::sentence(self.p, self.target.kind)
    }
}

/// `GET /admin/check/{run_id}/repair?po=…` or `?kind=…`: what would be done, and its confirmation.
pub(super) async fn ask(page: Page, Path(run_id): Path<String>) -> Answer {
    let run = found(&page, &run_id).await?;
    let target = Target::of(run.findings, page.query.get("po"), page.query.get("kind"))?;
    let mut means = Vec::new();
    if !target.one {
        means.push(page.t1(t::MANY_MEANS, target.findings.len()));
    }
    if target.findings.len() < target.in_all {
        means.push(page.t2(t::MANY_CUT, target.findings.len(), target.in_all));
    }
    if target.findings.iter().any(|finding| finding.repair == "pull") {
        means.push(page.t(t::PULL_MEANS).to_owned());
    }
    for stage in target.stages() {
        let text = if stage.is_final() { t::SET_COMPLETED_MEANS } else { t::SET_MEANS };
        means.push(page.t1(text, page.stage(stage)));
    }
    let back = page.href(&format!("{FORM}/{}", links::encode(&run_id)));
    page.show(&AskPage { p: &page, target, back, means })
}

/// The typed reason; a pull of one order needs none.
fn reason(form: &mut Query, target: &Target) -> String {
    if target.harmless() {
        return form.text("reason", 500).unwrap_or_default();
    }
    let reason = form.required("reason", 500);
    if !reason.is_empty() && reason.chars().count() < 3 {
        form.problem("reason", c::REASON_HELP);
    }
    reason
}

/// `POST /admin/check/{run_id}/repair`: `po` or `kind`, and `reason`.
pub(super) async fn act(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path(run_id): Path<String>,
    Form(mut form): Form,
) -> Answer {
    let run = found(&page, &run_id).await?;
    let target = Target::of(run.findings, form.get("po"), form.get("kind"))?;
    let reason = reason(&mut form, &target);
    form.check()?;
    if !target.one {
        Form(form).once(&desk, &uri).await?;
        let id = repair_many(&desk, page.route_name(), target, page.who(), &reason).await?;
        return Ok(page.go(&page.href(&format!("{FORM}/repairs/{id}")), None));
    }
    let finding = target.findings.first().cloned().ok_or(Fault::NotFound)?;
    Form(form).once(&desk, &uri).await?;
    let (route, po) = (page.route_name(), finding.po.as_str());
    audit(&desk, page.who(), "repair", Some(route), po, &told(&finding, &reason)).await?;
    let order = order_path(&route.0, po);
    let back = page.href(&format!("{FORM}/{}", links::encode(&run_id)));
    let flash = match repair(&desk, route, &finding, page.who(), &reason).await? {
        Repaired::Set => {
            let stage = finding.to.map(|stage| page.stage(stage)).unwrap_or_default();
            Flash::good(page.t2(t::WAS_SET, po, stage)).with_link(page.href(&order), page.t(t::SEE_ORDER))
        }
        Repaired::Pulled(_) => Flash::good(page.t(t::STORED_NOW)).with_link(page.href(&order), page.t(t::SEE_ORDER)),
        Repaired::PullFailed(run_id, error) => {
            Flash::bad(page.said(error)).with_link(page.href(&run_path(&run_id)), page.t(crate::text::jobs::WATCH_RUN))
        }
        Repaired::Moved => {
            return Err(Fault::refused_at("moved", t::MOVED_TITLE, t::MOVED_HELP, order, t::SEE_ORDER));
        }
        Repaired::Look => return Err(Fault::refused("no_repair", t::NO_REPAIR_TITLE, t::NO_REPAIR_HELP)),
    };
    Ok(page.go(&back, Some(&flash)))
}

/// What the audit says about one repair.
pub(crate) fn told(finding: &FindingLine, reason: &str) -> String {
    let stage = |stage: Option<Stage>| stage.map_or_else(|| "-".to_owned(), |stage| stage.number().to_string());
    let moved = format!("{} {} {} → {}", finding.kind, finding.repair, stage(finding.stage), stage(finding.to));
    if reason.is_empty() { moved } else { format!("{moved}: {reason}") }
}

/// `GET /admin/check/repairs/{id}`.
pub(super) async fn follow(page: Page, Path(id): Path<String>) -> Answer {
    show_steps(&page, &id)
}

/// Begins to repair; answers the id under which it is followed. It goes on whether or not anybody looks.
pub(crate) async fn repair_many(
    desk: &Shared,
    route: &RouteName,
    target: Target,
    who: &str,
    reason: &str,
) -> Result<String, Fault> {
    let names: Vec<String> = target.findings.iter().map(|finding| finding.po.clone()).collect();
    let subject = format!("{} ({})", target.kind.code(), names.len());
    audit(desk, who, "repair", Some(route), &subject, reason).await?;
    let steps = Steps::begin(desk, "repair", route, &names);
    let id = steps.id.clone();
    let (desk, route, who, reason) = (desk.clone(), route.clone(), who.to_owned(), reason.to_owned());
    tokio::spawn(async move {
        for (at, finding) in target.findings.iter().enumerate() {
            if steps.stopping() {
                steps.tell(at, StepState::LeftOut, None, Some(&Note::Stopped));
                continue;
            }
            let (state, run, note) = one(&desk, &route, finding, &who, &reason).await;
            steps.tell(at, state, run.as_deref(), note.as_ref());
        }
        steps.end();
    });
    Ok(id)
}

async fn one(
    desk: &Desk,
    route: &RouteName,
    finding: &FindingLine,
    who: &str,
    reason: &str,
) -> (StepState, Option<String>, Option<Note>) {
    if audit(desk, who, "repair", Some(route), &finding.po, &told(finding, reason)).await.is_err() {
        // What cannot be seen afterwards is not done.
        return (StepState::Refused, None, Some(Note::NotRecorded));
    }
    match repair(desk, route, finding, who, reason).await {
        Ok(Repaired::Set) => (StepState::Done, None, None),
        Ok(Repaired::Pulled(run_id)) => (StepState::Done, Some(run_id), None),
        Ok(Repaired::PullFailed(run_id, error)) => (StepState::Failed, Some(run_id), Some(Note::Said(error))),
        Ok(Repaired::Moved | Repaired::Look) => (StepState::LeftOut, None, Some(Note::Moved)),
        // What the database says is for the log.
        Err(NotRepaired::Store(StoreError::Conflict(what))) => (StepState::Refused, None, Some(Note::Said(what))),
        Err(NotRepaired::Store(_)) => (StepState::Failed, None, Some(Note::NotRecorded)),
        Err(NotRepaired::Refused(refused)) => (StepState::Refused, None, Some(Note::Said(refused.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(po: &str, kind: &str, repair: &str) -> FindingLine {
        FindingLine {
            po: po.to_owned(),
            stage: Some(Stage::AwaitingShipment),
            kind: kind.to_owned(),
            detail: String::new(),
            repair: repair.to_owned(),
            to: (repair == "set_stage").then_some(Stage::AwaitingAck),
        }
    }

    #[test]
    fn a_repair_is_about_one_finding_or_a_kind_and_never_about_what_people_must_look_at() {
        let findings = || {
            let mut findings = vec![finding("A", "not_accepted", "set_stage"), finding("B", "not_accepted", "look")];
            findings.push(finding("C", "not_in_erp", "set_stage"));
            Some(findings)
        };
        let names = |po, kind| {
            let target = Target::of(findings(), po, kind).ok()?;
            Some(target.findings.into_iter().map(|finding| finding.po).collect::<Vec<_>>())
        };
        assert_eq!(names(Some("A"), None), Some(vec!["A".to_owned()]));
        assert_eq!(names(None, Some("not_accepted")), Some(vec!["A".to_owned()]));
        for (po, kind) in
            [(Some("B"), None), (Some("X"), None), (None, Some("x")), (Some("A"), Some("not_accepted")), (None, None)]
        {
            assert_eq!(names(po, kind), None, "{po:?} {kind:?}");
        }
        assert!(matches!(Target::of(None, Some("A"), None), Err(Fault::Refused(why)) if why.code == "findings_gone"));
    }

    #[test]
    fn many_are_repaired_in_portions() {
        let many = (0..=AT_ONCE).map(|n| finding(&n.to_string(), "not_accepted", "set_stage")).collect();
        let target = Target::of(Some(many), None, Some("not_accepted")).unwrap();
        assert_eq!((target.findings.len(), target.in_all), (AT_ONCE, AT_ONCE + 1));
    }

    #[test]
    fn only_a_pull_of_one_order_needs_no_reason() {
        let target = |repair: &str, one: bool| {
            let (po, kind) = if one { (Some("A"), None) } else { (None, Some("not_accepted")) };
            Target::of(Some(vec![finding("A", "not_accepted", repair)]), po, kind).unwrap()
        };
        let problems = |text: &str, target: &Target| {
            let mut form = Query::of(text);
            reason(&mut form, target);
            form.problems().len()
        };
        assert_eq!(problems("", &target("pull", true)), 0);
        assert_eq!(problems("", &target("pull", false)), 1);
        assert_eq!(problems("", &target("set_stage", true)), 1);
        assert_eq!(problems("reason=ab", &target("set_stage", true)), 1);
        assert_eq!(problems("reason=abc", &target("set_stage", true)), 0);
    }
}
