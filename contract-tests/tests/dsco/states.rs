//! The present state of orders, and what it costs.

use std::collections::HashMap;

use ipass_contract_tests::replay::{Exchange, Replay};
use ipass_core::order::PoNumber;
use ipass_core::ports::{Answer, ErrorKind, OrderRef, OrderSource, PortError, PulledOrder};
use ipass_dsco::DscoOrders;
use serde_json::{Value, json};

use super::{LATEST, account, asked, at, kind, not_found, order, po, single};

const SCROLL: &str = "c2Nyb2xs+/==";

fn search(since: &str, until: &str) -> Exchange {
    Exchange::get("/order/page").query("ordersCreatedSince", since).query("until", until).query("ordersPerPage", "500")
}

fn page_of(orders: &[Value], more: bool) -> Value {
    if more { json!({"scrollId": SCROLL, "orders": orders}) } else { json!({"orders": orders}) }
}

/// Answers by PO number, in a word: the order's id, `none`, or the kind of the error.
async fn states(dsco: &DscoOrders, orders: &[OrderRef]) -> HashMap<String, String> {
    let answers = dsco.fetch(orders).await.unwrap();
    let count = answers.len();
    let word = |result: Result<Option<PulledOrder>, PortError>| match result {
        Ok(Some(order)) => order.key,
        Ok(None) => "none".to_owned(),
        Err(error) => kind(error.kind()).to_owned(),
    };
    let pair = |answer: Answer<PoNumber, _>| (answer.key.to_string(), word(answer.result));
    let words: HashMap<_, _> = answers.into_iter().map(pair).collect();
    assert_eq!(words.len(), count, "one answer per order");
    words
}

fn expect(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(po, word)| ((*po).to_owned(), (*word).to_owned())).collect()
}

const T: &str = "2026-01-27T10:00:00Z";

/// A search around [`T`] alone.
fn around_t() -> Exchange {
    search(T, "2026-01-27T10:00:01Z")
}

#[tokio::test]
async fn a_few_are_asked_for_singly_and_absence_is_the_vendors_word() {
    let replay = Replay::start().await;
    replay.on(single("PO-1").reply_json(200, &json!([order("1", T)]))).await;
    replay.on(not_found(single("PO-2"))).await;
    replay.on(single("PO-3").reply(404, "<html>no such page</html>")).await;
    let (dsco, _) = account(&replay.url());
    let orders = [asked("1", T), asked("2", T), asked("3", T), asked("1", T)];
    let expected = expect(&[("PO-1", "1"), ("PO-2", "none"), ("PO-3", "retryable")]);
    assert_eq!(states(&dsco, &orders).await, expected);
    replay.verify().await;
}

#[tokio::test]
async fn of_several_orders_with_one_po_number_the_id_decides() {
    let replay = Replay::start().await;
    replay.on(single("POTEST0000000000000001").times(3).reply_file(200, "dsco/order_multiple.json")).await;
    let (dsco, _) = account(&replay.url());
    for (id, word) in [("9000000009", "9000000009"), ("9000000001", "9000000001"), ("9000000008", "none")] {
        let order = OrderRef {
            po: po("POTEST0000000000000001"),
            channel_order_id: id.to_owned(),
            created_at: at(T),
            shared: false,
        };
        assert_eq!(states(&dsco, &[order]).await, expect(&[("POTEST0000000000000001", word)]));
    }
    replay.verify().await;
}

#[tokio::test]
async fn an_order_that_cannot_be_read_is_never_absent() {
    let replay = Replay::start().await;
    replay.on(single("PO-1").reply(200, r#"[{"dscoOrderId":"1","poNumber":"PO-1"}]"#)).await;
    replay.on(single("PO-2").reply(200, r#"[{"poNumber":"PO-2"}]"#)).await;
    replay.on(single("PO-3").reply_json(200, &order("3", T))).await;
    let (dsco, _) = account(&replay.url());
    let orders = [asked("1", T), asked("2", T), asked("3", T)];
    // The first one is there, only its content is odd; an object instead of an array is fine.
    assert_eq!(states(&dsco, &orders).await, expect(&[("PO-1", "1"), ("PO-2", "invalid"), ("PO-3", "3")]));
    replay.verify().await;
}

#[tokio::test]
async fn fifty_orders_of_one_afternoon_cost_one_call() {
    let replay = Replay::start().await;
    let ids: Vec<String> = (1..=50).map(|n| n.to_string()).collect();
    let found: Vec<Value> = ids.iter().map(|id| order(id, T)).collect();
    replay.on(around_t().reply_json(200, &page_of(&found, true))).await;
    let (dsco, _) = account(&replay.url());
    let orders: Vec<OrderRef> = ids.iter().map(|id| asked(id, T)).collect();
    let words = states(&dsco, &orders).await;
    assert!(ids.iter().all(|id| words[&format!("PO-{id}")] == *id));
    // All were seen: neither the next page nor the empty last one was fetched.
    assert_eq!(replay.calls("GET", "/order/page").await, 1);
    replay.verify().await;
}

#[tokio::test]
async fn spans_are_split_at_gaps_and_small_ones_are_asked_for_singly() {
    let replay = Replay::start().await;
    let (early, late, alone) = ("2026-01-20T01:00:00Z", "2026-01-20T06:30:00Z", "2026-01-25T00:00:00Z");
    let found = |ids: &[&str], at: &str| ids.iter().map(|id| order(id, at)).collect::<Vec<_>>();
    let first = page_of(&found(&["1", "2", "3"], early), false);
    replay.on(search(early, "2026-01-20T06:30:01Z").reply_json(200, &first)).await;
    replay.on(around_t().reply_json(200, &page_of(&found(&["4", "5", "6"], T), false))).await;
    replay.on(single("PO-7").reply_json(200, &json!([order("7", alone)]))).await;
    let (dsco, _) = account(&replay.url());
    let orders = [
        asked("4", T),
        asked("1", early),
        asked("7", alone),
        asked("5", T),
        asked("2", late),
        asked("6", T),
        asked("3", late),
    ];
    let words = states(&dsco, &orders).await;
    assert!((1..=7).all(|n| words[&format!("PO-{n}")] == n.to_string()));
    replay.verify().await;
}

#[tokio::test]
async fn one_that_does_not_appear_is_asked_for_singly() {
    let replay = Replay::start().await;
    let found: Vec<Value> = ["1", "2", "3"].iter().map(|id| order(id, T)).collect();
    replay.on(around_t().reply_json(200, &page_of(&found, false))).await;
    replay.on(single("PO-4").reply_json(200, &json!([order("4", T)]))).await;
    replay.on(not_found(single("PO-5"))).await;
    let (dsco, _) = account(&replay.url());
    let orders = ["1", "2", "3", "4", "5"].map(|id| asked(id, T));
    let words = states(&dsco, &orders).await;
    assert_eq!((words["PO-4"].as_str(), words["PO-5"].as_str()), ("4", "none"));
    replay.verify().await;
}

#[tokio::test]
async fn an_order_under_another_id_or_number_is_not_the_one() {
    let replay = Replay::start().await;
    let mut found: Vec<Value> = ["1", "2", "3", "4"].iter().map(|id| order(id, T)).collect();
    found[2]["dscoOrderId"] = json!("33");
    found[3]["poNumber"] = json!("PO-44");
    replay.on(around_t().reply_json(200, &page_of(&found, false))).await;
    replay.on(not_found(single("PO-3"))).await;
    replay.on(not_found(single("PO-4"))).await;
    let (dsco, _) = account(&replay.url());
    let words = states(&dsco, &["1", "2", "3", "4"].map(|id| asked(id, T))).await;
    let expected = [("PO-1", "1"), ("PO-2", "2"), ("PO-3", "none"), ("PO-4", "none")];
    assert_eq!(words, expect(&expected));
    replay.verify().await;
}

#[tokio::test]
async fn a_span_that_costs_more_pages_than_it_still_lacks_is_left() {
    let replay = Replay::start().await;
    let noise = |n: usize| (0..3).map(|i| order(&format!("9{n}{i}"), T)).collect::<Vec<_>>();
    let mut first = noise(0);
    first.extend(["1", "2", "3"].iter().map(|id| order(id, T)));
    replay.on(around_t().reply_json(200, &page_of(&first, true))).await;
    let later = || Exchange::get("/order/page").query("scrollId", SCROLL);
    replay.on(later().reply_json(200, &page_of(&noise(1), true))).await;
    replay.on(single("PO-4").reply_json(200, &json!([order("4", T)]))).await;
    let (dsco, _) = account(&replay.url());
    let words = states(&dsco, &["1", "2", "3", "4"].map(|id| asked(id, T))).await;
    assert_eq!(words, expect(&[("PO-1", "1"), ("PO-2", "2"), ("PO-3", "3"), ("PO-4", "4")]));
    replay.verify().await;
}

#[tokio::test]
async fn a_scroll_that_breaks_off_leaves_the_rest_to_single_questions() {
    let replay = Replay::start().await;
    replay.on(around_t().reply_json(200, &page_of(&[order("1", T), order("2", T)], true))).await;
    let later = Exchange::get("/order/page").query("scrollId", SCROLL);
    replay.on(later.reply_file(404, "dsco/error_404_scroll_expired.json")).await;
    replay.on(single("PO-3").reply_json(200, &json!([order("3", T)]))).await;
    replay.on(not_found(single("PO-4"))).await;
    let (dsco, _) = account(&replay.url());
    let words = states(&dsco, &["1", "2", "3", "4"].map(|id| asked(id, T))).await;
    assert_eq!(words, expect(&[("PO-1", "1"), ("PO-2", "2"), ("PO-3", "3"), ("PO-4", "none")]));
    replay.verify().await;
}

#[tokio::test]
async fn a_failed_search_is_an_error_for_its_own_orders_only() {
    let replay = Replay::start().await;
    let early = "2026-01-20T01:00:00Z";
    let failing = search(early, "2026-01-20T01:00:01Z").times(4);
    replay.on(failing.reply_file(500, "dsco/error_500.json")).await;
    let found: Vec<Value> = ["4", "5", "6"].iter().map(|id| order(id, T)).collect();
    replay.on(around_t().reply_json(200, &page_of(&found, false))).await;
    let (dsco, _) = account(&replay.url());
    let mut orders = ["1", "2", "3"].map(|id| asked(id, early)).to_vec();
    orders.extend(["4", "5", "6"].map(|id| asked(id, T)));
    let words = states(&dsco, &orders).await;
    assert!(["PO-1", "PO-2", "PO-3"].iter().all(|po| words[*po] == "retryable"));
    assert!(["4", "5", "6"].iter().all(|id| words[&format!("PO-{id}")] == **id));
    replay.verify().await;
}

#[tokio::test]
async fn orders_too_young_for_a_search_are_asked_for_singly() {
    let replay = Replay::start().await;
    let young = "2026-01-28T02:59:55Z";
    let found: Vec<Value> = ["1", "2", "3"].iter().map(|id| order(id, LATEST)).collect();
    replay.on(search(LATEST, LATEST).reply_json(200, &page_of(&found, false))).await;
    replay.on(single("PO-4").reply_json(200, &json!([order("4", young)]))).await;
    let (dsco, _) = account(&replay.url());
    let mut orders = ["1", "2", "3"].map(|id| asked(id, LATEST)).to_vec();
    orders.push(asked("4", young));
    let words = states(&dsco, &orders).await;
    assert!((1..=4).all(|n| words[&format!("PO-{n}")] == n.to_string()));
    replay.verify().await;
}

#[tokio::test]
async fn refused_credentials_are_not_hammered() {
    let replay = Replay::start().await;
    replay.on(single("PO-1").reply_file(401, "dsco/error_401.json")).await;
    let (dsco, _) = account(&replay.url());
    let answers = dsco.fetch(&["1", "2", "3"].map(|id| asked(id, T))).await.unwrap();
    assert_eq!(answers.len(), 3);
    assert!(answers.iter().all(|answer| answer.result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Auth)));
    replay.verify().await;
}

#[tokio::test]
async fn refused_credentials_stop_searches_and_single_questions() {
    let replay = Replay::start().await;
    let early = "2026-01-20T01:00:00Z";
    let refused = search(early, "2026-01-20T01:00:01Z");
    replay.on(refused.reply_file(401, "dsco/error_401.json")).await;
    let (dsco, _) = account(&replay.url());
    let mut orders = ["1", "2", "3"].map(|id| asked(id, early)).to_vec();
    orders.extend(["4", "5", "6"].map(|id| asked(id, T)));
    orders.push(asked("7", "2026-01-25T00:00:00Z"));
    let words = states(&dsco, &orders).await;
    assert!(words.len() == 7 && words.values().all(|word| word == "auth"));
    replay.verify().await;
}

#[tokio::test]
async fn an_order_asked_for_without_its_id_is_the_only_one_of_its_number() {
    let replay = Replay::start().await;
    replay.on(single("PO-1").reply_json(200, &json!([order("1", T)]))).await;
    replay.on(single("PO-2").reply(200, r#"[{"dscoOrderId":"2","poNumber":"PO-2"}]"#)).await;
    let (dsco, _) = account(&replay.url());
    let without_id = |id: &str| OrderRef { channel_order_id: String::new(), ..asked(id, T) };
    // The second one is there, only it cannot be read.
    let words = states(&dsco, &[without_id("1"), without_id("2")]).await;
    assert_eq!(words, expect(&[("PO-1", "1"), ("PO-2", "2")]));
    replay.verify().await;
}

/// Six orders, a day apart each.
fn scattered() -> Vec<(String, String)> {
    (1..=6).map(|n| (n.to_string(), format!("2026-01-2{n}T10:00:00Z"))).collect()
}

#[tokio::test]
async fn scattered_orders_of_a_small_shop_cost_one_call() {
    let replay = Replay::start().await;
    let found: Vec<Value> = scattered().iter().map(|(id, at)| order(id, at)).collect();
    let wide = search("2026-01-21T10:00:00Z", "2026-01-26T10:00:01Z");
    replay.on(wide.reply_json(200, &page_of(&found, true))).await;
    let (dsco, _) = account(&replay.url());
    let orders: Vec<OrderRef> = scattered().iter().map(|(id, at)| asked(id, at)).collect();
    let words = states(&dsco, &orders).await;
    assert!(scattered().iter().all(|(id, _)| words[&format!("PO-{id}")] == *id));
    replay.verify().await;
}

#[tokio::test]
async fn scattered_orders_of_a_large_shop_and_those_of_a_window_that_is_refused_are_asked_for_singly() {
    let strangers: Vec<Value> = (100..130).map(|n| order(&n.to_string(), T)).collect();
    for (status, body) in [(200, page_of(&strangers, true)), (400, json!({"status": "failure", "messages": []}))] {
        let replay = Replay::start().await;
        let wide = search("2026-01-21T10:00:00Z", "2026-01-26T10:00:01Z");
        replay.on(wide.reply_json(status, &body)).await;
        for (id, at) in scattered() {
            replay.on(single(&format!("PO-{id}")).reply_json(200, &json!([order(&id, &at)]))).await;
        }
        let (dsco, _) = account(&replay.url());
        let orders: Vec<OrderRef> = scattered().iter().map(|(id, at)| asked(id, at)).collect();
        let words = states(&dsco, &orders).await;
        assert!(scattered().iter().all(|(id, _)| words[&format!("PO-{id}")] == *id), "{status}");
        replay.verify().await;
    }
}

#[tokio::test]
async fn an_order_that_is_known_to_share_its_po_number_is_acknowledged_by_its_own_id() {
    let replay = Replay::start().await;
    let body = r#"[{"id":"1","type":"DSCO_ORDER_ID"},{"id":"PO-2","type":"PO_NUMBER"}]"#;
    let sent = Exchange::post("/order/acknowledge").body_text(body);
    replay.on(sent.reply_file(202, "dsco/acknowledge_response.json")).await;
    let (dsco, _) = account(&replay.url());
    let orders = [OrderRef { shared: true, ..asked("1", T) }, asked("2", T)];
    assert!(dsco.acknowledge(&orders).await.is_ok());
    replay.verify().await;
}

#[tokio::test]
async fn an_order_that_shares_its_po_number_is_acknowledged_by_its_own_id() {
    let replay = Replay::start().await;
    let mut stranger = order("77", T);
    stranger["poNumber"] = "PO-1".into();
    let mut found: Vec<Value> = ["1", "2", "3", "4"].iter().map(|id| order(id, T)).collect();
    found.insert(1, stranger);
    replay.on(around_t().reply_json(200, &page_of(&found, false))).await;
    let body = r#"[{"id":"1","type":"DSCO_ORDER_ID"},{"id":"PO-2","type":"PO_NUMBER"}]"#;
    let sent = Exchange::post("/order/acknowledge").body_text(body);
    replay.on(sent.reply_file(202, "dsco/acknowledge_response.json")).await;
    let (dsco, _) = account(&replay.url());
    let orders = ["1", "2", "3", "4"].map(|id| asked(id, T));
    assert_eq!(states(&dsco, &orders).await["PO-1"], "1");
    assert!(dsco.acknowledge(&orders[..2]).await.is_ok());
    replay.verify().await;
}
