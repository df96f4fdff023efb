//! The open API about stock: the differences of a day, and sending chosen items.

use ipass_sandbox::{SandboxConfig, WorldAction};
use serde_json::{Value, json};

use crate::api::{Api, quiet};
use crate::common::database::Kind;
use crate::common::process::until;
use crate::common::world::{World, quick};

fn world(store: Kind) -> World {
    let world = World::new(SandboxConfig { stock_items: 30, ..quick() }, store);
    quiet(&world);
    world
}

/// The day of a run, as the service writes it.
fn day(run: &Value) -> String {
    run["started_at"].as_str().and_then(|at| at.get(..10)).expect("a time").to_owned()
}

fn keys(records: &Value) -> Vec<(String, String)> {
    let text = |record: &Value, key: &str| record[key].as_str().expect("a text").to_owned();
    let records = records.as_array().expect("records").iter();
    let mut keys: Vec<_> = records.map(|record| (text(record, "warehouse_code"), text(record, "sku"))).collect();
    keys.sort();
    keys
}

fn differences_of_a_day_are_listed_and_sent(store: Kind) {
    let world = world(store);
    let api = Api::start(&world);
    let run = api.run("sync_stock");
    let different = run["report"]["counts"]["different"].as_u64().expect("a count");
    assert!(different > 5 && run["report"]["counts"]["written"] == 0, "{run}");
    let day = day(&run);
    let listed = api.get(&format!("/inventory/differences?date={day}&limit=500"), 200);
    assert_eq!(keys(&listed["records"]).len() as u64, different, "{listed}");
    assert!(listed["records"].as_array().expect("records").iter().all(|record| record["difference"] != 0));
    let all = api.get(&format!("/inventory/differences?date={day}&limit=500&include_equal=true"), 200);
    assert_eq!(all["records"].as_array().map(|all| all.len() as u64), run["report"]["counts"]["compared"].as_u64());
    let east = api.get(&format!("/inventory/differences?date={day}&warehouse_code=WH-NJ"), 200);
    assert!(keys(&east["records"]).iter().all(|(warehouse, _)| warehouse == "WH-NJ"), "{east}");
    let page = api.get(&format!("/inventory/differences?date={day}&limit=2"), 200);
    let cursor = page["next_cursor"].as_str().expect("there are more");
    let next = api.get(&format!("/inventory/differences?date={day}&limit=2&cursor={cursor}"), 200);
    assert!(keys(&next["records"]).iter().all(|key| !keys(&page["records"]).contains(key)), "{next}");
    for query in ["", "?date=yesterday", "?date=2026-01-31&timezone=Moon", "?date=2026-01-31&warehouse=WH-NJ"] {
        api.get(&format!("/inventory/differences{query}"), 422);
    }
    assert_eq!(api.get("/inventory/differences?date=2020-01-01", 200)["records"], json!([]));

    let body = |dry: bool| json!({"route": "dsco_lingxing", "source": {"date": day}, "dry_run": dry});
    let preview = api.post("/inventory/sync", &body(true), 200);
    assert_eq!((&preview["result"], &preview["error"]), (&json!("done"), &Value::Null), "{preview}");
    let sent = keys(&preview["would_send"]);
    assert!(sent.iter().all(|key| keys(&listed["records"]).contains(key)), "{preview}");
    for planted in world.sandbox.stock_differences() {
        assert!(sent.contains(&(planted.warehouse, planted.sku)), "{preview}");
    }
    assert!(world.sandbox.ledger().stock.is_empty(), "a dry run sends nothing");

    let id = api.post("/inventory/sync", &body(false), 202)["run_id"].as_str().expect("an id").to_owned();
    let run = until("it has ended", 30, || {
        let run = api.get(&format!("/runs/{id}"), 200);
        (run["state"] != "running").then_some(run)
    });
    assert_eq!(run["report"]["counts"]["written"].as_u64(), Some(sent.len() as u64), "{run}");
    assert_eq!(world.sandbox.stock_differences(), []);
    let again = api.post("/inventory/sync", &body(true), 200);
    assert_eq!(again["would_send"], json!([]), "what is equal by now is not sent again");
    api.stop();
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.violations(), Vec::<String>::new());
    assert!(ledger.stock.values().all(|item| (item.attempts, item.applied) == (1, 1)), "{:?}", ledger.stock);
}

#[test]
fn differences_of_a_day_are_listed_and_sent_on_sqlite() {
    differences_of_a_day_are_listed_and_sent(Kind::Sqlite);
}

#[test]
fn differences_of_a_day_are_listed_and_sent_on_postgres() {
    differences_of_a_day_are_listed_and_sent(Kind::Postgres);
}

#[test]
fn chosen_items_are_sent_with_figures_that_are_read_anew() {
    let world = world(Kind::Sqlite);
    let api = Api::start(&world);
    api.run("sync_stock");
    let set = |quantity: i64| {
        let act = WorldAction::SetStock { wid: 33328, sku: "STK-00002".to_owned(), quantity };
        world.sandbox.advance_erp(act).expect("the product is there");
    };
    // After the record was made: the record only says which item.
    set(777);
    let item = |sku: &str| {
        let items = json!([{"warehouse_code": "WH-CA", "sku": sku}]);
        json!({"route": "dsco_lingxing", "source": {"items": items}})
    };
    let preview = api.post("/inventory/sync", &item("STK-00002"), 200);
    let records = preview["would_send"].as_array().expect("records");
    let west = records.iter().find(|record| record["warehouse_code"] == "WH-CA").expect("it differs");
    assert_eq!((&west["erp_quantity"], &preview["skus"]), (&json!(777), &json!(1)), "{preview}");
    assert!(records.iter().all(|record| record["sku"] == "STK-00002"), "{preview}");

    let refused = api.post("/inventory/sync", &item("STK-99999"), 422);
    assert!(refused.to_string().contains("STK-99999"), "{refused}");
    for source in [json!({}), json!({"date": "2026-01-31", "items": []}), json!({"items": []}), json!({"date": "x"})] {
        api.post("/inventory/sync", &json!({"route": "dsco_lingxing", "source": source}), 422);
    }
    api.post("/inventory/sync", &json!({"route": "other", "source": {"date": "2026-01-31"}}), 404);
    assert!(world.sandbox.ledger().stock.is_empty());
    let nothing = json!({"route": "dsco_lingxing", "source": {"date": "2020-01-01"}, "dry_run": false});
    assert_eq!(api.post("/inventory/sync", &nothing, 200)["run_id"], Value::Null);
    api.stop();
}
