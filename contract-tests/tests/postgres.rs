//! The store suite on a real `PostgreSQL` server.

use ipass_contract_tests::postgres_server::PostgresServer;
use ipass_contract_tests::suite::prelude::*;
use ipass_contract_tests::suite::speed::measure;
use ipass_contract_tests::sync_store_suite;
use ipass_core::job::Job;
use ipass_core::ports::{Begun, StoreError, SyncStore};
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
    let runs = store.runs(None, 9).await.unwrap();
    assert_eq!(runs[1].state, "interrupted");
    let next = begin(&*store, Job::PushOrders, None).await;
    assert!(matches!(store.claim(&run.run, &due(Stage::AwaitingPush, 9, 6)).await, Err(StoreError::FenceLost)));
    finish(&*store, next).await;
    finish(&*store, other).await;
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

/// `IPASS_TEST_POSTGRES_DURABLE=1 cargo test --release -p ipass-contract-tests --test postgres -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a measurement; IPASS_SPEED_ORDERS says how many orders are there before"]
async fn speed() {
    let (store, _database) = fresh().await;
    let before = std::env::var("IPASS_SPEED_ORDERS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    println!("{}", measure(&*store, before).await.join("\n"));
}
