use chrono::{DateTime, Utc};
use ipass_core::job::Job;
use ipass_core::ports::OrderRow;
use ipass_core::reason::{Actor, Reason};
use ipass_core::settings::Settings;
use ipass_core::stage::Stage;

use crate::desk::links::encode;
use crate::desk::{Html, Page};
use crate::pages::jobs::words;
use crate::pages::orders::{outcome_mark, present};
use crate::text::{Text, order as t};

/// Why an order is where it is.
pub(super) struct Why {
    pub(super) title: Text,
    pub(super) mark: Option<Html>,
    pub(super) sentence: String,
    /// The reason's code, for those who talk to an engineer.
    pub(super) code: Option<&'static str>,
    /// What else holds it: a person, or a job that is switched off.
    pub(super) besides: Vec<String>,
    pub(super) last: Option<DateTime<Utc>>,
    pub(super) next: Option<DateTime<Utc>>,
    pub(super) actor: &'static str,
    pub(super) fix: Fix,
    /// The order is finished.
    pub(super) finished: bool,
}

/// The button that helps.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fix {
    Nothing,
    /// Leads to the settings, at a key.
    Settings(String, Text),
    SendToPush,
    CancelInErp,
    RunNow,
}

pub(super) fn why(page: &Page, row: &OrderRow, settings: Option<&Settings>) -> Why {
    let last = present(row);
    let cause = last.and_then(|last| last.cause.as_ref());
    let finished = row.stage.is_final();
    let mut besides = Vec::new();
    if let Some(hold) = &row.hold {
        besides.push(page.t1(t::HELD, hold));
    }
    if let (Some(who), false) = (&row.cancel_by, finished) {
        besides.push(page.t1(t::CANCEL_APPROVED, who));
    }
    let job = Job::of_stage(row.stage);
    if let (Some(job), Some(settings)) = (job, settings)
        && !settings.job(job).enabled
    {
        besides.push(page.t1(t::JOB_OFF, page.t(words::name(job))));
    }
    let fix = match cause {
        _ if finished => Fix::Nothing,
        Some(cause) => match remedy(cause.reason, row.stage, row.cancel_by.is_some()) {
            Remedy::Setting(key) => settings_link(page, &key, None, t::FIX_SETTING),
            Remedy::Mapping(key) => settings_link(page, key, Some(&cause.detail), t::FIX_MAPPING),
            Remedy::MappingOf(key) => settings_link(page, key, None, t::FIX_MAPPING),
            Remedy::Push => Fix::SendToPush,
            Remedy::Cancel => Fix::CancelInErp,
            Remedy::Again => Fix::RunNow,
        },
        None => Fix::RunNow,
    };
    let sentence = match cause {
        Some(cause) if !finished => cause.reason.sentence(page.language(), &cause.detail),
        Some(_) | None => page.pick(row.stage.untouched()).to_owned(),
    };
    let cause = cause.filter(|_| !finished);
    Why {
        title: if finished { t::WHY_DONE } else { t::WHY },
        mark: last.filter(|_| !finished).map(|last| outcome_mark(page, last.kind)),
        sentence,
        code: cause.map(|cause| cause.reason.code()),
        besides,
        last: last.map(|last| last.at),
        next: row.next_try_at.filter(|at| *at > page.now),
        actor: page.pick(cause.map_or(Actor::Nobody, |cause| cause.reason.actor()).names()),
        fix,
        finished,
    }
}

fn settings_link(page: &Page, key: &str, detail: Option<&str>, words: Text) -> Fix {
    let key = detail.map_or_else(|| key.to_owned(), |detail| format!("{key}.{detail}"));
    Fix::Settings(format!("/admin/settings?route={}&key={}", encode(&page.route_name().0), encode(&key)), words)
}

/// What helps against a reason.
#[derive(Debug, PartialEq, Eq)]
enum Remedy {
    /// The entry of a mapping that the detail names.
    Mapping(&'static str),
    /// A mapping whose entry is not named by the detail.
    MappingOf(&'static str),
    /// Another setting.
    Setting(String),
    Push,
    Cancel,
    /// Nothing of ours, or nothing but another try.
    Again,
}

fn remedy(reason: Reason, stage: Stage, cancel_approved: bool) -> Remedy {
    match reason {
        Reason::MissingShopMapping => Remedy::Mapping("mapping.shop"),
        Reason::MissingWarehouseMapping => Remedy::Mapping("mapping.warehouse"),
        Reason::MissingShipmentMapping => Remedy::Mapping("mapping.shipment"),
        Reason::UnknownErpSku => Remedy::MappingOf("mapping.sku"),
        Reason::ErpOtherStore => Remedy::MappingOf("mapping.shop"),
        Reason::MultiBan => {
            Job::of_stage(stage).map_or(Remedy::Again, |job| Remedy::Setting(format!("jobs.{}.multi_ban", job.name())))
        }
        Reason::NotInErp => Remedy::Push,
        Reason::CancelNeedsDecision if !cancel_approved => Remedy::Cancel,
        Reason::CancelNeedsDecision
        | Reason::InvalidPayload
        | Reason::DuplicatePo
        | Reason::MissingAddress
        | Reason::MissingSku
        | Reason::MissingPrice
        | Reason::NothingToShip
        | Reason::TestOrder
        | Reason::CancelRequested
        | Reason::CancelledTooLate
        | Reason::ErpRejected
        | Reason::ErpOrderCancelled
        | Reason::ErpNotReviewed
        | Reason::ChannelNotReady
        | Reason::NotInChannel
        | Reason::ErpNotShipped
        | Reason::NoTracking
        | Reason::NoShipDate
        | Reason::ParcelIncomplete
        | Reason::NotFullyShipped
        | Reason::ChannelRejected
        | Reason::WriteUnconfirmed
        | Reason::ChannelUnreadable
        | Reason::ErpUnreadable
        | Reason::RemoteUnavailable
        | Reason::Throttled
        | Reason::CredentialsRefused
        | Reason::ClockWrong
        | Reason::CancelRefused
        | Reason::ItemNotInChannel
        | Reason::ItemUnreadable
        | Reason::WarehouseUnreadable
        | Reason::WarehouseEmpty
        | Reason::ZeroGuard
        | Reason::SyncOff
        | Reason::OverSize
        | Reason::RunStopped
        | Reason::InvalidExchange => Remedy::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_that_was_made_is_not_asked_for_again() {
        let of = |approved| remedy(Reason::CancelNeedsDecision, Stage::AwaitingAck, approved);
        assert_eq!((of(false), of(true)), (Remedy::Cancel, Remedy::Again));
    }

    #[test]
    fn the_switch_of_the_very_job_is_named() {
        let switch = Remedy::Setting("jobs.ship_orders.multi_ban".to_owned());
        assert_eq!(remedy(Reason::MultiBan, Stage::AwaitingShipment, false), switch);
    }
}
