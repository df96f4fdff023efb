//! Tokens: static, asked for, renewed.

use std::sync::Arc;
use std::time::Duration;

use ipass_contract_tests::replay::{Exchange, ManualClock, Replay, fixture};
use ipass_core::job::Job;
use ipass_core::ports::{Cursor, Effect, OrderSource, Window, WindowKind};
use ipass_dsco::{JOB_ALIASES, connect};
use ipass_http_kit::Http;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{LATEST, NOW, account, account_with, asked, at, kind, order, single};

fn client() -> Value {
    json!({"client_id": "example-client-id", "client_secret": "example-client-secret"})
}

fn token_request() -> Exchange {
    let form = String::from_utf8(fixture("dsco/oauth2_token_request.txt")).unwrap();
    Exchange::post("/oauth2/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body_text(form.trim_end())
}

fn token(text: &str, life: u64) -> Exchange {
    token_request().reply_json(200, &json!({"access_token": text, "token_type": "Bearer", "expires_in": life}))
}

fn hello(token: &str) -> Exchange {
    Exchange::get("/hello").header("authorization", &format!("bearer {token}")).reply_file(200, "dsco/hello.json")
}

fn unauthorized(exchange: Exchange) -> Exchange {
    exchange.reply_file(401, "dsco/error_401.json")
}

#[tokio::test]
async fn credentials_are_checked_with_the_cheapest_call() {
    let replay = Replay::start().await;
    replay.on(hello("static-token")).await;
    let (dsco, _) = account(&replay.url());
    dsco.check_credentials().await.unwrap();
    replay.verify().await;

    let replay = Replay::start().await;
    replay.on(unauthorized(hello("static-token"))).await;
    let (dsco, _) = account(&replay.url());
    let error = dsco.check_credentials().await.unwrap_err();
    assert_eq!(kind(error.kind()), "auth");
    assert!(!format!("{error:?} {dsco:?}").contains("static-token"));
    replay.verify().await;
}

#[tokio::test]
async fn many_callers_at_once_ask_for_one_token() {
    let replay = Replay::start().await;
    replay.on(token_request().reply_file(200, "dsco/oauth2_token.json")).await;
    replay.on(hello("example.access.token").times(8)).await;
    let (dsco, _) = account_with(&replay.url(), client());
    let dsco = Arc::new(dsco);
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        let dsco = Arc::clone(&dsco);
        callers.spawn(async move { dsco.check_credentials().await });
    }
    assert!(callers.join_all().await.iter().all(Result::is_ok));
    replay.verify().await;
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end() {
    for (life, still_good) in [(3600, 3299), (100, 79)] {
        let replay = Replay::start().await;
        replay.on(token("first", life)).await;
        replay.on(hello("first").times(2)).await;
        replay.on(token("second", life)).await;
        replay.on(hello("second")).await;
        let (dsco, clock) = account_with(&replay.url(), client());
        dsco.check_credentials().await.unwrap();
        clock.advance(Duration::from_secs(still_good));
        dsco.check_credentials().await.unwrap();
        clock.advance(Duration::from_secs(1));
        dsco.check_credentials().await.unwrap();
        replay.verify().await;
    }
}

#[tokio::test]
async fn a_token_refused_in_the_middle_of_a_run_is_replaced_once() {
    let replay = Replay::start().await;
    let bearer = |exchange: Exchange, token: &str| exchange.header("authorization", &format!("bearer {token}"));
    replay.on(token("first", 3600)).await;
    replay.on(token("second", 3600)).await;
    // A read, a scroll page and a write: a 401 means that nothing was served.
    let po_1 = || single("PO-1");
    replay.on(unauthorized(bearer(po_1(), "first"))).await;
    replay.on(bearer(po_1(), "second").reply_json(200, &json!([order("1", "2026-01-27T10:00:00Z")]))).await;
    let (dsco, _) = account_with(&replay.url(), client());
    let answers = dsco.fetch(&[asked("1", "2026-01-27T10:00:00Z")]).await.unwrap();
    assert!(matches!(answers[0].result, Ok(Some(_))));

    replay.on(token("third", 3600)).await;
    let scroll = || Exchange::get("/order/page").query("scrollId", "S");
    replay.on(unauthorized(bearer(scroll(), "second"))).await;
    replay.on(bearer(scroll(), "third").reply_json(200, &json!({"orders": []}))).await;
    let window = Window { kind: WindowKind::Created, start: at(LATEST), end: at(LATEST) };
    assert!(dsco.page(window, Some(Cursor("1.x.S".to_owned()))).await.is_ok());

    replay.on(token("fourth", 3600)).await;
    let write = || Exchange::post("/order/acknowledge");
    replay.on(unauthorized(bearer(write(), "third"))).await;
    replay.on(bearer(write(), "fourth").reply_file(202, "dsco/acknowledge_response.json")).await;
    let outcomes = dsco.acknowledge(&[asked("1", NOW)]).await.unwrap();
    assert!(matches!(outcomes[0].effect, Effect::Accepted(_)));
    replay.verify().await;
}

#[tokio::test]
async fn a_second_refusal_needs_a_person() {
    let replay = Replay::start().await;
    replay.on(token("first", 3600)).await;
    replay.on(token("second", 3600)).await;
    replay.on(unauthorized(hello("first"))).await;
    replay.on(unauthorized(hello("second"))).await;
    let (dsco, _) = account_with(&replay.url(), client());
    assert_eq!(kind(dsco.check_credentials().await.unwrap_err().kind()), "auth");
    replay.verify().await;
}

#[tokio::test]
async fn a_token_that_is_not_given_has_its_reason() {
    for (status, file, times, expected) in [
        (400, "dsco/oauth2_error_400.json", 1, "auth"),
        (401, "dsco/oauth2_error_401.json", 1, "auth"),
        (500, "dsco/error_500.json", 4, "retryable"),
        (429, "dsco/error_429.json", 4, "throttled"),
    ] {
        let replay = Replay::start().await;
        replay.on(token_request().times(times).reply_file(status, file)).await;
        let (dsco, _) = account_with(&replay.url(), client());
        let error = dsco.check_credentials().await.unwrap_err();
        assert_eq!(kind(error.kind()), expected, "{error}");
        assert!(!error.message().contains("example-client"), "{error}");
        replay.verify().await;
    }
    let replay = Replay::start().await;
    replay.on(token_request().reply_file(401, "dsco/oauth2_error_401.json")).await;
    let (dsco, _) = account_with(&replay.url(), client());
    // A write without a token was not sent.
    assert_eq!(kind(dsco.acknowledge(&[asked("1", NOW)]).await.unwrap_err().kind()), "auth");
    replay.verify().await;
}

#[test]
fn a_section_that_will_not_do_names_its_key() {
    let clock = Arc::new(ManualClock::at(NOW));
    let http = Http::new(clock).unwrap();
    for (section, named) in [
        (json!({}), "`token`"),
        (json!({"token": "t", "client_id": "c"}), "`client_id`"),
        (json!({"token": "t", "base_url": "api.dsco.io"}), "base URL"),
        (json!({"token": "t", "limits": {"factor": 0.0}}), "`factor`"),
    ] {
        let error = connect("main", serde_json::from_value(section).unwrap(), &http).unwrap_err();
        assert_eq!(kind(error.kind()), "invalid");
        assert!(error.message().contains(named) && error.message().contains("main"), "{error}");
    }
}

#[test]
fn capabilities_and_aliases_are_data() {
    let (dsco, _) = account_with("http://127.0.0.1:9", json!({"token": "t", "consistency": 30}));
    let capabilities = dsco.capabilities();
    assert!(capabilities.acknowledges && capabilities.invoices && capabilities.lists_updates);
    assert_eq!((capabilities.max_batch, capabilities.window_end_lag), (250, Duration::from_secs(10)));
    assert_eq!(capabilities.settles_within, Duration::from_secs(30));
    assert_eq!(Job::parse("ship_to_dsco", JOB_ALIASES), Some(Job::ShipOrders));
    assert_eq!(JOB_ALIASES.len(), 4);
}
