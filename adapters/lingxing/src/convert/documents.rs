//! Outbound documents of the vendor in the core's words.

use std::collections::HashSet;

use ipass_core::erp::{DocumentLine, DocumentStatus, OutboundDocument};
use ipass_core::order::PoNumber;
use ipass_core::ports::PortError;

use super::orders::RESENT;
use crate::dto::{ProductRow, WmsRow};
use crate::time::Zone;

/// A row of a bundle's component; the bundle itself is a row of its own.
const COMPONENT: &str = "2";

/// The platform's own order numbers that a document stands for: several when it was merged.
pub(crate) fn names_documents(row: &WmsRow) -> Vec<&str> {
    let of_lines = row.product_info.iter().filter_map(|line| line.platform_order_no.as_deref());
    let mut numbers: Vec<&str> = row.platform_order_no.iter().map(String::as_str).chain(of_lines).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The document with the lines of `po` alone. An error when it has no number, or a line cannot be
/// counted or given to an order: a guess would be a wrong quantity.
pub(crate) fn document(row: &WmsRow, po: &PoNumber, zone: Zone) -> Result<OutboundDocument, PortError> {
    let number = row.wo_number.clone();
    let number = number.ok_or_else(|| PortError::invalid(format!("order {po}: a document has no number")))?;
    let shipped_at = [&row.delivered_at, &row.stock_delivered_at];
    Ok(OutboundDocument {
        status: status(row.status.as_deref()),
        replacement: [&row.order_from, &row.order_from_name].into_iter().flatten().any(|from| from.contains(RESENT)),
        tracking: row.tracking_no.as_deref().map(tracking).unwrap_or_default(),
        shipped_at: shipped_at.into_iter().flatten().find_map(|text| zone.instant(text)),
        carrier: row.actual_carrier.clone(),
        lines: lines(row, po, &number)?,
        number,
    })
}

/// 1 is in work at the carrier, 2 waits to leave, 3 has left, 4 was deleted or cut off. A status
/// that nobody knows has not left.
fn status(code: Option<&str>) -> DocumentStatus {
    match code {
        Some("3") => DocumentStatus::Shipped,
        Some("4") => DocumentStatus::Void,
        _ => DocumentStatus::Open,
    }
}

/// Numbers separated by a comma or semicolon of either width, each once, in order.
fn tracking(text: &str) -> Vec<String> {
    let mut numbers: Vec<String> = Vec::new();
    for part in text.split([',', '，', ';', '；', '、', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
        if !numbers.iter().any(|number| number == part) {
            numbers.push(part.to_owned());
        }
    }
    numbers
}

fn lines(row: &WmsRow, po: &PoNumber, number: &str) -> Result<Vec<DocumentLine>, PortError> {
    let merged = names_documents(row).len() > 1;
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    for line in &row.product_info {
        let listed_twice = line.wod_id.as_deref().is_some_and(|id| id != "0" && !seen.insert(id.to_owned()));
        if listed_twice || line.bundle_type.as_deref() == Some(COMPONENT) {
            continue;
        }
        let owner = line.platform_order_no.as_deref();
        if owner.is_none() && merged {
            let message = format!("order {po}: merged document {number} does not tell whose a line is");
            return Err(PortError::invalid(message));
        }
        if owner.is_none_or(|owner| owner == po.as_str()) {
            lines.extend(document_line(line, po, number)?);
        }
    }
    Ok(lines)
}

/// `None` for a line without units.
fn document_line(line: &ProductRow, po: &PoNumber, number: &str) -> Result<Option<DocumentLine>, PortError> {
    let unreadable = |what: &str| PortError::invalid(format!("order {po}: a line of document {number} has no {what}"));
    let quantity = line.count.and_then(|count| u32::try_from(count).ok()).ok_or_else(|| unreadable("quantity"))?;
    let sku = line.sku.as_ref().or(line.seller_sku.as_ref()).ok_or_else(|| unreadable("SKU"))?;
    let line = DocumentLine { sku: sku.clone(), msku: line.seller_sku.clone(), quantity };
    Ok(if quantity == 0 { None } else { Some(line) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::Envelope;
    use crate::testing::fixture;

    fn zone() -> Zone {
        Zone::parse("Asia/Shanghai", "test").unwrap()
    }

    fn po(number: &str) -> PoNumber {
        PoNumber::new(number).unwrap()
    }

    fn recorded(name: &str, number: &str) -> Vec<OutboundDocument> {
        let envelope: Envelope = serde_json::from_slice(&fixture(name).body).unwrap();
        let rows: Vec<WmsRow> = envelope.page().unwrap().rows.into_iter().map(Option::unwrap).collect();
        let of_order = rows.iter().filter(|row| names_documents(row).contains(&number));
        of_order.map(|row| document(row, &po(number), zone()).unwrap()).collect()
    }

    fn made(json: &str) -> Result<OutboundDocument, PortError> {
        document(&serde_json::from_str(json).unwrap(), &po("PO-1"), zone())
    }

    fn units(document: &OutboundDocument) -> Vec<(&str, u32)> {
        document.lines.iter().map(|line| (line.sku.as_str(), line.quantity)).collect()
    }

    #[test]
    fn a_bundle_counts_once() {
        let documents = recorded("wms_bundle.json", "PO-TEST-0009");
        assert_eq!(units(&documents[0]), [("LX-SET-01", 1)]);
        assert_eq!(documents[0].lines[0].msku.as_deref(), Some("DEMO-SET"));
        assert_eq!(documents[0].shipped_at.unwrap().to_rfc3339(), "2025-12-04T04:00:00+00:00");
        assert_eq!(documents[0].carrier.as_deref(), Some("USPS"));
    }

    #[test]
    fn a_document_that_was_cut_off_is_void_beside_its_successor() {
        let statuses: Vec<_> =
            recorded("wms_cut_off_and_new.json", "PO-TEST-0005").iter().map(|document| document.status).collect();
        assert!(statuses.contains(&DocumentStatus::Void), "{statuses:?}");
        assert!(statuses.len() > 1, "{statuses:?}");
    }

    #[test]
    fn a_label_is_not_a_shipment() {
        let envelope: Envelope = serde_json::from_slice(&fixture("wms_label_but_not_out.json").body).unwrap();
        let rows: Vec<WmsRow> = envelope.page().unwrap().rows.into_iter().map(Option::unwrap).collect();
        let number = names_documents(&rows[0])[0].to_owned();
        let document = document(&rows[0], &po(&number), zone()).unwrap();
        assert_eq!(document.status, DocumentStatus::Open);
        assert!(!document.tracking.is_empty() && document.shipped_at.is_none());
    }

    #[test]
    fn tracking_numbers_are_split_trimmed_and_deduped() {
        for (text, expected) in
            [("1Z1", vec!["1Z1"]), (" 1Z1 ,1Z2，1Z1;1Z3；; ", vec!["1Z1", "1Z2", "1Z3"]), (",", vec![])]
        {
            assert_eq!(tracking(text), expected);
        }
    }

    #[test]
    fn lines_of_other_orders_and_double_listed_rows_do_not_count() {
        let document = made(
            r#"{"wo_number":"WO1","status":3,"platform_order_no":["PO-1","PO-2"],"product_info":[
                {"wod_id":1,"platform_order_no":"PO-1","sku":"A","count":"2"},
                {"wod_id":1,"platform_order_no":"PO-1","sku":"A","count":"2"},
                {"wod_id":2,"platform_order_no":"PO-2","sku":"B","count":5},
                {"wod_id":3,"platform_order_no":"PO-1","sku":"A","count":1,"bundle_type":"0"},
                {"wod_id":4,"platform_order_no":"PO-1","sku":"C","count":0}]}"#,
        );
        assert_eq!(units(&document.unwrap()), [("A", 2), ("A", 1)]);
    }

    #[test]
    fn what_cannot_be_counted_is_an_error() {
        for json in [
            r#"{"status":3,"platform_order_no":["PO-1"]}"#,
            r#"{"wo_number":"WO1","platform_order_no":["PO-1"],"product_info":[{"sku":"A"}]}"#,
            r#"{"wo_number":"WO1","platform_order_no":["PO-1"],"product_info":[{"sku":"A","count":-1}]}"#,
            r#"{"wo_number":"WO1","platform_order_no":["PO-1"],"product_info":[{"sku":"","seller_sku":"","count":1}]}"#,
            r#"{"wo_number":"WO1","platform_order_no":["PO-1","PO-2"],"product_info":[{"sku":"A","count":1}]}"#,
        ] {
            assert!(made(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_empty_sku_falls_back_to_the_channels_name() {
        let document = made(
            r#"{"wo_number":"WO1","platform_order_no":"PO-1","product_info":[{"sku":"","seller_sku":"M","count":1}]}"#,
        );
        assert_eq!(units(&document.unwrap()), [("M", 1)]);
    }

    #[test]
    fn the_ship_time_falls_back_to_the_stock_entry() {
        let at = |json| made(json).unwrap().shipped_at.map(|at| at.to_rfc3339());
        assert_eq!(
            at(r#"{"wo_number":"W","delivered_at":"0000-00-00 00:00:00","stock_delivered_at":"2025-12-04 12:00:00"}"#),
            Some("2025-12-04T04:00:00+00:00".to_owned())
        );
        assert_eq!(at(r#"{"wo_number":"W","delivered_at":"","stock_delivered_at":null}"#), None);
    }

    #[test]
    fn a_replacement_is_marked_and_an_unknown_status_has_not_left() {
        let document = made(r#"{"wo_number":"W","status":17,"order_from":"补发订单"}"#).unwrap();
        assert!(document.replacement);
        assert_eq!(document.status, DocumentStatus::Open);
    }
}
