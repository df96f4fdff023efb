//! Parts of the work on an order, in this process: reading it, signing for it, storing it.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ipass_contract_tests::suite::speed;
use ipass_core::ports::{Clock, OrderSource as _, SyncStore};
use ipass_http_kit::Http;
use ipass_postgres::PostgresStore;
use ipass_sqlite::SqliteStore;
use serde_json::{Value, json};

use crate::table::Table;
use crate::world::{Store, database, now};

const TIMES: u32 = 20_000;

/// Nothing is sent here.
struct Unused;

#[async_trait]
impl Clock for Unused {
    fn now(&self) -> DateTime<Utc> {
        now()
    }

    async fn sleep(&self, _: Duration) {}
}

pub(crate) fn parts(table: &mut Table) {
    // The vendors' own clients need it; a second call finds it installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reading_and_signing(table);
    storing(table);
}

fn each(work: impl Fn()) -> f64 {
    let begun = Instant::now();
    (0..TIMES).for_each(|_| work());
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES)
}

fn reading_and_signing(table: &mut Table) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../contract-tests/fixtures/dsco/order_single_created.json");
    let order = std::fs::read(file).expect("the recorded order");
    let http = Http::new(Arc::new(Unused)).expect("a client");
    let config = serde_json::from_value(json!({"token": "t"})).expect("a configuration");
    let source = ipass_dsco::connect("parts", config, &http).expect("an account");
    assert!(source.parse(&order).is_ok());
    let took = each(|| drop(black_box(source.parse(black_box(&order)))));
    table.row(format!("reading an order of {} bytes", order.len()), took, "µs");
    let order: Value = json!({
        "platform_order_no": "PO0000001", "receiver_country_code": "US", "receiver_name": "A Buyer",
        "city": "St. Paul", "state_or_region": "MN", "postal_code": "55101", "address_line1": "12 Main St",
        "global_purchase_time": 1_764_633_600, "amount_currency": "USD",
        "items": [{"msku": "SKU-1", "quantity": 2, "unit_price": "10.50", "stock_deduction_type": "1"}]
    });
    let create = json!({"platform_code": 10_011, "store_id": "110999000000010001", "orders": vec![order; 20]});
    let body = create.to_string().into_bytes();
    let token = "11111111-2222-4333-8444-555555555555";
    let sign = || {
        let signed = ipass_lingxing::signature("ak_TestAppId0001", token, 1_764_633_605, black_box(&body));
        drop(black_box(signed));
    };
    table.row("signing a create, per order of 20", each(sign) / 20.0, "µs");
}

fn storing(table: &mut Table) {
    for kind in [Store::Sqlite, Store::Postgres] {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("threads");
        let folder = tempfile::tempdir().expect("a folder");
        let took = runtime.block_on(async {
            let store: Arc<dyn SyncStore> = match kind {
                Store::Sqlite => {
                    let url = format!("sqlite://{}", folder.path().join("parts.db").display());
                    Arc::new(SqliteStore::open(&url).await.expect("a database"))
                }
                Store::Postgres => Arc::new(PostgresStore::connect(&database()).await.expect("a database")),
            };
            store.migrate().await.expect("the schema");
            speed::write(store.as_ref()).await
        });
        for took in took {
            let what = format!("{}, 1,000 orders: {}", kind.name(), took.what);
            table.row(what, 1_000_000.0 / took.per_second(), "ms");
        }
    }
}
