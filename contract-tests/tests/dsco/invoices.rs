//! Invoices that the vendor holds.

use std::collections::BTreeMap;

use ipass_contract_tests::replay::{Exchange, Replay};
use ipass_core::ports::{InvoiceQuery, OrderRef, OrderSource};
use ipass_dsco::DscoOrders;
use serde_json::{Value, json};

use super::{LATEST, account, asked, at, kind, po};

const T: &str = "2026-01-27T10:00:00Z";
const OLD: &str = "2026-01-10T10:00:00Z";

fn query(id: &str, created_at: &str, thorough: bool) -> InvoiceQuery {
    InvoiceQuery { order: asked(id, created_at), thorough }
}

fn single(po: &str) -> Exchange {
    Exchange::get("/invoice").query("key", "poNumber").query("value", po)
}

fn list(start: &str) -> Exchange {
    Exchange::get("/invoice/log").query("startDate", start).query("endDate", LATEST)
}

fn entry(po: &str, invoice: &str, status: &str) -> Value {
    let payload = json!({"poNumber": po, "invoiceId": invoice});
    json!({"payload": payload, "status": status, "dateProcessed": T, "requestMethod": "api"})
}

async fn found(dsco: &DscoOrders, queries: &[InvoiceQuery]) -> BTreeMap<String, String> {
    let answers = dsco.find_invoices(queries).await.unwrap();
    let count = answers.len();
    let words: BTreeMap<_, _> = answers
        .into_iter()
        .map(|answer| {
            let word = match answer.result {
                Ok(Some(record)) => record.invoice_id,
                Ok(None) => "none".to_owned(),
                Err(error) => kind(error.kind()).to_owned(),
            };
            (answer.key.to_string(), word)
        })
        .collect();
    assert_eq!(words.len(), count, "one answer per order");
    words
}

fn expect(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(po, word)| ((*po).to_owned(), (*word).to_owned())).collect()
}

#[tokio::test]
async fn a_few_are_asked_for_singly() {
    let replay = Replay::start().await;
    replay.on(single("PO-1").reply_json(200, &json!({"invoices": [{"poNumber": "PO-1", "invoiceId": "I-1"}]}))).await;
    replay.on(single("PO-2").reply_file(200, "dsco/invoice_get_empty.json")).await;
    replay.on(single("PO-3").reply_file(404, "dsco/error_404.json")).await;
    let (dsco, _) = account(&replay.url());
    let queries = [query("1", T, false), query("2", T, true), query("3", T, false), query("1", T, false)];
    assert_eq!(found(&dsco, &queries).await, expect(&[("PO-1", "I-1"), ("PO-2", "none"), ("PO-3", "none")]));
    replay.verify().await;
}

#[tokio::test]
async fn an_invoice_of_another_order_does_not_count() {
    let po_number = "POTEST0000000000000002";
    for (order_id, word) in [("9000000002", "INV-POTEST0000000000000002"), ("9000000008", "none")] {
        let replay = Replay::start().await;
        replay.on(single(po_number).reply_file(200, "dsco/invoice_get.json")).await;
        let (dsco, _) = account(&replay.url());
        let order =
            OrderRef { po: po(po_number), channel_order_id: order_id.to_owned(), created_at: at(T), shared: false };
        assert_eq!(found(&dsco, &[InvoiceQuery { order, thorough: true }]).await, expect(&[(po_number, word)]));
    }
}

#[tokio::test]
async fn doubt_is_never_absence() {
    for (status, body, times, word) in [
        (404, "<html>", 1, "retryable"),
        (200, "{}", 1, "invalid"),
        (200, r#"{"invoices":[{"poNumber":"PO-1"}]}"#, 1, "invalid"),
        (200, "<html>", 4, "retryable"),
        (200, r#"{"status":"failure","messages":[]}"#, 1, "rejected"),
        (403, r#"{"message":"Forbidden"}"#, 1, "auth"),
        (404, "", 1, "none"),
        (200, r#"{"invoices":[{"poNumber":"PO-9","invoiceId":"I-9"}]}"#, 1, "none"),
    ] {
        let replay = Replay::start().await;
        replay.on(single("PO-1").times(times).reply(status, body)).await;
        let (dsco, _) = account(&replay.url());
        assert_eq!(found(&dsco, &[query("1", T, true)]).await, expect(&[("PO-1", word)]), "{status} {body}");
        replay.verify().await;
    }
}

#[tokio::test]
async fn many_are_looked_up_in_one_list() {
    let replay = Replay::start().await;
    let logs = [("1", "success"), ("2", "failure"), ("9", "success")]
        .map(|(id, status)| entry(&format!("PO-{id}"), &format!("I-{id}"), status));
    replay.on(list("2026-01-26T09:59:50Z").reply_json(200, &json!({"logs": logs}))).await;
    replay.on(single("PO-5").reply_file(200, "dsco/invoice_get_empty.json")).await;
    replay.on(single("PO-6").reply_json(200, &json!({"invoices": [{"poNumber": "PO-6", "invoiceId": "I-6"}]}))).await;
    let (dsco, _) = account(&replay.url());
    let queries = [
        query("1", T, false),
        query("2", "2026-01-26T10:00:00Z", false),
        query("3", T, false),
        query("4", T, false),
        query("5", T, true),
        query("6", OLD, false),
    ];
    let mut expected = vec![("PO-1", "I-1"), ("PO-6", "I-6")];
    expected.extend(["PO-2", "PO-3", "PO-4", "PO-5"].map(|po| (po, "none")));
    assert_eq!(found(&dsco, &queries).await, expect(&expected));
    replay.verify().await;
}

fn four() -> [InvoiceQuery; 4] {
    ["1", "2", "3", "4"].map(|id| query(id, T, false))
}

#[tokio::test]
async fn an_entry_names_its_order_by_any_number_and_one_in_work_is_waited_for() {
    let replay = Replay::start().await;
    let with_id = |id: &str, invoice: &str, status: &str| {
        let payload = json!({"dscoOrderId": id, "invoiceId": invoice});
        json!({"payload": payload, "status": status, "dateProcessed": T})
    };
    // The last one is of another order with the same PO number.
    let mut stranger = with_id("77", "I-77", "success");
    stranger["payload"]["poNumber"] = "PO-3".into();
    let logs = json!({"logs": [with_id("1", "I-1", "success"), with_id("2", "I-2", "pending"), stranger]});
    replay.on(list("2026-01-27T09:59:50Z").reply_json(200, &logs)).await;
    let (dsco, _) = account(&replay.url());
    let expected = [("PO-1", "I-1"), ("PO-2", "retryable"), ("PO-3", "none"), ("PO-4", "none")];
    assert_eq!(found(&dsco, &four()).await, expect(&expected));
    replay.verify().await;
}

#[tokio::test]
async fn an_entry_that_names_no_order_may_be_anybodys() {
    let replay = Replay::start().await;
    let nobody = json!({"payload": {"invoiceId": "I-9", "supplierOrderNumber": "S"}, "status": "success"});
    let logs = json!({"logs": [entry("PO-1", "I-1", "success"), nobody]});
    replay.on(list("2026-01-27T09:59:50Z").reply_json(200, &logs)).await;
    for id in ["PO-2", "PO-3", "PO-4"] {
        replay.on(single(id).reply_file(200, "dsco/invoice_get_empty.json")).await;
    }
    let (dsco, _) = account(&replay.url());
    let expected = [("PO-1", "I-1"), ("PO-2", "none"), ("PO-3", "none"), ("PO-4", "none")];
    assert_eq!(found(&dsco, &four()).await, expect(&expected));
    replay.verify().await;
}

#[tokio::test]
async fn a_list_that_may_have_forgotten_proves_nothing() {
    let days_ago = "2026-01-20T10:00:00Z";
    for (first_entry, known) in [("2026-01-20T10:00:00Z", true), ("2026-01-20T10:00:01Z", false)] {
        let replay = Replay::start().await;
        let mut first = entry("PO-8", "I-8", "success");
        first["dateProcessed"] = first_entry.into();
        let logs = json!({"logs": [entry("PO-1", "I-1", "success"), first]});
        replay.on(list("2026-01-19T10:00:00Z").reply_json(200, &logs)).await;
        if !known {
            for id in ["PO-2", "PO-3"] {
                replay.on(single(id).reply_file(200, "dsco/invoice_get_empty.json")).await;
            }
        }
        let (dsco, _) = account(&replay.url());
        let queries =
            [("1", days_ago), ("2", days_ago), ("3", days_ago), ("4", T)].map(|(id, at)| query(id, at, false));
        let expected = [("PO-1", "I-1"), ("PO-2", "none"), ("PO-3", "none"), ("PO-4", "none")];
        assert_eq!(found(&dsco, &queries).await, expect(&expected));
        replay.verify().await;
    }
}

#[tokio::test]
async fn a_list_that_costs_more_than_single_questions_is_left() {
    let replay = Replay::start().await;
    let page = |po: &str, id: &str| json!({"scrollId": "S", "logs": [entry(po, id, "success")]});
    replay.on(list("2026-01-27T09:59:50Z").reply_json(200, &page("PO-1", "I-1"))).await;
    let later = Exchange::get("/invoice/log").query("scrollId", "S").times(3);
    replay.on(later.reply_json(200, &page("PO-9", "I-9"))).await;
    for id in ["PO-2", "PO-3", "PO-4"] {
        replay.on(single(id).reply_file(200, "dsco/invoice_get_empty.json")).await;
    }
    let (dsco, _) = account(&replay.url());
    let expected = [("PO-1", "I-1"), ("PO-2", "none"), ("PO-3", "none"), ("PO-4", "none")];
    assert_eq!(found(&dsco, &four()).await, expect(&expected));
    replay.verify().await;
}

#[tokio::test]
async fn a_list_that_fails_is_an_error_for_its_orders_and_an_odd_one_is_left() {
    let replay = Replay::start().await;
    replay.on(list("2026-01-27T09:59:50Z").times(4).reply(503, "")).await;
    let (dsco, _) = account(&replay.url());
    assert!(found(&dsco, &four()).await.values().all(|word| word == "retryable"));
    replay.verify().await;

    let replay = Replay::start().await;
    replay.on(list("2026-01-27T09:59:50Z").reply_json(200, &json!({"logs": [7]}))).await;
    for id in ["PO-1", "PO-2", "PO-3", "PO-4"] {
        replay.on(single(id).reply_file(200, "dsco/invoice_get_empty.json")).await;
    }
    let (dsco, _) = account(&replay.url());
    assert!(found(&dsco, &four()).await.values().all(|word| word == "none"));
    replay.verify().await;
}
