use chrono::{DateTime, Utc};
use ipass_core::ports::TimelineEvent;
use ipass_core::reason::{OutcomeKind, Reason};
use ipass_core::stage::Stage;
use ipass_core::write::{RemoteWrite, WriteKind, WriteState};

use crate::desk::links::encode;
use crate::desk::{Html, Page, show};
use crate::pages::orders::{channel_status, outcome_mark};
use crate::text::order as t;

/// One fact of an order's history, in words.
pub(super) struct Fact {
    pub(super) at: DateTime<Utc>,
    /// How often in a row, and the last time; of looks that were alike.
    pub(super) again: Option<(String, DateTime<Utc>)>,
    pub(super) mark: Option<Html>,
    pub(super) words: String,
    pub(super) detail: String,
    pub(super) by: String,
    /// The run's page, for what a run did.
    pub(super) run: Option<String>,
}

/// The history, newest first.
pub(super) fn facts(page: &Page, timeline: &[TimelineEvent], failures_only: bool) -> Vec<Fact> {
    timeline.iter().rev().filter(|event| !failures_only || went_wrong(event)).map(|event| fact(page, event)).collect()
}

/// A look that was blocked or failed, or a remote write that was refused or whose end is not known.
fn went_wrong(event: &TimelineEvent) -> bool {
    match event.kind.as_str() {
        "outcome" => Reason::from_code(&event.what)
            .is_some_and(|reason| matches!(reason.kind(), OutcomeKind::Blocked | OutcomeKind::Failed)),
        "write" => event.what.ends_with(" rejected") || event.what.ends_with(" unknown"),
        _ => false,
    }
}

fn fact(page: &Page, event: &TimelineEvent) -> Fact {
    let name = |stage: Option<Stage>| stage.map_or("–", |stage| page.stage(stage));
    let (from, to) = (name(event.from), name(event.to));
    let mut mark = None;
    let (words, detail) = match event.kind.as_str() {
        "pulled" => (page.t2(t::PULLED, channel_status(page, &event.what), to), String::new()),
        "changed" => {
            let words = page.t1(t::CHANGED, channel_status(page, &event.what));
            let moved = if event.to.is_some() { page.t2(t::MOVED, from, to) } else { String::new() };
            (words, moved)
        }
        "outcome" => {
            if let Some(reason) = Reason::from_code(&event.what) {
                mark = Some(outcome_mark(page, reason.kind()));
                (reason.sentence(page.language(), &event.detail), String::new())
            } else {
                mark = Some(outcome_mark(page, OutcomeKind::Advanced));
                (page.t2(t::MOVED, from, to), page.said(&event.detail))
            }
        }
        "write" => {
            let (kind, state) = event.what.split_once(' ').unwrap_or((&event.what, ""));
            match (WriteKind::parse(kind), WriteState::parse(state)) {
                (Some(kind), Some(state)) => {
                    mark = Some(state_mark(page, state));
                    let (part, words) = match kind {
                        WriteKind::Ship => event.detail.split_once(": ").unwrap_or((&event.detail, "")),
                        WriteKind::Create
                        | WriteKind::Cancel
                        | WriteKind::Acknowledge
                        | WriteKind::Invoice
                        | WriteKind::Stock => ("", event.detail.as_str()),
                    };
                    (what_is_written(page, kind, part), page.said(words))
                }
                (None, _) | (_, None) => (event.what.clone(), event.detail.clone()),
            }
        }
        _ => (act(page, &event.what, from, to), event.detail.clone()),
    };
    let by_person = event.kind == "operator";
    Fact {
        at: event.at,
        again: (event.times > 1).then(|| (page.t1(t::SO_OFTEN, event.times), event.last_at)),
        mark,
        words,
        detail,
        run: (!by_person).then(|| page.href(&format!("/admin/jobs/runs/{}", encode(&event.by)))),
        by: event.by.clone(),
    }
}

/// An act of a person.
fn act(page: &Page, what: &str, from: &str, to: &str) -> String {
    match what {
        "stage" => page.t2(t::STAGE_SET, from, to),
        "hold" => page.t(t::WAS_HELD).to_owned(),
        "release" => page.t(t::WAS_RELEASED).to_owned(),
        "cancel_in_erp" => page.t(t::CANCEL_LET).to_owned(),
        other => other.to_owned(),
    }
}

/// One remote write, in words.
pub(super) struct Write {
    pub(super) what: String,
    pub(super) state: Html,
    pub(super) intended: DateTime<Utc>,
    pub(super) noted: Option<DateTime<Utc>>,
    pub(super) attempts: u32,
    pub(super) receipt: Option<String>,
    pub(super) message: Option<String>,
}

pub(super) fn write(page: &Page, write: RemoteWrite) -> Write {
    Write {
        what: what_is_written(page, write.key.kind, &write.key.part),
        state: state_mark(page, write.state),
        intended: write.intended_at,
        noted: write.noted_at,
        attempts: write.attempts,
        receipt: write.receipt.map(|receipt| receipt.0),
        message: write.message.map(|words| page.said(words)),
    }
}

/// What is done at the remote, in words.
pub(super) fn what_is_written(page: &Page, kind: WriteKind, part: &str) -> String {
    match kind {
        WriteKind::Create => page.t(t::WRITE_CREATE).to_owned(),
        WriteKind::Cancel => page.t(t::WRITE_CANCEL).to_owned(),
        WriteKind::Acknowledge => page.t(t::WRITE_ACK).to_owned(),
        WriteKind::Ship => page.t1(t::WRITE_SHIP, part),
        WriteKind::Invoice => page.t(t::WRITE_INVOICE).to_owned(),
        WriteKind::Stock => page.t(t::WRITE_STOCK).to_owned(),
    }
}

fn state_mark(page: &Page, state: WriteState) -> Html {
    let (class, words) = match state {
        WriteState::Intended => ("mark warn", t::STATE_INTENDED),
        WriteState::Accepted => ("mark warn", t::STATE_ACCEPTED),
        WriteState::Unknown => ("mark warn", t::STATE_UNKNOWN),
        WriteState::Applied => ("mark good", t::STATE_APPLIED),
        WriteState::Rejected => ("mark bad", t::STATE_REJECTED),
        WriteState::Void => ("mark", t::STATE_VOID),
    };
    Html(format!(r#"<span class="{class}">{}</span>"#, show::escaped(page.t(words))))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    fn event(kind: &str, what: &str) -> TimelineEvent {
        let at = Utc.timestamp_opt(1_769_590_800, 0).unwrap();
        let (kind, what) = (kind.to_owned(), what.to_owned());
        TimelineEvent {
            at,
            last_at: at,
            times: 1,
            kind,
            by: "x".into(),
            from: None,
            to: None,
            what,
            detail: String::new(),
        }
    }

    #[test]
    fn waiting_is_no_failure_and_a_doubt_is_one() {
        for (kind, what) in [
            ("outcome", "missing_shop_mapping"),
            ("outcome", "throttled"),
            ("write", "ship rejected"),
            ("write", "create unknown"),
        ] {
            assert!(went_wrong(&event(kind, what)), "{kind} {what}");
        }
        for (kind, what) in
            [("outcome", "erp_not_shipped"), ("outcome", "advanced"), ("write", "ship applied"), ("operator", "stage")]
        {
            assert!(!went_wrong(&event(kind, what)), "{kind} {what}");
        }
    }
}
