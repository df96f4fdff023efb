//! What goes back to the channel: parcels and invoices.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::order::PoNumber;

/// One parcel to be reported to the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipment {
    /// The order's key.
    pub po: PoNumber,
    /// The channel's key of the order.
    pub channel_order_id: String,
    /// One tracking number, never a list.
    pub tracking: String,
    /// When it left, UTC.
    pub shipped_at: DateTime<Utc>,
    /// Carrier as the channel spells it.
    pub carrier: Option<String>,
    /// Ship method as the channel spells it.
    pub method: Option<String>,
    /// Service level code of the channel.
    pub service_level: Option<String>,
    /// The supplier's code of the warehouse.
    pub warehouse_code: Option<String>,
    /// Units per order line.
    pub lines: Vec<ShipmentLine>,
}

/// Units of one order line in one parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentLine {
    /// What identifies the line at the channel.
    pub item: LineRef,
    /// Units in this parcel.
    pub quantity: u32,
    /// The line's units travel in several parcels.
    pub spans_packages: bool,
}

/// What identifies an order line at the channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineRef {
    /// Number of the line within the order.
    pub line_number: Option<i64>,
    /// The channel's id of the item.
    pub item_id: Option<String>,
    /// The supplier's SKU.
    pub sku: Option<String>,
    /// The retailer's SKU.
    pub partner_sku: Option<String>,
}

/// One invoice for one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// The order's key.
    pub po: PoNumber,
    /// The channel's key of the order.
    pub channel_order_id: String,
    /// Our number of the invoice.
    pub invoice_id: String,
    /// Latest ship date, UTC.
    pub invoiced_at: DateTime<Utc>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Exact sum of the lines, two places.
    pub total: Decimal,
    /// One per order line with units to invoice.
    pub lines: Vec<InvoiceLine>,
}

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceLine {
    /// What identifies the line at the channel.
    pub item: LineRef,
    /// Units.
    pub quantity: u32,
    /// Price of one unit.
    pub unit_price: Decimal,
}
