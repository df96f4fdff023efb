//! Windows, page by page.

use std::collections::HashSet;
use std::time::Duration;

use ipass_contract_tests::replay::{Exchange, RawReply, RawServer, Replay, fixture};
use ipass_core::ports::{Clock, Cursor, ErrorKind, OrderSource, Page, PageError, Window, WindowKind};
use ipass_dsco::DscoOrders;
use serde_json::{Value, json};

use super::{LATEST, account, at, kind, order};

const SCROLL: &str = "c2Nyb2xsLWV4YW1wbGUtMDAwMQ==";

fn window(kind: WindowKind) -> Window {
    Window { kind, start: at("2026-01-27T00:00:00Z"), end: at(LATEST) }
}

fn first() -> Exchange {
    Exchange::get("/order/page")
        .query("ordersCreatedSince", "2026-01-27T00:00:00Z")
        .query("until", LATEST)
        .query("ordersPerPage", "500")
}

fn later() -> Exchange {
    Exchange::get("/order/page").query("scrollId", SCROLL)
}

fn page_of(ids: &[&str]) -> Value {
    let orders: Vec<Value> = ids.iter().map(|id| order(id, "2026-01-28T01:00:00Z")).collect();
    json!({"scrollId": SCROLL, "orders": orders})
}

async fn created(dsco: &DscoOrders, after: Option<Cursor>) -> Result<Page, PageError> {
    dsco.page(window(WindowKind::Created), after).await
}

fn keys(page: &Page) -> Vec<&str> {
    page.items.iter().map(|item| item.key.as_str()).collect()
}

#[tokio::test]
async fn a_window_is_read_to_its_empty_page_although_the_scroll_id_stays() {
    let replay = Replay::start().await;
    let headers = |exchange: Exchange| {
        exchange
            .header("authorization", "bearer static-token")
            .header("accept", "application/json")
            .header("content-type", "application/json")
    };
    replay.on(headers(first()).reply_file(200, "dsco/order_page.json")).await;
    replay.on(headers(later()).reply_json(200, &page_of(&["4"]))).await;
    replay.on(headers(later()).reply_json(200, &page_of(&["5"]))).await;
    // Its end is believed when it comes twice.
    replay.on(headers(later()).reply_json(200, &page_of(&[])).times(2)).await;
    let (dsco, _) = account(&replay.url());
    let (mut after, mut seen, mut cursors) = (None, Vec::new(), HashSet::new());
    loop {
        let page = created(&dsco, after).await.unwrap();
        seen.extend(keys(&page).into_iter().map(str::to_owned));
        let Some(next) = page.next else { break };
        assert!(cursors.insert(next.clone()), "a cursor came twice");
        after = Some(next);
    }
    assert_eq!(seen, ["9000000001", "9000000002", "9000000003", "4", "5"]);
    replay.verify().await;
}

#[tokio::test]
async fn the_bytes_of_each_order_are_kept() {
    let replay = Replay::start().await;
    let body = fixture("dsco/order_page.json");
    replay.on(first().reply(200, body.clone())).await;
    let (dsco, _) = account(&replay.url());
    let page = created(&dsco, None).await.unwrap();
    for item in &page.items {
        assert!(body.windows(item.raw.len()).any(|window| window == item.raw));
        assert_eq!(dsco.parse(&item.raw).unwrap().channel_order_id, item.key);
    }
    assert_eq!(page.items.len(), 3);
}

#[tokio::test]
async fn the_start_of_a_window_of_changes_is_inside() {
    let replay = Replay::start().await;
    let exchange = Exchange::get("/order/page")
        .query("ordersUpdatedSince", "2026-01-26T23:59:59Z")
        .query("until", LATEST)
        .query("ordersPerPage", "500");
    replay.on(exchange.reply_file(200, "dsco/order_page_last_empty.json")).await;
    let (dsco, _) = account(&replay.url());
    let page = dsco.page(window(WindowKind::Updated), None).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
    replay.verify().await;
}

#[tokio::test]
async fn a_window_of_one_page_ends_without_a_scroll_id() {
    let replay = Replay::start().await;
    replay.on(first().reply_json(200, &json!({"orders": [order("1", "2026-01-28T01:00:00Z")]}))).await;
    let (dsco, _) = account(&replay.url());
    let page = created(&dsco, None).await.unwrap();
    assert_eq!((keys(&page), page.next.is_none()), (vec!["1"], true));
    replay.verify().await;
}

/// The cursor behind a first page, with nothing asked yet for the second one.
async fn behind_first(replay: &Replay, dsco: &DscoOrders) -> Cursor {
    replay.on(first().reply_json(200, &page_of(&["1", "2"]))).await;
    created(dsco, None).await.unwrap().next.unwrap()
}

#[tokio::test]
async fn a_scroll_page_that_may_have_been_served_is_never_asked_for_again() {
    for (status, body) in [
        (404, fixture("dsco/error_404_scroll_expired.json")),
        (404, Vec::new()),
        (408, Vec::new()),
        (500, fixture("dsco/error_500.json")),
        (502, b"<html>bad gateway</html>".to_vec()),
        (503, Vec::new()),
        (200, b"<html>login</html>".to_vec()),
        (200, br#"{"scrollId":"x","orders":[{"dscoOrderId":"#.to_vec()),
        (200, Vec::new()),
    ] {
        let replay = Replay::start().await;
        let (dsco, _) = account(&replay.url());
        let cursor = behind_first(&replay, &dsco).await;
        replay.on(later().reply(status, body)).await;
        let result = created(&dsco, Some(cursor)).await;
        assert!(matches!(result, Err(PageError::CursorExpired)), "{status}: {result:?}");
        replay.verify().await;
    }
}

#[tokio::test]
async fn a_connection_that_breaks_on_a_scroll_page_restarts_the_window() {
    let page = page_of(&["1", "2"]).to_string().into_bytes();
    for broken in [RawReply::Nothing, RawReply::Cut(200, page.clone())] {
        let server = RawServer::start(vec![RawReply::Whole(200, page.clone()), broken]).await;
        let (dsco, _) = account(server.url());
        let cursor = created(&dsco, None).await.unwrap().next.unwrap();
        let result = created(&dsco, Some(cursor)).await;
        assert!(matches!(result, Err(PageError::CursorExpired)), "{result:?}");
        assert_eq!(server.requests().len(), 2);
        assert_eq!(server.requests()[1], "GET /order/page?scrollId=c2Nyb2xsLWV4YW1wbGUtMDAwMQ%3D%3D HTTP/1.1");
    }
}

#[tokio::test]
async fn a_first_page_that_breaks_is_asked_for_again() {
    let page = page_of(&["1"]).to_string().into_bytes();
    let replies = vec![RawReply::Nothing, RawReply::Cut(200, page.clone()), RawReply::Whole(200, page)];
    let server = RawServer::start(replies).await;
    let (dsco, _) = account(server.url());
    assert_eq!(keys(&created(&dsco, None).await.unwrap()), ["1"]);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_scroll_page_that_was_throttled_is_asked_for_again_after_the_wait() {
    let replay = Replay::start().await;
    let (dsco, clock) = account(&replay.url());
    let cursor = behind_first(&replay, &dsco).await;
    replay.on(later().reply_file(429, "dsco/error_429.json").reply_header("retry-after", "7")).await;
    replay.on(later().reply_file(429, "dsco/error_429_envelope.json")).await;
    replay.on(later().reply_json(200, &page_of(&["3"]))).await;
    let before = clock.now();
    let page = created(&dsco, Some(cursor)).await.unwrap();
    assert_eq!(keys(&page), ["3"]);
    assert!(clock.now() - before >= chrono::TimeDelta::seconds(7));
    replay.verify().await;
}

#[tokio::test]
async fn a_scroll_page_that_stays_throttled_is_an_error() {
    let replay = Replay::start().await;
    let (dsco, _) = account(&replay.url());
    let cursor = behind_first(&replay, &dsco).await;
    replay.on(later().reply_file(429, "dsco/error_429.json").times(4)).await;
    let Err(PageError::Port(error)) = created(&dsco, Some(cursor.clone())).await else { panic!("an error") };
    assert_eq!(kind(error.kind()), "throttled");
    replay.on(later().reply(429, "").reply_header("retry-after", "3600")).await;
    let Err(PageError::Port(error)) = created(&dsco, Some(cursor)).await else { panic!("an error") };
    assert_eq!(error.kind(), ErrorKind::Throttled { retry_after: Some(Duration::from_hours(1)) });
    replay.verify().await;
}

#[tokio::test]
async fn a_page_that_is_served_twice_restarts_the_window() {
    let replay = Replay::start().await;
    let (dsco, _) = account(&replay.url());
    let cursor = behind_first(&replay, &dsco).await;
    replay.on(later().reply_json(200, &page_of(&["1", "2"]))).await;
    let result = created(&dsco, Some(cursor)).await;
    assert!(matches!(result, Err(PageError::Repeated)), "{result:?}");
}

#[tokio::test]
async fn a_first_page_is_asked_for_again_while_that_may_help() {
    let replay = Replay::start().await;
    replay.on(first().reply_file(500, "dsco/error_500.json")).await;
    replay.on(first().reply(200, "<html>")).await;
    replay.on(first().reply_file(429, "dsco/error_429.json")).await;
    replay.on(first().reply_json(200, &page_of(&["1"]))).await;
    let (dsco, _) = account(&replay.url());
    assert_eq!(keys(&created(&dsco, None).await.unwrap()), ["1"]);
    replay.verify().await;
}

#[tokio::test]
async fn each_refusal_of_a_first_page_has_its_kind() {
    for (status, body, times, expected) in [
        (400, fixture("dsco/error_400.json"), 1, "rejected"),
        (401, fixture("dsco/error_401.json"), 1, "auth"),
        (403, fixture("dsco/error_403_bad_path.json"), 1, "invalid"),
        (403, br#"{"message":"Forbidden"}"#.to_vec(), 1, "auth"),
        (429, fixture("dsco/error_429.json"), 4, "throttled"),
        (500, fixture("dsco/error_500.json"), 4, "retryable"),
        (200, b"<html>".to_vec(), 4, "retryable"),
        (200, br#"{"message":"hello"}"#.to_vec(), 1, "invalid"),
        (200, br#"{"orders":null}"#.to_vec(), 1, "invalid"),
        (200, fixture("dsco/error_400.json"), 1, "rejected"),
    ] {
        let replay = Replay::start().await;
        replay.on(first().reply(status, body).times(times)).await;
        let (dsco, _) = account(&replay.url());
        let Err(PageError::Port(error)) = created(&dsco, None).await else { panic!("an error for {status}") };
        assert_eq!(kind(error.kind()), expected, "{status}: {error}");
        assert!(!error.message().contains("xxxx"), "{error}");
        replay.verify().await;
    }
}

#[tokio::test]
async fn a_poisoned_order_does_not_stop_its_neighbours() {
    let replay = Replay::start().await;
    let mut body = br#"{"orders":[
        {"poNumber":"P1","dscoOrderId":9000000001,"dscoCreateDate":"2026-01-28T01:00:00Z",
         "lineItems":[{"quantity":"1"}]},
        7, null, [], {},
        {"poNumber":"P2","dscoOrderId":"2","dscoCreateDate":"2026-01-28T01:00:00Z","lineItems":[{"quantity":0}]},
        {"poNumber":"P3","shipping":{"name":"~"}},
        {"poNumber":"P4","dscoOrderId":"4","dscoCreateDate":"2026-01-28T01:00:00Z","lineItems":[{"quantity":1}],
         "shipping":{},"billTo":{},"packages":null,"future":{"member":[1,2]}}]}"#
        .to_vec();
    let odd = body.iter().position(|byte| *byte == b'~').unwrap();
    body[odd] = 0xff;
    replay.on(first().reply(200, body)).await;
    let (dsco, _) = account(&replay.url());
    let page = created(&dsco, None).await.unwrap();
    let good: Vec<bool> = page.items.iter().map(|item| dsco.parse(&item.raw).is_ok()).collect();
    assert_eq!(good, [true, false, false, false, false, false, false, true]);
    assert_eq!((page.items[0].key.as_str(), page.items[5].key.as_str()), ("9000000001", "2"));
    let error = dsco.parse(&page.items[5].raw).unwrap_err();
    assert_eq!((kind(error.kind()), error.message()), ("invalid", "order 2: lineItems[0].quantity is zero"));
    let distinct: HashSet<&str> = keys(&page).into_iter().collect();
    assert_eq!(distinct.len(), page.items.len());
    assert!(page.items[6].raw.contains(&0xff));
}

#[tokio::test]
async fn a_foreign_cursor_is_refused_without_a_call() {
    let replay = Replay::start().await;
    let (dsco, _) = account(&replay.url());
    let result = created(&dsco, Some(Cursor("nonsense".to_owned()))).await;
    assert!(matches!(result, Err(PageError::Port(error)) if error.kind() == ErrorKind::Invalid));
    replay.verify().await;
}
