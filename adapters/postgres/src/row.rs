//! Stored values and what they mean in the domain.

use ipass_core::order::PoNumber;
use ipass_core::ports::{Evidence, LastOutcome, OrderRow, RouteName, StoreError, Stored};
use ipass_core::reason::{Cause, OutcomeKind, Reason};
use ipass_core::stage::Stage;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type};

/// The columns of [`order_row`], of the table named `o`.
macro_rules! order_columns {
    () => {
        "o.route, o.po, o.channel_order_id, o.created_at, o.updated_at, o.channel_status, o.stage, \
         o.stage_entered_at, o.retailer_id, o.warehouse_code, o.service_level, o.sku_list, o.ship_by, \
         o.erp_order_no, o.tracking, o.invoice_id, o.attempts, o.last_kind, o.last_reason, o.last_detail, \
         o.last_at, o.last_run_id, o.next_try_at, o.hold, o.cancel_by"
    };
}
pub(crate) use order_columns;

/// One row, with enough to name it when a value of it cannot be read.
pub(crate) struct Values<'r> {
    row: &'r PgRow,
    table: &'static str,
    key: String,
}

impl<'r> Values<'r> {
    pub(crate) fn new(row: &'r PgRow, table: &'static str, key: impl Into<String>) -> Self {
        Self { row, table, key: key.into() }
    }

    pub(crate) fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: self.table, column, key: self.key.clone() }
    }

    pub(crate) fn get<T>(&self, column: &'static str) -> Stored<T>
    where
        T: Decode<'r, Postgres> + Type<Postgres>,
    {
        self.row.try_get(column).map_err(|_| self.corrupt(column))
    }

    /// A number that is never negative.
    pub(crate) fn number(&self, column: &'static str) -> Stored<u32> {
        u32::try_from(self.get::<i32>(column)?).map_err(|_| self.corrupt(column))
    }

    /// A count of rows.
    pub(crate) fn count(&self, column: &'static str) -> Stored<u64> {
        u64::try_from(self.get::<i64>(column)?).map_err(|_| self.corrupt(column))
    }

    pub(crate) fn stage(&self, column: &'static str) -> Stored<Stage> {
        self.stage_or_none(column)?.ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn stage_or_none(&self, column: &'static str) -> Stored<Option<Stage>> {
        let Some(number) = self.get::<Option<i16>>(column)? else { return Ok(None) };
        Stage::from_number(number.into()).map(Some).ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn po(&self) -> Stored<PoNumber> {
        PoNumber::new(self.get::<String>("po")?).ok_or_else(|| self.corrupt("po"))
    }

    pub(crate) fn reason(&self, column: &'static str) -> Stored<Reason> {
        Reason::from_code(self.get(column)?).ok_or_else(|| self.corrupt(column))
    }
}

/// The number of a stage as it is stored.
pub(crate) fn number(stage: Stage) -> i16 {
    stage.number().into()
}

/// Reads the columns of `order_columns!`.
pub(crate) fn order_row(row: &PgRow) -> Stored<OrderRow> {
    let key: String = row.try_get("po").unwrap_or_default();
    let values = Values::new(row, "order_sync", key);
    Ok(OrderRow {
        route: RouteName(values.get("route")?),
        po: values.po()?,
        channel_order_id: values.get("channel_order_id")?,
        created_at: values.get("created_at")?,
        updated_at: values.get("updated_at")?,
        channel_status: values.get("channel_status")?,
        stage: values.stage("stage")?,
        stage_entered_at: values.get("stage_entered_at")?,
        retailer_id: values.get("retailer_id")?,
        warehouse_code: values.get("warehouse_code")?,
        service_level: values.get("service_level")?,
        sku_list: values.get("sku_list")?,
        ship_by: values.get("ship_by")?,
        evidence: evidence(&values)?,
        attempts: values.number("attempts")?,
        last_outcome: last_outcome(&values)?,
        next_try_at: values.get("next_try_at")?,
        hold: values.get("hold")?,
        cancel_by: values.get("cancel_by")?,
    })
}

pub(crate) fn evidence(values: &Values<'_>) -> Stored<Evidence> {
    Ok(Evidence {
        erp_order_no: values.get("erp_order_no")?,
        tracking: values.get("tracking")?,
        invoice_id: values.get("invoice_id")?,
    })
}

fn last_outcome(values: &Values<'_>) -> Stored<Option<LastOutcome>> {
    let Some(kind) = values.get::<Option<String>>("last_kind")? else { return Ok(None) };
    let kind = OutcomeKind::parse(&kind).ok_or_else(|| values.corrupt("last_kind"))?;
    let cause = match values.get::<Option<String>>("last_reason")? {
        Some(_) => {
            let detail: Option<String> = values.get("last_detail")?;
            Some(Cause::new(values.reason("last_reason")?, detail.unwrap_or_default()))
        }
        None => None,
    };
    Ok(Some(LastOutcome { kind, cause, at: values.get("last_at")?, run_id: values.get("last_run_id")? }))
}
