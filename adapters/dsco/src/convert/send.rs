//! The domain's orders, parcels and invoices as the vendor wants them.

use chrono::{DateTime, SecondsFormat, Utc};
use ipass_core::parcel::{self, Invoice, LineRef, Shipment};
use ipass_core::ports::{OrderRef, PortError};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::dto::request::{
    InvoiceForCreate, InvoiceLine, LineKey, OrderId, ShipmentForUpdate, ShipmentLine, ShipmentsForUpdate,
};

/// One element of an acknowledgement. By PO number it is one of every order that has the number; of a number that
/// several have, `by_id` means the one order.
pub(crate) fn acknowledgement(order: &OrderRef, by_id: bool) -> Result<String, PortError> {
    let id = if by_id && !order.channel_order_id.is_empty() {
        OrderId { id: &order.channel_order_id, id_type: "DSCO_ORDER_ID" }
    } else {
        OrderId { id: order.po.as_str(), id_type: "PO_NUMBER" }
    };
    json(&id, "an acknowledgement")
}

/// One element of a shipment batch: parcels of one order, which is that of the first.
pub(crate) fn shipments(parcels: &[&Shipment]) -> Result<String, PortError> {
    let first = parcels.first().ok_or_else(|| PortError::invalid("a shipment without parcels cannot be built"))?;
    let element = ShipmentsForUpdate {
        dsco_order_id: &first.channel_order_id,
        po_number: first.po.as_str(),
        shipments: parcels.iter().map(|parcel| shipment(parcel)).collect(),
    };
    json(&element, "a shipment")
}

fn shipment(parcel: &Shipment) -> ShipmentForUpdate<'_> {
    let lines = parcel.lines.iter().map(|line| ShipmentLine {
        key: key(&line.item),
        quantity: line.quantity,
        package_span_flag: line.spans_packages,
    });
    ShipmentForUpdate {
        tracking_number: &parcel.tracking,
        ship_date: time(parcel.shipped_at),
        ship_carrier: parcel.carrier.as_deref(),
        ship_method: parcel.method.as_deref(),
        shipping_service_level_code: parcel.service_level.as_deref(),
        warehouse_code: parcel.warehouse_code.as_deref(),
        line_items: lines.collect(),
    }
}

/// Orders of some retailers name no currency; an invoice does (vendor's reference, section 5.1).
const DEFAULT_CURRENCY: &str = "USD";

/// One element of an invoice batch.
pub(crate) fn invoice(invoice: &Invoice) -> Result<String, PortError> {
    let lines = invoice.lines.iter().map(invoice_line).collect::<Result<_, PortError>>()?;
    let element = InvoiceForCreate {
        invoice_id: &invoice.invoice_id,
        po_number: invoice.po.as_str(),
        dsco_order_id: &invoice.channel_order_id,
        invoice_date: time(invoice.invoiced_at),
        currency_code: invoice.currency.as_deref().unwrap_or(DEFAULT_CURRENCY),
        total_amount: number(&two_places(invoice.total))?,
        number_of_line_items: invoice.lines.len(),
        line_items: lines,
    };
    json(&element, "an invoice")
}

fn invoice_line(line: &parcel::InvoiceLine) -> Result<InvoiceLine<'_>, PortError> {
    Ok(InvoiceLine {
        line_number: line.item.line_number,
        dsco_item_id: line.item.item_id.as_deref(),
        sku: line.item.sku.as_deref(),
        partner_sku: line.item.partner_sku.as_deref(),
        quantity: line.quantity,
        unit_price: number(&line.unit_price.to_string())?,
    })
}

fn key(item: &LineRef) -> LineKey<'_> {
    LineKey {
        line_number: item.line_number,
        dsco_item_id: item.item_id.as_deref(),
        sku: item.sku.as_deref(),
        partner_sku: item.partner_sku.as_deref(),
    }
}

/// RFC 3339, UTC, whole seconds.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn two_places(amount: Decimal) -> String {
    format!("{:.2}", amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
}

/// A JSON number in exactly these digits.
fn number(digits: &str) -> Result<Box<RawValue>, PortError> {
    let number = RawValue::from_string(digits.to_owned());
    number.map_err(|error| PortError::invalid("an amount cannot be written").because(error))
}

pub(crate) fn json(element: &impl Serialize, what: &str) -> Result<String, PortError> {
    serde_json::to_string(element).map_err(|error| PortError::invalid(format!("{what} cannot be built")).because(error))
}

#[cfg(test)]
mod tests {
    use ipass_core::order::PoNumber;
    use ipass_core::parcel::ShipmentLine;

    use super::*;

    fn at() -> DateTime<Utc> {
        "2026-01-28T20:00:00.750Z".parse().unwrap()
    }

    fn po() -> PoNumber {
        PoNumber::new("PO-1").unwrap()
    }

    fn bare() -> LineRef {
        LineRef { line_number: Some(1), item_id: None, sku: Some("A".to_owned()), partner_sku: None }
    }

    #[test]
    fn an_acknowledgement_names_the_po_number() {
        let order = OrderRef { po: po(), channel_order_id: "9".to_owned(), created_at: at(), shared: false };
        assert_eq!(acknowledgement(&order, false).unwrap(), r#"{"id":"PO-1","type":"PO_NUMBER"}"#);
        assert_eq!(acknowledgement(&order, true).unwrap(), r#"{"id":"9","type":"DSCO_ORDER_ID"}"#);
    }

    #[test]
    fn a_shipment_leaves_out_what_is_absent() {
        let mut parcel = Shipment {
            po: po(),
            channel_order_id: "9".to_owned(),
            tracking: "T".to_owned(),
            shipped_at: at(),
            carrier: None,
            method: None,
            service_level: None,
            warehouse_code: None,
            lines: vec![ShipmentLine { item: bare(), quantity: 2, spans_packages: false }],
        };
        assert_eq!(
            shipments(&[&parcel]).unwrap(),
            concat!(
                r#"{"dscoOrderId":"9","poNumber":"PO-1","shipments":[{"trackingNumber":"T","#,
                r#""shipDate":"2026-01-28T20:00:00Z","lineItems":[{"lineNumber":1,"sku":"A","quantity":2}]}]}"#
            )
        );
        parcel.lines[0].spans_packages = true;
        assert!(shipments(&[&parcel]).unwrap().contains(r#""quantity":2,"packageSpanFlag":true"#));
        assert!(shipments(&[]).is_err());
    }

    #[test]
    fn an_invoice_holds_exact_numbers_and_no_tracking() {
        let line = |price: &str| parcel::InvoiceLine { item: bare(), quantity: 3, unit_price: price.parse().unwrap() };
        let mut document = Invoice {
            po: po(),
            channel_order_id: "9".to_owned(),
            invoice_id: "PO-1".to_owned(),
            invoiced_at: at(),
            currency: Some("USD".to_owned()),
            total: "241".parse().unwrap(),
            lines: vec![line("54"), line("19.9900000000000002")],
        };
        assert_eq!(
            invoice(&document).unwrap(),
            concat!(
                r#"{"invoiceId":"PO-1","poNumber":"PO-1","dscoOrderId":"9","invoiceDate":"2026-01-28T20:00:00Z","#,
                r#""currencyCode":"USD","totalAmount":241.00,"numberOfLineItems":2,"lineItems":["#,
                r#"{"lineNumber":1,"sku":"A","quantity":3,"unitPrice":54},"#,
                r#"{"lineNumber":1,"sku":"A","quantity":3,"unitPrice":19.9900000000000002}]}"#
            )
        );
        let without = Invoice { currency: None, ..document.clone() };
        assert!(invoice(&without).unwrap().contains(r#""currencyCode":"USD","#));
        for (total, sent) in [("0.1", "0.10"), ("2.345", "2.35"), ("12345678901234.5", "12345678901234.50")] {
            document.total = total.parse().unwrap();
            assert!(invoice(&document).unwrap().contains(&format!(r#""totalAmount":{sent},"#)), "{sent}");
        }
    }
}
