//! Acknowledgements, parcels and invoices on their way out.

use ipass_contract_tests::replay::{Exchange, RawReply, RawServer, Replay, fixture, fixture_json};
use ipass_core::parcel::{Invoice, InvoiceLine, LineRef, Shipment, ShipmentLine};
use ipass_core::ports::{Batch, Effect, OrderRef, OrderSource, Receipt};
use ipass_core::write::{WriteKey, WriteKind};
use serde_json::json;

use super::{account, asked, at, kind, po};

const T: &str = "2026-01-27T10:00:00Z";

fn acknowledge() -> Exchange {
    Exchange::post("/order/acknowledge")
}

fn two() -> [OrderRef; 2] {
    ["1", "2"].map(|id| asked(id, T))
}

/// `accepted <receipt>`, `unknown <kind>`, `not applied <kind>` per item, or `refused <kind>`.
pub(super) fn words(batch: Batch<WriteKey>) -> Vec<String> {
    match batch {
        Err(error) => vec![format!("refused {}", kind(error.kind()))],
        Ok(outcomes) => outcomes
            .iter()
            .map(|outcome| match &outcome.effect {
                Effect::Applied(()) => format!("{} applied", outcome.key),
                Effect::Accepted(Receipt(id)) => format!("{} accepted {id}", outcome.key),
                Effect::NotApplied(error) => format!("{} not applied {}", outcome.key, kind(error.kind())),
                Effect::Unknown(error) => format!("{} unknown {}", outcome.key, kind(error.kind())),
            })
            .collect(),
    }
}

#[tokio::test]
async fn an_acknowledgement_is_one_call_and_accepted_for_each_order() {
    let replay = Replay::start().await;
    let exchange = acknowledge()
        .header("authorization", "bearer static-token")
        .header("content-type", "application/json")
        .body_text(r#"[{"id":"PO-1","type":"PO_NUMBER"},{"id":"PO-2","type":"PO_NUMBER"}]"#)
        .reply_file(202, "dsco/acknowledge_response.json");
    replay.on(exchange).await;
    let (dsco, _) = account(&replay.url());
    let [one, two] = two();
    let receipt = "00000000-0000-4000-8000-00000000000a";
    assert_eq!(
        words(dsco.acknowledge(&[one.clone(), two, one]).await),
        [format!("acknowledge PO-1 accepted {receipt}"), format!("acknowledge PO-2 accepted {receipt}")]
    );
    replay.verify().await;
}

#[tokio::test]
async fn nothing_to_send_is_no_call() {
    let replay = Replay::start().await;
    let (dsco, _) = account(&replay.url());
    assert!(dsco.acknowledge(&[]).await.unwrap().is_empty());
    assert!(dsco.ship(&[]).await.unwrap().is_empty());
    assert!(dsco.invoice(&[]).await.unwrap().is_empty());
    assert!(dsco.find_invoices(&[]).await.unwrap().is_empty());
    assert!(dsco.fetch(&[]).await.unwrap().is_empty());
    assert!(dsco.settle(WriteKind::Ship, &[]).await.is_empty());
    replay.verify().await;
}

#[tokio::test]
async fn each_answer_to_a_write_has_its_effect_and_no_write_is_repeated() {
    let unknown = "acknowledge PO-1 unknown retryable";
    for (status, body, expected) in [
        (202, fixture("dsco/error_400.json"), "refused rejected"),
        (200, br#"{"status":"success","requestId":"R"}"#.to_vec(), "acknowledge PO-1 accepted R"),
        (202, br#"{"requestId":7}"#.to_vec(), "acknowledge PO-1 accepted 7"),
        (202, br#"{"status":"pending"}"#.to_vec(), unknown),
        (202, br#"{"status":"pending","requestId":"#.to_vec(), unknown),
        (202, Vec::new(), unknown),
        (200, b"<html>maintenance</html>".to_vec(), unknown),
        (400, fixture("dsco/error_400.json"), "refused rejected"),
        (401, fixture("dsco/error_401.json"), "refused auth"),
        (403, fixture("dsco/error_403_bad_path.json"), "refused invalid"),
        (403, br#"{"message":"Forbidden"}"#.to_vec(), "refused auth"),
        (404, Vec::new(), "refused rejected"),
        (408, Vec::new(), unknown),
        (413, Vec::new(), "refused rejected"),
        (422, fixture("dsco/error_400.json"), "refused rejected"),
        (429, fixture("dsco/error_429.json"), "refused throttled"),
        (500, fixture("dsco/error_500.json"), unknown),
        (502, b"<html>".to_vec(), unknown),
        (504, Vec::new(), unknown),
    ] {
        let replay = Replay::start().await;
        replay.on(acknowledge().reply(status, body)).await;
        let (dsco, _) = account(&replay.url());
        assert_eq!(words(dsco.acknowledge(&two()[..1]).await), [expected], "{status}");
        replay.verify().await;
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_the_vendors_words() {
    let replay = Replay::start().await;
    replay.on(acknowledge().reply_file(400, "dsco/error_400.json")).await;
    let (dsco, _) = account(&replay.url());
    let error = dsco.acknowledge(&two()).await.unwrap_err();
    assert!(
        error.message().starts_with(
            "POST /order/acknowledge: refused (400): VALIDATION_FAILED: Ship carrier is required; All of these fields"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_connection_that_was_refused_sent_nothing_and_one_that_broke_is_unknown() {
    let gone = RawServer::start(vec![]).await.url().to_owned();
    let (dsco, _) = account(&gone);
    assert_eq!(words(dsco.acknowledge(&two()[..1]).await), ["refused retryable"]);
    let answer = fixture("dsco/acknowledge_response.json");
    for broken in [RawReply::Nothing, RawReply::Cut(202, answer.clone())] {
        let server = RawServer::start(vec![broken, RawReply::Whole(202, answer.clone())]).await;
        let (dsco, _) = account(server.url());
        assert_eq!(words(dsco.acknowledge(&two()[..1]).await), ["acknowledge PO-1 unknown retryable"]);
        assert_eq!(server.requests(), ["POST /order/acknowledge HTTP/1.1"]);
    }
}

#[tokio::test]
async fn a_large_batch_is_split_and_each_part_has_its_own_effect() {
    let orders: Vec<OrderRef> = (0..600).map(|n| asked(&n.to_string(), T)).collect();
    for (status, body, third) in [
        (400, fixture("dsco/error_400.json"), "accepted C"),
        (429, fixture("dsco/error_429.json"), "not applied throttled"),
    ] {
        let replay = Replay::start().await;
        replay.on(acknowledge().reply_json(202, &json!({"requestId": "A"}))).await;
        replay.on(acknowledge().reply(status, body)).await;
        if third.starts_with("accepted") {
            replay.on(acknowledge().reply_json(202, &json!({"requestId": "C"}))).await;
        }
        let (dsco, _) = account(&replay.url());
        let words = words(dsco.acknowledge(&orders).await);
        assert_eq!(words.len(), 600);
        assert!(words[..250].iter().all(|word| word.ends_with("accepted A")));
        assert!(words[250..500].iter().all(|word| word.contains("not applied")), "{}", words[250]);
        assert!(words[500..].iter().all(|word| word.ends_with(third)), "{}", words[500]);
        replay.verify().await;
    }
}

fn parcel(order: &str, tracking: &str, lines: Vec<ShipmentLine>) -> Shipment {
    Shipment {
        po: po(&format!("POTEST000000000000000{order}")),
        channel_order_id: format!("900000000{order}"),
        tracking: tracking.to_owned(),
        shipped_at: at("2026-01-28T20:00:00Z"),
        carrier: Some("FedEx".to_owned()),
        method: Some("Home Delivery".to_owned()),
        service_level: Some("FEHD".to_owned()),
        warehouse_code: Some("WH-A".to_owned()),
        lines,
    }
}

fn item(number: i64, id: &str, sku: &str) -> LineRef {
    LineRef { line_number: Some(number), item_id: Some(id.to_owned()), sku: Some(sku.to_owned()), partner_sku: None }
}

fn units(item: LineRef, quantity: u32, spans_packages: bool) -> ShipmentLine {
    ShipmentLine { item, quantity, spans_packages }
}

#[tokio::test]
async fn parcels_of_one_order_travel_together() {
    let (a1, a3, b) =
        (item(1, "9300000001", "SKU-AAA-01"), item(3, "9300000001", "SKU-AAA-01"), item(2, "9300000002", "SKU-BBB-02"));
    let parcels = [
        parcel("1", "799900000009", vec![units(a1.clone(), 1, false)]),
        parcel("2", "799900000001", vec![units(a1.clone(), 2, true), units(a3, 1, false)]),
        parcel("2", "799900000002", vec![units(a1, 1, true), units(b, 2, false)]),
    ];
    let replay = Replay::start().await;
    let exchange = Exchange::post("/order/shipment/batch/small")
        .body_json(fixture_json("dsco/shipment_batch_request.json"))
        .reply_file(202, "dsco/shipment_batch_response.json");
    replay.on(exchange.times(2)).await;
    let (dsco, _) = account(&replay.url());
    let receipt = "00000000-0000-4000-8000-00000000000b";
    let expected = ["1 799900000009", "2 799900000001", "2 799900000002"]
        .map(|part| format!("ship POTEST000000000000000{part} accepted {receipt}"));
    assert_eq!(words(dsco.ship(&parcels).await), expected);
    // Parcels of one order are brought together wherever they stand, and a repeated one goes once.
    let [first, second, third] = parcels;
    let mixed = [first, second.clone(), third, second];
    assert_eq!(words(dsco.ship(&mixed).await), expected);
    replay.verify().await;
}

#[tokio::test]
async fn an_invoice_is_sent_in_exact_numbers() {
    let line = |number, price: &str, quantity| InvoiceLine {
        item: LineRef { line_number: Some(number), partner_sku: Some("R".to_owned()), ..LineRef::default() },
        quantity,
        unit_price: price.parse().unwrap(),
    };
    let invoice = Invoice {
        po: po("PO-1"),
        channel_order_id: "1".to_owned(),
        invoice_id: "PO-1".to_owned(),
        invoiced_at: at("2026-01-29T16:00:00.9Z"),
        currency: None,
        total: "90071992547409931.3".parse().unwrap(),
        lines: vec![line(1, "0.1", 3), line(2, "90071992547409931", 1)],
    };
    let replay = Replay::start().await;
    let exchange = Exchange::post("/invoice/batch/small")
        .body_text(concat!(
            r#"[{"invoiceId":"PO-1","poNumber":"PO-1","dscoOrderId":"1","invoiceDate":"2026-01-29T16:00:00Z","#,
            r#""currencyCode":"USD","totalAmount":90071992547409931.30,"numberOfLineItems":2,"lineItems":["#,
            r#"{"lineNumber":1,"partnerSku":"R","quantity":3,"unitPrice":0.1},"#,
            r#"{"lineNumber":2,"partnerSku":"R","quantity":1,"unitPrice":90071992547409931}]}]"#
        ))
        .reply_file(202, "dsco/invoice_batch_response.json");
    replay.on(exchange).await;
    let (dsco, _) = account(&replay.url());
    let accepted = "invoice PO-1 accepted 00000000-0000-4000-8000-00000000000d";
    assert_eq!(words(dsco.invoice(&[invoice.clone(), invoice]).await), [accepted]);
    replay.verify().await;
}
