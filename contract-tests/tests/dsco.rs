//! The DSCO adapter against recorded exchanges.

#![expect(clippy::unwrap_used, reason = "a helper that cannot build its double fails its test")]

#[cfg(test)]
#[path = "dsco/auth.rs"]
mod auth;
#[cfg(test)]
#[path = "dsco/invoices.rs"]
mod invoices;
#[cfg(test)]
#[path = "dsco/pages.rs"]
mod pages;
#[cfg(test)]
#[path = "dsco/payloads.rs"]
mod payloads;
#[cfg(test)]
#[path = "dsco/script.rs"]
mod script;
#[cfg(test)]
#[path = "dsco/settle.rs"]
mod settle;
#[cfg(test)]
#[path = "dsco/states.rs"]
mod states;
#[cfg(test)]
#[path = "dsco/stock.rs"]
mod stock;
#[cfg(test)]
#[path = "dsco/stock_stream.rs"]
mod stock_stream;
#[cfg(test)]
#[path = "dsco/writes.rs"]
mod writes;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ipass_contract_tests::replay::{Exchange, ManualClock, Replay};
use ipass_core::order::PoNumber;
use ipass_core::ports::{Clock, ErrorKind, OrderRef};
use ipass_dsco::{DscoOrders, connect};
use ipass_http_kit::Http;
use serde_json::{Value, json};

/// What every clock here shows at first.
const NOW: &str = "2026-01-28T03:00:00Z";
/// Ten seconds before: the newest moment that the adapter asks about.
const LATEST: &str = "2026-01-28T02:59:50Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn po(text: &str) -> PoNumber {
    PoNumber::new(text).unwrap()
}

/// An account with a static token.
fn account(url: &str) -> (DscoOrders, Arc<ManualClock>) {
    account_with(url, json!({"token": "static-token"}))
}

fn account_with(url: &str, mut section: Value) -> (DscoOrders, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(NOW));
    section["base_url"] = json!(url);
    section["limits"] = json!({"enabled": false});
    let http = Http::new(Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    (connect("test", serde_json::from_value(section).unwrap(), &http).unwrap(), clock)
}

/// An order that can be read.
fn order(id: &str, created_at: &str) -> Value {
    json!({
        "dscoOrderId": id, "poNumber": format!("PO-{id}"), "dscoCreateDate": created_at, "dscoStatus": "created",
        "lineItems": [{"lineNumber": 1, "sku": "A", "quantity": 1}],
    })
}

fn asked(id: &str, created_at: &str) -> OrderRef {
    OrderRef { po: po(&format!("PO-{id}")), channel_order_id: id.to_owned(), created_at: at(created_at), shared: false }
}

/// `GET /order/` for one PO number.
fn single(po: &str) -> Exchange {
    Exchange::get("/order/").query("orderKey", "poNumber").query("value", po).query("returnMultiple", "true")
}

fn not_found(exchange: Exchange) -> Exchange {
    exchange.reply_file(404, "dsco/error_404.json")
}

/// A name of the kind that is short enough for tables.
fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Retryable => "retryable",
        ErrorKind::Throttled { .. } => "throttled",
        ErrorKind::Auth => "auth",
        ErrorKind::Clock => "clock",
        ErrorKind::Rejected => "rejected",
        ErrorKind::Invalid => "invalid",
    }
}

#[tokio::test]
async fn an_unrecorded_request_fails_the_test() {
    let replay = Replay::start().await;
    let (dsco, _) = account(&replay.url());
    let error = dsco.check_credentials().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Retryable);
    let verified = tokio::spawn(async move { replay.verify().await }).await;
    assert!(verified.is_err());
}
