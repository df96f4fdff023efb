//! An order at the channel.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::catalog::{SERVICES, Service};
use crate::config::InvoicePrice;
use crate::kinds::Kind;

/// Base of the invented `dscoItemId`s; the product's position and 1 are added.
pub(crate) const FIRST_ITEM_ID: u64 = 9_300_000_000;

/// `dscoStatus`. There is no `completed` here: an order with one shipped unit is `shipped`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Created,
    ShipmentPending,
    Shipped,
    Cancelled,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::ShipmentPending => "shipment_pending",
            Self::Shipped => "shipped",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Amounts of a line in cents; what is absent is absent on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prices {
    pub(crate) expected_cost: Option<i64>,
    pub(crate) retail: Option<i64>,
    pub(crate) consumer: Option<i64>,
    pub(crate) consumer_with_tax: Option<i64>,
}

impl Prices {
    /// Price by the order that the two settings of a client follow.
    pub(crate) fn by(self, rule: InvoicePrice) -> Option<i64> {
        let consumer = self.consumer_with_tax.or(self.consumer).or(self.retail);
        match rule {
            InvoicePrice::ConsumerFirst => consumer.or(self.expected_cost),
            InvoicePrice::CostFirst => self.expected_cost.or(consumer),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) number: u32,
    pub(crate) sku: Option<Box<str>>,
    pub(crate) partner_sku: Option<Box<str>>,
    pub(crate) item_id: u64,
    pub(crate) upc: Box<str>,
    pub(crate) quantity: u32,
    pub(crate) cancelled: u32,
    pub(crate) prices: Prices,
}

impl Line {
    /// Ordered and not cancelled.
    pub(crate) fn expected(&self) -> u32 {
        self.quantity.saturating_sub(self.cancelled)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PackageItem {
    /// Position of the line in [`ChannelOrder::lines`].
    pub(crate) line: usize,
    pub(crate) quantity: u32,
    pub(crate) span: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) id: u64,
    pub(crate) tracking: Box<str>,
    pub(crate) shipped: DateTime<Utc>,
    pub(crate) added: DateTime<Utc>,
    pub(crate) carrier: Box<str>,
    pub(crate) method: Box<str>,
    pub(crate) code: Box<str>,
    pub(crate) warehouse: Option<Box<str>>,
    pub(crate) items: Vec<PackageItem>,
}

/// Who receives the goods. Parts that no draft gives are made from `seed` when they are shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buyer {
    pub(crate) seed: u32,
    pub(crate) junk: bool,
    pub(crate) no_city: bool,
    pub(crate) given: Option<Box<GivenBuyer>>,
}

/// Parts of a buyer that a test planted.
#[derive(Clone, Debug, Default)]
pub(crate) struct GivenBuyer {
    pub(crate) name: Option<String>,
    pub(crate) address_line: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, as on the wire")]
pub(crate) struct ChannelOrder {
    pub(crate) id: u64,
    pub(crate) po: Arc<str>,
    pub(crate) kind: Kind,
    pub(crate) retailer: Box<str>,
    pub(crate) created: DateTime<Utc>,
    /// Post-processing hides the order from the supplier until then.
    pub(crate) visible_at: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) status: Status,
    pub(crate) acknowledged: bool,
    pub(crate) cancel_requested: bool,
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
    /// The retailer cancels as soon as a page has shown the order.
    pub(crate) cancel_when_read: bool,
    pub(crate) test: bool,
    /// Shown instead of the status `created`.
    pub(crate) first_status: Option<Box<str>>,
    pub(crate) no_lines: bool,
    pub(crate) lines: Vec<Line>,
    pub(crate) buyer: Buyer,
    pub(crate) warehouse: Option<Box<str>>,
    /// Position in [`SERVICES`].
    pub(crate) service: usize,
    /// Only the `requested…` members are present, not the final ones.
    pub(crate) only_requested: bool,
    pub(crate) packages: Vec<Package>,
    pub(crate) supplier_order_number: Option<Box<str>>,
    /// The order that the ERP merges with this one.
    pub(crate) sibling: Option<Arc<str>>,
}

impl ChannelOrder {
    pub(crate) fn service(&self) -> &'static Service {
        SERVICES.get(self.service).unwrap_or(&SERVICES[0])
    }

    /// Units of a line in the channel's packages.
    pub(crate) fn shipped_units(&self, line: usize) -> u32 {
        self.packages
            .iter()
            .flat_map(|package| &package.items)
            .filter(|item| item.line == line)
            .map(|item| item.quantity)
            .sum()
    }

    /// Units of a line that are neither cancelled nor shipped.
    pub(crate) fn open_units(&self, line: usize) -> u32 {
        self.lines[line].expected().saturating_sub(self.shipped_units(line))
    }

    /// `dscoLifecycle`; a cancelled order is `completed`, which the vendor leaves open.
    pub(crate) fn lifecycle(&self) -> &'static str {
        let all_sent = !self.packages.is_empty() && (0..self.lines.len()).all(|line| self.open_units(line) == 0);
        if all_sent || self.status == Status::Cancelled {
            "completed"
        } else if self.acknowledged {
            "acknowledged"
        } else {
            "created"
        }
    }

    /// Sum of the not cancelled units by a price rule, in cents; lines without price count 0.
    pub(crate) fn total(&self, rule: InvoicePrice) -> i64 {
        self.lines.iter().map(|line| line.prices.by(rule).unwrap_or(0) * i64::from(line.expected())).sum()
    }

    /// Cancels all quantity, as a retailer may while the order is `created`.
    pub(crate) fn cancel(&mut self, now: DateTime<Utc>) {
        self.status = Status::Cancelled;
        self.cancel_requested = true;
        self.cancelled_at = Some(now);
        for line in &mut self.lines {
            line.cancelled = line.quantity;
        }
    }

    /// Cancels units of a line; the order turns `cancelled` when no unit is left.
    pub(crate) fn cancel_units(&mut self, line: u32, quantity: u32, now: DateTime<Utc>) {
        if let Some(line) = self.lines.iter_mut().find(|candidate| candidate.number == line) {
            line.cancelled = (line.cancelled + quantity).min(line.quantity);
        }
        if self.lines.iter().all(|line| line.expected() == 0) {
            self.cancel(now);
        }
    }

    /// Sets the order back: packages and cancellation are gone.
    pub(crate) fn reset(&mut self, status: Status) {
        self.status = status;
        self.acknowledged = status != Status::Created;
        self.cancel_requested = false;
        self.cancelled_at = None;
        self.packages.clear();
        for line in &mut self.lines {
            line.cancelled = 0;
        }
    }

    /// Adds a package and moves the status on.
    pub(crate) fn add_package(&mut self, package: Package) {
        self.packages.push(package);
        self.acknowledged = true;
        self.status = Status::Shipped;
    }
}
