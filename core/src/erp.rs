//! What the ERP holds: orders and outbound documents, free of any ERP's vocabulary.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::order::{Address, PoNumber};

/// Where the ERP sees its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErpStatus {
    /// Not looked at by a person or rule yet: syncing, unpaid, to review.
    Open,
    /// Released to the warehouse.
    ToShip,
    /// Left the warehouse.
    Shipped,
    /// Cancelled, not to be shipped.
    Cancelled,
    /// Anything else, in the ERP's words.
    Other(String),
}

/// One order of the ERP; a PO number that was split has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErpOrder {
    /// The ERP's own number.
    pub number: String,
    /// Its status.
    pub status: ErpStatus,
    /// Deleted there: it holds the PO number, but nothing will come of it.
    pub deleted: bool,
    /// A second sending of something already delivered; not a part of the order.
    pub resent: bool,
    /// The ERP's id of the store that it is in, where the ERP tells it.
    pub store_id: Option<String>,
}

impl ErpOrder {
    /// It is in another store than this one.
    pub fn is_outside(&self, store_id: &str) -> bool {
        self.store_id.as_deref().is_some_and(|own| own != store_id)
    }
}

/// An order to be created in the ERP.
#[derive(Debug, Clone, PartialEq)]
pub struct ErpOrderDraft {
    /// The order's key on both sides.
    pub po: PoNumber,
    /// The ERP's store.
    pub store_id: String,
    /// The receiver; name, country, city and line 1 are present.
    pub address: Address,
    /// Message for the warehouse.
    pub note: Option<String>,
    /// Warehouse and logistics type, always both.
    pub routing: Option<Routing>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// When the order was placed, UTC.
    pub purchased_at: DateTime<Utc>,
    /// The lines; never empty.
    pub lines: Vec<DraftLine>,
}

/// Where and how the ERP ships.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    /// The ERP's id of the warehouse.
    pub warehouse_id: String,
    /// The ERP's id of the logistics type.
    pub logistics_type_id: String,
}

/// One line of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftLine {
    /// The channel's name of the item.
    pub msku: String,
    /// The ERP's name of the item, where it is mapped.
    pub sku: Option<String>,
    /// Units.
    pub quantity: u32,
    /// Price of one unit.
    pub unit_price: Decimal,
}

/// Where an outbound document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentStatus {
    /// Not left yet.
    Open,
    /// Left the warehouse.
    Shipped,
    /// Deleted, cut off, void.
    Void,
}

/// One parcel, or several, leaving a warehouse for one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundDocument {
    /// The ERP's number of the document.
    pub number: String,
    /// Where it stands.
    pub status: DocumentStatus,
    /// A second sending of something already delivered; it does not count.
    pub replacement: bool,
    /// Tracking numbers, split, trimmed, without repeats.
    pub tracking: Vec<String>,
    /// When it left, UTC.
    pub shipped_at: Option<DateTime<Utc>>,
    /// The real carrier, where the ERP knows it.
    pub carrier: Option<String>,
    /// What is in it for the order that was asked about; components of bundles left out.
    pub lines: Vec<DocumentLine>,
}

/// Units of one item in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentLine {
    /// The ERP's SKU.
    pub sku: String,
    /// The channel's name of the item, where the ERP kept it.
    pub msku: Option<String>,
    /// Units.
    pub quantity: u32,
}

/// Units of one SKU, as one row of the ERP's stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErpStock {
    /// The ERP's SKU.
    pub sku: String,
    /// Units that can be sold; below zero after corrections.
    pub available: i64,
}

/// The channel's and the ERP's name of one item in one store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SkuPair {
    /// The ERP's id of the store.
    pub store_id: String,
    /// The channel's name.
    pub msku: String,
    /// The ERP's name.
    pub sku: String,
}

/// Kind of master data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MasterKind {
    /// Stores.
    Store,
    /// Warehouses.
    Warehouse,
    /// Ways to ship.
    LogisticsType,
}

/// Something that a mapping can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterRecord {
    /// The ERP's id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// It is in use.
    pub active: bool,
    /// The one warehouse that it can be used with, for a way to ship that has one.
    pub warehouse_id: Option<String>,
}
