//! Gateways, limiters, faults and control endpoints over real sockets.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use super::common::{CREATE, DOCUMENTS, LIST, create_body, order, plain, quick};
use crate::{Effect, Fault, SandboxConfig, WorldAction};

#[tokio::test]
async fn dsco_refuses_like_its_gateway() {
    let client = Client::start(quick()).await;
    let base = client.sandbox.dsco_base_url();
    let (status, _) = client.send("GET", &format!("{base}/hello"), &[], "").await.unwrap();
    assert_eq!(status, 401);
    assert_eq!(client.dsco("GET", "/hello", &Value::Null).await, (200, json!({ "hello": "World!" })));
    for (method, path) in [("GET", "/order"), ("GET", "/order/changelog"), ("PUT", "/order/page")] {
        let (status, body) = client.dsco(method, path, &Value::Null).await;
        assert_eq!(status, 403);
        assert!(body["message"].as_str().unwrap().contains("equal-sign"));
    }
    let (status, body) = client.dsco("GET", "/order/?orderKey=poNumber&value=NO", &Value::Null).await;
    assert_eq!((status, &body["messages"][0]["code"]), (404, &json!("notFound")));
    assert_eq!(client.sandbox.ledger().unknown_paths.len(), 3);
}

#[tokio::test]
async fn oauth_tokens_live_as_long_as_they_say() {
    let client = Client::start(SandboxConfig { oauth_expires_in: 60, ..quick() }).await;
    let base = client.sandbox.dsco_base_url();
    let url = format!("{base}/oauth2/token");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let ask = "grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-client-secret";
    let (status, body) = client.send("POST", &url, &form, ask).await.unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["expires_in"]), (200, &json!(60)));
    let bearer = format!("bearer {}", body["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    let hello = format!("{base}/hello");
    assert_eq!(client.send("GET", &hello, &headers, "").await.unwrap().0, 200);
    client.clock.advance(61);
    assert_eq!(client.send("GET", &hello, &headers, "").await.unwrap().0, 401);
    let wrong = ask.replace("sandbox-client-secret", "x");
    assert_eq!(client.send("POST", &url, &form, &wrong).await.unwrap().0, 401);
    assert_eq!(client.send("POST", &url, &form, "a=b").await.unwrap().0, 400);
}

#[tokio::test]
async fn pages_are_bounded_by_dates_and_visibility() {
    let client = Client::start(quick()).await;
    let now = client.clock.get();
    let at = |seconds: i64| now + chrono::Duration::seconds(seconds);
    let show = |seconds: i64| at(seconds).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    client.sandbox.add_order(plain("A").created_at(at(-100)));
    client.sandbox.add_order(plain("B").created_at(at(-90)).visible_at(at(60)));
    client.sandbox.add_order(plain("T").created_at(at(-80)).test_order());
    client.sandbox.add_order(plain("C").created_at(at(-50)));
    let page = async |query: String| {
        let (status, body) = client.dsco("GET", &format!("/order/page?{query}"), &Value::Null).await;
        let orders = body["orders"].as_array().cloned().unwrap_or_default();
        let pos: Vec<String> = orders.iter().map(|order| order["poNumber"].as_str().unwrap().to_owned()).collect();
        (status, pos.join(","))
    };
    let window = |name: &str, since: i64, until: i64| format!("{name}={}&until={}", show(since), show(until));
    let created = "ordersCreatedSince";
    assert_eq!(page(window(created, -100, -50)).await, (200, "A".into()), "inclusive, exclusive");
    assert_eq!(page(window(created, -99, -6)).await, (200, "C".into()));
    assert_eq!(page(window(created, -100, -4)).await.0, 400, "until is too young");
    assert_eq!(page(format!("{created}={}", show(-100))).await.0, 400);
    assert_eq!(page(format!("{}&ordersPerPage=5", window(created, -100, -6))).await.0, 400);
    let updated = "ordersUpdatedSince";
    assert_eq!(page(window(updated, -56, -5)).await, (200, "A".into()));
    assert_eq!(page(window(updated, -55, -5)).await, (200, String::new()), "exclusive");
    assert_eq!(page(format!("{}&status=shipped", window(created, -100, -6))).await, (200, String::new()));
    client.clock.advance(60);
    assert_eq!(page(window(created, -100, -6)).await, (200, "A,B,C".into()));
    client.sandbox.advance_erp(WorldAction::CancelAtChannel { po: "A".into() }).unwrap();
    client.clock.advance(20);
    assert_eq!(page(window(updated, 0, 70)).await, (200, "A".into()));
    assert_eq!(order(&client, "A").await["dscoStatus"], "cancelled");
}

#[tokio::test]
async fn published_rates_are_enforced_and_counted() {
    let client = Client::start(quick()).await;
    let mut refused = 0;
    for _ in 0..12 {
        let (status, _) = client.dsco("GET", "/order/?orderKey=poNumber&value=A", &Value::Null).await;
        refused += u64::from(status == 429);
    }
    assert_eq!(refused, 2);
    assert_eq!(client.sandbox.ledger().throttled["GET /order/"], 2);
    let free = Client::start(SandboxConfig { limits: false, ..quick() }).await;
    for _ in 0..12 {
        assert_ne!(free.dsco("GET", "/order/?orderKey=poNumber&value=A", &Value::Null).await.0, 429);
    }
    assert_eq!(free.sandbox.ledger().over_limit["GET /order/"], 2);
}

#[tokio::test]
async fn lingxing_checks_clock_token_and_signature() {
    let mut client = Client::start(quick()).await;
    let list = json!({ "offset": 0, "length": 20, "platform_order_nos": ["A"] });
    assert_eq!(client.erp(LIST, &list).await["code"], 0);
    // Signed for one body, sent with another.
    let url = client.erp_url(LIST, &list.to_string());
    let other = list.to_string().replace('A', "B");
    let (status, body) = client.send("POST", &url, &[], &other).await.unwrap();
    assert!(status == 200 && body.contains("2001006"), "{body}");
    client.clock.advance(121);
    assert!(client.send("POST", &url, &[], &list.to_string()).await.unwrap().1.contains("2001007"));
    let bare = format!("{}{LIST}", client.sandbox.lingxing_base_url());
    assert!(client.send("POST", &bare, &[], "{}").await.unwrap().1.contains("3001001"));
    client.sandbox.fault(Fault::next("POST /pb/mp/order/v2/list", Effect::TokenReplaced));
    assert_eq!(client.erp(LIST, &list).await["code"], "2001005");
    assert_eq!(client.erp(LIST, &list).await["code"], "2001005", "the old token stays dead");
    client.renew().await;
    assert_eq!(client.erp(LIST, &list).await["code"], 0);
    client.clock.advance(7200);
    assert_eq!(client.erp(LIST, &list).await["code"], "2001003");
    let short = json!({ "offset": 0, "length": 10, "platform_order_nos": ["A"] });
    client.renew().await;
    assert_eq!(client.erp(LIST, &short).await["code"], 102);
    let nowhere = client.erp_raw("/pb/mp/none", &json!({})).await.unwrap();
    assert!(nowhere.1.contains("服务不存在"));
}

#[tokio::test]
async fn capacity_counts_requests_in_flight_and_abandoned_ones() {
    let config = SandboxConfig { latency: Duration::from_millis(150), ..quick() };
    let client = Client::start(config).await;
    let body = json!({ "page": 1 });
    let (one, two) = tokio::join!(client.erp(DOCUMENTS, &body), client.erp(DOCUMENTS, &body));
    let codes = [one["code"].to_string(), two["code"].to_string()];
    assert!(codes.contains(&"0".to_owned()) && codes.contains(&"\"3001008\"".to_owned()), "{codes:?}");
    let abandoned = client.erp_raw(DOCUMENTS, &body);
    assert!(tokio::time::timeout(Duration::from_millis(50), abandoned).await.is_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.clock.advance(60);
    assert_eq!(client.erp(DOCUMENTS, &body).await["code"], "3001008");
    client.clock.advance(61);
    assert_eq!(client.erp(DOCUMENTS, &body).await["code"], 0);
    assert_eq!(client.sandbox.ledger().throttled_total(), 2);
}

#[tokio::test]
async fn broken_answers_break_for_real() {
    let client = Client::start(quick()).await;
    let kind = "POST /pb/mp/order/v2/create";
    client.sandbox.fault(Fault::next(kind, Effect::ResetBeforeCommit));
    assert!(client.erp_raw(CREATE, &create_body("A")).await.is_err());
    assert_eq!(client.sandbox.ledger().creates.len(), 0);
    client.sandbox.fault(Fault::next(kind, Effect::ResetAfterCommit));
    assert!(client.erp_raw(CREATE, &create_body("A")).await.is_err());
    assert_eq!(client.sandbox.ledger().creates["A"].applied, 1);
    client.sandbox.fault(Fault::next(kind, Effect::BrokenBody));
    assert!(client.erp_raw(CREATE, &create_body("B")).await.is_err());
    client.sandbox.fault(Fault::next(kind, Effect::Truncated));
    let (status, body) = client.erp_raw(CREATE, &create_body("C")).await.unwrap();
    assert!(status == 200 && serde_json::from_str::<Value>(&body).is_err());
    client.sandbox.fault(Fault::next(kind, Effect::StatusAfterCommit(502, String::new())));
    assert_eq!(client.erp_raw(CREATE, &create_body("D")).await.unwrap().0, 502);
    client.sandbox.fault(Fault::next(kind, Effect::Html));
    assert!(client.erp_raw(CREATE, &create_body("E")).await.unwrap().1.starts_with("<html>"));
    client.sandbox.fault(Fault::next(kind, Effect::VendorCode("3001008".into())));
    assert_eq!(client.erp(CREATE, &create_body("E")).await["code"], "3001008");
    client.sandbox.fault(Fault::next(kind, Effect::Slow(Duration::from_millis(80))));
    let start = std::time::Instant::now();
    assert_eq!(client.erp(CREATE, &create_body("E")).await["code"], 0);
    assert!(start.elapsed() >= Duration::from_millis(80));
    client.sandbox.fault(Fault::next(kind, Effect::ForgetItem(0)));
    let forgotten = client.erp(CREATE, &create_body("F")).await;
    assert!(forgotten["data"]["success_details"].as_array().unwrap().is_empty());
    let made: u64 = client.sandbox.ledger().creates.values().map(|record| record.applied).sum();
    assert_eq!(made, 6, "A B C D E F");
}

/// The clock of these tests stands in September 2026, whatever the machine's says.
#[tokio::test]
async fn answers_are_dated_by_the_vendors_clock() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let client = Client::start(SandboxConfig::default()).await;
    let url = client.sandbox.dsco_base_url();
    let host = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream.write_all(b"GET /api/v3/hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let dates: Vec<&str> = answer.lines().filter_map(|line| line.strip_prefix("date: ")).collect();
    assert_eq!(dates, [client.clock.get().format("%a, %d %b %Y %H:%M:%S GMT").to_string()]);
}
