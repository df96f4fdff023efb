mod described;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{ApiState, api_router};
use crate::double::{TOKEN, service};

/// An answer, read whole.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: Value,
}

impl Answer {
    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Paths of the problems.
    fn places(&self) -> Vec<&str> {
        let detail = self.body["error"]["detail"].as_array().map(Vec::as_slice).unwrap_or_default();
        detail.iter().filter_map(|problem| problem["path"].as_str()).collect()
    }
}

async fn send(state: ApiState, request: Request<Body>) -> Answer {
    let response = api_router(state).oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    let answer = Answer { status: head.status, headers: head.headers, body };
    if !answer.status.is_success() {
        assert_eq!(answer.header("content-type"), "application/json", "{answer:?}");
        let error = answer.body["error"].as_object().unwrap();
        assert_eq!(error.keys().collect::<Vec<_>>(), ["code", "detail", "message"], "{answer:?}");
    }
    assert_eq!((answer.header("cache-control"), answer.header("x-content-type-options")), ("no-store", "nosniff"));
    answer
}

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(format!("/api/v1{path}")).header("authorization", format!("Bearer {TOKEN}"))
}

async fn get(path: &str) -> Answer {
    send(service(Some(TOKEN)), request("GET", path).body(Body::empty()).unwrap()).await
}

async fn post(path: &str, body: impl Into<Body>) -> Answer {
    let request = request("POST", path).header("content-type", "application/json").body(body.into()).unwrap();
    send(service(Some(TOKEN)), request).await
}

#[tokio::test]
async fn without_the_token_nobody_learns_anything() {
    for header in [None, Some("Bearer wrong"), Some("Basic 0123456789abcdef"), Some("Bearer "), Some("")] {
        for path in ["/routes", "/nothing", "/orders/r/openapi.json", "/openapi.json/", "/orders/r/PO1/why"] {
            let mut request = Request::builder().uri(format!("/api/v1{path}"));
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            let answer = send(service(Some(TOKEN)), request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, 401, "{header:?} {path}");
            assert_eq!((answer.code(), answer.header("www-authenticate")), ("unauthorized", "Bearer"));
        }
    }
}

#[tokio::test]
async fn without_a_token_in_the_configuration_nothing_is_there() {
    for token in [None, Some(""), Some("  ")] {
        for path in ["/routes", "/nothing", "/openapi.json", "", "/"] {
            let request = Request::builder().uri(format!("/api/v1{path}")).header("authorization", "Bearer ");
            let answer = send(service(token), request.body(Body::empty()).unwrap()).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (404, "api_off"), "{token:?} {path}");
        }
    }
}

#[tokio::test]
async fn the_token_opens_the_door() {
    let answer = get("/routes").await;
    assert_eq!(answer.status, 200);
    let expected = json!({
        "name": "r", "takes_stock": true, "acknowledges": true, "invoices": false,
        "aliases": [{"alias": "pull_everything", "job": "pull_orders"}],
    });
    assert_eq!(answer.body["routes"][0], expected);
    assert_eq!(answer.body["routes"][1]["takes_stock"], false);
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    for path in ["/routes", "/openapi.json"] {
        let request = request("GET", path).header("sec-fetch-site", "cross-site").body(Body::empty()).unwrap();
        let answer = send(service(Some(TOKEN)), request).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (403, "cross_site"), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    for (path, code) in [
        ("", "unknown_path"),
        ("/", "unknown_path"),
        ("/nothing/at/all", "unknown_path"),
        ("/orders/r", "unknown_path"),
        ("/orders/%ff/PO1", "unknown_path"),
        ("/orders/other/PO1", "unknown_route"),
        ("/orders/r/%20", "unknown_order"),
        ("/orders/r/%00/why", "unknown_order"),
        ("/orders?route=other", "unknown_route"),
        ("/runs?route=other", "unknown_route"),
        ("/causes?route=other", "unknown_route"),
        ("/stages?route=other", "unknown_route"),
        ("/inventory/differences?date=2026-01-31&route=other", "unknown_route"),
        ("/runs/%ff", "unknown_run"),
        ("/runs/%00", "unknown_run"),
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (404, code), "{path}");
    }
    let answer = get(&format!("/orders/r/{}", "1".repeat(201))).await;
    assert_eq!(answer.code(), "unknown_order");
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    for (method, path, allowed) in [
        ("DELETE", "/orders", "GET,HEAD"),
        ("PUT", "/runs", "GET,HEAD,POST"),
        ("GET", "/orders/r/PO1/hold", "POST"),
        ("POST", "/openapi.json", "GET,HEAD"),
        ("TRACE", "/routes", "GET,HEAD"),
    ] {
        let answer = send(service(Some(TOKEN)), request(method, path).body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (405, "method_not_allowed"), "{method} {path}");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn bodies_are_json_of_a_modest_size() {
    let plain = request("POST", "/runs").header("content-type", "text/plain").body(Body::from("{}")).unwrap();
    assert_eq!(send(service(Some(TOKEN)), plain).await.status, 415);
    let none = request("POST", "/runs").body(Body::from("{}")).unwrap();
    assert_eq!(send(service(Some(TOKEN)), none).await.status, 415);
    let large = format!(r#"{{"reason":"{}"}}"#, "x".repeat(super::BODY_LIMIT));
    assert_eq!(post("/orders/r/PO1/hold", large).await.status, 413);
    assert_eq!(post("/orders/r/PO1/hold", "{").await.status, 400);
    assert_eq!(post("/orders/r/PO1/hold", r#"{"reason":"\ud800"}"#).await.status, 400);
    for reason in ["\0", "", "  ", &"x".repeat(501)] {
        let answer = post("/orders/r/PO1/hold", json!({"reason": reason}).to_string()).await;
        assert_eq!((answer.status.as_u16(), answer.places()), (422, vec!["reason"]), "{reason:?}");
    }
}

#[tokio::test]
async fn problems_are_listed_with_their_places() {
    let answer = get("/orders?limit=0&status=9&colour=red").await;
    assert_eq!((answer.status.as_u16(), answer.code()), (422, "invalid_request"));
    assert_eq!(answer.places(), ["status", "limit", "colour"]);
    let answer = post("/runs", r#"{"route":"r","job":"dance","size":0}"#).await;
    assert_eq!((answer.status.as_u16(), answer.places()), (422, vec!["job", "size"]));
    let answer = post("/inventory/sync", r#"{"route":"r","source":{"items":[{"warehouse_code":"W","sku":7}]}}"#).await;
    assert_eq!((answer.status.as_u16(), answer.places()), (422, vec!["source.items[0].sku"]));
    let answer = post("/inventory/sync", r#"{"route":"plain","source":{"date":"2026-01-31"}}"#).await;
    assert_eq!((answer.status.as_u16(), answer.places()), (422, vec!["route"]));
}

#[tokio::test]
async fn a_run_that_is_under_way_is_not_started_twice() {
    for job in ["pull_orders", "pull_everything"] {
        let answer = post("/runs", json!({"route": "r", "job": job}).to_string()).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (409, "already_running"), "{job}");
    }
}

#[tokio::test]
async fn a_store_that_is_down_is_said_without_its_address() {
    for path in [
        "/orders",
        "/orders/r/PO1",
        "/orders/r/PO1/why",
        "/stages",
        "/causes",
        "/runs",
        "/runs/7",
        "/inventory/differences?date=2026-01-31",
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (503, "unavailable"), "{path}");
        assert!(!answer.body.to_string().contains("db.internal"), "{path}");
    }
    for (path, body) in [
        ("/orders/r/PO1/hold", json!({"reason": "wait"})),
        ("/orders/r/PO1/release", Value::Null),
        ("/orders/r/PO1/retry", Value::Null),
        ("/orders/r/PO1/cancel-in-erp", Value::Null),
        ("/inventory/sync", json!({"route": "r", "source": {"date": "2026-01-31"}})),
        ("/inventory/sync", json!({"route": "r", "source": {"items": [{"warehouse_code": "W", "sku": "A"}]}})),
    ] {
        assert_eq!(post(path, body.to_string()).await.status, 503, "{path}");
    }
}
