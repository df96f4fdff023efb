//! What is to be written about orders whose part in a run has ended.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{Evidence, RunRef, Step, StepOutcome, Stored};
use ipass_core::reason::OutcomeKind;
use ipass_core::stage::Stage;

use crate::event::NewEvent;
use crate::rows::evidence;
use crate::tally::Tally;
use crate::text::{clean, clean_option};
use crate::values::{SqlRow, Values};

/// A claimed order as it stands.
#[derive(Debug, Clone)]
pub struct Standing {
    id: i64,
    stage: Stage,
    tried_at: DateTime<Utc>,
    /// There was news of it meanwhile.
    nudged: bool,
    evidence: Evidence,
    newest: Option<NewestEvent>,
}

/// The newest outcome or act of a person in the timeline.
#[derive(Debug, Clone)]
struct NewestEvent {
    id: i64,
    kind: String,
    from: Option<Stage>,
    to: Option<Stage>,
    what: String,
    detail: String,
}

impl NewestEvent {
    fn equals(&self, event: &NewEvent<'_>) -> bool {
        self.kind == event.kind
            && self.from == event.from
            && self.to == event.to
            && self.what == event.what
            && self.detail == event.detail
    }
}

impl Standing {
    /// Reads `po, id, stage, erp_order_no, tracking, invoice_id, tried_at, nudged`, and `event, kind, from_stage,
    /// to_stage, what, detail` of the newest outcome or act of a person; answers the PO number, too.
    pub fn read(row: &impl SqlRow) -> Stored<(String, Self)> {
        let values = Values::keyed(row, "order_sync", &["po"]);
        let newest = match values.whole_or_none("event")? {
            Some(id) => Some(NewestEvent {
                id,
                kind: values.text("kind")?,
                from: values.stage_or_none("from_stage")?,
                to: values.stage_or_none("to_stage")?,
                what: values.text("what")?,
                detail: values.text("detail")?,
            }),
            None => None,
        };
        let order = Self {
            id: values.whole("id")?,
            stage: values.stage("stage")?,
            tried_at: values.time("tried_at")?,
            nudged: values.flag("nudged")?,
            evidence: evidence(&values)?,
            newest,
        };
        Ok((values.text("po")?, order))
    }
}

/// What is to be stored of one order, in place of what was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewValues {
    /// The row of the order.
    pub id: i64,
    /// The stage that it has now.
    pub stage: Stage,
    /// `None`: not yet in its stage.
    pub tried_at: Option<DateTime<Utc>>,
    /// It comes to its stage now.
    pub advanced: bool,
    /// How the look at it ended.
    pub kind: OutcomeKind,
    /// Code of the reason why it stays.
    pub reason: Option<&'static str>,
    /// What the reason is about.
    pub detail: Option<String>,
    /// When the schedule looks again, UTC; `None`: at once.
    pub next_try_at: Option<DateTime<Utc>>,
    /// All that is known by now.
    pub evidence: Evidence,
}

impl NewValues {
    fn of(order: &Standing, step: &Step, evidence: Evidence, outdated: bool) -> Self {
        match &step.outcome {
            StepOutcome::Advanced { to, .. } => Self {
                id: order.id,
                stage: *to,
                tried_at: None,
                advanced: true,
                kind: OutcomeKind::Advanced,
                reason: None,
                detail: None,
                next_try_at: None,
                evidence,
            },
            StepOutcome::Stayed(cause) => {
                let overtaken = order.nudged || outdated && cause.reason.kind() == OutcomeKind::Blocked;
                Self {
                    id: order.id,
                    stage: order.stage,
                    tried_at: Some(order.tried_at),
                    advanced: false,
                    kind: cause.reason.kind(),
                    reason: Some(cause.reason.code()),
                    detail: Some(clean(&cause.detail)),
                    next_try_at: step.next_try_at.filter(|_| !overtaken),
                    evidence,
                }
            }
        }
    }
}

/// What is to be written about the orders of some steps.
#[derive(Debug, Default)]
pub struct Judged<'a> {
    /// The orders' new values.
    pub rows: Vec<NewValues>,
    /// New facts of timelines.
    pub events: Vec<NewEvent<'a>>,
    /// PO number and event of the looks that found what the one before had found.
    pub repeated: Vec<(&'a str, i64)>,
    /// Ids of the orders that have new tracking numbers.
    pub retold: Vec<i64>,
    /// Orders that the run does not hold any more, or that are in another stage by now.
    pub lost: Vec<PoNumber>,
    /// What it changes of the totals.
    pub tally: Tally,
}

impl<'a> Judged<'a> {
    /// `standing` are the orders that the run holds, by PO number; `outdated`: settings were saved during the run, by
    /// which a blocked order may not be blocked.
    pub fn of(run: &'a RunRef, steps: &'a [Step], mut standing: HashMap<String, Standing>, outdated: bool) -> Self {
        let mut judged = Self::default();
        for step in steps {
            let Some(order) = standing.remove(step.po.as_str()).filter(|order| order.stage == step.expected) else {
                judged.lost.push(step.po.clone());
                continue;
            };
            let merged = order.evidence.grown_by(&cleaned(&step.evidence));
            if merged.tracking != order.evidence.tracking {
                judged.retold.push(order.id);
            }
            let event = outcome_event(run, step);
            match &order.newest {
                Some(newest) if newest.equals(&event) => judged.repeated.push((event.po, newest.id)),
                _ => judged.events.push(event),
            }
            if let StepOutcome::Advanced { to, .. } = &step.outcome {
                judged.tally.moved(order.stage, *to);
            }
            judged.rows.push(NewValues::of(&order, step, merged, outdated));
        }
        judged
    }
}

/// The same evidence without what a database cannot hold.
fn cleaned(evidence: &Evidence) -> Evidence {
    Evidence {
        erp_order_no: clean_option(evidence.erp_order_no.as_ref()),
        tracking: clean_option(evidence.tracking.as_ref()),
        invoice_id: clean_option(evidence.invoice_id.as_ref()),
    }
}

fn outcome_event<'a>(run: &'a RunRef, step: &'a Step) -> NewEvent<'a> {
    let (to, what, detail) = match &step.outcome {
        StepOutcome::Advanced { to, note } => (Some(*to), OutcomeKind::Advanced.as_str(), note),
        StepOutcome::Stayed(cause) => (None, cause.reason.code(), &cause.detail),
    };
    NewEvent {
        po: step.po.as_str(),
        kind: "outcome",
        by: &run.run_id,
        from: Some(step.expected),
        to,
        what: what.to_owned(),
        detail: clean(detail),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use ipass_core::ports::RouteName;
    use ipass_core::reason::{Cause, Reason};
    use ipass_core::testing::po;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-01-28T03:00:00Z".parse().unwrap()
    }

    fn standing() -> Standing {
        let evidence = Evidence { tracking: Some("T1".to_owned()), ..Evidence::default() };
        Standing { id: 1, stage: Stage::AwaitingShipment, tried_at: now(), nudged: false, evidence, newest: None }
    }

    fn step(outcome: StepOutcome, tracking: Option<&str>) -> Step {
        Step {
            po: po("P"),
            expected: Stage::AwaitingShipment,
            outcome,
            evidence: Evidence { tracking: tracking.map(str::to_owned), ..Evidence::default() },
            writes: Vec::new(),
            next_try_at: Some(now() + TimeDelta::hours(1)),
        }
    }

    fn stayed(reason: Reason) -> Step {
        step(StepOutcome::Stayed(Cause::new(reason, "d")), None)
    }

    fn judge(order: Standing, step: &Step, outdated: bool) -> (Vec<NewValues>, usize, usize, usize) {
        let run = RunRef { route: RouteName("r".to_owned()), run_id: "run".to_owned(), fence: 1 };
        let steps = std::slice::from_ref(step);
        let judged = Judged::of(&run, steps, HashMap::from([("P".to_owned(), order)]), outdated);
        (judged.rows, judged.events.len(), judged.repeated.len(), judged.lost.len())
    }

    #[test]
    fn an_order_that_stays_waits_unless_there_was_news_of_it() {
        let next =
            |order: Standing, reason, outdated| judge(order, &stayed(reason), outdated).0[0].next_try_at.is_some();
        assert!(next(standing(), Reason::MissingPrice, false));
        assert!(!next(standing(), Reason::MissingPrice, true), "new settings may help a blocked order");
        assert!(next(standing(), Reason::ErpUnreadable, true), "and no other");
        assert!(!next(Standing { nudged: true, ..standing() }, Reason::ErpUnreadable, false));
    }

    #[test]
    fn a_look_that_finds_the_same_again_is_no_new_fact() {
        let step = stayed(Reason::ErpUnreadable);
        let (kind, what, detail) = ("outcome".to_owned(), Reason::ErpUnreadable.code().to_owned(), "d".to_owned());
        let newest = NewestEvent { id: 9, kind, from: Some(Stage::AwaitingShipment), to: None, what, detail };
        let again = judge(Standing { newest: Some(newest.clone()), ..standing() }, &step, false);
        assert_eq!((again.1, again.2), (0, 1));
        // An act of a person in between makes it news.
        let newest = NewestEvent { kind: "operator".to_owned(), ..newest };
        let news = judge(Standing { newest: Some(newest), ..standing() }, &step, false);
        assert_eq!((news.1, news.2), (1, 0));
    }

    #[test]
    fn an_order_that_has_moved_on_is_lost_and_evidence_is_never() {
        let moved = Standing { stage: Stage::AwaitingInvoice, ..standing() };
        let advanced = StepOutcome::Advanced { to: Stage::AwaitingInvoice, note: String::new() };
        assert_eq!(judge(moved, &step(advanced.clone(), None), false), (vec![], 0, 0, 1));
        let rows = judge(standing(), &step(advanced, None), false).0;
        assert_eq!(rows[0].evidence.tracking.as_deref(), Some("T1"));
        assert_eq!((rows[0].stage, rows[0].advanced, rows[0].tried_at), (Stage::AwaitingInvoice, true, None));
    }
}
