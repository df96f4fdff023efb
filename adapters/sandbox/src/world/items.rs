//! Items at the channel with their quantities per warehouse.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::figure::Figure;
use super::order::{ChannelOrder, FIRST_ITEM_ID};
use super::stock::Stock;
use crate::catalog::{CHANNEL_WAREHOUSES, Catalog, WAREHOUSES, family, warehouse_position};
use crate::rng::Rng;

/// Units of the item in the warehouse that no mapping knows.
const UNMAPPED_UNITS: i64 = 7;

/// One item.
#[derive(Clone, Debug)]
pub(crate) struct ChannelItem {
    pub(crate) id: u64,
    pub(crate) sku: Box<str>,
    /// Position in the catalog; a client may have created an item that is not there.
    pub(crate) product: Option<usize>,
    pub(crate) upc: Box<str>,
    pub(crate) partner_sku: Option<Box<str>>,
    /// By the position of the warehouse at DSCO; `None` where the item was never kept.
    levels: [Option<Figure>; CHANNEL_WAREHOUSES],
    pub(crate) updated: DateTime<Utc>,
}

impl ChannelItem {
    pub(crate) fn units(&self, warehouse: usize) -> i64 {
        self.levels[warehouse].as_ref().map_or(0, Figure::value)
    }

    /// Warehouses that list the item, with units.
    pub(crate) fn levels(&self) -> impl Iterator<Item = (usize, i64)> {
        let units = |(position, level): (usize, &Option<Figure>)| level.as_ref().map(|level| (position, level.value()));
        self.levels.iter().enumerate().filter_map(units)
    }

    pub(crate) fn total(&self) -> i64 {
        self.levels().map(|(_, units)| units).sum()
    }

    /// Whether the item had so many units there in the last ten minutes.
    pub(crate) fn was(&self, warehouse: usize, quantity: i64, now: DateTime<Utc>) -> bool {
        self.levels[warehouse].as_ref().map_or(quantity == 0, |level| level.was(quantity, now))
    }

    fn set(&mut self, warehouse: usize, quantity: i64, now: DateTime<Utc>) {
        self.levels[warehouse].get_or_insert_default().set(quantity, now);
        self.updated = self.updated.max(now);
    }
}

/// All items of the account.
#[derive(Debug, Default)]
pub(crate) struct Items {
    all: Vec<ChannelItem>,
    by_sku: HashMap<Box<str>, usize>,
    by_product: HashMap<usize, usize>,
    /// What has changed since it was last asked for, oldest first.
    changes: Vec<(DateTime<Utc>, usize)>,
}

impl Items {
    /// An item for each product that DSCO knows. So many of a thousand differ from the ERP.
    pub(crate) fn seed(catalog: &Catalog, stock: &Stock, differs: usize, rng: &mut Rng, now: DateTime<Utc>) -> Self {
        let mut items = Self::default();
        for (position, product) in catalog.products.iter().enumerate().filter(|(_, product)| product.in_channel) {
            let mut levels: [Option<Figure>; CHANNEL_WAREHOUSES] = [const { None }; CHANNEL_WAREHOUSES];
            let odd = (rng.below(1000) < differs).then(|| rng.below(WAREHOUSES.len()));
            for (warehouse, level) in levels.iter_mut().enumerate().take(WAREHOUSES.len()) {
                let more = if odd == Some(warehouse) { 1 + rng.below(20) } else { 0 };
                let units = stock.units(warehouse, position).max(0) + i64::try_from(more).unwrap_or(0);
                *level = Some(Figure::new(units));
            }
            // One product of every order and some of the others lie in the unmapped warehouse, too.
            let extra = position.checked_sub(family::EXTRA);
            if position + 1 == family::PLAIN.end || extra.is_some_and(|extra| extra % 50 == 0) {
                levels[WAREHOUSES.len()] = Some(Figure::new(UNMAPPED_UNITS));
            }
            items.add(ChannelItem {
                id: FIRST_ITEM_ID + u64::try_from(position).unwrap_or(0) + 1,
                sku: product.sku.as_str().into(),
                product: Some(position),
                upc: product.upc.as_str().into(),
                partner_sku: product.partner_sku.as_deref().map(Into::into),
                levels,
                updated: now,
            });
        }
        items
    }

    fn add(&mut self, item: ChannelItem) -> usize {
        let position = self.all.len();
        self.by_sku.insert(item.sku.clone(), position);
        if let Some(product) = item.product {
            self.by_product.insert(product, position);
        }
        self.all.push(item);
        position
    }

    /// An item that the client has brought; no warehouse has it yet.
    pub(crate) fn create(&mut self, sku: &str, upc: &str, now: DateTime<Utc>) -> usize {
        let id = FIRST_ITEM_ID + 500_000_000 + u64::try_from(self.all.len()).unwrap_or(0);
        let levels = [const { None }; CHANNEL_WAREHOUSES];
        self.add(ChannelItem {
            id,
            sku: sku.into(),
            product: None,
            upc: upc.into(),
            partner_sku: None,
            levels,
            updated: now,
        })
    }

    pub(crate) fn all(&self) -> &[ChannelItem] {
        &self.all
    }

    pub(crate) fn by_sku(&self, sku: &str) -> Option<usize> {
        self.by_sku.get(sku).copied()
    }

    pub(crate) fn by_product(&self, product: usize) -> Option<&ChannelItem> {
        self.by_product.get(&product).map(|&position| &self.all[position])
    }

    /// Replaces the figures of an item. A warehouse that is left out loses its units.
    pub(crate) fn replace(&mut self, position: usize, levels: &[(usize, i64)], now: DateTime<Utc>) {
        let item = &mut self.all[position];
        for warehouse in 0..CHANNEL_WAREHOUSES {
            match levels.iter().find(|level| level.0 == warehouse) {
                Some(&(_, quantity)) => item.set(warehouse, quantity, now),
                None if item.levels[warehouse].is_some() => item.set(warehouse, 0, now),
                None => {}
            }
        }
        self.changes.push((now, position));
    }

    /// Subtracts the units of a new order in its warehouse, down to 0; an order without one is
    /// served from the first.
    pub(crate) fn order_arrives(&mut self, order: &ChannelOrder, catalog: &Catalog, now: DateTime<Utc>) {
        let warehouse = order.warehouse.as_deref().map_or(Some(0), warehouse_position);
        let Some(warehouse) = warehouse else { return };
        for line in &order.lines {
            let name = line.sku.as_deref().or(line.partner_sku.as_deref());
            let product = name.and_then(|name| catalog.by_channel_name(name));
            let Some(&position) = product.and_then(|product| self.by_product.get(&product)) else {
                continue;
            };
            let item = &mut self.all[position];
            let left = (item.units(warehouse) - i64::from(line.quantity)).max(0);
            if item.levels[warehouse].is_some() {
                item.set(warehouse, left, now);
                self.changes.push((now, position));
            }
        }
    }

    /// The changes since the last call.
    pub(crate) fn take_changes(&mut self) -> Vec<(DateTime<Utc>, usize)> {
        std::mem::take(&mut self.changes)
    }
}
