//! The store suite on a real `PostgreSQL` server.

use std::time::Duration;

use ipass_contract_tests::postgres_server::PostgresServer;
use ipass_contract_tests::suite::prelude::*;
use ipass_contract_tests::suite::speed::measure;
use ipass_contract_tests::sync_store_suite;
use ipass_core::job::Job;
use ipass_core::order::ChannelStatus;
use ipass_core::ports::{
    Begun, RunStart, Selection, SlotAnswer, StageEdit, Step, StockRecord, StockResult, StoreError, SyncStore, Trigger,
};
use ipass_core::reason::{Cause, Reason};
use ipass_core::stage::Stage;
use ipass_postgres::PostgresStore;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

sync_store_suite!(fresh);

/// A database of a test's own.
struct Database {
    url: String,
}

impl Database {
    async fn create() -> Self {
        let server = PostgresServer::get();
        let name = PostgresServer::database_name();
        let mut admin = PgConnection::connect(&server.admin_url()).await.expect("the server answers");
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.expect("a database");
        admin.close().await.expect("a clean end");
        Self { url: server.url(&name) }
    }

    async fn store(&self) -> PostgresStore {
        PostgresStore::connect(&self.url).await.expect("the store connects")
    }

    async fn execute(&self, statement: &'static str) -> u64 {
        let mut connection = PgConnection::connect(&self.url).await.expect("the server answers");
        let done = sqlx::query(statement).execute(&mut connection).await.expect("a statement");
        connection.close().await.expect("a clean end");
        done.rows_affected()
    }
}

async fn fresh() -> (Box<dyn SyncStore>, Database) {
    let database = Database::create().await;
    let store = database.store().await;
    store.migrate().await.expect("the schema is made");
    (Box::new(store), database)
}

#[tokio::test]
async fn a_store_without_its_schema_is_not_ready() {
    let database = Database::create().await;
    let store = database.store().await;
    assert!(matches!(store.check().await, Err(StoreError::Unavailable(_))));
    store.migrate().await.unwrap();
    store.check().await.unwrap();
}

#[tokio::test]
async fn many_instances_may_migrate_at_once() {
    let database = Database::create().await;
    let (a, b) = (database.store().await, database.store().await);
    let (first, second) = tokio::join!(a.migrate(), b.migrate());
    first.unwrap();
    second.unwrap();
    a.check().await.unwrap();
}

#[tokio::test]
async fn an_error_names_neither_host_nor_password() {
    let error = PostgresStore::connect("postgres://someone:hunter2@127.0.0.1:1/nowhere").await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("hunter2") && !text.contains("127.0.0.1") && !text.contains("someone"), "{text}");
}

#[tokio::test]
async fn two_instances_share_locks_and_orders() {
    let (first, database) = fresh().await;
    let second = database.store().await;
    stored(&*first, &[pulled("1", 1), pulled("2", 2)]).await;
    let run = begin(&*first, Job::PushOrders, None).await;
    assert!(matches!(try_begin(&second, &route(), Job::PushOrders, None).await, Begun::AlreadyRunning));
    assert_eq!(claim(&*first, &run.run, &due(Stage::AwaitingPush, 1, 5)).await, ["1"]);
    let other = begin(&second, Job::CheckOrders, None).await;
    assert_eq!(claim(&second, &other.run, &due(Stage::AwaitingPush, 9, 5)).await, ["2"]);
    finish(&*first, run).await;
    finish(&second, begin(&second, Job::PushOrders, None).await).await;
}

#[tokio::test]
async fn a_frozen_holder_is_cut_off_once_its_lease_has_run_out() {
    let (frozen, database) = fresh().await;
    let other = database.store().await;
    stored(&*frozen, &[pulled("1", 1)]).await;
    let run = begin(&*frozen, Job::PushOrders, None).await;
    claim(&*frozen, &run.run, &due(Stage::AwaitingPush, 9, 5)).await;
    assert!(matches!(try_begin(&other, &route(), Job::PushOrders, None).await, Begun::AlreadyRunning));
    let expire = "UPDATE job_run SET lease_until = now() - interval '1 second' WHERE state = 'running'";
    assert_eq!(database.execute(expire).await, 1);
    let next = begin(&other, Job::PushOrders, None).await;
    assert_eq!(claim(&other, &next.run, &due(Stage::AwaitingPush, 9, 6)).await, ["1"]);
    // Awake again, the first one finds every door shut.
    let step = advanced("1", Stage::AwaitingPush, Stage::AwaitingAck);
    assert!(matches!(frozen.record(&run.run, &[step], minute(7)).await, Err(StoreError::FenceLost)));
    drop(run);
    assert!(matches!(try_begin(&*frozen, &route(), Job::PushOrders, None).await, Begun::AlreadyRunning));
}

#[tokio::test]
async fn a_lost_lock_connection_frees_the_run() {
    let (store, database) = fresh().await;
    let run = begin(&*store, Job::PushOrders, None).await;
    let cut = "SELECT pg_terminate_backend(backend_pid) FROM job_run WHERE state = 'running'";
    database.execute(cut).await;
    let other = begin(&*store, Job::AckOrders, None).await;
    let runs = store.runs(None, None, 9).await.unwrap();
    assert_eq!(runs[1].state, "interrupted");
    let next = begin(&*store, Job::PushOrders, None).await;
    assert!(matches!(store.claim(&run.run, &due(Stage::AwaitingPush, 9, 6)).await, Err(StoreError::FenceLost)));
    finish(&*store, next).await;
    finish(&*store, other).await;
}

/// Waits until so many statements of the database wait for a lock that another one holds.
async fn somebody_waits(admin: &mut PgConnection, how_many: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for _ in 0..5_000 {
        if how_many <= sqlx::query_scalar(waiting).fetch_one(&mut *admin).await.expect("the server answers") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("nobody waits for a lock");
}

/// Pull and person come to the order while its claim is being made: they wait for the row, and then see the claim.
#[tokio::test]
async fn a_claim_that_is_made_meanwhile_is_seen_by_whoever_waited_for_the_order() {
    let (store, database) = fresh().await;
    let before = pulled("1", 1);
    stored(&*store, std::slice::from_ref(&before)).await;
    let pull = begin(&*store, Job::PullOrders, None).await;
    let push = begin(&*store, Job::PushOrders, None).await;
    let mut after = changed(&before, 60, ChannelStatus::Cancelled);
    after.at_push = Some(Stage::Cancelled);
    let (number, to) = (po("1"), Stage::AwaitingAck);
    let edit = StageEdit { po: number, to, reason: "asked".to_owned(), by: "ann".to_owned(), now: minute(70) };
    let mut admin = PgConnection::connect(&database.url).await.unwrap();
    for person in [false, true] {
        let mut claiming = PgConnection::connect(&database.url).await.unwrap();
        let mut tx = claiming.begin().await.unwrap();
        let lock = "SELECT id FROM order_sync FOR UPDATE";
        let id: i64 = sqlx::query_scalar(lock).fetch_one(&mut *tx).await.unwrap();
        let claim = "INSERT INTO order_claim VALUES ($1, $2, now()) ON CONFLICT DO NOTHING";
        sqlx::query(claim).bind(id).bind(push.run.fence).execute(&mut *tx).await.unwrap();
        let meanwhile = async {
            if person {
                let refused = store.set_stage(&route(), &edit).await;
                assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
            } else {
                save(&*store, &pull.run, std::slice::from_ref(&after)).await;
            }
        };
        let committed = async {
            somebody_waits(&mut admin, 1).await;
            tx.commit().await.unwrap();
        };
        tokio::join!(meanwhile, committed);
        claiming.close().await.unwrap();
        assert_eq!(row(&*store, "1").await.stage, Stage::AwaitingPush);
        database.execute("DELETE FROM order_claim").await;
    }
}

/// A person asks for a retry just before the run that holds the order comes to record it, and commits just after.
#[tokio::test]
async fn a_retry_that_is_committed_while_the_record_waits_is_heeded() {
    let (store, database) = fresh().await;
    stored(&*store, &[pulled("1", 1)]).await;
    let push = begin(&*store, Job::PushOrders, None).await;
    assert_eq!(claim(&*store, &push.run, &due(Stage::AwaitingPush, 9, 5)).await, ["1"]);
    let mut person = PgConnection::connect(&database.url).await.unwrap();
    let mut tx = person.begin().await.unwrap();
    sqlx::query("UPDATE order_sync SET next_try_at = NULL").execute(&mut *tx).await.unwrap();
    sqlx::query("UPDATE order_claim SET nudged = true").execute(&mut *tx).await.unwrap();
    let step =
        [Step { next_try_at: Some(minute(500)), ..stayed("1", Stage::AwaitingPush, Reason::MissingShopMapping, "") }];
    let mut admin = PgConnection::connect(&database.url).await.unwrap();
    let committed = async {
        somebody_waits(&mut admin, 1).await;
        tx.commit().await.unwrap();
    };
    let (lost, ()) = tokio::join!(record(&*store, &push.run, &step, 6), committed);
    assert_eq!(lost, Vec::<String>::new());
    assert_eq!(row(&*store, "1").await.next_try_at, None);
}

/// Settings are saved while many orders are recorded as blocked by those of before, again and again: nobody waits in a
/// ring, and no order waits for its back-off.
#[tokio::test]
async fn settings_saved_while_a_run_records_leave_no_blocked_order_waiting() {
    let (store, database) = fresh().await;
    let numbers: Vec<String> = (0..300).map(|n| format!("{n:03}")).collect();
    let orders: Vec<_> = numbers.iter().map(|number| pulled(number, 1)).collect();
    stored(&*store, &orders).await;
    let other: Box<dyn SyncStore> = Box::new(database.store().await);
    for round in 0..12 {
        let version = store.settings(&route()).await.unwrap().map_or(0, |live| live.version);
        let start = RunStart {
            route: route(),
            job: Job::PushOrders,
            trigger: Trigger::Manual,
            po: None,
            settings_version: version,
            now: minute(0),
        };
        let Begun::Started(push) = store.begin(&start).await.unwrap() else { panic!("it is running") };
        let selection = Selection { ignore_next_try: true, ..due(Stage::AwaitingPush, 500, 10 * round) };
        assert_eq!(claim(&*store, &push.run, &selection).await.len(), 300);
        let steps: Vec<Step> = numbers
            .iter()
            .map(|number| Step {
                next_try_at: Some(minute(9_000)),
                ..stayed(number, Stage::AwaitingPush, Reason::MissingShopMapping, "")
            })
            .collect();
        let saving = other.save_settings(&push.run.route, "{}", "ann", None, minute(10 * round));
        let (lost, saved) = tokio::join!(record(&*store, &push.run, &steps, 10 * round + 1), saving);
        saved.unwrap();
        assert_eq!(lost, Vec::<String>::new());
        let waiting = "SELECT count(*) FROM order_sync WHERE next_try_at IS NOT NULL";
        let mut admin = PgConnection::connect(&database.url).await.unwrap();
        assert_eq!(sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut admin).await.unwrap(), 0, "{round}");
        admin.close().await.unwrap();
        finish(&*store, push).await;
    }
}

/// Pull and push come with the same change of an order while somebody holds its row: one of them writes it.
#[tokio::test]
async fn a_change_that_two_runs_bring_at_once_is_written_once() {
    let (store, database) = fresh().await;
    let before = pulled("1", 1);
    stored(&*store, std::slice::from_ref(&before)).await;
    let pull = begin(&*store, Job::PullOrders, None).await;
    let push = begin(&*store, Job::PushOrders, None).await;
    let after = [changed(&before, 60, ChannelStatus::ShipmentPending)];
    let mut holding = PgConnection::connect(&database.url).await.unwrap();
    let mut tx = holding.begin().await.unwrap();
    sqlx::query("SELECT id FROM order_sync FOR UPDATE").execute(&mut *tx).await.unwrap();
    let mut admin = PgConnection::connect(&database.url).await.unwrap();
    let freed = async {
        somebody_waits(&mut admin, 2).await;
        tx.commit().await.unwrap();
    };
    let (pulled, pushed, ()) = tokio::join!(save(&*store, &pull.run, &after), save(&*store, &push.run, &after), freed);
    assert_eq!((pulled.updated + pushed.updated, pulled.unchanged + pushed.unchanged), (1, 1));
    let timeline = store.timeline(&route(), &po("1"), 10).await.unwrap();
    assert_eq!(timeline.iter().filter(|event| event.kind == "changed").count(), 1);
}

async fn patient(turns: u32) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_open_transaction() {
    let (store, database) = fresh().await;
    stored(&*store, &[pulled("1", 1)]).await;
    let run = begin(&*store, Job::PushOrders, None).await;
    let selection = due(Stage::AwaitingAck, 9, 5);
    let mut admin = PgConnection::connect(&database.url).await.unwrap();
    let open = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    // Cut off at every point of the way.
    for patience in 0..200 {
        tokio::select! {
            claimed = store.claim(&run.run, &selection) => drop(claimed.unwrap()),
            () = patient(patience * 8) => {}
        }
        let mut left: i64 = 1;
        for _ in 0..50 {
            left = sqlx::query_scalar(open).fetch_one(&mut admin).await.unwrap();
            if left == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        assert_eq!(left, 0, "a transaction is left open");
    }
    finish(&*store, run).await;
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_named() {
    let (store, database) = fresh().await;
    stored(&*store, &[pulled("1", 1)]).await;
    database.execute("UPDATE order_sync SET last_kind = 'blocked', last_reason = 'from_the_future'").await;
    let error = store.order(&route(), &po("1")).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Corrupt { table: "order_sync", column: "last_reason", key } if key == "1"),
        "{error}"
    );
}

#[tokio::test]
async fn people_find_orders_and_stock_under_the_names_they_know() {
    let (store, database) = fresh().await;
    let mut order = pulled("1", 1);
    order.raw = "{\"note\":\"中\"}".into();
    stored(&*store, &[order]).await;
    let mut step = stayed("1", Stage::AwaitingPush, Reason::MissingShopMapping, "r");
    step.evidence.tracking = Some("1Z1,1Z2".to_owned());
    step.evidence.invoice_id = Some("I1".to_owned());
    look_once(&*store, step, 200).await;
    let run = begin(&*store, Job::SyncStock, None).await;
    let record = StockRecord {
        route: route(),
        run_id: run.run.run_id.clone(),
        at: minute(3),
        warehouse_code: "W1".to_owned(),
        erp_warehouse_id: "10".to_owned(),
        sku: "A".to_owned(),
        erp_sku: "E-A".to_owned(),
        erp_quantity: Some(2),
        channel_quantity: Some(5),
        result: StockResult::Different,
        cause: Some(Cause::new(Reason::SyncOff, "A")),
    };
    store.save_stock(&run.run, &[record]).await.unwrap();
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    let mut text = async |statement| {
        sqlx::query_scalar::<_, String>(statement).fetch_one(&mut connection).await.expect("a line of a view")
    };
    let of_order = "SELECT concat_ws('|', route, po_number, status, dsco_status, dsco_create_time, dsco_retailer_id,
                                     payload, mskus, warehouse_id, shipment, shipped_tracking_no, dsco_invoice_id,
                                     created_at, updated_at) FROM dsco_order_sync";
    assert_eq!(
        text(of_order).await,
        "north_south|1|1|created|1750000060|retailer-1|{\"note\":\"中\"}|SKU-A(2)|W1|GROUND|1Z1,1Z2|I1\
         |1750006000|1750012000"
    );
    let of_stock = "SELECT concat_ws('|', route, sync_time, dsco_warehouse, lingxing_warehouse, dsco_sku, lingxing_sku,
                                     dsco_quantity, lingxing_quantity, difference, status, reason, reason_detail)
                    FROM dsco_warehouse_sync";
    assert_eq!(text(of_stock).await, "north_south|1750000180|W1|10|A|E-A|5|2|-3|different|sync_off|A");
}

#[tokio::test]
async fn a_payload_that_is_no_text_does_not_fail_the_view() {
    let (store, database) = fresh().await;
    let mut odd = pulled("1", 1);
    odd.raw = b"{\"a\":\"\xff\x00\"}".to_vec();
    stored(&*store, &[odd, pulled("2", 2)]).await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    let payloads: Vec<String> = sqlx::query_scalar("SELECT payload FROM dsco_order_sync ORDER BY po_number")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(payloads, ["{\"a\":\"\\377\\000\"}", "{\"po\":\"2\",\"v\":1}"]);
}

#[tokio::test]
async fn totals_that_somebody_else_changed_are_right_after_the_next_start() {
    let (store, database) = fresh().await;
    stored(&*store, &[pulled("1", 1), pulled("2", 2)]).await;
    database.execute("UPDATE order_sync SET stage = 5 WHERE po = '2'").await;
    store.migrate().await.unwrap();
    let counts = store.counts(&route()).await.unwrap();
    assert_eq!(counts.iter().map(|count| count.orders).collect::<Vec<_>>(), [1, 0, 0, 0, 1, 0]);
}

#[tokio::test]
async fn no_second_wherever_it_begins_holds_more_calls_than_allowed() {
    let (store, database) = fresh().await;
    let other = database.store().await;
    let call = async |store: &dyn SyncStore| {
        for _ in 0..6 {
            while let Some(wait) = store.draw("k", Some(5), 1000).await.expect("an answer") {
                tokio::time::sleep(wait).await;
            }
        }
    };
    tokio::join!(call(&*store), call(&other));
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    let most = "SELECT max(calls) FROM (SELECT count(*) OVER (ORDER BY at RANGE BETWEEN CURRENT ROW AND
                                                              interval '1 second' FOLLOWING) AS calls
                                        FROM call_drawn) AS d";
    let most: i64 = sqlx::query_scalar(most).fetch_one(&mut connection).await.unwrap();
    assert_eq!(most, 5);
}

#[tokio::test]
async fn a_slot_of_an_instance_that_is_gone_is_free_when_its_time_is_up() {
    let (store, database) = fresh().await;
    let take = || store.take_slot("k", 1, Duration::from_mins(1), Duration::ZERO);
    assert!(matches!(take().await.unwrap(), SlotAnswer::Taken(_)));
    assert!(matches!(take().await.unwrap(), SlotAnswer::Wait(_)));
    assert_eq!(database.execute("UPDATE call_slot SET until = until - interval '61 seconds'").await, 1);
    assert!(matches!(take().await.unwrap(), SlotAnswer::Taken(_)));
}

/// `IPASS_TEST_POSTGRES_DURABLE=1 cargo test --release -p ipass-contract-tests --test postgres -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a measurement; IPASS_SPEED_ORDERS says how many orders are there before"]
async fn speed() {
    let (store, _database) = fresh().await;
    let before = std::env::var("IPASS_SPEED_ORDERS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    println!("{}", measure(&*store, before).await.join("\n"));
}
