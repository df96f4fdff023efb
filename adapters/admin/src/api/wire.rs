//! What answers look like. The names are those of the command line.

use chrono::{DateTime, SecondsFormat, Utc};
use ipass_core::ports::{CauseGroup, OrderRow, RunRecord, StageCount, StockRecord, TimelineEvent};
use ipass_core::reason::{Actor, Language};
use ipass_core::stage::Stage;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// An instant, RFC 3339 in UTC.
#[derive(Debug, Serialize, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-01-31T08:00:00Z")]
pub(super) struct Time(String);

impl Time {
    /// In seconds.
    pub(super) fn of(time: DateTime<Utc>) -> Self {
        Self(time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    /// In milliseconds, for what a run did.
    pub(super) fn exact(time: DateTime<Utc>) -> Self {
        Self(time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// A text in both languages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Bilingual {
    /// English.
    pub(super) en: String,
    /// 简体中文.
    pub(super) zh: String,
}

impl Bilingual {
    pub(super) fn of((en, zh): (&str, &str)) -> Self {
        Self { en: en.to_owned(), zh: zh.to_owned() }
    }
}

/// Why an order stands where it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Why {
    po_number: String,
    /// Our stage, 1 to 6.
    #[schema(minimum = 1, maximum = 6)]
    status: u8,
    /// The last look: `advanced`, `waiting`, `blocked` or `failed`; null before the first.
    outcome: Option<String>,
    /// Code of the reason to stay; null when nothing is known to hold it.
    reason: Option<String>,
    /// What the reason is about: an id, a field, counts, or the remote's words.
    detail: Option<String>,
    /// The reason as a sentence.
    sentence: Option<Bilingual>,
    /// When the order came to its stage.
    since: Time,
    /// Looks in this stage that did not advance it.
    attempts: u32,
    last_try_at: Option<Time>,
    /// Not looked at by the schedule before; null means that it is due.
    next_try_at: Option<Time>,
    /// Who has to act.
    who_acts: Bilingual,
}

impl Why {
    pub(super) fn of(row: &OrderRow) -> Self {
        let last = row.last_outcome.as_ref();
        let cause = last.and_then(|last| last.cause.as_ref());
        let actor = cause.map_or(Actor::Nobody, |cause| cause.reason.actor());
        Self {
            po_number: row.po.as_str().to_owned(),
            status: row.stage.number(),
            outcome: last.map(|last| last.kind.as_str().to_owned()),
            reason: cause.map(|cause| cause.reason.code().to_owned()),
            detail: cause.map(|cause| cause.detail.clone()),
            sentence: Some(cause.map_or_else(
                || Bilingual::of(row.stage.untouched()),
                |cause| Bilingual {
                    en: cause.reason.sentence(Language::En, &cause.detail),
                    zh: cause.reason.sentence(Language::Zh, &cause.detail),
                },
            )),
            since: Time::of(row.stage_entered_at),
            attempts: row.attempts,
            last_try_at: last.map(|last| Time::of(last.at)),
            next_try_at: row.next_try_at.map(Time::of),
            who_acts: Bilingual::of(actor.names()),
        }
    }
}

/// One order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Order {
    route: String,
    po_number: String,
    channel_order_id: String,
    /// The channel's own status, as text.
    channel_status: String,
    /// Creation at the channel.
    created_at: Time,
    /// Last change at the channel.
    updated_at: Option<Time>,
    /// Our stage: 1 awaiting push, 2 awaiting ack, 3 awaiting shipment, 4 awaiting invoice, 5 completed,
    /// 6 cancelled.
    #[schema(minimum = 1, maximum = 6)]
    status: u8,
    /// When the order came to its stage.
    status_since: Time,
    retailer_id: Option<String>,
    warehouse_code: Option<String>,
    service_level: Option<String>,
    /// `sku(qty)` per line.
    skus: String,
    /// When it has to be shipped.
    ship_by: Option<Time>,
    /// The ERP's own order numbers, comma-joined.
    erp_order_no: Option<String>,
    /// Tracking numbers, comma-joined.
    tracking: Option<String>,
    invoice_id: Option<String>,
    /// Why a person holds it back; null when nobody does.
    hold: Option<String>,
    why: Why,
}

impl Order {
    pub(super) fn of(row: &OrderRow) -> Self {
        Self {
            route: row.route.0.clone(),
            po_number: row.po.as_str().to_owned(),
            channel_order_id: row.channel_order_id.clone(),
            channel_status: row.channel_status.clone(),
            created_at: Time::of(row.created_at),
            updated_at: row.updated_at.map(Time::of),
            status: row.stage.number(),
            status_since: Time::of(row.stage_entered_at),
            retailer_id: row.retailer_id.clone(),
            warehouse_code: row.warehouse_code.clone(),
            service_level: row.service_level.clone(),
            skus: row.sku_list.clone(),
            ship_by: row.ship_by.map(Time::of),
            erp_order_no: row.evidence.erp_order_no.clone(),
            tracking: row.evidence.tracking.clone(),
            invoice_id: row.evidence.invoice_id.clone(),
            hold: row.hold.clone(),
            why: Why::of(row),
        }
    }
}

/// One fact of an order's history.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Event {
    /// First time.
    at: Time,
    /// Last time: equal looks in a row are one fact.
    last_at: Time,
    /// How often in a row.
    times: u32,
    /// `pulled`, `changed`, `outcome`, `write` or `operator`.
    kind: String,
    /// The run, or the person.
    by: String,
    /// Stage before.
    from: Option<u8>,
    /// Stage after.
    to: Option<u8>,
    /// Code of a reason, or kind and state of a write.
    what: String,
    detail: String,
}

impl Event {
    pub(super) fn of(event: TimelineEvent) -> Self {
        Self {
            at: Time::of(event.at),
            last_at: Time::of(event.last_at),
            times: event.times,
            kind: event.kind,
            by: event.by,
            from: event.from.map(Stage::number),
            to: event.to.map(Stage::number),
            what: event.what,
            detail: event.detail,
        }
    }
}

/// One run.
#[expect(clippy::struct_field_names, reason = "the name that every answer has for it")]
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Run {
    run_id: String,
    route: String,
    /// Canonical name of the job.
    job: String,
    /// `schedule` or `manual`.
    trigger: String,
    /// The one order that it was about.
    po_number: Option<String>,
    /// `running`, `done`, `failed` or `interrupted`.
    state: String,
    started_at: Time,
    finished_at: Option<Time>,
    /// Counts and remote calls; null while it runs.
    #[schema(value_type = Option<Object>)]
    report: Option<Box<RawValue>>,
    /// Why it failed as a whole.
    error: Option<String>,
}

impl Run {
    pub(super) fn of(run: RunRecord) -> Self {
        Self {
            run_id: run.run_id,
            route: run.route.0,
            job: run.job,
            trigger: run.trigger,
            po_number: run.po,
            state: run.state,
            started_at: Time::exact(run.started_at),
            finished_at: run.finished_at.map(Time::exact),
            report: run.report.and_then(|report| RawValue::from_string(report).ok()),
            error: run.error,
        }
    }
}

/// Orders of one stage.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StageInfo {
    route: String,
    /// Our stage, 1 to 6.
    #[schema(minimum = 1, maximum = 6)]
    status: u8,
    name: Bilingual,
    /// How many.
    orders: u64,
    /// When the one that waits longest came there.
    oldest: Option<Time>,
}

impl StageInfo {
    pub(super) fn of(route: &str, count: &StageCount) -> Self {
        Self {
            route: route.to_owned(),
            status: count.stage.number(),
            name: Bilingual::of(count.stage.names()),
            orders: count.orders,
            oldest: count.oldest.map(Time::of),
        }
    }
}

/// Unfinished orders of one stage that stay for the same reason.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CauseInfo {
    route: String,
    /// Our stage, 1 to 6.
    #[schema(minimum = 1, maximum = 6)]
    status: u8,
    /// Code of the reason.
    reason: String,
    /// What the orders have in common, for reasons with one remedy for all, for example a missing mapping.
    detail: Option<String>,
    /// The reason as a sentence, with the remedy; about the sample where nothing is in common.
    sentence: Bilingual,
    /// Who has to act.
    who_acts: Bilingual,
    /// How many.
    orders: u64,
    /// When the one that waits longest came to the stage.
    oldest: Time,
    /// PO number of the order that waits longest.
    sample: String,
}

impl CauseInfo {
    pub(super) fn of(group: CauseGroup) -> Self {
        let detail = group.detail.as_deref().unwrap_or(&group.sample_detail);
        Self {
            sentence: Bilingual {
                en: group.reason.sentence(Language::En, detail),
                zh: group.reason.sentence(Language::Zh, detail),
            },
            who_acts: Bilingual::of(group.reason.actor().names()),
            route: group.route.0,
            status: group.stage.number(),
            reason: group.reason.code().to_owned(),
            detail: group.detail,
            orders: group.orders,
            oldest: Time::of(group.oldest),
            sample: group.sample.as_str().to_owned(),
        }
    }
}

/// One SKU in one warehouse, as one stock run saw it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StockLine {
    route: String,
    run_id: String,
    /// When it was seen.
    at: Time,
    /// The channel's code of the warehouse.
    warehouse_code: String,
    erp_warehouse_id: String,
    /// The channel's name of the item.
    sku: String,
    /// The ERP's name of the item.
    erp_sku: String,
    /// Units that the ERP can sell; null where it could not be read.
    erp_quantity: Option<u32>,
    /// Units that the channel offered before the run; null where it does not know the item, or could not be read.
    channel_quantity: Option<u32>,
    /// ERP minus channel; null unless both are known.
    difference: Option<i64>,
    /// `equal`, `different`, `written`, `unconfirmed`, `skipped` or `failed`.
    result: String,
    /// Code of the reason, unless all is well.
    reason: Option<String>,
    /// What the reason is about.
    detail: Option<String>,
}

impl StockLine {
    pub(super) fn of(record: &StockRecord) -> Self {
        Self {
            route: record.route.0.clone(),
            run_id: record.run_id.clone(),
            at: Time::exact(record.at),
            warehouse_code: record.warehouse_code.clone(),
            erp_warehouse_id: record.erp_warehouse_id.clone(),
            sku: record.sku.clone(),
            erp_sku: record.erp_sku.clone(),
            erp_quantity: record.erp_quantity,
            channel_quantity: record.channel_quantity,
            difference: record.difference(),
            result: record.result.as_str().to_owned(),
            reason: record.cause.as_ref().map(|cause| cause.reason.code().to_owned()),
            detail: record.cause.as_ref().map(|cause| cause.detail.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use ipass_core::ports::{RouteName, StockResult};
    use ipass_core::reason::{Cause, Reason};
    use ipass_core::run::stock_json;

    use super::*;

    #[test]
    fn a_stock_line_is_what_a_run_report_says() {
        let record = StockRecord {
            route: RouteName("r".to_owned()),
            run_id: "1".to_owned(),
            at: Utc.timestamp_millis_opt(1_769_590_800_123).unwrap(),
            warehouse_code: "WH".to_owned(),
            erp_warehouse_id: "33".to_owned(),
            sku: "A".to_owned(),
            erp_sku: "B".to_owned(),
            erp_quantity: Some(3),
            channel_quantity: Some(10),
            result: StockResult::Different,
            cause: Some(Cause::new(Reason::SyncOff, "A")),
        };
        let line = serde_json::to_value(StockLine::of(&record)).unwrap();
        assert_eq!(line, stock_json(&record));
        assert_eq!(line["difference"], -7);
    }
}
