//! Orders, runs and steps to test with: only what matters to a test is said in it.

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::job::Job;
use ipass_core::order::{Address, ChannelStatus, Order, PoNumber};
use ipass_core::ports::{
    Begun, Evidence, OrderRow, RouteName, RunEnd, RunGuard, RunRef, RunStart, SaveCounts, SaveOrder, Selection,
    StageEdit, Step, StepOutcome, StoredOrder, SyncStore, TimelineEvent, Trigger,
};
use ipass_core::reason::{Cause, Reason};
use ipass_core::stage::Stage;

/// The stages in which work is done.
pub const OPEN_STAGES: [Stage; 4] =
    [Stage::AwaitingPush, Stage::AwaitingAck, Stage::AwaitingShipment, Stage::AwaitingInvoice];

/// So many minutes after the beginning of all tests.
pub fn minute(minute: i64) -> DateTime<Utc> {
    let start = DateTime::from_timestamp(1_750_000_000, 0).expect("a valid time");
    start + TimeDelta::minutes(minute)
}

/// The route of most tests.
pub fn route() -> RouteName {
    RouteName("north_south".to_owned())
}

/// A route beside it.
pub fn other_route() -> RouteName {
    RouteName("east_west".to_owned())
}

/// A PO number.
pub fn po(text: &str) -> PoNumber {
    PoNumber::new(text).expect("a visible PO number")
}

/// A new order, created at the given minute.
pub fn pulled(number: &str, created: i64) -> SaveOrder {
    let order = Order {
        po: po(number),
        channel_order_id: format!("channel-{number}"),
        retailer_id: Some("retailer-1".to_owned()),
        status: ChannelStatus::Created,
        cancel_requested: false,
        test: false,
        created_at: minute(created),
        updated_at: Some(minute(created)),
        ship_by: Some(minute(created + 5000)),
        currency: Some("USD".to_owned()),
        warehouse_code: Some("W1".to_owned()),
        service_level: Some("GROUND".to_owned()),
        carrier: None,
        ship_method: None,
        address: Address::default(),
        note: None,
        lines: Vec::new(),
        packages: Vec::new(),
    };
    SaveOrder {
        order,
        raw: format!("{{\"po\":\"{number}\",\"v\":1}}").into_bytes(),
        sku_list: "SKU-A(2)".to_owned(),
        sku_names: vec!["SKU-A".to_owned()],
        first_stage: Stage::AwaitingPush,
        at_push: None,
    }
}

/// The same order, changed at the channel at the given minute.
pub fn changed(before: &SaveOrder, updated: i64, status: ChannelStatus) -> SaveOrder {
    let mut save = before.clone();
    save.raw = format!("{{\"po\":\"{}\",\"v\":{updated}}}", save.order.po).into_bytes();
    save.order.updated_at = Some(minute(updated));
    save.order.status = status;
    save
}

/// Begins a run that nobody else is in the way of.
pub async fn begin(store: &dyn SyncStore, job: Job, number: Option<&str>) -> RunGuard {
    match try_begin(store, &route(), job, number).await {
        Begun::Started(guard) => guard,
        Begun::AlreadyRunning => panic!("{job} is said to be running already"),
    }
}

/// Begins a run if nobody is in the way.
pub async fn try_begin(store: &dyn SyncStore, route: &RouteName, job: Job, number: Option<&str>) -> Begun {
    let start = RunStart {
        route: route.clone(),
        job,
        trigger: Trigger::Manual,
        po: number.map(po),
        settings_version: 0,
        now: minute(0),
    };
    store.begin(&start).await.expect("a run begins")
}

/// Ends a run.
pub async fn finish(store: &dyn SyncStore, guard: RunGuard) {
    let end = RunEnd { result: "done", now: minute(9000), report: "{}".to_owned(), log: "[]".to_owned(), error: None };
    store.finish(guard, &end).await.expect("a run ends");
}

/// Saves orders.
pub async fn save(store: &dyn SyncStore, run: &RunRef, orders: &[SaveOrder]) -> SaveCounts {
    store.save_orders(run, orders, &[], minute(100)).await.expect("orders are saved")
}

/// Saves orders in a run of their own.
pub async fn stored(store: &dyn SyncStore, orders: &[SaveOrder]) {
    let pull = begin(store, Job::PullOrders, None).await;
    save(store, &pull.run, orders).await;
    finish(store, pull).await;
}

/// The selection of everything due in a stage.
pub fn due(stage: Stage, limit: u32, now: i64) -> Selection {
    Selection { stage, limit, ignore_next_try: false, po: None, peek: false, now: minute(now) }
}

/// Claims and answers the PO numbers.
pub async fn claim(store: &dyn SyncStore, run: &RunRef, selection: &Selection) -> Vec<String> {
    let claimed = store.claim(run, selection).await.expect("orders are claimed");
    claimed.iter().map(|order| order.po.to_string()).collect()
}

/// A step that advances an order.
pub fn advanced(number: &str, from: Stage, to: Stage) -> Step {
    Step {
        po: po(number),
        expected: from,
        outcome: StepOutcome::Advanced { to, note: String::new() },
        evidence: Evidence::default(),
        writes: Vec::new(),
        next_try_at: None,
    }
}

/// A step that leaves an order where it is.
pub fn stayed(number: &str, at: Stage, reason: Reason, detail: &str) -> Step {
    let outcome = StepOutcome::Stayed(Cause::new(reason, detail));
    Step { outcome, ..advanced(number, at, at) }
}

/// Records steps and answers the PO numbers of those that were lost.
pub async fn record(store: &dyn SyncStore, run: &RunRef, steps: &[Step], now: i64) -> Vec<String> {
    let lost = store.record(run, steps, minute(now)).await.expect("steps are recorded");
    lost.iter().map(ToString::to_string).collect()
}

/// Claims one order, records one step of it in a run of its own.
pub async fn look_once(store: &dyn SyncStore, step: Step, now: i64) {
    let job = Job::of_stage(step.expected).expect("a stage with work");
    let run = begin(store, job, Some(step.po.as_str())).await;
    let selection = Selection { po: Some(step.po.clone()), ignore_next_try: true, ..due(step.expected, 1, now) };
    assert_eq!(claim(store, &run.run, &selection).await, [step.po.as_str()]);
    assert_eq!(record(store, &run.run, &[step], now).await, Vec::<String>::new());
    finish(store, run).await;
}

/// Moves an order by hand.
pub async fn place(store: &dyn SyncStore, number: &str, to: Stage) {
    let edit =
        StageEdit { po: po(number), to, reason: "for the test".to_owned(), by: "tester".to_owned(), now: minute(50) };
    store.set_stage(&route(), &edit).await.expect("an order is moved");
}

/// One order as it stands.
pub async fn order(store: &dyn SyncStore, number: &str) -> StoredOrder {
    store.order(&route(), &po(number)).await.expect("an order is read").expect("the order is stored")
}

/// One order's row as it stands.
pub async fn row(store: &dyn SyncStore, number: &str) -> OrderRow {
    order(store, number).await.row
}

/// The whole timeline of an order.
pub async fn timeline(store: &dyn SyncStore, number: &str) -> Vec<TimelineEvent> {
    store.timeline(&route(), &po(number), 1000).await.expect("a timeline is read")
}

/// Kind and what of each event.
pub async fn facts(store: &dyn SyncStore, number: &str) -> Vec<String> {
    timeline(store, number).await.iter().map(|event| format!("{} {}", event.kind, event.what)).collect()
}
