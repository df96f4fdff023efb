use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Answer, Batch, ChannelCapabilities, PortError, Receipt};
use crate::order::{Order, PoNumber};
use crate::parcel::{Invoice, Shipment};
use crate::write::{WriteKey, WriteKind};

/// Which time of an order a window is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowKind {
    /// Creation time at the channel.
    Created,
    /// Last change at the channel.
    Updated,
}

/// A span of time `[start, end)` in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Which time it is about.
    pub kind: WindowKind,
    /// First moment inside.
    pub start: DateTime<Utc>,
    /// First moment outside.
    pub end: DateTime<Utc>,
}

/// The channel's own bookmark inside a window; opaque to the core.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(pub String);

/// One page of a window.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The orders, in no particular order.
    pub items: Vec<RawOrder>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<Cursor>,
}

/// One order of a page, before it is read: most of a page is known already, and reading is what costs.
#[derive(Debug, Clone)]
pub struct RawOrder {
    /// Exactly the bytes of the order's JSON.
    pub raw: Vec<u8>,
    /// A stable key: its channel id where that can be found, else a hash of the bytes.
    pub key: String,
}

impl RawOrder {
    /// Reads it.
    pub fn read(self, source: &dyn OrderSource) -> PulledOrder {
        let order = source.parse(&self.raw);
        PulledOrder { raw: self.raw, order, key: self.key }
    }
}

/// One order as the channel sent it.
#[derive(Debug, Clone)]
pub struct PulledOrder {
    /// Exactly the bytes of the order's JSON.
    pub raw: Vec<u8>,
    /// What we could read of it; an error is kept and shown, it never stops the page.
    pub order: Result<Order, PortError>,
    /// A stable key of an order that cannot be read: its channel id where that can be found, else
    /// a hash of the bytes.
    pub key: String,
}

/// Why a page could not be read.
#[derive(Debug, Clone)]
pub enum PageError {
    /// The cursor is unknown to the channel by now: start the window again.
    CursorExpired,
    /// The page is the one before, once more: the list goes in a circle, or a page was lost.
    Repeated,
    /// Any other failure.
    Port(PortError),
}

impl From<PortError> for PageError {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

/// Enough of an order for the channel to find it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRef {
    /// Our key.
    pub po: PoNumber,
    /// The channel's key.
    pub channel_order_id: String,
    /// When the channel created it, UTC.
    pub created_at: DateTime<Utc>,
    /// Another order of the channel is known to have the same PO number: only the channel's key tells them apart.
    pub shared: bool,
}

impl OrderRef {
    /// An order of which only the number is known, asked for at `now` (UTC).
    pub const fn by_number(po: PoNumber, now: DateTime<Utc>) -> Self {
        Self { po, channel_order_id: String::new(), created_at: now, shared: false }
    }
}

/// A question for an order's invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceQuery {
    /// The order.
    pub order: OrderRef,
    /// Ask for this very order, though it costs a call of its own: set when somebody besides us may
    /// have invoiced it. Otherwise a cheaper list of recent invoices will do.
    pub thorough: bool,
}

/// An invoice that the channel holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceRecord {
    /// Its number.
    pub invoice_id: String,
}

/// A write of which the end is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingWrite {
    /// What was written.
    pub key: WriteKey,
    /// The channel's key of its order; empty where nobody knows it, or it is about none.
    pub channel_order_id: String,
    /// What the channel gave for it; `None` when the answer was lost.
    pub receipt: Option<Receipt>,
    /// When it was sent, UTC.
    pub sent_at: DateTime<Utc>,
}

/// What the channel's log says about a pending write.
#[derive(Debug, Clone)]
pub enum Settlement {
    /// Done.
    Applied,
    /// Refused, with the channel's words.
    Rejected(PortError),
    /// Still in work.
    Pending,
    /// The log says nothing about it: read the object itself.
    Silent,
}

/// The sales channel's side: orders in; acknowledgements, shipments and invoices out.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait OrderSource: Send + Sync {
    /// What this channel can do.
    fn capabilities(&self) -> ChannelCapabilities;

    /// Reads a stored payload again. Pure.
    fn parse(&self, raw: &[u8]) -> Result<Order, PortError>;

    /// One page of a window; `after` is the cursor of the page before.
    ///
    /// Contract: never repeats a lost page request silently with a cursor that moves on reading.
    async fn page(&self, window: Window, after: Option<Cursor>) -> Result<Page, PageError>;

    /// The present state of these orders, read now. `Ok(None)` means that the channel does not know
    /// the order.
    ///
    /// Contract: one answer per order; uses as few calls as the channel allows.
    async fn fetch(&self, orders: &[OrderRef]) -> Result<Vec<Answer<PoNumber, Option<PulledOrder>>>, PortError>;

    /// Tells the channel that the orders are accepted.
    async fn acknowledge(&self, orders: &[OrderRef]) -> Batch<WriteKey> {
        absent(orders.is_empty(), "acknowledgement")
    }

    /// Reports parcels; the key's part is the tracking number.
    async fn ship(&self, shipments: &[Shipment]) -> Batch<WriteKey> {
        absent(shipments.is_empty(), "shipment")
    }

    /// Sends invoices.
    async fn invoice(&self, invoices: &[Invoice]) -> Batch<WriteKey> {
        absent(invoices.is_empty(), "invoice")
    }

    /// The invoices that the channel holds for these orders.
    async fn find_invoices(
        &self,
        orders: &[InvoiceQuery],
    ) -> Result<Vec<Answer<PoNumber, Option<InvoiceRecord>>>, PortError> {
        let _ = orders;
        Err(PortError::invalid("this channel has no invoices"))
    }

    /// What the channel's log says about writes of one kind.
    ///
    /// Contract: one answer per write; a log that cannot be read is an `Err` in the answer.
    async fn settle(&self, kind: WriteKind, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>>;
}

/// The answer of a channel that lacks a stage: nothing to do is fine, anything else was never asked for.
fn absent(nothing_asked: bool, what: &str) -> Batch<WriteKey> {
    if nothing_asked { Ok(Vec::new()) } else { Err(PortError::invalid(format!("this channel has no {what}"))) }
}
