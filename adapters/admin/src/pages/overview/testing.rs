//! Orders, runs and alerts as tests put them.

use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::*;
use ipass_core::reason::Cause;
use ipass_core::stage::Stage;

/// A book of orders; what is not set is empty.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) causes: Vec<CauseGroup>,
    pub(crate) rows: Vec<OrderRow>,
    /// Keys and causes of orders that could not be read, newest first.
    pub(crate) unreadable: Vec<(String, Cause)>,
    /// Orders that were made due.
    pub(crate) retried: Mutex<Vec<String>>,
    /// How often orders were counted by stage.
    pub(crate) counted: Mutex<u32>,
}

#[async_trait]
impl OrderBook for Book {
    async fn order(&self, _: &RouteName, po: &PoNumber) -> Stored<Option<StoredOrder>> {
        let row = self.rows.iter().find(|row| row.po == *po).cloned();
        Ok(row.map(|row| StoredOrder { row, raw: Vec::new() }))
    }

    async fn timeline(&self, _: &RouteName, _: &PoNumber, _: u32) -> Stored<Vec<TimelineEvent>> {
        Ok(Vec::new())
    }

    async fn search(
        &self,
        _: Option<&RouteName>,
        f: &OrderFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Stored<OrderPage> {
        let is = |row: &&OrderRow| {
            let cause = row.last_outcome.as_ref().and_then(|outcome| outcome.cause.as_ref());
            let reason = f.reason.as_deref().is_none_or(|code| cause.is_some_and(|cause| cause.reason.code() == code));
            let detail = f.detail.as_deref().is_none_or(|detail| cause.is_some_and(|cause| cause.detail == detail));
            reason && detail && (f.stages.is_empty() || f.stages.contains(&row.stage))
        };
        let start = after.map_or(0, |after| after.parse().unwrap());
        let all: Vec<OrderRow> = self.rows.iter().filter(is).cloned().collect();
        let end = all.len().min(start + limit as usize);
        Ok(OrderPage { next: (end < all.len()).then(|| end.to_string()), rows: all[start..end].to_vec() })
    }

    async fn count_orders(&self, _: Option<&RouteName>, _: &OrderFilter, _: u64) -> Stored<u64> {
        Ok(self.rows.len() as u64)
    }

    async fn values(&self, _: Option<&RouteName>, _: OrderField, _: u32) -> Stored<Vec<String>> {
        Ok(Vec::new())
    }

    async fn moves(&self, _: &RouteName, _: DateTime<Utc>) -> Stored<Vec<StageMoves>> {
        Ok(Stage::ALL.map(|stage| StageMoves { stage, entered: 5, left: 4 }).to_vec())
    }

    async fn counts(&self, _: &RouteName) -> Stored<Vec<StageCount>> {
        *self.counted.lock().unwrap() += 1;
        let count = |stage: Stage| self.rows.iter().filter(move |row| row.stage == stage);
        let of = |stage| StageCount {
            stage,
            orders: count(stage).count() as u64,
            oldest: count(stage).map(|row| row.stage_entered_at).min(),
        };
        Ok(Stage::ALL.map(of).to_vec())
    }

    async fn set_stage(&self, _: &RouteName, _: &StageEdit) -> Stored<()> {
        Ok(())
    }

    async fn retry(&self, _: &RouteName, po: Option<&PoNumber>, _: DateTime<Utc>) -> Stored<u64> {
        self.retried.lock().unwrap().push(po.map_or("*", PoNumber::as_str).to_owned());
        Ok(0) // Its time had come by itself.
    }

    async fn set_hold(&self, _: &RouteName, _: &PoNumber, _: Option<&str>, _: &str, _: DateTime<Utc>) -> Stored<()> {
        Ok(())
    }

    async fn approve_cancel(&self, _: &RouteName, _: &PoNumber, _: &str, _: DateTime<Utc>) -> Stored<()> {
        Ok(())
    }

    async fn causes(&self, _: Option<&RouteName>) -> Stored<Vec<CauseGroup>> {
        Ok(self.causes.clone())
    }

    async fn ages(&self, _: &RouteName, limits: &[StageLimit]) -> Stored<Vec<StageAge>> {
        let age = |limit: &StageLimit| {
            let before = |at: DateTime<Utc>| {
                self.rows.iter().filter(|row| row.stage == limit.stage && row.stage_entered_at < at).count() as u64
            };
            let stuck = before(limit.stuck_before);
            StageAge { stage: limit.stage, slow: before(limit.slow_before) - stuck, stuck, oldest: None }
        };
        Ok(limits.iter().map(age).collect())
    }

    async fn export_orders(&self, _: Option<&RouteName>, _: &OrderFilter, _: &mut dyn RowSink) -> Stored<u64> {
        Ok(0)
    }

    async fn unreadable(&self, _: &RouteName, limit: u32) -> Stored<Vec<(String, Cause)>> {
        Ok(self.unreadable.iter().take(limit as usize).cloned().collect())
    }
}

/// An order that stays at a stage for a cause, there for so many hours.
pub(crate) fn row(number: &str, stage: Stage, cause: Cause, hours: i64) -> OrderRow {
    let now = DateTime::from_timestamp(1_769_590_800, 0).unwrap();
    let at = now - chrono::Duration::hours(hours);
    let kind = cause.reason.kind();
    OrderRow {
        route: RouteName("r".to_owned()),
        po: PoNumber::new(number).unwrap(),
        channel_order_id: number.to_owned(),
        created_at: at,
        updated_at: None,
        channel_status: "created".to_owned(),
        stage,
        stage_entered_at: at,
        retailer_id: None,
        warehouse_code: None,
        service_level: None,
        sku_list: "SKU-A(1)".to_owned(),
        ship_by: Some(at + chrono::Duration::hours(30)),
        evidence: Evidence::default(),
        attempts: 1,
        last_outcome: Some(LastOutcome { kind, cause: Some(cause), at: now, run_id: "run-1".to_owned() }),
        next_try_at: None,
        hold: None,
        cancel_by: None,
    }
}

/// The group of some orders.
pub(crate) fn group(rows: &[OrderRow]) -> CauseGroup {
    let first = &rows[0];
    let cause = first.last_outcome.as_ref().unwrap().cause.clone().unwrap();
    CauseGroup {
        route: first.route.clone(),
        stage: first.stage,
        reason: cause.reason,
        detail: cause.reason.groups_by_detail().then(|| cause.detail.clone()),
        orders: rows.len() as u64,
        oldest: rows.iter().map(|row| row.stage_entered_at).min().unwrap(),
        sample: first.po.clone(),
        sample_detail: cause.detail,
    }
}
