use std::sync::Arc;

use axum::http::StatusCode;
use ipass_core::erp::{MasterKind, MasterRecord};
use ipass_core::ports::{MockErpSink, OrderRow, PortError};
use ipass_core::reason::{Cause, Reason};
use ipass_core::run::Route;
use ipass_core::stage::Stage;
use serde_json::json;

use crate::desk::tests::store::Memory;
use crate::desk::tests::{Answer, Bench};
use crate::pages::overview::testing::{Book, group, row};
use crate::pages::settings::tests::Versions;

fn rows(count: usize, reason: Reason, detail: &str) -> Vec<OrderRow> {
    let order = |n| row(&format!("PO-{detail}-{n}"), Stage::AwaitingPush, Cause::new(reason, detail), 5);
    (0..count).map(order).collect()
}

/// Twelve orders without a store, three without a warehouse; the ERP lists its stores once and no warehouses.
async fn bench(orders: &[Vec<OrderRow>]) -> (Bench, Arc<Versions>, Arc<Book>) {
    bench_with(orders, Vec::new()).await
}

/// The same with orders that could not be read.
async fn bench_with(orders: &[Vec<OrderRow>], unreadable: Vec<(String, Cause)>) -> (Bench, Arc<Versions>, Arc<Book>) {
    let versions = Versions::with(&[json!({"sku_key": "sku_first"})]);
    let causes = orders.iter().map(|rows| group(rows)).collect();
    let book = Arc::new(Book { rows: orders.concat(), causes, unreadable, ..Book::default() });
    let memory = Memory { settings: versions.clone(), book: book.clone(), ..Memory::new() };
    let bench = Bench::with(memory, |state| {
        let mut erp = MockErpSink::new();
        erp.expect_master_data().withf(|kind| *kind == MasterKind::Store).times(0..=1).returning(|_| {
            let record = |id: &str, active| MasterRecord {
                id: id.to_owned(),
                name: "Shop <A>".to_owned(),
                active,
                warehouse_id: None,
            };
            Ok(vec![record("7", true), record("8", false)])
        });
        erp.expect_master_data()
            .withf(|kind| *kind == MasterKind::Warehouse)
            .times(0..=1)
            .returning(|_| Err(PortError::auth("token 12345 is wrong")));
        let old = &state.routes[0];
        state.routes[0] = Arc::new(Route {
            name: old.name.clone(),
            source: Arc::clone(&old.source),
            erp: Arc::new(erp),
            inventory: None,
            accounts: Vec::new(),
            aliases: Vec::new(),
        });
    });
    bench.log_in().await;
    (bench, versions, book)
}

async fn send(bench: &Bench, path: &str, fields: &[(&str, &str)]) -> Answer {
    let (csrf, once) = bench.hidden("/admin/causes").await;
    let mut all = vec![("csrf", csrf.as_str()), ("once", once.as_str())];
    all.extend(fields);
    bench.post(path, &all).await
}

const CHOSEN: [(&str, &str); 7] = [
    ("t.rows", "2"),
    ("t.0.table", "shop"),
    ("t.0.key", "100"),
    ("t.0.value", "7"),
    ("t.1.table", "warehouse"),
    ("t.1.key", "WH"),
    ("t.1.value", "33"),
];

#[tokio::test]
async fn missing_mappings_are_chosen_from_what_the_erp_has_and_saved_together() {
    let orders = [rows(12, Reason::MissingShopMapping, "100"), rows(3, Reason::MissingWarehouseMapping, "WH")];
    let (bench, versions, _) = bench(&orders).await;
    let page = bench.get("/admin/causes").await.body;
    assert!(page.contains("No ERP store is mapped for retailer 100") && page.contains("12 orders"), "{page}");
    assert!(
        page.contains(r#"href="/admin/orders?stage=1&#38;reason=missing_shop_mapping&#38;held=no&#38;detail=100""#)
    );
    assert!(page.contains(r#"<option value="7">Shop &#60;A&#62; (7)</option>"#) && !page.contains(r#"value="8""#));
    assert!(page.contains("could not be read (credentials refused)") && !page.contains("12345"), "{page}");

    let fields = [&CHOSEN[..], &[("expected", "1")]].concat();
    let preview = send(&bench, "/admin/causes/preview", &fields).await;
    assert_eq!((preview.status, versions.count()), (StatusCode::OK, 1));
    for words in ["<code>mapping.shop.100</code>", "<code>mapping.warehouse.WH</code>", "12 blocked orders lack"] {
        assert!(preview.body.contains(words), "{words}: {}", preview.body);
    }
    assert!(preview.body.contains(r#"name="back" value="/admin/causes">"#), "{}", preview.body);
    let document = json!({"sku_key": "sku_first", "mapping": {"shop": {"100": "7"}, "warehouse": {"WH": "33"}}});
    let text = document.to_string();
    let save = [("document", text.as_str()), ("expected", "1"), ("reason", "new shop"), ("back", "/admin/causes")];
    let saved = send(&bench, "/admin/settings/save", &save).await;
    assert_eq!((saved.header("location"), versions.newest()), ("/admin/causes", document));
    let stale = send(&bench, "/admin/causes/preview", &fields).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(
        stale.body.contains("Somebody saved other settings") && stale.body.contains(r#"<option value="7" selected>"#)
    );
}

#[tokio::test]
async fn nothing_chosen_is_said_and_changes_nothing() {
    let (bench, versions, _) = bench(&[rows(1, Reason::MissingShopMapping, "100")]).await;
    let answer = send(&bench, "/admin/causes/preview", &[("expected", "1"), ("t.rows", "1")]).await;
    assert_eq!((answer.status, versions.count()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    assert!(answer.body.contains("nothing is chosen yet"), "{}", answer.body);
}

#[tokio::test]
async fn a_group_is_retried_whole_and_only_with_a_reason_when_it_is_large() {
    let orders = [rows(51, Reason::MissingShopMapping, "100"), rows(2, Reason::MissingShopMapping, "200")];
    let (bench, _, book) = bench(&orders).await;
    let group = |detail| [("stage", "1"), ("cause", "missing_shop_mapping"), ("detail", detail)];
    let small = send(&bench, "/admin/causes/retry", &group("200")).await;
    assert_eq!((small.status, small.header("location")), (StatusCode::SEE_OTHER, "/admin/causes"));
    assert_eq!(*book.retried.lock().unwrap(), ["PO-200-0", "PO-200-1"], "and no other order");
    let large = send(&bench, "/admin/causes/retry", &group("100")).await;
    assert_eq!((large.status, book.retried.lock().unwrap().len()), (StatusCode::UNPROCESSABLE_ENTITY, 2));
    let said = [&group("100")[..], &[("reason", "shop added")]].concat();
    send(&bench, "/admin/causes/retry", &said).await;
    assert_eq!(book.retried.lock().unwrap().len(), 53);
    let last = bench.acts().pop().unwrap();
    assert_eq!((last.1.as_str(), last.2.as_str()), ("retry", "missing_shop_mapping 100"));
    let words = bench.desk.acts.lock().unwrap().last().unwrap().detail.clone();
    assert_eq!(words, "51 · shop added", "all of them are due now, however long they were to wait");
    let wrong = send(&bench, "/admin/causes/retry", &[("stage", "9"), ("cause", "x")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn without_causes_the_page_says_what_will_be_there() {
    let (bench, _, _) = bench(&[]).await;
    let page = bench.get("/admin/causes").await.body;
    assert!(page.contains("No order is kept from moving") && !page.contains("<table"), "{page}");
}

#[tokio::test]
async fn orders_that_could_not_be_read_are_counted_and_named_with_what_helps() {
    let odd =
        (0..150).map(|n| (format!("<key-{n}>"), Cause::new(Reason::InvalidPayload, "lineItems is missing or empty")));
    let second = ("key-second".to_owned(), Cause::new(Reason::DuplicatePo, "PO-7"));
    let (bench, _, _) = bench_with(&[], odd.chain([second]).collect()).await;
    let page = bench.get("/admin/causes").await.body;
    assert!(!page.contains("No order is kept from moving"), "{page}");
    for part in [
        "151 orders came from the channel",
        ">150<",
        "(lineItems is missing or empty)",
        "&#60;key-0&#62;",
        "The newest 100 of them",
        "&#60;key-99&#62;",
        r#"<a class="button" href="/admin/jobs">Pull again</a>"#,
        r#"<a class="button" href="/admin/orders/r/PO-7">See the first order</a>"#,
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("&#60;key-100&#62;"));
    bench.post("/admin/display", &[("lang", "zh"), ("back", "/admin/causes")]).await;
    let chinese = bench.get("/admin/causes").await.body;
    assert!(chinese.contains("151 张渠道订单无法处理") && chinese.contains("缺少 lineItems 或为空"), "{chinese}");
}
