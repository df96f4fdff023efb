//! What is sent, with absent members left out.

use serde::Serialize;
use serde_json::value::RawValue;

/// One element of `POST /order/acknowledge`.
#[derive(Serialize)]
pub(crate) struct OrderId<'a> {
    pub(crate) id: &'a str,
    #[serde(rename = "type")]
    pub(crate) id_type: &'static str,
}

/// One element of `POST /order/shipment/batch/small`: all new parcels of one order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShipmentsForUpdate<'a> {
    /// Both keys: some retailers' rules demand the PO number even beside the id.
    pub(crate) dsco_order_id: &'a str,
    pub(crate) po_number: &'a str,
    pub(crate) shipments: Vec<ShipmentForUpdate<'a>>,
}

/// One parcel.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShipmentForUpdate<'a> {
    pub(crate) tracking_number: &'a str,
    pub(crate) ship_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ship_carrier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ship_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shipping_service_level_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) warehouse_code: Option<&'a str>,
    pub(crate) line_items: Vec<ShipmentLine<'a>>,
}

/// What identifies a line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LineKey<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line_number: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dsco_item_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sku: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) partner_sku: Option<&'a str>,
}

/// Units of one line in one parcel.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShipmentLine<'a> {
    #[serde(flatten)]
    pub(crate) key: LineKey<'a>,
    pub(crate) quantity: u32,
    /// Sent only when true.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) package_span_flag: bool,
}

/// One element of `POST /invoice/batch/small`. It has no tracking number at this level: the vendor
/// refuses one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceForCreate<'a> {
    pub(crate) invoice_id: &'a str,
    pub(crate) po_number: &'a str,
    pub(crate) dsco_order_id: &'a str,
    pub(crate) invoice_date: String,
    pub(crate) currency_code: &'a str,
    pub(crate) total_amount: Box<RawValue>,
    pub(crate) number_of_line_items: usize,
    pub(crate) line_items: Vec<InvoiceLine<'a>>,
}

/// One line of an invoice. Not flattened: an exact number does not survive that.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line_number: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dsco_item_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sku: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) partner_sku: Option<&'a str>,
    pub(crate) quantity: u32,
    pub(crate) unit_price: Box<RawValue>,
}

/// One element of `POST /inventory/batch/small`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemFigures<'a> {
    pub(crate) sku: &'a str,
    /// The exact sum of the warehouses: the vendor refuses anything else.
    pub(crate) quantity_available: u64,
    pub(crate) status: &'static str,
    pub(crate) warehouses: Vec<WarehouseFigure<'a>>,
}

/// Units in one warehouse.
#[derive(Serialize)]
pub(crate) struct WarehouseFigure<'a> {
    pub(crate) code: &'a str,
    pub(crate) quantity: u32,
}

/// `POST /stream` for a stream of stock.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewStream<'a> {
    pub(crate) object_type: &'a str,
    pub(crate) description: &'a str,
    pub(crate) num_partitions: u8,
    pub(crate) max_events: MaxEvents,
    pub(crate) query: StreamQuery<'a>,
}

/// What a page of events holds at most; the first limit that is met ends it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MaxEvents {
    pub(crate) object_count: u32,
    pub(crate) num_bytes: u32,
    pub(crate) duration_sec: u32,
}

/// What a stream is about; its type has to be that of the stream.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StreamQuery<'a> {
    pub(crate) query_type: &'a str,
}
