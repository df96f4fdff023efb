//! The store suite on `SQLite`: in a file, and in memory.

use ipass_contract_tests::suite::prelude::*;
use ipass_contract_tests::suite::speed::measure;
use ipass_contract_tests::sync_store_suite;
use ipass_core::job::Job;
use ipass_core::ports::{Begun, StoreError, SyncStore};
use ipass_core::stage::Stage;
use ipass_sqlite::SqliteStore;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

mod in_a_file {
    super::sync_store_suite!(super::fresh_file);
}

mod in_memory {
    super::sync_store_suite!(super::fresh_memory);
}

async fn fresh_file() -> (Box<dyn SyncStore>, TempDir) {
    let directory = TempDir::new().expect("a directory");
    let store = open(&directory).await;
    store.migrate().await.expect("the schema is made");
    (Box::new(store), directory)
}

async fn fresh_memory() -> (Box<dyn SyncStore>, ()) {
    let store = SqliteStore::open("sqlite::memory:").await.expect("the store opens");
    store.migrate().await.expect("the schema is made");
    (Box::new(store), ())
}

async fn open(directory: &TempDir) -> SqliteStore {
    let path = directory.path().join("data").join("ipass.db");
    SqliteStore::open(&format!("sqlite://{}", path.display())).await.expect("the store opens")
}

async fn execute(directory: &TempDir, statement: &'static str) -> u64 {
    let path = directory.path().join("data").join("ipass.db");
    let mut connection =
        SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("a connection");
    let done = sqlx::query(statement).execute(&mut connection).await.expect("a statement");
    connection.close().await.expect("a clean end");
    done.rows_affected()
}

#[tokio::test]
async fn a_store_without_its_schema_is_not_ready() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).await;
    assert!(matches!(store.check().await, Err(StoreError::Unavailable(_))));
    store.migrate().await.unwrap();
    store.check().await.unwrap();
}

#[tokio::test]
async fn what_is_stored_is_there_after_a_restart() {
    let (store, directory) = fresh_file().await;
    stored(&*store, &[pulled("1", 1)]).await;
    store.close().await;
    let store = open(&directory).await;
    store.check().await.unwrap();
    assert_eq!(row(&store, "1").await.stage, Stage::AwaitingPush);
}

#[tokio::test]
async fn two_processes_share_locks_and_orders() {
    let (first, directory) = fresh_file().await;
    let second = open(&directory).await;
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
async fn a_frozen_run_is_fenced_off_once_its_lease_has_run_out() {
    let (store, directory) = fresh_file().await;
    stored(&*store, &[pulled("1", 1)]).await;
    let frozen = begin(&*store, Job::PushOrders, None).await;
    claim(&*store, &frozen.run, &due(Stage::AwaitingPush, 9, 5)).await;
    assert_eq!(execute(&directory, "UPDATE job_run SET lease_until = 0 WHERE state = 'running'").await, 1);
    let next = begin(&*store, Job::CheckOrders, None).await;
    assert_eq!(claim(&*store, &next.run, &due(Stage::AwaitingPush, 9, 6)).await, ["1"]);
    let step = advanced("1", Stage::AwaitingPush, Stage::AwaitingAck);
    assert!(matches!(store.record(&frozen.run, &[step], minute(7)).await, Err(StoreError::FenceLost)));
}

async fn patient(turns: u32) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_open_transaction() {
    let (store, _directory) = fresh_file().await;
    let run = begin(&*store, Job::PushOrders, None).await;
    let selection = due(Stage::AwaitingAck, 9, 5);
    // Cut off at every point of the way, again and again.
    for patience in 0..400 {
        tokio::select! {
            claimed = store.claim(&run.run, &selection) => drop(claimed.expect("nothing is in the way")),
            () = patient(patience * 3) => {}
        }
        store.claim(&run.run, &selection).await.expect("nothing is in the way");
    }
    finish(&*store, run).await;
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_named() {
    let (store, directory) = fresh_file().await;
    stored(&*store, &[pulled("1", 1)]).await;
    execute(&directory, "UPDATE order_sync SET last_kind = 'blocked', last_reason = 'from_the_future'").await;
    let error = store.order(&route(), &po("1")).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Corrupt { table: "order_sync", column: "last_reason", key } if key == "1"),
        "{error}"
    );
}

/// `cargo test --release -p ipass-contract-tests --test sqlite -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a measurement; IPASS_SPEED_ORDERS says how many orders are there before"]
async fn speed() {
    let (store, _directory) = fresh_file().await;
    let before = std::env::var("IPASS_SPEED_ORDERS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    println!("{}", measure(&*store, before).await.join("\n"));
}
