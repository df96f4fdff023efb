//! Orders on a shelf, and a launcher that answers what it was told to.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Duration, TimeZone as _, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::*;
use ipass_core::reason::{Cause, Reason};
use ipass_core::run::{JobReport, Launcher, Refused, Route, RunReport, RunRequest};
use ipass_core::stage::Stage;
use ipass_core::write::{Intent, RemoteWrite, WriteKey, WriteKind, WriteNote, WriteState};

use crate::desk::tests::Bench;
use crate::desk::tests::store::Memory;

/// When the tests take place.
pub(crate) fn now() -> DateTime<Utc> {
    Utc.timestamp_opt(1_769_590_800, 0).unwrap()
}

/// An order of route `r` that nobody has looked at.
pub(crate) fn row(po: &str, stage: Stage) -> OrderRow {
    OrderRow {
        route: RouteName("r".to_owned()),
        po: ipass_core::testing::po(po),
        channel_order_id: format!("9{po}"),
        created_at: now() - Duration::days(2),
        updated_at: None,
        channel_status: "created".to_owned(),
        stage,
        stage_entered_at: now() - Duration::hours(5),
        retailer_id: Some("R-1".to_owned()),
        warehouse_code: Some("WH-A".to_owned()),
        service_level: Some("FEHD".to_owned()),
        sku_list: "SKU-A(1)".to_owned(),
        ship_by: Some(now() - Duration::hours(1)),
        evidence: Evidence::default(),
        attempts: 0,
        last_outcome: None,
        next_try_at: None,
        hold: None,
        cancel_by: None,
    }
}

/// The same, left where it is an hour ago.
pub(crate) fn stuck(po: &str, stage: Stage, reason: Reason, detail: &str) -> OrderRow {
    let cause = Some(Cause::new(reason, detail));
    let last = LastOutcome { kind: reason.kind(), cause, at: now() - Duration::hours(1), run_id: "run-7".into() };
    OrderRow { last_outcome: Some(last), attempts: 3, ..row(po, stage) }
}

#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) rows: Mutex<Vec<OrderRow>>,
    pub(crate) events: Mutex<Vec<TimelineEvent>>,
    /// What was asked of lists, and what was done to orders.
    pub(crate) asked: Mutex<Vec<OrderFilter>>,
    pub(crate) done: Mutex<Vec<String>>,
    pub(crate) raw: Mutex<Vec<u8>>,
    /// Payloads that were replaced, newest first.
    pub(crate) earlier: Mutex<Vec<EarlierPayload>>,
    /// A run works on every order.
    pub(crate) claimed: Mutex<bool>,
    pub(crate) requests: Mutex<Vec<RunRequest>>,
    pub(crate) report: Mutex<JobReport>,
}

impl Shelf {
    fn matching(&self, filter: &OrderFilter) -> Vec<OrderRow> {
        let rows = self.rows.lock().unwrap();
        let fits = |row: &&OrderRow| {
            filter.po.as_ref().is_none_or(|part| row.po.as_str().contains(part.as_str()))
                && (filter.pos.is_empty() || filter.pos.contains(&row.po))
                && (filter.stages.is_empty() || filter.stages.contains(&row.stage))
                && filter.created_until.is_none_or(|until| row.created_at < until)
        };
        rows.iter().filter(fits).cloned().collect()
    }

    fn note(&self, what: String) {
        self.done.lock().unwrap().push(what);
    }

    pub(crate) fn acts(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }
}

#[async_trait]
impl OrderBook for Shelf {
    async fn order(&self, route: &RouteName, po: &PoNumber) -> Stored<Option<StoredOrder>> {
        let rows = self.rows.lock().unwrap();
        let row = rows.iter().find(|row| row.route == *route && row.po == *po);
        Ok(row.map(|row| StoredOrder { row: row.clone(), raw: self.raw.lock().unwrap().clone() }))
    }

    async fn timeline(&self, _: &RouteName, _: &PoNumber, _: u32) -> Stored<Vec<TimelineEvent>> {
        Ok(self.events.lock().unwrap().clone())
    }

    async fn search(
        &self,
        _: Option<&RouteName>,
        filter: &OrderFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Stored<OrderPage> {
        self.asked.lock().unwrap().push(filter.clone());
        let (all, start) = (self.matching(filter), after.map_or(0, |after| after.parse().unwrap()));
        let end = all.len().min(start + limit as usize);
        Ok(OrderPage { next: (end < all.len()).then(|| end.to_string()), rows: all[start..end].to_vec() })
    }

    async fn count_orders(&self, _: Option<&RouteName>, filter: &OrderFilter, cap: u64) -> Stored<u64> {
        Ok((self.matching(filter).len() as u64).min(cap))
    }

    async fn values(&self, _: Option<&RouteName>, field: OrderField, _: u32) -> Stored<Vec<String>> {
        Ok(match field {
            OrderField::Reason => vec!["missing_shop_mapping".to_owned()],
            OrderField::ChannelStatus => vec!["shipment_pending".to_owned(), "weird <b>".to_owned()],
            OrderField::RetailerId => vec!["R-1".to_owned()],
            OrderField::WarehouseCode | OrderField::ServiceLevel => Vec::new(),
        })
    }

    async fn moves(&self, _: &RouteName, _: DateTime<Utc>) -> Stored<Vec<StageMoves>> {
        Ok(Vec::new())
    }

    async fn counts(&self, _: &RouteName) -> Stored<Vec<StageCount>> {
        Ok(Vec::new())
    }

    async fn set_stage(&self, _: &RouteName, edit: &StageEdit) -> Stored<()> {
        if *self.claimed.lock().unwrap() {
            return Err(StoreError::Conflict("a run is working on it".to_owned()));
        }
        self.note(format!("stage {} {} by {}: {}", edit.po, edit.to, edit.by, edit.reason));
        Ok(())
    }

    async fn retry(&self, _: &RouteName, po: Option<&PoNumber>, _: DateTime<Utc>) -> Stored<u64> {
        self.note(format!("retry {}", po.unwrap()));
        Ok(1)
    }

    async fn set_hold(
        &self,
        _: &RouteName,
        po: &PoNumber,
        hold: Option<&str>,
        by: &str,
        _: DateTime<Utc>,
    ) -> Stored<()> {
        self.note(format!("hold {po} {} by {by}", hold.unwrap_or("-")));
        Ok(())
    }

    async fn approve_cancel(&self, _: &RouteName, po: &PoNumber, by: &str, _: DateTime<Utc>) -> Stored<()> {
        self.note(format!("cancel {po} by {by}"));
        Ok(())
    }

    async fn causes(&self, _: Option<&RouteName>) -> Stored<Vec<CauseGroup>> {
        Ok(Vec::new())
    }

    async fn ages(&self, _: &RouteName, _: &[StageLimit]) -> Stored<Vec<StageAge>> {
        Ok(Vec::new())
    }

    async fn export_orders(&self, _: Option<&RouteName>, filter: &OrderFilter, sink: &mut dyn RowSink) -> Stored<u64> {
        let rows = self.matching(filter);
        for row in &rows {
            sink.row(&[Some(row.po.as_str())]);
        }
        Ok(rows.len() as u64)
    }

    async fn unreadable(&self, _: &RouteName, _: u32) -> Stored<Vec<(String, Cause)>> {
        Ok(Vec::new())
    }
}

/// One parcel was reported, and taken without an end.
#[async_trait]
impl WriteLedger for Shelf {
    async fn writes_of(&self, _: &RouteName, orders: &[PoNumber]) -> Stored<Vec<RemoteWrite>> {
        let key = WriteKey { kind: WriteKind::Ship, po: orders[0].clone(), part: "1Z<9>".to_owned() };
        Ok(vec![RemoteWrite {
            key,
            state: WriteState::Accepted,
            request_hash: String::new(),
            receipt: Some(Receipt("req-5".to_owned())),
            intended_at: now(),
            noted_at: None,
            attempts: 1,
            message: None,
        }])
    }

    async fn open_writes(&self, _: &RouteName, _: WriteKind) -> Stored<Vec<RemoteWrite>> {
        Ok(Vec::new())
    }

    async fn intend(&self, _: &RunRef, _: &[Intent], _: DateTime<Utc>) -> Stored<Vec<WriteKey>> {
        Ok(Vec::new())
    }

    async fn note(&self, _: &RunRef, _: &[WriteNote], _: DateTime<Utc>) -> Stored<()> {
        Ok(())
    }
}

#[async_trait]
impl PayloadStore for Shelf {
    async fn payloads(&self, _: &RouteName, _: &PoNumber) -> Stored<Vec<EarlierPayload>> {
        Ok(self.earlier.lock().unwrap().clone())
    }
}

#[async_trait]
impl Launcher for Shelf {
    async fn launch(&self, _: &RouteName, request: RunRequest) -> Result<String, Refused> {
        if *self.claimed.lock().unwrap() {
            return Err(Refused::AlreadyRunning);
        }
        self.requests.lock().unwrap().push(request);
        Ok("run-8".to_owned())
    }

    async fn finish(&self, route: &RouteName, request: RunRequest) -> Result<RunReport, Refused> {
        let (job, trigger) = (request.job, request.trigger);
        self.requests.lock().unwrap().push(request);
        Ok(RunReport {
            run_id: "run-9".to_owned(),
            route: route.clone(),
            job,
            trigger,
            started_at: now(),
            finished_at: now(),
            done: self.report.lock().unwrap().clone(),
            calls: [("GET /order".to_owned(), 1)].into(),
            error: None,
            interrupted: false,
        })
    }
}

/// Somebody who is logged in before a shelf with these orders; payloads are read as an order of two units.
pub(crate) async fn bench(rows: Vec<OrderRow>) -> (Bench, Arc<Shelf>) {
    bench_with(rows, |_| {}, MockErpSink::new()).await
}

/// The same with a channel and an ERP that answer.
pub(crate) async fn bench_with(
    rows: Vec<OrderRow>,
    channel: impl FnOnce(&mut MockOrderSource),
    erp: MockErpSink,
) -> (Bench, Arc<Shelf>) {
    let shelf = Arc::new(Shelf::default());
    *shelf.rows.lock().unwrap() = rows;
    *shelf.raw.lock().unwrap() = br#"{"id":9007199254740993123,"n":"<b>"}"#.to_vec();
    let memory = Memory { book: shelf.clone(), payloads: shelf.clone(), ledger: shelf.clone(), ..Memory::new() };
    let launcher: Arc<dyn Launcher> = shelf.clone();
    let bench = Bench::with(memory, |state| {
        let mut source = MockOrderSource::new();
        source.expect_parse().returning(|_| {
            let mut order = ipass_core::testing::order("PO-1");
            order.lines[0].quantity = 2;
            Ok(order)
        });
        channel(&mut source);
        let erp = Arc::new(erp);
        let route = Route {
            name: RouteName("r".to_owned()),
            source: Arc::new(source),
            erp,
            inventory: None,
            accounts: vec![],
            aliases: vec![],
        };
        state.routes[0] = Arc::new(route);
        state.launcher = launcher;
    });
    bench.log_in().await;
    (bench, shelf)
}
