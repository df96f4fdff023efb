//! An order, free of any channel's vocabulary.

use std::fmt;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// The purchase order number: an order's key on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PoNumber(String);

impl PoNumber {
    /// `None` for a text without any visible character.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let trimmed = text.trim();
        if trimmed.is_empty() { None } else { Some(Self(trimmed.to_owned())) }
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PoNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the channel itself sees the order. Never mixed up with our own stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelStatus {
    /// Offered to us.
    Created,
    /// Accepted by us, not shipped.
    ShipmentPending,
    /// At least one unit shipped; open units may remain.
    Shipped,
    /// Closed.
    Completed,
    /// Cancelled as a whole.
    Cancelled,
    /// A text that we do not know, or none (empty).
    Other(String),
}

impl ChannelStatus {
    /// The text that is stored and shown.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::ShipmentPending => "shipment_pending",
            Self::Shipped => "shipped",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Other(text) => text,
        }
    }

    /// Reads the stored text; letter case does not matter.
    pub fn parse(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "created" => Self::Created,
            "shipment_pending" => Self::ShipmentPending,
            "shipped" => Self::Shipped,
            "completed" => Self::Completed,
            "cancelled" => Self::Cancelled,
            _ => Self::Other(text.trim().to_owned()),
        }
    }
}

/// Which of a line's two names goes to the ERP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkuKey {
    /// The retailer's SKU, else the supplier's.
    PartnerSkuFirst,
    /// The supplier's SKU, else the retailer's.
    SkuFirst,
}

/// Which price comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceOrder {
    /// What the buyer pays, then the list price, then the cost.
    ConsumerFirst,
    /// What the retailer pays us, then the others.
    CostFirst,
}

/// One order as the channel shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Our key.
    pub po: PoNumber,
    /// The channel's key.
    pub channel_order_id: String,
    /// The retailer's account at the channel.
    pub retailer_id: Option<String>,
    /// The channel's status.
    pub status: ChannelStatus,
    /// The retailer asked to cancel; nobody has done it yet.
    pub cancel_requested: bool,
    /// A test order; it never reaches the ERP.
    pub test: bool,
    /// Creation at the channel, UTC.
    pub created_at: DateTime<Utc>,
    /// Last change at the channel, UTC.
    pub updated_at: Option<DateTime<Utc>>,
    /// When it has to be shipped, UTC.
    pub ship_by: Option<DateTime<Utc>>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Warehouse to ship from, in the supplier's code: the final one, else the requested one.
    pub warehouse_code: Option<String>,
    /// Service level: the final one, else the requested one.
    pub service_level: Option<String>,
    /// Carrier: the final one, else the requested one.
    pub carrier: Option<String>,
    /// Ship method: the final one, else the requested one.
    pub ship_method: Option<String>,
    /// Where it goes.
    pub address: Address,
    /// Message of the retailer or buyer.
    pub note: Option<String>,
    /// The ordered lines, in the channel's order.
    pub lines: Vec<OrderLine>,
    /// What the channel knows as shipped.
    pub packages: Vec<Package>,
}

/// A postal address; members are absent rather than empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// Full name of the receiver.
    pub name: Option<String>,
    /// Company of the receiver.
    pub company: Option<String>,
    /// Street line 1.
    pub line1: Option<String>,
    /// Street line 2.
    pub line2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State, province or region.
    pub state: Option<String>,
    /// Postal code, leading zeros kept.
    pub postal_code: Option<String>,
    /// ISO 3166 two letters.
    pub country: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
}

/// Addresses are personal: they print as nothing.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").finish_non_exhaustive()
    }
}

/// Prices of one unit, as far as the channel gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices {
    /// What the buyer pays, tax included.
    pub consumer_with_tax: Option<Decimal>,
    /// What the buyer pays.
    pub consumer: Option<Decimal>,
    /// The list price.
    pub retail: Option<Decimal>,
    /// What the retailer pays us.
    pub expected_cost: Option<Decimal>,
}

impl Prices {
    /// The first price present, in the order that the setting wants.
    pub fn first(&self, order: PriceOrder) -> Option<Decimal> {
        let consumer = [self.consumer_with_tax, self.consumer, self.retail];
        match order {
            PriceOrder::ConsumerFirst => consumer.into_iter().chain([self.expected_cost]).flatten().next(),
            PriceOrder::CostFirst => [self.expected_cost].into_iter().chain(consumer).flatten().next(),
        }
    }
}

/// One ordered line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderLine {
    /// The channel's number of the line, unique within the order.
    pub line_number: Option<i64>,
    /// The channel's id of the item.
    pub item_id: Option<String>,
    /// The supplier's SKU.
    pub sku: Option<String>,
    /// The retailer's SKU.
    pub partner_sku: Option<String>,
    /// Units ordered.
    pub quantity: u32,
    /// Units cancelled or rejected since.
    pub cancelled: u32,
    /// Prices of one unit.
    pub prices: Prices,
}

impl OrderLine {
    /// Units that are to be shipped and invoiced.
    pub fn expected(&self) -> u32 {
        self.quantity.saturating_sub(self.cancelled)
    }

    /// The name under which the ERP gets the line.
    pub fn key(&self, rule: SkuKey) -> Option<&str> {
        let (first, second) = match rule {
            SkuKey::PartnerSkuFirst => (&self.partner_sku, &self.sku),
            SkuKey::SkuFirst => (&self.sku, &self.partner_sku),
        };
        first.as_deref().or(second.as_deref())
    }

    /// Both names of the line, for the way back.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.partner_sku.as_deref().into_iter().chain(self.sku.as_deref())
    }
}

/// One parcel that the channel knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its tracking number.
    pub tracking: String,
    /// When it left, UTC.
    pub shipped_at: Option<DateTime<Utc>>,
    /// What is in it.
    pub items: Vec<PackageItem>,
}

/// Units of one line in a parcel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageItem {
    /// The order line's number, where given.
    pub line_number: Option<i64>,
    /// The channel's id of the item, where given.
    pub item_id: Option<String>,
    /// The supplier's SKU, where given.
    pub sku: Option<String>,
    /// The retailer's SKU, where given.
    pub partner_sku: Option<String>,
    /// Units.
    pub quantity: u32,
}

impl Order {
    /// Index of the line that a package item is about: by line number, else item id, else SKU.
    pub fn line_of(&self, item: &PackageItem) -> Option<usize> {
        let by_number =
            item.line_number.and_then(|number| self.lines.iter().position(|line| line.line_number == Some(number)));
        let by_id = || {
            item.item_id.as_ref().and_then(|id| self.lines.iter().position(|line| line.item_id.as_ref() == Some(id)))
        };
        let by_sku =
            || item.sku.as_ref().and_then(|sku| self.lines.iter().position(|line| line.sku.as_ref() == Some(sku)));
        let by_partner = || {
            item.partner_sku
                .as_ref()
                .and_then(|sku| self.lines.iter().position(|line| line.partner_sku.as_ref() == Some(sku)))
        };
        by_number.or_else(by_id).or_else(by_sku).or_else(by_partner)
    }

    /// Units per line that the channel knows as shipped.
    pub fn shipped_per_line(&self) -> Vec<u32> {
        let mut shipped = vec![0_u32; self.lines.len()];
        for item in self.packages.iter().flat_map(|package| &package.items) {
            if let Some(line) = self.line_of(item) {
                shipped[line] = shipped[line].saturating_add(item.quantity);
            }
        }
        shipped
    }

    /// Every unit that is to be shipped is in the channel's packages, and there is at least one.
    pub fn fully_shipped_at_channel(&self) -> bool {
        let expected: u32 = self.lines.iter().map(OrderLine::expected).sum();
        expected > 0 && self.lines.iter().zip(self.shipped_per_line()).all(|(line, shipped)| shipped >= line.expected())
    }

    /// More than one line, or more than one unit of a line.
    pub fn is_multi(&self) -> bool {
        self.lines.len() > 1 || self.lines.iter().any(|line| line.quantity > 1)
    }

    /// `sku(qty)` per line, in order, repeats kept, joined by commas.
    pub fn sku_list(&self, rule: SkuKey) -> String {
        let line = |line: &OrderLine| format!("{}({})", line.key(rule).unwrap_or("?"), line.quantity);
        self.lines.iter().map(line).collect::<Vec<_>>().join(",")
    }
}
