//! Records of the ports, from rows. Each function names the columns that it reads.

use ipass_core::order::PoNumber;
use ipass_core::ports::{
    AuditEntry, CauseGroup, Evidence, LastOutcome, Notice, OrderRow, Receipt, RouteName, RunRecord, SettingsVersion,
    StageAge, StageCount, StageLimit, StageMoves, StockRecord, StockResult, Stored, TimelineEvent,
};
use ipass_core::reason::{Cause, OutcomeKind};
use ipass_core::stage::Stage;
use ipass_core::write::{RemoteWrite, WriteKey, WriteKind, WriteState};

use crate::values::{SqlRow, Values};

/// The columns that `rows::order` reads, of the table named `o`.
#[macro_export]
macro_rules! order_columns {
    () => {
        "o.route, o.po, o.channel_order_id, o.created_at, o.updated_at, o.channel_status, o.stage, \
         o.stage_entered_at, o.retailer_id, o.warehouse_code, o.service_level, o.sku_list, o.ship_by, \
         o.erp_order_no, o.tracking, o.invoice_id, o.attempts, o.last_kind, o.last_reason, o.last_detail, \
         o.last_at, o.last_run_id, o.next_try_at, o.hold, o.cancel_by"
    };
}

/// Reads [`order_columns!`].
pub fn order(row: &impl SqlRow) -> Stored<OrderRow> {
    let values = Values::keyed(row, "order_sync", &["po"]);
    Ok(OrderRow {
        route: RouteName(values.text("route")?),
        po: values.po()?,
        channel_order_id: values.text("channel_order_id")?,
        created_at: values.time("created_at")?,
        updated_at: values.time_or_none("updated_at")?,
        channel_status: values.text("channel_status")?,
        stage: values.stage("stage")?,
        stage_entered_at: values.time("stage_entered_at")?,
        retailer_id: values.text_or_none("retailer_id")?,
        warehouse_code: values.text_or_none("warehouse_code")?,
        service_level: values.text_or_none("service_level")?,
        sku_list: values.text("sku_list")?,
        ship_by: values.time_or_none("ship_by")?,
        evidence: evidence(&values)?,
        attempts: values.number("attempts")?,
        last_outcome: last_outcome(&values)?,
        next_try_at: values.time_or_none("next_try_at")?,
        hold: values.text_or_none("hold")?,
        cancel_by: values.text_or_none("cancel_by")?,
    })
}

/// Reads `erp_order_no, tracking, invoice_id`.
pub fn evidence<R: SqlRow>(values: &Values<'_, R>) -> Stored<Evidence> {
    Ok(Evidence {
        erp_order_no: values.text_or_none("erp_order_no")?,
        tracking: values.text_or_none("tracking")?,
        invoice_id: values.text_or_none("invoice_id")?,
    })
}

fn last_outcome<R: SqlRow>(values: &Values<'_, R>) -> Stored<Option<LastOutcome>> {
    let Some(kind) = values.text_or_none("last_kind")? else { return Ok(None) };
    let kind = OutcomeKind::parse(&kind).ok_or_else(|| values.corrupt("last_kind"))?;
    let cause = cause(values, "last_reason", "last_detail")?;
    Ok(Some(LastOutcome { kind, cause, at: values.time("last_at")?, run_id: values.text("last_run_id")? }))
}

fn cause<R: SqlRow>(values: &Values<'_, R>, reason: &'static str, detail: &'static str) -> Stored<Option<Cause>> {
    Ok(match values.text_or_none(reason)? {
        Some(_) => Some(Cause::new(values.reason(reason)?, values.text_or_none(detail)?.unwrap_or_default())),
        None => None,
    })
}

/// Reads `key, reason, detail` of an order that cannot be read.
pub fn unreadable(row: &impl SqlRow) -> Stored<(String, Cause)> {
    let values = Values::keyed(row, "order_unreadable", &["key"]);
    Ok((values.text("key")?, Cause::new(values.reason("reason")?, values.text("detail")?)))
}

/// Reads `at, last_at, times, kind, by, from_stage, to_stage, what, detail`.
pub fn timeline_event(row: &impl SqlRow, po: &PoNumber) -> Stored<TimelineEvent> {
    let values = Values::new(row, "order_event", po.as_str());
    Ok(TimelineEvent {
        at: values.time("at")?,
        last_at: values.time("last_at")?,
        times: values.number("times")?,
        kind: values.text("kind")?,
        by: values.text("by")?,
        from: values.stage_or_none("from_stage")?,
        to: values.stage_or_none("to_stage")?,
        what: values.text("what")?,
        detail: values.text("detail")?,
    })
}

fn write_values<R: SqlRow>(row: &R) -> Values<'_, R> {
    Values::keyed(row, "remote_write", &["kind", "po", "part"])
}

fn key_of<R: SqlRow>(values: &Values<'_, R>) -> Stored<WriteKey> {
    let kind = WriteKind::parse(&values.text("kind")?).ok_or_else(|| values.corrupt("kind"))?;
    Ok(WriteKey { kind, po: values.po()?, part: values.text("part")? })
}

fn state_of<R: SqlRow>(values: &Values<'_, R>) -> Stored<WriteState> {
    WriteState::parse(&values.text("state")?).ok_or_else(|| values.corrupt("state"))
}

/// Reads `kind, po, part`.
pub fn write_key(row: &impl SqlRow) -> Stored<WriteKey> {
    key_of(&write_values(row))
}

/// Reads `kind, po, part, state`.
pub fn write_state(row: &impl SqlRow) -> Stored<(WriteKey, WriteState)> {
    let values = write_values(row);
    Ok((key_of(&values)?, state_of(&values)?))
}

/// Reads `kind, po, part, state, request_hash, receipt, intended_at, noted_at, attempts, message`.
pub fn remote_write(row: &impl SqlRow) -> Stored<RemoteWrite> {
    let values = write_values(row);
    Ok(RemoteWrite {
        key: key_of(&values)?,
        state: state_of(&values)?,
        request_hash: values.text("request_hash")?,
        receipt: values.text_or_none("receipt")?.map(Receipt),
        intended_at: values.time("intended_at")?,
        noted_at: values.time_or_none("noted_at")?,
        attempts: values.number("attempts")?,
        message: values.text_or_none("message")?,
    })
}

/// Reads `run_id, route, job, trigger, po, state, started_at, finished_at, report, error, log`.
pub fn run(row: &impl SqlRow) -> Stored<RunRecord> {
    let values = Values::keyed(row, "job_run", &["run_id"]);
    Ok(RunRecord {
        run_id: values.text("run_id")?,
        route: RouteName(values.text("route")?),
        job: values.text("job")?,
        trigger: values.text("trigger")?,
        po: values.text_or_none("po")?,
        state: values.text("state")?,
        started_at: values.time("started_at")?,
        finished_at: values.time_or_none("finished_at")?,
        report: values.text_or_none("report")?,
        log: values.text_or_none("log")?,
        error: values.text_or_none("error")?,
    })
}

/// Reads `version, document, author, saved_at`.
pub fn settings_version(row: &impl SqlRow, route: &RouteName) -> Stored<SettingsVersion> {
    let values = Values::new(row, "settings_version", &*route.0);
    Ok(SettingsVersion {
        version: values.whole("version")?,
        document: values.text("document")?,
        author: values.text("author")?,
        saved_at: values.time("saved_at")?,
    })
}

/// Reads `id, at, who, what, route, subject, detail`.
pub fn audit_entry(row: &impl SqlRow) -> Stored<AuditEntry> {
    let values = Values::numbered(row, "audit", "id");
    Ok(AuditEntry {
        at: values.time("at")?,
        who: values.text("who")?,
        what: values.text("what")?,
        route: values.text_or_none("route")?.map(RouteName),
        subject: values.text("subject")?,
        detail: values.text("detail")?,
    })
}

/// Reads `route, key, detail, since` of a condition that lasts.
pub fn notice(row: &impl SqlRow) -> Stored<Notice> {
    let values = Values::keyed(row, "alert", &["key"]);
    Ok(Notice {
        route: RouteName(values.text("route")?),
        key: values.text("key")?,
        detail: values.text("detail")?,
        since: values.time("since")?,
        recovered: false,
    })
}

/// Reads `id, route, run_id, at, warehouse_code, erp_warehouse_id, sku, erp_sku, erp_quantity, channel_quantity,
/// result, reason, detail`.
pub fn stock(row: &impl SqlRow) -> Stored<StockRecord> {
    let values = Values::numbered(row, "stock_sync", "id");
    Ok(StockRecord {
        route: RouteName(values.text("route")?),
        run_id: values.text("run_id")?,
        at: values.time("at")?,
        warehouse_code: values.text("warehouse_code")?,
        erp_warehouse_id: values.text("erp_warehouse_id")?,
        sku: values.text("sku")?,
        erp_sku: values.text("erp_sku")?,
        erp_quantity: values.number_or_none("erp_quantity")?,
        channel_quantity: values.number_or_none("channel_quantity")?,
        result: StockResult::parse(&values.text("result")?).ok_or_else(|| values.corrupt("result"))?,
        cause: cause(&values, "reason", "detail")?,
    })
}

/// Reads `route, stage, reason, detail, orders, oldest, po, sample_detail`.
pub fn cause_group(row: &impl SqlRow) -> Stored<CauseGroup> {
    let values = Values::keyed(row, "order_sync", &["po"]);
    Ok(CauseGroup {
        route: RouteName(values.text("route")?),
        stage: values.stage("stage")?,
        reason: values.reason("reason")?,
        detail: values.text_or_none("detail")?,
        orders: values.count("orders")?,
        oldest: values.time("oldest")?,
        sample: values.po()?,
        sample_detail: values.text("sample_detail")?,
    })
}

/// Reads `stuck, late, po`: how many are stuck, how many are slow or stuck, and the oldest of them.
pub fn stage_age(row: &impl SqlRow, route: &RouteName, limit: &StageLimit) -> Stored<StageAge> {
    let values = Values::new(row, "order_sync", &*route.0);
    let stuck = values.count("stuck")?;
    let oldest = values.text_or_none("po")?;
    Ok(StageAge {
        stage: limit.stage,
        slow: values.count("late")?.saturating_sub(stuck),
        stuck,
        oldest: oldest.map(|po| PoNumber::new(po).ok_or_else(|| values.corrupt("po"))).transpose()?,
    })
}

/// Reads `stage, orders, oldest`, a row for each stage that has orders; answers all stages.
pub fn stage_counts<R: SqlRow>(rows: &[R], route: &RouteName) -> Stored<Vec<StageCount>> {
    let mut counts = Stage::ALL.map(|stage| StageCount { stage, orders: 0, oldest: None });
    for row in rows {
        let values = Values::new(row, "order_total", &*route.0);
        let stage = values.stage("stage")?;
        if let Some(count) = counts.iter_mut().find(|count| count.stage == stage) {
            count.orders = values.count("orders")?;
            count.oldest = values.time_or_none("oldest")?;
        }
    }
    Ok(counts.into())
}

/// Reads `from_stage, to_stage, orders`, a row for each pair; answers all stages.
pub fn stage_moves<R: SqlRow>(rows: &[R], route: &RouteName) -> Stored<Vec<StageMoves>> {
    let mut moves = Stage::ALL.map(|stage| StageMoves { stage, entered: 0, left: 0 });
    for row in rows {
        let values = Values::new(row, "order_event", &*route.0);
        let (from, to, orders) =
            (values.stage_or_none("from_stage")?, values.stage("to_stage")?, values.count("orders")?);
        for moved in &mut moves {
            if moved.stage == to {
                moved.entered += orders;
            }
            if Some(moved.stage) == from {
                moved.left += orders;
            }
        }
    }
    Ok(moves.into())
}
