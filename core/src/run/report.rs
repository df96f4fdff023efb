use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::RunLog;
use crate::job::Job;
use crate::order::PoNumber;
use crate::ports::{RouteName, SaveCounts, StockRecord, Trigger};
use crate::reason::{Cause, OutcomeKind};
use crate::stage::Stage;

/// How one order's part in a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderOutcome {
    /// The order.
    pub po: PoNumber,
    /// How; `None` in a dry run that would send something.
    pub kind: Option<OutcomeKind>,
    /// Why it stayed.
    pub cause: Option<Cause>,
    /// Stage before.
    pub before: Stage,
    /// Stage after.
    pub after: Stage,
}

/// What a job did, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobReport {
    /// Orders taken for work.
    pub selected: u64,
    /// One per order taken.
    pub outcomes: Vec<OrderOutcome>,
    /// What pulling stored; `None` for other jobs.
    pub pulled: Option<PullCounts>,
    /// What the stock run saw and did; `None` for other jobs.
    pub stock: Option<StockCounts>,
    /// Its records that are not equal on both sides, at most a thousand.
    pub stock_records: Vec<StockRecord>,
    /// What pulling SKU pairs found; `None` for other jobs.
    pub pairs: Option<PairCounts>,
    /// What the check found; `None` for other jobs.
    pub check: Option<CheckReport>,
    /// What the clean-up removed; `None` for other jobs.
    pub cleanup: Option<CleanupCounts>,
    /// What it told about itself.
    pub log: RunLog,
}

/// What a stock run saw and did, in records: one for each item and warehouse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StockCounts {
    /// Records.
    pub compared: u64,
    /// Both sides known, and not equal.
    pub different: u64,
    /// Taken by the channel.
    pub written: u64,
    /// The same in items: all warehouses of one are written together.
    pub items_written: u64,
    /// Sent, not confirmed yet.
    pub unconfirmed: u64,
    /// Left alone because of doubt.
    pub skipped: u64,
    /// Refused by the channel, or not sent.
    pub failed: u64,
    /// Items that would have been set to zero, when that was too many.
    pub guarded: u64,
}

/// What pulling SKU pairs found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PairCounts {
    /// Pairs read.
    pub read: u64,
    /// New in the mapping.
    pub added: u64,
    /// Changed in the mapping.
    pub changed: u64,
    /// Different from a person's entry, which stays.
    pub kept: u64,
    /// Contradictions among the pairs.
    pub conflicts: u64,
}

/// What the clean-up did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CleanupCounts {
    /// Files found.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files removed.
    pub removed: u64,
    /// Their bytes.
    pub removed_bytes: u64,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Stored orders looked at.
    pub checked: u64,
    /// Of these, not pushed yet, or come to their stage so recently that the remotes may not show it yet.
    pub skipped: u64,
    /// What is not as it should be, by kind and PO number.
    pub findings: Vec<Finding>,
    /// What could not be read; nothing is concluded from it. Empty: both sides were read completely.
    pub incomplete: Vec<String>,
}

/// One order that is not where it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The order.
    pub po: PoNumber,
    /// Where it stands here; `None` if it is not stored.
    pub stage: Option<Stage>,
    /// What is wrong.
    pub kind: FindingKind,
    /// The channel's status, where that is what is wrong.
    pub detail: String,
    /// What would put it right.
    pub repair: Repair,
}

/// What is wrong with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// At the channel and not here.
    MissingLocalRecord,
    /// Pushed, and the ERP does not hold it.
    NotInErp,
    /// Acknowledged, and the channel does not show it as accepted.
    NotAccepted,
    /// Reported as shipped, and the channel does not show it as shipped.
    NotShipped,
    /// Completed, and the channel holds no invoice.
    NoInvoice,
    /// Cancelled, and the channel does not show it as cancelled.
    NotCancelled,
    /// Here, and the channel does not know it.
    NotInChannel,
}

impl FindingKind {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MissingLocalRecord => "missing_local_record",
            Self::NotInErp => "not_in_erp",
            Self::NotAccepted => "not_accepted",
            Self::NotShipped => "not_shipped",
            Self::NoInvoice => "no_invoice",
            Self::NotCancelled => "not_cancelled",
            Self::NotInChannel => "not_in_channel",
        }
    }

    /// What is wrong, in English and Chinese.
    pub const fn sentences(self) -> (&'static str, &'static str) {
        match self {
            Self::MissingLocalRecord => {
                ("The channel has this order, and it is not stored here.", "渠道有该订单，本地没有记录。")
            }
            Self::NotInErp => ("It counts as pushed, and the ERP does not hold it.", "本地已推单，但 ERP 中不存在。"),
            Self::NotAccepted => {
                ("It counts as acknowledged, and the channel does not show that.", "本地已 ACK，但渠道未显示已确认。")
            }
            Self::NotShipped => {
                ("It counts as shipped, and the channel does not show that.", "本地已回传物流，但渠道未显示已发货。")
            }
            Self::NoInvoice => {
                ("It counts as completed, and the channel holds no invoice.", "本地已完成，但渠道没有发票。")
            }
            Self::NotCancelled => {
                ("It counts as cancelled, and the channel does not show that.", "本地已取消，但渠道未取消。")
            }
            Self::NotInChannel => {
                ("It is stored here, and the channel does not know it.", "本地有记录，但渠道查不到该订单。")
            }
        }
    }
}

/// What would put an order right; a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repair {
    /// Pull it.
    Pull,
    /// Set it to this stage, so that its job does the step again; what is there already is found by
    /// that job and not done twice.
    SetStage(Stage),
    /// Nothing by itself: somebody has to look at it in the channel's portal.
    Look,
}

impl Repair {
    /// The stable code: `pull`, `set_stage`, `look`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::SetStage(_) => "set_stage",
            Self::Look => "look",
        }
    }
}

/// What pulling did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PullCounts {
    /// Orders in all pages.
    pub seen: u64,
    /// What became of them.
    pub saved: SaveCounts,
}

impl JobReport {
    /// Outcomes of one kind.
    pub fn count(&self, kind: OutcomeKind) -> u64 {
        self.outcomes.iter().filter(|outcome| outcome.kind == Some(kind)).count() as u64
    }
}

/// The whole story of one run.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// Id of the run.
    pub run_id: String,
    /// The route.
    pub route: RouteName,
    /// The job.
    pub job: Job,
    /// Who started it.
    pub trigger: Trigger,
    /// UTC.
    pub started_at: DateTime<Utc>,
    /// UTC.
    pub finished_at: DateTime<Utc>,
    /// What it did.
    pub done: JobReport,
    /// Remote calls per kind.
    pub calls: BTreeMap<String, u64>,
    /// Why it failed as a whole, or did not come to its end.
    pub error: Option<String>,
    /// Whether the stop of the service broke it off, which is nobody's failure.
    pub interrupted: bool,
}

impl RunReport {
    /// `done`, `failed` or `interrupted`.
    pub fn result(&self) -> &'static str {
        match self.error {
            None => "done",
            Some(_) if self.interrupted => "interrupted",
            Some(_) => "failed",
        }
    }

    /// Counts by name: `selected, advanced, waiting, blocked, failed` for the jobs of a stage; the others
    /// have their own.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        let done = &self.done;
        if let Some(pulled) = &done.pulled {
            return vec![
                ("seen", pulled.seen),
                ("stored", pulled.saved.stored),
                ("updated", pulled.saved.updated),
                ("unchanged", pulled.saved.unchanged),
                ("invalid", pulled.saved.invalid),
            ];
        }
        if let Some(stock) = &done.stock {
            return vec![
                ("compared", stock.compared),
                ("different", stock.different),
                ("written", stock.written),
                ("items_written", stock.items_written),
                ("unconfirmed", stock.unconfirmed),
                ("skipped", stock.skipped),
                ("failed", stock.failed),
                ("guarded", stock.guarded),
            ];
        }
        if let Some(pairs) = &done.pairs {
            return vec![
                ("read", pairs.read),
                ("added", pairs.added),
                ("changed", pairs.changed),
                ("kept", pairs.kept),
                ("conflicts", pairs.conflicts),
            ];
        }
        if let Some(check) = &done.check {
            return vec![
                ("checked", check.checked),
                ("skipped", check.skipped),
                ("findings", check.findings.len() as u64),
                ("incomplete", check.incomplete.len() as u64),
            ];
        }
        if let Some(cleanup) = &done.cleanup {
            return vec![
                ("files", cleanup.files),
                ("bytes", cleanup.bytes),
                ("removed", cleanup.removed),
                ("removed_bytes", cleanup.removed_bytes),
            ];
        }
        vec![
            ("selected", done.selected),
            ("advanced", done.count(OutcomeKind::Advanced)),
            ("waiting", done.count(OutcomeKind::Waiting)),
            ("blocked", done.count(OutcomeKind::Blocked)),
            ("failed", done.count(OutcomeKind::Failed)),
        ]
    }
}

impl RunReport {
    /// The report as the JSON document of the interface; times as RFC 3339 in UTC.
    pub fn to_json(&self, with_outcomes: bool) -> Value {
        let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let counts: serde_json::Map<String, Value> =
            self.counts().into_iter().map(|(name, count)| (name.to_owned(), json!(count))).collect();
        let mut document = json!({
            "run_id": self.run_id,
            "route": self.route.0,
            "job": self.job.name(),
            "trigger": self.trigger.as_str(),
            "started_at": time(self.started_at),
            "finished_at": time(self.finished_at),
            "duration_ms": (self.finished_at - self.started_at).num_milliseconds(),
            "result": self.result(),
            "counts": counts,
            "calls": self.calls,
            "error": self.error,
        });
        if with_outcomes && let Some(object) = document.as_object_mut() {
            object.insert("outcomes".to_owned(), self.done.outcomes.iter().map(outcome_json).collect());
            if self.done.stock.is_some() {
                object.insert("stock".to_owned(), self.done.stock_records.iter().map(stock_json).collect());
            }
            if let Some(check) = &self.done.check {
                object.insert("findings".to_owned(), check.findings.iter().map(finding_json).collect());
                object.insert("incomplete".to_owned(), json!(check.incomplete));
            }
        }
        document
    }
}

fn outcome_json(outcome: &OrderOutcome) -> Value {
    json!({
        "po_number": outcome.po.as_str(),
        "outcome": outcome.kind.map_or("would_send", OutcomeKind::as_str),
        "reason": outcome.cause.as_ref().map(|cause| cause.reason.code()),
        "detail": outcome.cause.as_ref().map(|cause| cause.detail.as_str()),
        "status_before": outcome.before.number(),
        "status_after": outcome.after.number(),
    })
}

/// A stock record as JSON; the time as RFC 3339 in UTC.
pub fn stock_json(record: &StockRecord) -> Value {
    json!({
        "route": record.route.0,
        "run_id": record.run_id,
        "at": record.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "warehouse_code": record.warehouse_code,
        "erp_warehouse_id": record.erp_warehouse_id,
        "sku": record.sku,
        "erp_sku": record.erp_sku,
        "erp_quantity": record.erp_quantity,
        "channel_quantity": record.channel_quantity,
        "difference": record.difference(),
        "result": record.result.as_str(),
        "reason": record.cause.as_ref().map(|cause| cause.reason.code()),
        "detail": record.cause.as_ref().map(|cause| cause.detail.as_str()),
    })
}

/// A finding as JSON.
pub fn finding_json(finding: &Finding) -> Value {
    let to = match finding.repair {
        Repair::SetStage(stage) => Some(stage.number()),
        Repair::Pull | Repair::Look => None,
    };
    json!({
        "po_number": finding.po.as_str(),
        "status": finding.stage.map(Stage::number),
        "kind": finding.kind.code(),
        "channel_status": finding.detail,
        "repair": finding.repair.code(),
        "repair_status": to,
    })
}
