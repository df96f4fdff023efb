//! What the ERP may answer.

use ipass_contract_tests::replay::{fixture, fixture_json};
use ipass_core::erp::{DraftLine, ErpOrder, ErpOrderDraft, ErpStatus, MasterKind};
use ipass_core::order::{Address, PoNumber};
use ipass_core::ports::{DocumentQuery, ErpCancel, ErpSink};
use ipass_lingxing::{LingxingErp, connect};
use serde_json::{Value, json};

use crate::mutate::answer_like;
use crate::vendor::Vendor;
use crate::{NOW, assert_asked, http, random, seeds, survives};

const TOKEN: &str = "/api/auth-server/oauth/access-token";
const STORE: &str = "110999000000010001";

fn erp(url: &str) -> LingxingErp {
    let config = json!({
        "base_url": url, "app_id": "ak_TestAppId0001", "app_secret": "PRIVATE", "platform_code": 10009,
        "pace": {"gap_capacity_one": 0, "gap_capacity_ten": 0},
    });
    connect("erp", serde_json::from_value(config).unwrap(), &http()).unwrap()
}

fn answers(files: &[&str]) -> Vec<Value> {
    let read = |file: &&str| {
        let answer = fixture_json(&format!("lingxing/{file}.json"));
        // Some recordings hold the exchange around the answer.
        answer.get("response").cloned().unwrap_or(answer)
    };
    files.iter().map(read).collect()
}

fn po(text: &str) -> PoNumber {
    PoNumber::new(text).unwrap()
}

fn draft(number: &str) -> ErpOrderDraft {
    let some = |text: &str| Some(text.to_owned());
    ErpOrderDraft {
        po: po(number),
        store_id: STORE.to_owned(),
        address: Address {
            name: some("Ann Example"),
            line1: some("100 Example St"),
            city: some("Springfield"),
            country: some("US"),
            ..Address::default()
        },
        note: None,
        routing: None,
        currency: some("USD"),
        purchased_at: NOW.parse().unwrap(),
        lines: vec![DraftLine { msku: "DEMO-MUG".to_owned(), sku: None, quantity: 2, unit_price: 10.into() }],
    }
}

#[tokio::test]
async fn whatever_the_erp_answers_is_read_or_refused_in_time() {
    let vendor = Vendor::start().await;
    let lists = answers(&["order_list_single", "order_list_split_two", "order_list_merged", "order_list_empty_null"]);
    let documents =
        answers(&["wms_shipped", "wms_two_parcels", "wms_bundle", "wms_numeric_logistics_ids", "wms_empty"]);
    let stock = answers(&["inventory_page2", "inventory_page1", "inventory_empty"]);
    let pairs = answers(&["sku_pairs", "sku_pairs_cursor_page2"]);
    let stores = answers(&["store_list"]);
    let warehouses = answers(&["warehouse_list", "warehouse_list_overseas"]);
    let types = answers(&["logistics_types", "logistics_types_api"]);
    let created =
        answers(&["create_orders_ok", "create_orders_partial", "create_orders_duplicate", "rate_limit_gateway"]);
    let cancelled = answers(&["cancel_ok", "cancel_partial", "cancel_failed"]);
    let recalled = answers(&["wms_cancel_accepted", "wms_cancel_failed"]);
    let both = [po("PO-TEST-0001"), po("PO-TEST-0002")];
    for seed in seeds(150) {
        vendor.answers(TOKEN, 200, fixture("lingxing/token_ok.json"));
        let erp = erp(&vendor.url());
        let mut random = random(seed);
        let mut put = |path: &str, likes: &[Value]| {
            let body = answer_like(&likes[usize::try_from(seed).unwrap() % likes.len()], &mut random);
            vendor.answers(path, 200, body.clone());
            body
        };
        let body = put("/pb/mp/order/v2/list", &lists);
        if let Ok(found) = survives("find", seed, &body, erp.find(&both)).await {
            assert_asked("find", seed, &both, &found);
        }
        let body = put("/erp/sc/routing/wms/order/wmsOrderList", &documents);
        let queries = both.clone().map(|po| DocumentQuery {
            po,
            store_id: Some(STORE.to_owned()),
            since: "2026-01-01T00:00:00Z".parse().unwrap(),
        });
        if let Ok(found) = survives("documents", seed, &body, erp.documents(&queries)).await {
            assert_asked("documents", seed, &both, &found);
        }
        let body = put("/erp/sc/routing/data/local_inventory/inventoryDetails", &stock);
        let ids = ["1".to_owned(), "2".to_owned()];
        if let Ok(found) = survives("stock", seed, &body, erp.stock(&ids)).await {
            assert_asked("stock", seed, &ids, &found);
        }
        let body = put("/pb/mp/listing/v2/getPairList", &pairs);
        drop(survives("pairs", seed, &body, erp.sku_pairs(&[STORE.to_owned()])).await);
        for (kind, path, likes) in [
            (MasterKind::Store, "/pb/mp/shop/v2/getSellerList", &stores),
            (MasterKind::Warehouse, "/erp/sc/data/local_inventory/warehouse", &warehouses),
            (MasterKind::LogisticsType, "/erp/sc/routing/wms/WmsLogistics/listUsedLogisticsType", &types),
        ] {
            let body = put(path, likes);
            drop(survives(path, seed, &body, erp.master_data(kind)).await);
        }
        let body = put("/pb/mp/order/v2/create", &created);
        let drafts = both.clone().map(|po| draft(po.as_str()));
        if let Ok(outcomes) = survives("create", seed, &body, erp.create(&drafts)).await {
            let keys: Vec<_> = outcomes.iter().map(|outcome| &outcome.key).collect();
            assert!(keys.iter().all(|key| both.contains(key)) && keys.len() <= 2, "seed {seed}: {keys:?}");
        }
        let order = ErpOrder {
            number: "103912345678901441".to_owned(),
            status: ErpStatus::Open,
            deleted: false,
            resent: false,
            store_id: None,
        };
        let cancels = both.clone().map(|po| ErpCancel { po, orders: vec![order.clone()] });
        let body = put("/pb/mp/order/v2/cancelOrder", &cancelled);
        drop(survives("cancel", seed, &body, erp.cancel(&cancels)).await);
        let body = put("/basicOpen/wmsOrder/cancel", &recalled);
        drop(survives("recall", seed, &body, erp.recall(&cancels)).await);
    }
}

#[tokio::test]
async fn whatever_a_token_looks_like_it_is_taken_or_refused() {
    let vendor = Vendor::start().await;
    let tokens = answers(&["token_ok", "token_ok_expires_string", "token_error_secret", "token_error_rsa"]);
    vendor.answers("/pb/mp/order/v2/list", 200, fixture("lingxing/order_list_empty.json"));
    for seed in seeds(400) {
        let mut random = random(seed);
        let body = answer_like(&tokens[usize::try_from(seed).unwrap() % tokens.len()], &mut random);
        vendor.answers(TOKEN, 200, body.clone());
        let erp = erp(&vendor.url());
        drop(survives("token", seed, &body, erp.find(&[po("PO-TEST-0001")])).await);
    }
}
