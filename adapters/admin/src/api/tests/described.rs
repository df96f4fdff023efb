//! The description and the behaviour are the same.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use super::super::openapi;
use super::{get, send, service};

/// The committed document.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

#[test]
fn the_committed_document_is_up_to_date() {
    let made = format!("{}\n", openapi().to_pretty_json().unwrap());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(FILE, &made).unwrap();
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        committed == made,
        "adapters/admin/openapi.json is old; renew it with UPDATE_OPENAPI=1 cargo test -p ipass-admin"
    );
}

#[tokio::test]
async fn the_document_needs_no_token() {
    let request = Request::builder().uri("/api/v1/openapi.json").body(Body::empty()).unwrap();
    let answer = send(service(Some("t")), request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.body, document());
}

#[test]
fn every_operation_tells_all_its_answers_and_every_reference_leads_somewhere() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 14);
    for (path, item) in paths {
        assert!(path.starts_with("/api/v1/"), "{path}");
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            let answers = operation["responses"].as_object().unwrap();
            for status in ["401", "403", "404", "422", "503"] {
                assert!(answers.contains_key(status), "{place}: {status}");
            }
            let body = operation.get("requestBody").is_some();
            assert!(!body || operation["requestBody"]["required"] == true, "{place}");
            for status in ["400", "413", "415"] {
                assert_eq!(answers.contains_key(status), body, "{place}: {status}");
            }
            assert_eq!(answers.contains_key("409"), method == "post", "{place}");
            assert!(operation["summary"].is_string(), "{place}");
        }
    }
    let text = document.to_string();
    for reference in text.split(r##""$ref":"#/components/schemas/"##).skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
}

/// A text of `length` letters, or for a pattern one of its words.
fn sample(schema: &Value, length: usize) -> String {
    match schema["pattern"].as_str().and_then(|pattern| pattern.strip_prefix("^(")) {
        Some(words) => words.split(['|', ')']).next().unwrap().to_owned(),
        None => "x".repeat(length),
    }
}

/// Values that the description allows, and values that it does not.
fn values(name: &str, schema: &Value) -> (Vec<String>, Vec<String>) {
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap();
    match (kind, schema["format"].as_str()) {
        ("integer", _) => {
            let (min, max) = (schema["minimum"].as_i64().unwrap(), schema["maximum"].as_i64().unwrap());
            let good = vec![min.to_string(), max.to_string()];
            (good, vec![(min - 1).to_string(), (max + 1).to_string(), "1.5".to_owned(), "null".to_owned()])
        }
        ("boolean", _) => (vec!["true".into(), "false".into()], vec!["True".into(), "0".into(), String::new()]),
        ("array", _) => (vec!["1".into(), "6,5".into()], vec!["0".into(), "7".into(), "1,".into(), String::new()]),
        (_, Some("date")) => (vec!["2026-01-31".into()], vec!["2026-1-31".into(), "today".into()]),
        (_, Some("date-time")) => (
            vec!["2026-01-31T08:00:00Z".into(), "2026-01-31T08:00:00.5%2B08:00".into()],
            vec!["2026-01-31".into(), "x".into()],
        ),
        _ if name == "timezone" => (vec!["UTC".into()], vec!["Mars/Base".into()]),
        _ => {
            let most = schema["maxLength"].as_u64().map_or(10, |most| usize::try_from(most).unwrap());
            let mut bad = vec![String::new(), "x".repeat(5000), "%00".to_owned(), "%ff".to_owned()];
            if schema["pattern"].as_str().is_some_and(|pattern| pattern.starts_with("^(")) {
                bad.push("other".to_owned());
            } else {
                bad.push("x".repeat(most + 1));
            }
            (vec![sample(schema, 1), sample(schema, most)], bad)
        }
    }
}

#[tokio::test]
async fn query_parameters_are_taken_as_described_and_refused_otherwise() {
    let document = document();
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v1").unwrap();
        let no_parameters = Vec::new();
        let parameters = item["get"]["parameters"].as_array().unwrap_or(&no_parameters);
        let required = if path.ends_with("/differences") { "date=2026-01-31&" } else { "" };
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            let (good, bad) = values(name, &parameter["schema"]);
            let prefix = if name == "date" { "" } else { required };
            for value in good {
                let answer = get(&format!("{path}?{prefix}{name}={value}")).await;
                assert_ne!(answer.status, 422, "{path} {name}={value}: {answer:?}");
            }
            for value in bad {
                let answer = get(&format!("{path}?{prefix}{name}={value}")).await;
                assert_eq!((answer.status.as_u16(), answer.places()), (422, vec![name]), "{path} {name}={value}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 33);
}
