//! The figures of many SKUs, read from a stream.

use std::sync::Arc;

use ipass_contract_tests::replay::{ManualClock, fixture, fixture_json};
use ipass_core::ports::{Clock, InventorySink, ItemName};
use serde_json::{Value, json};

use super::script::{Line, Script, ok, reply};
use super::stock::in_figures;
use super::{NOW, account, at, kind};

/// As in the fixture of a stream that was made.
const ID: &str = "00000000-0000-4000-8000-0000000000aa";
const BEGINNING: &str = "1970-01-01T00%3A00%3A00Z";
const OURS: &str = "ipass test: stock read, deleted after use";

fn list(streams: &Value) -> Line {
    ok("GET /stream", streams)
}

fn made() -> Line {
    reply("POST /stream", 201, fixture("dsco/stream_create_response.json"))
}

fn filled() -> Line {
    reply(format!("POST /stream/{ID}"), 202, fixture("dsco/stream_sync_response.json"))
}

/// The events behind a position as it stands on the wire.
fn events(position: &str, body: &Value) -> Line {
    ok(format!("GET /stream/{ID}/0/{position}"), body)
}

fn nothing(position: &str) -> Line {
    events(position, &fixture_json("dsco/stream_events_empty.json"))
}

fn standing(position: &str, max_position: &str) -> Line {
    let partitions = json!([{"partitionId": 0, "position": position, "maxPosition": max_position}]);
    ok(format!("GET /stream?id={ID}"), &json!([{"id": ID, "partitions": partitions}]))
}

fn dropped() -> Line {
    ok(format!("DELETE /stream/{ID}"), &fixture_json("dsco/stream_create_response.json"))
}

fn single(sku: &str, status: u16, body: impl Into<Vec<u8>>) -> Line {
    reply(format!("GET /inventory?itemKey=sku&value={sku}"), status, body)
}

fn unknown(sku: &str) -> Line {
    single(sku, 404, fixture("dsco/error_404.json"))
}

/// Everything up to the first look at the events.
fn opening() -> Vec<Line> {
    vec![list(&json!([])), made(), filled()]
}

fn item(sku: &str, quantity: u32) -> Value {
    json!({"sku": sku, "warehouses": [{"code": "W", "quantity": quantity}]})
}

fn page(events: &[(&str, Value)]) -> Value {
    let event = |(id, payload): &(&str, Value)| json!({"id": id, "payload": payload, "source": "sync"});
    json!({"partitionId": 0, "events": events.iter().map(event).collect::<Vec<_>>()})
}

/// Items `S-0001` and on, in events of one page that ends at `last`.
fn page_of(last: &str, numbers: std::ops::RangeInclusive<u32>) -> Value {
    let items: Vec<(&str, Value)> = numbers.map(|n| (last, item(&sku(n), n))).collect();
    page(&items)
}

fn sku(number: u32) -> String {
    format!("S-{number:04}")
}

fn asked(numbers: std::ops::RangeInclusive<u32>) -> Vec<String> {
    numbers.map(sku).collect()
}

fn named(skus: &[String]) -> Vec<ItemName> {
    skus.iter().map(ItemName::own).collect()
}

/// What came of the question, and how many seconds it took.
async fn read(script: &Script, skus: &[String]) -> (std::collections::BTreeMap<String, String>, i64) {
    let (dsco, clock) = account(&script.url());
    let answers = dsco.inventory().levels(&named(skus)).await.unwrap();
    (in_figures(answers), passed(&clock))
}

fn passed(clock: &Arc<ManualClock>) -> i64 {
    (clock.now() - at(NOW)).num_seconds()
}

#[tokio::test]
async fn a_stream_is_read_until_every_sku_was_seen_and_no_longer() {
    let mut first = fixture_json("dsco/stream_events_inventory.json");
    // An older state of the same item comes before it; an item that nobody asked for is passed over.
    let more = page(&[("z/0", item("SKU-AAA-01", 1)), ("z/1", item("FOREIGN", 1))]);
    for event in more["events"].as_array().unwrap() {
        first["events"].as_array_mut().unwrap().insert(0, event.clone());
    }
    let mut lines = opening();
    lines[0] = list(&fixture_json("dsco/stream_list.json"));
    lines.push(events(BEGINNING, &first));
    // The second id came encoded already, the first one did not: both go out encoded once.
    let second = page(&[("z%2F2026%2F01%2F28%2F03%2F01%2F1769569280000-0000001", item("S-0001", 7))]);
    lines.push(events("z%2F2026%2F01%2F28%2F03%2F00%2F1769569220000-0000001", &second));
    lines.push(events("z%2F2026%2F01%2F28%2F03%2F01%2F1769569280000-0000001", &page_of("z/3", 2..=20)));
    lines.push(dropped());
    let script = Script::start(lines).await;
    let mut skus = asked(1..=20);
    skus.extend(["SKU-AAA-01", "RET-0000001"].map(str::to_owned));
    let (figures, seconds) = read(&script, &skus).await;
    assert_eq!((figures.len(), seconds), (22, 0));
    assert_eq!(figures["SKU-AAA-01"], "SKU-AAA-01 WH-A=40 WH-B=5");
    assert_eq!(figures["RET-0000001"], "SKU-AAA-01 WH-A=40 WH-B=5");
    assert_eq!((figures["S-0001"].as_str(), figures["S-0020"].as_str()), ("S-0001 W=7", "S-0020 W=20"));
    script.verify();
    let stream = json!({
        "objectType": "inventory", "description": OURS, "numPartitions": 1, "query": {"queryType": "inventory"},
        "maxEvents": {"objectCount": 10_000, "numBytes": 4_718_592, "durationSec": 22},
    });
    assert_eq!(script.bodies("POST"), [stream, json!({"operationType": "sync"})]);
}

#[tokio::test]
async fn a_stream_that_was_left_over_is_deleted_and_nobody_elses() {
    let streams = json!([
        {"id": "left 1", "description": OURS, "objectType": "inventory"},
        {"id": "theirs", "description": "stock", "objectType": "inventory"},
        {"id": "orders", "description": OURS, "objectType": "order"},
        {"id": "left2", "description": OURS, "objectType": "inventory"},
        7,
    ]);
    let lines = vec![
        list(&streams),
        // What cannot be deleted now is deleted another time.
        reply("DELETE /stream/left%201", 500, ""),
        reply("DELETE /stream/left2", 404, ""),
        made(),
        filled(),
        events(BEGINNING, &page_of("z/1", 1..=21)),
        reply(format!("DELETE /stream/{ID}"), 503, ""),
    ];
    let script = Script::start(lines).await;
    let (figures, _) = read(&script, &asked(1..=21)).await;
    assert_eq!(figures["S-0021"], "S-0021 W=21");
    script.verify();
}

#[tokio::test]
async fn a_slow_beginning_is_waited_for_with_growing_pauses() {
    let mut lines = opening();
    lines.extend((0..5).map(|_| nothing(BEGINNING)));
    lines.push(events(BEGINNING, &page_of("z/1", 1..=10)));
    lines.push(nothing("z%2F1"));
    lines.push(events("z%2F1", &page_of("z/2", 11..=21)));
    lines.push(dropped());
    let script = Script::start(lines).await;
    let (figures, seconds) = read(&script, &asked(1..=21)).await;
    assert!(figures.iter().all(|(sku, word)| word.starts_with(sku)), "{figures:?}");
    assert_eq!(seconds, 5 + 10 + 15 + 20 + 20 + 5);
    script.verify();
}

#[tokio::test]
async fn a_few_that_do_not_appear_are_asked_for_singly() {
    let mut lines = opening();
    lines.push(events(BEGINNING, &page_of("z/1", 1..=19)));
    lines.extend((0..2).map(|_| nothing("z%2F1")));
    lines.push(dropped());
    lines.push(single("S-0020", 200, item("S-0020", 5).to_string()));
    lines.push(unknown("S-0021"));
    lines.push(single("S-0022", 404, "<html>"));
    let script = Script::start(lines).await;
    let (figures, seconds) = read(&script, &asked(1..=22)).await;
    assert_eq!(
        ["S-0020", "S-0021", "S-0022"].map(|sku| figures[sku].as_str()),
        ["S-0020 W=5", "none", "error retryable"]
    );
    assert_eq!(seconds, 5);
    script.verify();
}

#[tokio::test]
async fn what_a_stream_read_to_the_vendors_own_end_did_not_show_is_not_there() {
    let mut lines = opening();
    lines.push(events(BEGINNING, &page_of("z/1", 1..=1)));
    lines.extend([nothing("z%2F1"), nothing("z%2F1"), standing("z/0", "z/1")]);
    lines.extend((0..4).map(|_| nothing("z%2F1")));
    lines.extend([standing("z/0", "z/1"), dropped()]);
    let script = Script::start(lines).await;
    let (figures, seconds) = read(&script, &asked(1..=310)).await;
    assert_eq!(figures["S-0001"], "S-0001 W=1");
    assert_eq!(figures.values().filter(|word| *word == "none").count(), 309);
    // The second look at the end comes a minute after the first one.
    assert_eq!(seconds, 5 + 10 + 15 + 20 + 20);
    script.verify();
}

#[tokio::test]
async fn four_quiet_minutes_are_an_end_that_the_vendor_never_shows() {
    let mut lines = opening();
    lines.push(events(BEGINNING, &page_of("z/1", 1..=1)));
    let pauses = [5, 10, 15, 20];
    let mut quiet = 0;
    let mut looked = None;
    for n in 0.. {
        lines.push(nothing("z%2F1"));
        if quiet >= 240 {
            break;
        }
        if n > 0 && looked.is_none_or(|at| quiet - at >= 60) {
            looked = Some(quiet);
            lines.push(standing("z/0", "z/9"));
        }
        quiet += pauses[n.min(3)];
    }
    lines.push(dropped());
    lines.extend((2..=60).map(|n| unknown(&sku(n))));
    let script = Script::start(lines).await;
    let (figures, seconds) = read(&script, &asked(1..=60)).await;
    assert_eq!(figures.values().filter(|word| *word == "none").count(), 59);
    assert_eq!(seconds, 250);
    script.verify();
}

#[tokio::test]
async fn without_a_stream_all_are_asked_for_singly() {
    let singles = || (1..=21).map(|n| single(&sku(n), 200, item(&sku(n), n).to_string()));
    let forbidden = r#"{"message":"Forbidden"}"#;
    let path = format!("GET /stream/{ID}/0/{BEGINNING}");
    let failing = |n: usize| (0..n).map(|_| reply(path.clone(), 500, "")).collect::<Vec<_>>();
    let no_id = json!({"events": [{"payload": item("S-0001", 1)}]});
    for (name, mut lines) in [
        ("list", vec![reply("GET /stream", 403, forbidden)]),
        ("odd list", vec![list(&json!({}))]),
        ("make", vec![list(&json!([])), reply("POST /stream", 400, fixture("dsco/error_400.json"))]),
        ("made without id", vec![list(&json!([])), ok("POST /stream", &json!({}))]),
        ("fill", vec![list(&json!([])), made(), reply(format!("POST /stream/{ID}"), 404, ""), dropped()]),
        ("events", opening().into_iter().chain(failing(4)).chain([dropped()]).collect()),
        ("no id", opening().into_iter().chain([events(BEGINNING, &no_id), dropped()]).collect()),
        ("no list", opening().into_iter().chain([events(BEGINNING, &json!({})), dropped()]).collect()),
    ] {
        lines.extend(singles());
        let script = Script::start(lines).await;
        let (figures, _) = read(&script, &asked(1..=21)).await;
        assert!(figures.iter().all(|(sku, word)| word.starts_with(sku)), "{name}: {figures:?}");
        script.verify();
    }
    // What had been seen by then is not asked for again.
    let mut lines = opening();
    lines.extend([events(BEGINNING, &page_of("z/1", 1..=5)), reply(format!("GET /stream/{ID}/0/z%2F1"), 404, "")]);
    lines.push(dropped());
    lines.extend((6..=21).map(|n| unknown(&sku(n))));
    let script = Script::start(lines).await;
    let (figures, _) = read(&script, &asked(1..=21)).await;
    assert_eq!((figures["S-0005"].as_str(), figures["S-0006"].as_str()), ("S-0005 W=5", "none"));
    script.verify();
}

#[tokio::test]
async fn a_stream_that_stays_empty_is_given_up_after_five_minutes() {
    let mut lines = opening();
    // At 0, 5, 15, 30, 50 seconds, and every 20 up to 310.
    lines.extend((0..18).map(|_| nothing(BEGINNING)));
    lines.push(dropped());
    // More than the 300 that a read stream leaves to be asked for.
    lines.extend((1..=302).map(|n| unknown(&sku(n))));
    let script = Script::start(lines).await;
    let (figures, seconds) = read(&script, &asked(1..=302)).await;
    assert!(figures.values().all(|word| word == "none"));
    assert_eq!(seconds, 310);
    script.verify();
}

#[tokio::test]
async fn an_event_that_cannot_be_read_puts_its_sku_in_doubt_and_nothing_else() {
    let mut body = page_of("z/1", 3..=21);
    let list = body["events"].as_array_mut().unwrap();
    list.insert(0, json!(7));
    list.insert(0, json!({"id": "z/0", "payload": "x"}));
    list.insert(
        0,
        json!({"id": "z/0", "payload": {"sku": "S-0001", "warehouses": [{"code": "W", "quantity": "many"}]}}),
    );
    list.insert(
        0,
        json!({"id": "z/0", "payload": {"sku": 5, "partnerSkuMap": [{"partnerSku": "S-0002"}], "warehouses": 1}}),
    );
    let mut lines = opening();
    lines.extend([events(BEGINNING, &body), dropped()]);
    let script = Script::start(lines).await;
    let (figures, _) = read(&script, &asked(1..=21)).await;
    assert_eq!(
        ["S-0001", "S-0002", "S-0003"].map(|sku| figures[sku].as_str()),
        ["error invalid", "error invalid", "S-0003 W=3"]
    );
    script.verify();
}

#[tokio::test]
async fn refused_credentials_and_a_request_to_wait_end_the_reading() {
    let script = Script::start(vec![reply("GET /stream", 401, fixture("dsco/error_401.json"))]).await;
    let (dsco, _) = account(&script.url());
    let error = dsco.inventory().levels(&named(&asked(1..=21))).await.unwrap_err();
    assert_eq!(kind(error.kind()), "auth");
    script.verify();

    let mut lines = opening();
    lines.push(events(BEGINNING, &page_of("z/1", 1..=5)));
    lines.extend((0..4).map(|_| reply(format!("GET /stream/{ID}/0/z%2F1"), 429, fixture("dsco/error_429.json"))));
    lines.push(dropped());
    let script = Script::start(lines).await;
    let (figures, _) = read(&script, &asked(1..=21)).await;
    assert_eq!((figures["S-0005"].as_str(), figures["S-0006"].as_str()), ("S-0005 W=5", "error throttled"));
    script.verify();
}
