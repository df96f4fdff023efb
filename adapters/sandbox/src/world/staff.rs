//! How the ERP's staff handle a new order, by the story of the channel order.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use super::World;
use super::erp::{Address, Document, Goods, Item, NewSystemOrder, RowStyle, SystemOrder, TimeStyle, cents_text};
use crate::catalog::{SERVICES, WAREHOUSES, logistics_type, store_by_retailer, wid_position};
use crate::config::{InvoicePrice, Timing};
use crate::kinds::Kind;

/// 18 digits and far beyond 2^53, like the vendor's.
const FIRST_SYSTEM_NO: u64 = 103_912_345_678_901_249;
const FIRST_DOCUMENT_NO: u64 = 103_990_000_000_000_100;

impl World {
    fn system_number(&mut self) -> u64 {
        FIRST_SYSTEM_NO + self.number() * 64
    }

    fn document(&mut self, items: Goods, shipped_at: Option<DateTime<Utc>>) -> Document {
        let number = self.number();
        Document {
            number: FIRST_DOCUMENT_NO + number,
            tracking: format!("9400{number:016}").into_boxed_str(),
            shipped_at,
            cut_at: None,
            times: TimeStyle::Both,
            rows: RowStyle::Plain,
            items,
        }
    }

    /// Whether a store already holds a platform number, deleted orders included.
    pub(crate) fn holds(&self, store: &str, po: &str) -> bool {
        self.systems_of(po).iter().any(|&position| &*self.systems[position].store == store)
    }

    /// Makes a system order and plans what the staff will do with it, by the story of the
    /// channel order with that number. Returns the system number.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only some stories differ here")]
    pub(crate) fn create_system(&mut self, new: NewSystemOrder, timing: &Timing, now: DateTime<Utc>) -> u64 {
        let channel = self.by_po(&new.po).first().map(|&position| self.order(position));
        let kind = channel.map_or(Kind::Single, |order| order.kind);
        let sibling = channel.and_then(|order| order.sibling.clone());
        let number = self.system_number();
        let items: Vec<Item> = new
            .items
            .iter()
            .map(|(msku, product, quantity, price)| Item {
                id: 880_000 + self.number(),
                po: new.po.clone(),
                msku: msku.clone(),
                product: *product,
                quantity: *quantity,
                price: price.clone(),
            })
            .collect();
        let warehouse = new.wid.and_then(wid_position).unwrap_or(0);
        for item in &items {
            self.stock.lock(warehouse, item.product, i64::from(item.quantity), now);
        }
        let reviewed = !matches!(kind, Kind::NeverReviewed | Kind::CancelledInReview);
        let base = SystemOrder {
            number,
            store: new.store,
            pos: vec![new.po],
            resent: false,
            split_type: 1,
            created: now,
            visible_at: now + timing.erp_visible_delay,
            replaced_at: None,
            reviewed_at: reviewed.then(|| now + timing.review_after),
            recall: None,
            refuses_recall: kind == Kind::RecallRefused,
            cancelled_at: None,
            deleted: false,
            holds: true,
            wid: new.wid,
            logistics: new.logistics,
            address: Arc::new(new.address),
            currency: new.currency,
            purchased: new.purchased,
            items,
            documents: Vec::new(),
        };
        match kind {
            Kind::Split => self.split(&base, timing, now),
            Kind::Merged => self.merge(base, sibling.as_deref(), timing, now),
            _ => self.handle(base, kind, timing, now),
        }
        self.plan_cancellation(number, kind, timing, now);
        number
    }

    /// One system order with the documents of its story.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only some stories differ here")]
    fn handle(&mut self, mut base: SystemOrder, kind: Kind, timing: &Timing, now: DateTime<Utc>) {
        let leaves = now + timing.ship_after.max(timing.review_after);
        let first = Some(leaves);
        let second = Some(now + timing.second_parcel_after.max(timing.ship_after));
        let all: Goods = base.items.iter().enumerate().map(|(at, item)| (at, item.quantity)).collect();
        let (left, right) = halves(&all);
        let mut documents = match kind {
            Kind::TwoParcels | Kind::SpannedLine | Kind::SharedTracking => {
                vec![self.document(left, first), self.document(right, first)]
            }
            Kind::TwoSteps => vec![self.document(left, first), self.document(right, second)],
            Kind::NeverFullyShipped => {
                vec![self.document(left, first), self.document(right, None)]
            }
            Kind::CutOff => vec![self.document(all.clone(), None), self.document(all, first)],
            Kind::NeverShipped
            | Kind::NeverReviewed
            | Kind::CancelledInReview
            | Kind::CancelledWhenReleased
            | Kind::CancelledAfterAck
            | Kind::CancelledTooLate
            | Kind::RecallRefused => vec![self.document(all, None)],
            _ => vec![self.document(all, first)],
        };
        match kind {
            Kind::SharedTracking => {
                let shared = documents[0].tracking.clone();
                documents[1].tracking = shared;
            }
            Kind::CutOff => documents[0].cut_at = base.reviewed_at,
            Kind::RepeatedTracking => {
                let number = &documents[0].tracking;
                documents[0].tracking = format!("{number}, {number},").into_boxed_str();
            }
            Kind::NoTracking => documents[0].tracking = "".into(),
            Kind::Bundle => documents[0].rows = RowStyle::Bundle,
            Kind::ForeignSku => documents[0].rows = RowStyle::Foreign,
            Kind::StockTimeOnly => {
                documents[0].times = if documents[0].number.is_multiple_of(2) {
                    TimeStyle::StockOnlyZeros
                } else {
                    TimeStyle::StockOnlyEmpty
                };
            }
            _ => {}
        }
        base.documents = documents;
        if kind == Kind::DeletedTwin {
            let mut twin = base.clone();
            twin.number = self.system_number();
            twin.deleted = true;
            twin.holds = false;
            twin.reviewed_at = None;
            twin.documents.clear();
            self.add_system(twin);
        }
        if kind == Kind::Resent {
            self.resend(&base, timing, leaves);
        }
        self.add_system(base);
    }

    /// Staff send a replacement after the shipment: it repeats the platform number, waits for
    /// its own review and gets a document of its own.
    fn resend(&mut self, base: &SystemOrder, timing: &Timing, shipped: DateTime<Utc>) {
        let mut again = base.clone();
        again.number = self.system_number();
        again.resent = true;
        again.holds = false;
        again.created = shipped;
        again.visible_at = shipped + timing.erp_visible_delay;
        again.reviewed_at = Some(shipped + timing.second_parcel_after);
        let items = again.items.iter().enumerate().map(|(at, item)| (at, item.quantity)).collect();
        let leaves = shipped + timing.second_parcel_after + timing.second_parcel_after;
        again.documents = vec![self.document(items, Some(leaves))];
        self.add_system(again);
    }

    fn split(&mut self, base: &SystemOrder, timing: &Timing, now: DateTime<Utc>) {
        let all: Goods = base.items.iter().enumerate().map(|(at, item)| (at, item.quantity)).collect();
        let (left, right) = halves(&all);
        let at = now + timing.review_after / 2;
        let mut original = base.clone();
        original.replaced_at = Some(at);
        original.reviewed_at = None;
        original.holds = false;
        let later = timing.second_review_after.max(timing.review_after);
        let plans = [
            (left, base.number, timing.review_after, timing.ship_after),
            (right, self.system_number(), later, timing.second_parcel_after),
        ];
        self.add_system(original);
        for (part, number, review, ship) in plans {
            let mut system = base.clone();
            system.number = number;
            system.split_type = 3;
            system.created = at;
            system.reviewed_at = Some(now + review);
            system.items =
                part.iter().map(|&(position, quantity)| Item { quantity, ..base.items[position].clone() }).collect();
            let items = system.items.iter().enumerate().map(|(at, item)| (at, item.quantity)).collect();
            system.documents = vec![self.document(items, Some(now + ship.max(review)))];
            self.add_system(system);
        }
    }

    /// The first of a pair waits for the other; the second one makes the merged row.
    fn merge(&mut self, mut base: SystemOrder, sibling: Option<&str>, timing: &Timing, now: DateTime<Utc>) {
        let po = base.pos[0].clone();
        let partner = sibling
            .or_else(|| self.sibling_of(&po))
            .and_then(|sibling| self.systems_of(sibling).first().copied())
            .filter(|&position| self.systems[position].status(now) == 4);
        let Some(partner) = partner else {
            // Without any partner in the world the order is handled alone.
            if sibling.is_none() && self.sibling_of(&po).is_none() {
                self.handle(base, Kind::Single, timing, now);
            } else {
                base.reviewed_at = None;
                self.add_system(base);
            }
            return;
        };
        let at = now + timing.review_after / 2;
        let first = &mut self.systems[partner];
        first.replaced_at = Some(at);
        let mut merged = first.clone();
        first.holds = false;
        base.holds = false;
        base.replaced_at = Some(at);
        base.reviewed_at = None;
        merged.split_type = 2;
        merged.created = at;
        merged.visible_at = now + timing.erp_visible_delay;
        merged.replaced_at = None;
        merged.reviewed_at = Some(now + timing.review_after);
        merged.pos.extend(base.pos.iter().cloned());
        merged.items.extend(base.items.iter().cloned());
        let items = merged.items.iter().enumerate().map(|(at, item)| (at, item.quantity)).collect();
        let leaves = now + timing.ship_after.max(timing.review_after);
        merged.documents = vec![self.document(items, Some(leaves))];
        self.add_system(base);
        self.add_system(merged);
    }

    /// The order that names `po` as its sibling.
    fn sibling_of(&self, po: &str) -> Option<&str> {
        self.siblings.get(po).map(AsRef::as_ref)
    }

    /// Staff enter a channel order by hand, half a minute after it was made.
    pub(crate) fn enter_by_hand(&mut self, position: usize) {
        let order = self.order(position);
        let Some(store) = store_by_retailer(&order.retailer) else {
            return;
        };
        let warehouse =
            WAREHOUSES.iter().position(|warehouse| Some(warehouse.0) == order.warehouse.as_deref()).unwrap_or(0);
        let service = if SERVICES[order.service].mapped { order.service } else { 0 };
        let at = order.created + Duration::seconds(30);
        let items = order
            .lines
            .iter()
            .filter_map(|line| {
                let name = line.partner_sku.as_deref().or(line.sku.as_deref())?;
                let product = self.catalog.by_channel_name(name)?;
                let cents = line.prices.by(InvoicePrice::ConsumerFirst).unwrap_or(0);
                Some((name.into(), product, line.expected(), cents_text(cents).into_boxed_str()))
            })
            .collect();
        let new = NewSystemOrder {
            po: order.po.clone(),
            store: Arc::from(store),
            wid: Some(WAREHOUSES[warehouse].1),
            logistics: Some(logistics_type(warehouse, service)),
            address: Address { name: "Entered By Hand".into(), country: "US".into(), ..Address::default() },
            currency: "USD".into(),
            purchased: order.created.timestamp(),
            items,
        };
        self.create_system(new, &Timing::instant(), at);
    }
}

/// Splits goods in two parts: by item if there are several, else by unit.
fn halves(all: &[(usize, u32)]) -> (Goods, Goods) {
    match all {
        [(item, quantity)] if *quantity > 1 => (vec![(*item, quantity - 1)], vec![(*item, 1)]),
        [first, rest @ ..] => (vec![*first], rest.to_vec()),
        [] => (Vec::new(), Vec::new()),
    }
}
