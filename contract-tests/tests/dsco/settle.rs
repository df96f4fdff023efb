//! Writes whose end is told by the logs.

use std::collections::BTreeMap;

use ipass_contract_tests::replay::{Exchange, Replay};
use ipass_core::ports::{Answer, OrderSource, PendingWrite, Receipt, Settlement};
use ipass_core::write::{WriteKey, WriteKind};
use ipass_dsco::DscoOrders;
use serde_json::{Value, json};

use super::{LATEST, NOW, account, at, kind, po};

const SENT: &str = "2026-01-28T02:55:00Z";
const SHIP_REQUEST: &str = "00000000-0000-4000-8000-00000000000b";

pub(super) fn write(kind: WriteKind, po_number: &str, part: &str, receipt: Option<&str>) -> PendingWrite {
    PendingWrite {
        key: WriteKey { kind, po: po(po_number), part: part.to_owned() },
        channel_order_id: String::new(),
        receipt: receipt.map(|id| Receipt(id.to_owned())),
        sent_at: at(SENT),
    }
}

fn of_request(path: &str, id: &str) -> Exchange {
    Exchange::get(path).query("requestId", id)
}

fn of_span(path: &str, start: &str) -> Exchange {
    Exchange::get(path).query("startDate", start).query("endDate", LATEST)
}

/// An entry about an acknowledgement.
fn acknowledged(id: &str, status: &str) -> Value {
    json!({
        "payload": {"id": id, "type": "PO_NUMBER"}, "status": status, "requestMethod": "api",
        "dateProcessed": "2026-01-28T02:55:30.000Z", "results": [{"description": {"why": "closed"}}],
    })
}

/// What the logs said, in a word per write.
async fn settled(dsco: &DscoOrders, kind_of: WriteKind, writes: &[PendingWrite]) -> BTreeMap<String, String> {
    let answers = dsco.settle(kind_of, writes).await;
    assert_eq!(answers.len(), writes.len());
    in_words(answers)
}

pub(super) fn in_words(answers: Vec<Answer<WriteKey, Settlement>>) -> BTreeMap<String, String> {
    let word = |answer: Answer<WriteKey, Settlement>| {
        let word = match answer.result {
            Ok(Settlement::Applied) => "applied".to_owned(),
            Ok(Settlement::Rejected(error)) => format!("rejected: {error}"),
            Ok(Settlement::Pending) => "pending".to_owned(),
            Ok(Settlement::Silent) => "silent".to_owned(),
            Err(error) => format!("error {}", kind(error.kind())),
        };
        (format!("{} {}", answer.key.po, answer.key.part).trim().to_owned(), word)
    };
    answers.into_iter().map(word).collect()
}

pub(super) fn expect(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, word)| ((*key).to_owned(), (*word).to_owned())).collect()
}

#[tokio::test]
async fn a_request_lives_from_processing_to_its_verdicts() {
    let replay = Replay::start().await;
    let log = || of_request("/order/log", "R");
    replay.on(log().reply_file(200, "dsco/order_log_processing.json")).await;
    replay.on(log().reply_json(200, &json!({"logs": []}))).await;
    for (overall, second) in [("PROCESSING", "pending"), ("COMPLETED", "failure")] {
        let logs = [acknowledged("PO-1", "success"), acknowledged("PO-2", second)];
        replay.on(log().reply_json(200, &json!({"status": overall, "logs": logs}))).await;
    }
    let (dsco, _) = account(&replay.url());
    let writes = ["PO-1", "PO-2", "PO-3"].map(|po| write(WriteKind::Acknowledge, po, "", Some("R")));
    let pending = expect(&[("PO-1", "pending"), ("PO-2", "pending"), ("PO-3", "pending")]);
    for _ in 0..2 {
        assert_eq!(settled(&dsco, WriteKind::Acknowledge, &writes).await, pending);
    }
    let some = expect(&[("PO-1", "applied"), ("PO-2", "pending"), ("PO-3", "pending")]);
    assert_eq!(settled(&dsco, WriteKind::Acknowledge, &writes).await, some);
    let refused = "rejected: closed";
    let all = expect(&[("PO-1", "applied"), ("PO-2", refused), ("PO-3", "silent")]);
    assert_eq!(settled(&dsco, WriteKind::Acknowledge, &writes).await, all);
    replay.verify().await;
}

/// Two orders share a number, so they were acknowledged by their ids.
#[tokio::test]
async fn an_acknowledgement_by_id_finds_its_verdict() {
    let replay = Replay::start().await;
    let entry = |id: &str, status: &str| {
        let mut entry = acknowledged(id, status);
        entry["payload"]["type"] = "DSCO_ORDER_ID".into();
        entry
    };
    let logs = [entry("9001", "success"), entry("9002", "failure")];
    let log = of_request("/order/log", "R");
    replay.on(log.reply_json(200, &json!({"status": "COMPLETED", "logs": logs}))).await;
    let (dsco, _) = account(&replay.url());
    let by_id = |po: &str, id: &str| PendingWrite {
        channel_order_id: id.to_owned(),
        ..write(WriteKind::Acknowledge, po, "", Some("R"))
    };
    let writes = [by_id("PO-1", "9001"), by_id("PO-2", "9002"), by_id("PO-3", "9003")];
    let expected = expect(&[("PO-1", "applied"), ("PO-2", "rejected: closed"), ("PO-3", "silent")]);
    assert_eq!(settled(&dsco, WriteKind::Acknowledge, &writes).await, expected);
    replay.verify().await;
}

#[tokio::test]
async fn a_mixed_log_of_parcels_is_settled_one_by_one() {
    let replay = Replay::start().await;
    replay.on(of_request("/order/log", SHIP_REQUEST).reply_file(200, "dsco/order_log.json")).await;
    let (dsco, _) = account(&replay.url());
    let ship = |po: &str, tracking: &str| write(WriteKind::Ship, po, tracking, Some(SHIP_REQUEST));
    let writes = [
        ship("POTEST0000000000000001", "799900000009"),
        ship("POTEST0000000000000002", "799900000001"),
        ship("POTEST0000000000000002", "799900000002"),
        ship("POTEST0000000000000002", "799900000003"),
        ship("POTEST0000000000000003", "799900000009"),
    ];
    let refused = "rejected: VALIDATION_FAILED: Ship carrier is required";
    let expected = expect(&[
        ("POTEST0000000000000001 799900000009", "applied"),
        ("POTEST0000000000000002 799900000001", refused),
        ("POTEST0000000000000002 799900000002", refused),
        ("POTEST0000000000000002 799900000003", "silent"),
        ("POTEST0000000000000003 799900000009", "silent"),
    ]);
    assert_eq!(settled(&dsco, WriteKind::Ship, &writes).await, expected);
    replay.verify().await;
}

#[tokio::test]
async fn invoices_are_settled_by_their_own_log() {
    let replay = Replay::start().await;
    replay.on(of_request("/invoice/log", "R").reply_file(200, "dsco/invoice_log.json")).await;
    let (dsco, _) = account(&replay.url());
    let writes =
        ["POTEST0000000000000001", "POTEST0000000000000002"].map(|po| write(WriteKind::Invoice, po, "", Some("R")));
    let words = settled(&dsco, WriteKind::Invoice, &writes).await;
    assert_eq!(words["POTEST0000000000000001"], "applied");
    assert!(
        words["POTEST0000000000000002"]
            .starts_with("rejected: VALIDATION_FAILED: An invoice with this invoiceId exists already")
    );
    replay.verify().await;
}

#[tokio::test]
async fn each_receipt_is_looked_up_once_and_lost_ones_together() {
    let replay = Replay::start().await;
    let done = |id: &str| json!({"status": "COMPLETED", "logs": [acknowledged(id, "success")]});
    replay.on(of_request("/order/log", "R1").reply_json(200, &done("PO-1"))).await;
    replay.on(of_request("/order/log", "R2").reply_json(200, &done("PO-2"))).await;
    let span = json!({"logs": [acknowledged("PO-3", "success"), acknowledged("PO-1", "failure")]});
    replay.on(of_span("/order/log", "2026-01-28T02:54:50Z").reply_json(200, &span)).await;
    let (dsco, _) = account(&replay.url());
    let mut writes = vec![
        write(WriteKind::Acknowledge, "PO-1", "", Some("R1")),
        write(WriteKind::Acknowledge, "PO-2", "", Some("R2")),
        write(WriteKind::Acknowledge, "PO-3", "", None),
        write(WriteKind::Acknowledge, "PO-4", "", None),
    ];
    writes[3].sent_at = at("2026-01-28T02:58:00Z");
    let expected = expect(&[("PO-1", "applied"), ("PO-2", "applied"), ("PO-3", "applied"), ("PO-4", "silent")]);
    assert_eq!(settled(&dsco, WriteKind::Acknowledge, &writes).await, expected);
    replay.verify().await;
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_what_came_after_it() {
    let replay = Replay::start().await;
    let parcel = |tracking: &str, status: &str, at: &str| {
        json!({"payload": {"poNumber": "PO-1", "shipments": [{"trackingNumber": tracking}]},
               "status": status, "dateProcessed": at, "results": []})
    };
    let logs = [
        // An earlier try of the first parcel, in the span because of the second one.
        parcel("T1", "failure", "2026-01-28T02:51:00.000Z"),
        parcel("T1", "success", "2026-01-28T02:55:10.000Z"),
        parcel("T2", "failure", "2026-01-28T02:50:10.000Z"),
        // A cancellation of the same order is not about parcels.
        json!({"payload": {"id": "PO-1", "type": "PO_NUMBER", "lineItems": [{}]}, "status": "failure"}),
    ];
    replay.on(of_span("/order/log", "2026-01-28T02:49:50Z").reply_json(200, &json!({"logs": logs}))).await;
    let (dsco, _) = account(&replay.url());
    let mut writes = ["T1", "T2", "T3"].map(|tracking| write(WriteKind::Ship, "PO-1", tracking, None));
    writes[1].sent_at = at("2026-01-28T02:50:00Z");
    let expected =
        expect(&[("PO-1 T1", "applied"), ("PO-1 T2", "rejected: refused without a reason"), ("PO-1 T3", "silent")]);
    assert_eq!(settled(&dsco, WriteKind::Ship, &writes).await, expected);
    replay.verify().await;
}

#[tokio::test]
async fn a_write_of_this_moment_needs_no_call_to_be_silent() {
    let replay = Replay::start().await;
    let (dsco, _) = account(&replay.url());
    let mut writes = [write(WriteKind::Invoice, "PO-1", "", None)];
    // The clock was put back since.
    writes[0].sent_at = at(NOW) + chrono::TimeDelta::minutes(1);
    assert_eq!(settled(&dsco, WriteKind::Invoice, &writes).await, expect(&[("PO-1", "silent")]));
    replay.verify().await;
}

#[tokio::test]
async fn a_log_is_followed_to_its_end_and_read_again_when_it_breaks_off() {
    let replay = Replay::start().await;
    let page = |ids: &[&str]| {
        let logs: Vec<Value> = ids.iter().map(|id| acknowledged(id, "success")).collect();
        json!({"scrollId": "S", "status": "COMPLETED", "logs": logs})
    };
    let first = || of_request("/order/log", "R");
    let later = || Exchange::get("/order/log").query("scrollId", "S");
    replay.on(first().times(2).reply_json(200, &page(&["PO-1"]))).await;
    replay.on(later().reply(500, "")).await;
    replay.on(later().reply_json(200, &page(&["PO-2"]))).await;
    replay.on(later().reply_json(200, &page(&[]))).await;
    let (dsco, _) = account(&replay.url());
    let writes = ["PO-1", "PO-2", "PO-3"].map(|po| write(WriteKind::Acknowledge, po, "", Some("R")));
    let expected = expect(&[("PO-1", "applied"), ("PO-2", "applied"), ("PO-3", "silent")]);
    assert_eq!(settled(&dsco, WriteKind::Acknowledge, &writes).await, expected);
    replay.verify().await;
}

#[tokio::test]
async fn a_log_that_cannot_be_read_is_an_error_and_never_a_verdict() {
    for (status, body, times, word) in [
        (401, "", 1, "error auth"),
        (404, r#"{"messages":[{"code":"notFound"}]}"#, 1, "error retryable"),
        (429, "", 4, "error throttled"),
        (500, "", 4, "error retryable"),
        (200, "<html>", 4, "error retryable"),
        (200, r#"{"status":"COMPLETED"}"#, 1, "error invalid"),
        (200, r#"{"status":"COMPLETED","logs":[7]}"#, 1, "error invalid"),
    ] {
        let replay = Replay::start().await;
        replay.on(of_request("/order/log", "R").times(times).reply(status, body)).await;
        let (dsco, _) = account(&replay.url());
        let writes = ["T1", "T2"].map(|tracking| write(WriteKind::Ship, "PO-1", tracking, Some("R")));
        let expected = expect(&[("PO-1 T1", word), ("PO-1 T2", word)]);
        assert_eq!(settled(&dsco, WriteKind::Ship, &writes).await, expected, "{status} {body}");
        replay.verify().await;
    }
}

#[tokio::test]
async fn an_endless_log_is_not_read_for_ever() {
    let replay = Replay::start().await;
    let page = json!({"scrollId": "S", "logs": [acknowledged("PO-2", "success")]});
    replay.on(of_span("/order/log", "2026-01-28T02:54:50Z").reply_json(200, &page)).await;
    replay.on(Exchange::get("/order/log").query("scrollId", "S").times(49).reply_json(200, &page)).await;
    let (dsco, _) = account(&replay.url());
    let writes = ["PO-1", "PO-2"].map(|po| write(WriteKind::Acknowledge, po, "", None));
    let expected = expect(&[("PO-1", "error retryable"), ("PO-2", "applied")]);
    assert_eq!(settled(&dsco, WriteKind::Acknowledge, &writes).await, expected);
    replay.verify().await;
}

#[tokio::test]
async fn a_write_of_another_kind_is_refused_without_a_call() {
    let replay = Replay::start().await;
    let (dsco, _) = account(&replay.url());
    let writes = [write(WriteKind::Create, "PO-1", "", None)];
    assert_eq!(settled(&dsco, WriteKind::Create, &writes).await, expect(&[("PO-1", "error invalid")]));
    replay.verify().await;
}
