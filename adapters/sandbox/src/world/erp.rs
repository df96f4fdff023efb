//! Orders and outbound documents in the ERP.
//!
//! A system order is fixed when it is made: its events carry instants, and its state at a moment
//! follows from comparing them with the clock.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::World;
use crate::catalog::FOREIGN_SKU;

/// Where goods go, as the create request gave it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Address {
    pub(crate) name: Box<str>,
    pub(crate) country: Box<str>,
    pub(crate) city: Box<str>,
    pub(crate) state: Box<str>,
    pub(crate) line1: Box<str>,
    pub(crate) line2: Box<str>,
    pub(crate) postal: Box<str>,
    pub(crate) mobile: Box<str>,
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) id: u64,
    pub(crate) po: Arc<str>,
    pub(crate) msku: Box<str>,
    /// Position in the catalog.
    pub(crate) product: usize,
    pub(crate) quantity: u32,
    /// Decimal text with two places.
    pub(crate) price: Box<str>,
}

/// Positions in [`SystemOrder::items`] with their units.
pub(crate) type Goods = Vec<(usize, u32)>;

/// Which of the two departure times a document fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeStyle {
    Both,
    StockOnlyEmpty,
    StockOnlyZeros,
}

/// How a document lists its goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowStyle {
    Plain,
    /// The set (type 1) and its parts (type 2).
    Bundle,
    /// Another SKU than was ordered.
    Foreign,
}

/// An outbound document (销售出库单). It exists once its system order is reviewed.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) number: u64,
    pub(crate) tracking: Box<str>,
    pub(crate) shipped_at: Option<DateTime<Utc>>,
    pub(crate) cut_at: Option<DateTime<Utc>>,
    pub(crate) times: TimeStyle,
    pub(crate) rows: RowStyle,
    pub(crate) items: Goods,
}

/// State of a document (`status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentState {
    Shipping,
    Shipped,
    Cut,
}

impl Document {
    pub(crate) fn state(&self, now: DateTime<Utc>) -> DocumentState {
        if self.cut_at.is_some_and(|at| at <= now) {
            DocumentState::Cut
        } else if self.shipped_at.is_some_and(|at| at <= now) {
            DocumentState::Shipped
        } else {
            DocumentState::Shipping
        }
    }

    /// The numbers of the tracking field: split at commas, trimmed, without repeats.
    pub(crate) fn trackings(&self) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for part in self.tracking.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if !found.contains(&part) {
                found.push(part);
            }
        }
        found
    }
}

/// The warehouse was asked to give the goods back (截单); it answers later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recall {
    pub(crate) ends: DateTime<Utc>,
    pub(crate) refused: bool,
}

/// A row of the ERP's order list (系统单).
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct SystemOrder {
    pub(crate) number: u64,
    pub(crate) store: Arc<str>,
    /// Platform numbers: several when merged.
    pub(crate) pos: Vec<Arc<str>>,
    /// 补发订单 instead of 手工订单.
    pub(crate) resent: bool,
    /// 1 original, 2 merged, 3 split.
    pub(crate) split_type: u8,
    /// The row exists from here …
    pub(crate) created: DateTime<Utc>,
    /// … is found by the list from here …
    pub(crate) visible_at: DateTime<Utc>,
    /// … and is replaced by split or merged rows from here.
    pub(crate) replaced_at: Option<DateTime<Utc>>,
    pub(crate) reviewed_at: Option<DateTime<Utc>>,
    pub(crate) recall: Option<Recall>,
    /// The warehouse refuses to give the goods back.
    pub(crate) refuses_recall: bool,
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
    pub(crate) deleted: bool,
    /// Its units are locked in the stock.
    pub(crate) holds: bool,
    pub(crate) wid: Option<u32>,
    pub(crate) logistics: Option<u64>,
    pub(crate) address: Arc<Address>,
    pub(crate) currency: Box<str>,
    pub(crate) purchased: i64,
    pub(crate) items: Vec<Item>,
    pub(crate) documents: Vec<Document>,
}

impl SystemOrder {
    pub(crate) fn exists(&self, now: DateTime<Utc>) -> bool {
        self.created <= now && self.replaced_at.is_none_or(|at| now < at)
    }

    pub(crate) fn visible(&self, now: DateTime<Utc>) -> bool {
        self.exists(now) && self.visible_at <= now
    }

    pub(crate) fn reviewed(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.reviewed_at.filter(|&at| at <= now && !self.recalled(now))
    }

    /// Reviewed now, if it was not before or was taken back; goods that were taken back go out with
    /// their old document.
    pub(crate) fn release(&mut self, now: DateTime<Utc>) {
        if self.recalled(now) {
            let ends = self.recall.take().map(|recall| recall.ends);
            for document in self.documents.iter_mut().filter(|document| document.cut_at == ends) {
                document.cut_at = None;
            }
            self.reviewed_at = Some(now);
        }
        self.reviewed_at = Some(self.reviewed_at.map_or(now, |at| at.min(now)));
    }

    /// The warehouse has given the goods back: the order waits for review again.
    pub(crate) fn recalled(&self, now: DateTime<Utc>) -> bool {
        self.recall.is_some_and(|recall| !recall.refused && recall.ends <= now)
    }

    /// 4 to review, 5 to ship, 6 shipped, 7 cancelled.
    pub(crate) fn status(&self, now: DateTime<Utc>) -> u8 {
        if self.deleted || self.cancelled_at.is_some_and(|at| at <= now) {
            return 7;
        }
        if self.reviewed(now).is_none() {
            return 4;
        }
        let mut live = self.documents.iter().map(|d| d.state(now)).filter(|s| *s != DocumentState::Cut);
        let first = live.next();
        let all = first == Some(DocumentState::Shipped) && live.all(|state| state == DocumentState::Shipped);
        if all { 6 } else { 5 }
    }

    /// Departure of the last parcel that has left.
    pub(crate) fn delivered(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.documents
            .iter()
            .filter(|document| document.state(now) == DocumentState::Shipped)
            .filter_map(|document| document.shipped_at)
            .max()
    }

    /// Units of an item in the documents that have left.
    pub(crate) fn shipped_units(&self, item: usize, now: DateTime<Utc>) -> u32 {
        let shipped = self.documents.iter().filter(|document| document.state(now) == DocumentState::Shipped);
        shipped.flat_map(|document| &document.items).filter(|goods| goods.0 == item).map(|goods| goods.1).sum()
    }

    /// Latest event so far.
    pub(crate) fn updated(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let recalled = self.recall.map(|recall| recall.ends);
        [self.reviewed(now), recalled, self.cancelled_at, self.delivered(now)]
            .into_iter()
            .flatten()
            .filter(|&at| at <= now)
            .fold(self.created, DateTime::max)
    }
}

/// What a create request says about one order, after validation.
#[derive(Clone, Debug)]
pub(crate) struct NewSystemOrder {
    pub(crate) po: Arc<str>,
    pub(crate) store: Arc<str>,
    pub(crate) wid: Option<u32>,
    pub(crate) logistics: Option<u64>,
    pub(crate) address: Address,
    pub(crate) currency: Box<str>,
    pub(crate) purchased: i64,
    /// msku, product, quantity, price text.
    pub(crate) items: Vec<(Box<str>, usize, u32, Box<str>)>,
}

/// `1050` as `10.50`.
pub(crate) fn cents_text(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, (cents % 100).abs())
}

/// The SKU that a document row shows for an item.
pub(crate) fn row_sku<'a>(world: &'a World, document: &Document, item: &Item) -> &'a str {
    match document.rows {
        RowStyle::Foreign => FOREIGN_SKU,
        RowStyle::Plain | RowStyle::Bundle => &world.catalog.products[item.product].erp_sku,
    }
}
