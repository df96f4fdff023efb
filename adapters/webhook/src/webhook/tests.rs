use std::error::Error as _;
use std::sync::Arc;

use chrono::DateTime;
use ipass_core::ports::{ErrorKind, RouteName};
use ipass_core::testing::ManualClock;
use serde_json::{Value, from_value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const KINDS: [&str; 5] = ["generic", "wecom", "dingtalk", "feishu", "slack"];

fn notice() -> Notice {
    Notice {
        route: RouteName("dsco_lingxing".to_owned()),
        key: "stock_guard".to_owned(),
        detail: "<b> 40 of 100".to_owned(),
        since: DateTime::from_timestamp(1_764_633_000, 0).unwrap(),
        recovered: false,
    }
}

fn open(config: Value) -> Result<Webhook, PortError> {
    let clock = ManualClock::at(DateTime::from_timestamp(1_764_633_600, 0).unwrap());
    let config: Config = from_value(config).unwrap();
    connect("ops", &config, &Http::new(Arc::new(clock)).unwrap())
}

async fn server(reply: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(reply).mount(&server).await;
    server
}

fn ok(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string(body)
}

/// What one message of this configuration sends: the URL behind the host, and the body.
async fn sent(config: Value, answer: &str) -> (String, Value) {
    let server = server(ok(answer)).await;
    let mut config = config;
    config["url"] = format!("{}{}", server.uri(), config["url"].as_str().unwrap()).into();
    open(config).unwrap().notify(&notice()).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    let url = &requests[0].url;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    (format!("{}{query}", url.path()), requests[0].body_json().unwrap())
}

#[tokio::test]
async fn a_generic_receiver_gets_the_notice_and_its_text() {
    let config = json!({ "kind": "generic", "url": "/a%2Fb/%E9%92%A5?key=x%2By%20%26&n=1", "language": "en" });
    let (url, body) = sent(config, "").await;
    assert_eq!(url, "/a%2Fb/%E9%92%A5?key=x%2By%20%26&n=1");
    let text = "[ipass] dsco_lingxing: the stock guard has stopped a synchronisation (<b> 40 of 100), since \
                2025-12-01T23:50:00Z. Check the stock in the ERP and the warehouse mapping, then run sync_stock again.";
    let expected = json!({
        "route": "dsco_lingxing", "key": "stock_guard", "detail": "<b> 40 of 100",
        "since": "2025-12-01T23:50:00Z", "recovered": false, "text": text,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn wecom_gets_a_text_that_calls_nobody() {
    let (url, body) =
        sent(json!({ "kind": "wecom", "url": "/cgi-bin/webhook/send?key=k-1" }), r#"{"errcode":0,"errmsg":"ok"}"#)
            .await;
    assert_eq!((url.as_str(), &body["msgtype"]), ("/cgi-bin/webhook/send?key=k-1", &json!("text")));
    let text = body["text"]["content"].as_str().unwrap();
    assert!(text.starts_with("[ipass] dsco_lingxing：库存同步已被保护机制拦下（＜b> 40 of 100）"), "{text}");
}

#[tokio::test]
async fn dingtalk_is_signed_in_the_query_when_there_is_a_secret() {
    let answer = r#"{"errcode":0,"errmsg":"ok"}"#;
    let config = json!({ "kind": "dingtalk", "url": "/robot/send?access_token=t" });
    let (url, body) = sent(config, answer).await;
    assert_eq!((url.as_str(), &body["msgtype"]), ("/robot/send?access_token=t", &json!("text")));
    let config = json!({ "kind": "dingtalk", "url": "/robot/send?access_token=t", "secret": "SEC1" });
    let (url, body) = sent(config, answer).await;
    assert_eq!(
        url,
        "/robot/send?access_token=t&sign=dptubEceSZinph0G2mnrhRJqWS1TU9bweNQ5MVQzaY0%3D&timestamp=1764633600000"
    );
    assert!(body["text"]["content"].is_string());
}

#[tokio::test]
async fn feishu_is_signed_in_the_body_when_there_is_a_secret() {
    let config = json!({ "kind": "feishu", "url": "/open-apis/bot/v2/hook/t" });
    let (_, body) = sent(config, r#"{"StatusCode":0,"StatusMessage":"success"}"#).await;
    assert_eq!((&body["msg_type"], &body["sign"]), (&json!("text"), &Value::Null));
    assert!(body["content"]["text"].is_string());
    let config = json!({ "kind": "feishu", "url": "/open-apis/bot/v2/hook/t", "secret": "SEC1" });
    let (url, body) = sent(config, r#"{"code":0,"msg":"success","data":{}}"#).await;
    assert_eq!(url, "/open-apis/bot/v2/hook/t");
    assert_eq!(
        (&body["timestamp"], &body["sign"]),
        (&json!("1764633600"), &json!("X0dV6B/uK1G1w/m3IoWSasRkUMIoXSVY4O0HPJ21RB4="))
    );
}

#[tokio::test]
async fn slack_gets_an_escaped_text() {
    let (_, body) = sent(json!({ "kind": "slack", "url": "/services/T/B/x", "language": "en" }), "ok").await;
    assert!(body["text"].as_str().unwrap().contains("(&lt;b&gt; 40 of 100)"), "{body}");
}

#[tokio::test]
async fn an_answer_that_is_not_yes_is_a_failure_and_repeats_no_word_of_the_vendor() {
    let throttled = ErrorKind::Throttled { retry_after: None };
    let limited = ErrorKind::Throttled { retry_after: Some(Duration::from_secs(7)) };
    for (kind, reply, expected, message) in [
        ("wecom", ok(r#"{"errcode":93000,"errmsg":"PRIVATE"}"#), ErrorKind::Rejected, "code 93000"),
        ("wecom", ok(r#"{"errcode":45009}"#), throttled, "code 45009"),
        ("dingtalk", ok(r#"{"errcode":310000,"errmsg":"PRIVATE"}"#), ErrorKind::Rejected, "code 310000"),
        ("dingtalk", ok(r#"{"errcode":130101}"#), throttled, "code 130101"),
        ("feishu", ok(r#"{"code":19021,"msg":"PRIVATE"}"#), ErrorKind::Rejected, "code 19021"),
        ("feishu", ok(r#"{"StatusCode":1}"#), ErrorKind::Rejected, "code 1"),
        ("feishu", ok("<html>PRIVATE"), ErrorKind::Invalid, "has no code"),
        ("wecom", ok("{}"), ErrorKind::Invalid, "has no code"),
        ("slack", ok("PRIVATE"), ErrorKind::Rejected, "not \"ok\""),
        ("slack", ResponseTemplate::new(404).set_body_string("no_service"), ErrorKind::Rejected, "status 404"),
        ("generic", ResponseTemplate::new(403), ErrorKind::Auth, "status 403"),
        ("generic", ResponseTemplate::new(429).insert_header("retry-after", "7"), limited, "status 429"),
        ("generic", ResponseTemplate::new(502), ErrorKind::Retryable, "status 502"),
        ("generic", ResponseTemplate::new(307).insert_header("location", "/"), ErrorKind::Rejected, "status 307"),
    ] {
        let server = server(reply).await;
        let webhook = open(json!({ "kind": kind, "url": format!("{}/PRIVATE?key=PRIVATE", server.uri()) })).unwrap();
        let error = webhook.notify(&notice()).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{kind} {message}");
        assert!(error.message().starts_with("ops: ") && error.message().contains(message), "{error}");
        assert!(!format!("{error:?}").contains("PRIVATE"), "{error:?}");
        assert_eq!(server.received_requests().await.unwrap().len(), 1, "one attempt");
    }
}

#[tokio::test]
async fn an_unreachable_receiver_is_named_without_its_url() {
    for kind in KINDS {
        let webhook = open(json!({ "kind": kind, "url": "http://127.0.0.1:1/PRIVATE?key=PRIVATE" })).unwrap();
        let error = webhook.notify(&notice()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Retryable);
        let causes = error.source().map(|cause| format!("{cause:?}")).unwrap_or_default();
        assert!(!format!("{webhook:?} {error:?} {causes}").contains("PRIVATE"));
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused_without_printing_it() {
    for config in [
        json!({ "kind": "slack", "url": "PRIVATE" }),
        json!({ "kind": "slack", "url": "ftp://example.com/PRIVATE" }),
        json!({ "kind": "slack", "url": "data:PRIVATE" }),
        json!({ "kind": "slack", "url": "https://PRIVATE:PRIVATE@example.com/" }),
        json!({ "kind": "wecom", "url": "https://example.com/", "secret": "PRIVATE" }),
    ] {
        let error = open(config).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains("ops") && !format!("{error:?}").contains("PRIVATE"), "{error:?}");
    }
}
