//! What the channel may answer.

use chrono::{DateTime, Utc};
use ipass_contract_tests::replay::{fixture, fixture_json};
use ipass_core::order::PoNumber;
use ipass_core::parcel::{Invoice, InvoiceLine, LineRef, Shipment, ShipmentLine};
use ipass_core::ports::{
    InventorySink, InvoiceQuery, ItemName, OrderRef, OrderSource, PendingWrite, Receipt, StockLevel, WarehouseLevel,
    Window, WindowKind, stock_key,
};
use ipass_core::write::{WriteKey, WriteKind};
use ipass_dsco::{DscoOrders, connect};
use serde_json::{Value, json};

use crate::mutate::{answer_like, json_like};
use crate::vendor::Vendor;
use crate::{NOW, assert_asked, http, random, seeds, survives};

fn account(url: &str) -> DscoOrders {
    let section = json!({"base_url": url, "token": "t", "limits": {"enabled": false}});
    connect("test", serde_json::from_value(section).unwrap(), &http()).unwrap()
}

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

fn window() -> Window {
    Window { kind: WindowKind::Created, start: now() - chrono::Duration::days(30), end: now() }
}

/// The orders of all recorded answers.
fn orders() -> Vec<Value> {
    let mut orders: Vec<Value> = fixture_json("dsco/order_page.json")["orders"].as_array().unwrap().clone();
    for file in
        ["order_single", "order_single_created", "order_shipped", "order_partially_shipped", "order_cancel_requested"]
    {
        let one = fixture_json(&format!("dsco/{file}.json"));
        orders.push(one.get("orders").and_then(|list| list.get(0)).cloned().unwrap_or(one));
    }
    orders
}

#[test]
fn an_order_is_read_or_refused_whatever_it_looks_like() {
    let source = account("http://127.0.0.1:1");
    let orders = orders();
    let (mut read, mut refused) = (0, 0);
    for seed in seeds(6_000) {
        let mut random = random(seed);
        let order = &orders[usize::try_from(seed).unwrap() % orders.len()];
        let bytes = answer_like(order, &mut random);
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| source.parse(&bytes))) {
            Ok(Ok(order)) => {
                read += 1;
                assert!(!order.po.as_str().trim().is_empty(), "seed {seed}");
                assert!(order.lines.iter().all(|line| line.cancelled <= line.quantity), "seed {seed}");
            }
            Ok(Err(error)) => {
                refused += 1;
                assert!(!error.message().is_empty(), "seed {seed}");
            }
            Err(panic) => panic!("{panic:?}, seed {seed}: {}", String::from_utf8_lossy(&bytes)),
        }
    }
    assert!(read > 500 && refused > 500, "both happen: {read} read, {refused} refused");
}

#[tokio::test]
async fn one_bad_order_of_a_page_takes_no_neighbour_with_it() {
    let vendor = Vendor::start().await;
    let source = account(&vendor.url());
    let order = |n: usize| {
        json!({
            "dscoOrderId": format!("90000{n}"), "poNumber": format!("PO-{n}"), "dscoCreateDate": NOW,
            "dscoStatus": "created", "lineItems": [{"lineNumber": 1, "sku": "A", "quantity": 1}],
        })
    };
    for seed in seeds(1_500) {
        let mut random = random(seed);
        let bad: Value = serde_json::from_slice(&json_like(&orders()[usize::try_from(seed).unwrap() % 3], &mut random))
            .unwrap_or(Value::Null);
        let mut all: Vec<Value> = (0..4).map(order).collect();
        all.insert(usize::try_from(seed % 5).unwrap(), bad);
        let body = json!({ "orders": all }).to_string().into_bytes();
        vendor.answers("/order/page", 200, body.clone());
        let page = survives("page", seed, &body, source.page(window(), None)).await;
        let page = page.unwrap_or_else(|error| panic!("seed {seed}: {error:?}"));
        let good: Vec<String> =
            page.items.iter().filter_map(|item| Some(source.parse(&item.raw).ok()?.po.to_string())).collect();
        for n in 0..4 {
            assert!(good.contains(&format!("PO-{n}")), "seed {seed}: PO-{n} is missing among {good:?}");
        }
    }
}

fn asked(number: &str) -> OrderRef {
    OrderRef {
        po: PoNumber::new(number).unwrap(),
        channel_order_id: String::new(),
        created_at: now() - chrono::Duration::hours(1),
        shared: false,
    }
}

fn pending(kind: WriteKind, po: &str, part: &str, receipt: Option<&str>) -> PendingWrite {
    let key = WriteKey { kind, po: PoNumber::new(po).unwrap(), part: part.to_owned() };
    let receipt = receipt.map(|text| Receipt(text.to_owned()));
    PendingWrite { key, channel_order_id: String::new(), receipt, sent_at: now() - chrono::Duration::minutes(5) }
}

/// Files of answers to a call, whose wording the mutations start from.
fn answers(files: &[&str]) -> Vec<Value> {
    let read = |file: &&str| serde_json::from_slice(&fixture(&format!("dsco/{file}.json"))).unwrap();
    files.iter().map(read).collect()
}

#[tokio::test]
async fn whatever_the_channel_answers_is_read_or_refused_in_time() {
    let vendor = Vendor::start().await;
    let pages = answers(&["order_page", "order_page_last_empty"]);
    let singles = answers(&["order_single", "order_shipped", "order_multiple", "error_404"]);
    let logs = answers(&["order_log", "order_log_acknowledge", "order_log_cancel", "order_log_processing"]);
    let invoices = answers(&["invoice_get", "invoice_get_empty"]);
    let invoice_logs = answers(&["invoice_log"]);
    let items = answers(&["inventory_get"]);
    let item_logs = answers(&["inventory_log"]);
    let warehouses = answers(&["warehouse_page"]);
    let taken = answers(&["acknowledge_response", "shipment_batch_response", "invoice_batch_response", "error_400"]);
    let (one, two) = (asked("PO-SBX-0001"), asked("100000123"));
    let both = [one.po.clone(), two.po.clone()];
    for seed in seeds(200) {
        let mut random = random(seed);
        let source = account(&vendor.url());
        let inventory = source.inventory();
        let mut put = |path: &str, status: u16, likes: &[Value]| {
            let body = answer_like(&likes[usize::try_from(seed).unwrap() % likes.len()], &mut random);
            vendor.answers(path, status, body.clone());
            body
        };
        let body = put("/order/page", 200, &pages);
        // Whatever it is, it is a page or an error.
        drop(survives("page", seed, &body, source.page(window(), None)).await);

        let body = put("/order/", 200, &singles);
        if let Ok(found) = survives("fetch", seed, &body, source.fetch(&[one.clone(), two.clone()])).await {
            assert_asked("fetch", seed, &both, &found);
        }
        let body = put("/invoice", 200, &invoices);
        let queries = [&one, &two].map(|order| InvoiceQuery { order: order.clone(), thorough: true });
        if let Ok(found) = survives("find_invoices", seed, &body, source.find_invoices(&queries)).await {
            assert_asked("find_invoices", seed, &both, &found);
        }
        for (path, likes, kind, part) in [
            ("/order/log", &logs, WriteKind::Acknowledge, ""),
            ("/order/log", &logs, WriteKind::Ship, "1Z999"),
            ("/invoice/log", &invoice_logs, WriteKind::Invoice, ""),
        ] {
            let body = put(path, 200, likes);
            let writes = [pending(kind, "A", part, Some("r-1")), pending(kind, "B", part, None)];
            let keys = writes.each_ref().map(|write| write.key.clone());
            let found = survives(path, seed, &body, source.settle(kind, &writes)).await;
            assert_asked(path, seed, &keys, &found);
        }
        let body = put("/inventory", 200, &items);
        let names = [ItemName::own("SKU-AAA-01"), ItemName::own("SKU-BBB-02")];
        if let Ok(found) = survives("levels", seed, &body, inventory.levels(&names)).await {
            assert_asked("levels", seed, &names.clone().map(|item| item.name), &found);
        }
        let body = put("/inventory/log", 200, &item_logs);
        let writes = [pending(WriteKind::Stock, "SKU-AAA-01", "", Some("r-1"))];
        let found = survives("stock log", seed, &body, inventory.settle(&writes)).await;
        assert_asked("stock log", seed, &[writes[0].key.clone()], &found);
        let body = put("/warehouse/page", 200, &warehouses);
        drop(survives("warehouses", seed, &body, inventory.warehouse_codes()).await);

        for path in
            ["/order/acknowledge", "/order/shipment/batch/small", "/invoice/batch/small", "/inventory/batch/small"]
        {
            let body = put(path, if seed % 4 == 0 { 200 } else { 202 }, &taken);
            let asked = writes_of(path, seed);
            let sent = survives(path, seed, &body, send(&source, path)).await;
            // Not answered at all is a failure of the whole; what is answered is answered once.
            let keys: Vec<WriteKey> = sent.into_iter().flatten().collect();
            let mut unique = keys.clone();
            unique.dedup();
            assert_eq!(unique.len(), keys.len(), "{path}, seed {seed}: {keys:?}");
            assert!(keys.iter().all(|key| asked.contains(key)), "{path}, seed {seed}: {keys:?}");
        }
    }
}

/// What is sent to a path.
fn writes_of(path: &str, _seed: u64) -> Vec<WriteKey> {
    let key = |kind, part: &str| WriteKey { kind, po: PoNumber::new("PO-SBX-0001").unwrap(), part: part.to_owned() };
    match path {
        "/order/acknowledge" => vec![key(WriteKind::Acknowledge, "")],
        "/order/shipment/batch/small" => vec![key(WriteKind::Ship, "1Z999")],
        "/invoice/batch/small" => vec![key(WriteKind::Invoice, "")],
        _ => vec![stock_key("SKU-AAA-01").unwrap()],
    }
}

/// Sends one write, and answers the keys that are answered.
async fn send(source: &DscoOrders, path: &str) -> Option<Vec<WriteKey>> {
    let po = PoNumber::new("PO-SBX-0001").unwrap();
    let item = LineRef { line_number: Some(1), sku: Some("SKU-AAA-01".to_owned()), ..LineRef::default() };
    let sent = match path {
        "/order/acknowledge" => source.acknowledge(&[asked("PO-SBX-0001")]).await,
        "/order/shipment/batch/small" => {
            let shipment = Shipment {
                po,
                channel_order_id: "9000000001".to_owned(),
                tracking: "1Z999".to_owned(),
                shipped_at: now(),
                carrier: Some("UPS".to_owned()),
                method: Some("Ground".to_owned()),
                service_level: Some("UPGF".to_owned()),
                warehouse_code: Some("WH-CA".to_owned()),
                lines: vec![ShipmentLine { item, quantity: 1, spans_packages: false }],
            };
            source.ship(&[shipment]).await
        }
        "/invoice/batch/small" => {
            let invoice = Invoice {
                po,
                channel_order_id: "9000000001".to_owned(),
                invoice_id: "PO-SBX-0001".to_owned(),
                invoiced_at: now(),
                currency: Some("USD".to_owned()),
                total: 10.into(),
                lines: vec![InvoiceLine { item, quantity: 1, unit_price: 10.into() }],
            };
            source.invoice(&[invoice]).await
        }
        _ => {
            let warehouses = vec![WarehouseLevel { warehouse_code: "WH-CA".to_owned(), quantity: 5 }];
            source.inventory().write(&[StockLevel { sku: "SKU-AAA-01".to_owned(), warehouses }]).await
        }
    };
    Some(sent.ok()?.into_iter().map(|outcome| outcome.key).collect())
}
