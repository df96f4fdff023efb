//! Stock in the ERP: rows per warehouse and product.
//!
//! An order that is created locks its units once, in its warehouse or in the first one; they come
//! back when it is cancelled or deleted before it left. Locked units stay shown as locked after the
//! departure, and a bundle locks its own SKU instead of its parts.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::figure::Figure;
use crate::catalog::{Catalog, SHOPS, StockStory, WAREHOUSES};
use crate::rng::Rng;

/// Units of a warehouse and a product that are kept apart from others.
#[derive(Clone, Debug, Default)]
pub(crate) struct StockRow {
    /// Position in [`WAREHOUSES`].
    pub(crate) warehouse: usize,
    /// Position in the catalog.
    pub(crate) product: usize,
    /// Whose units: "0" for everybody's, else a store id.
    pub(crate) seller: &'static str,
    pub(crate) fnsku: &'static str,
    pub(crate) valid: i64,
    pub(crate) lock: i64,
}

/// Warehouse and product.
type Place = (usize, usize);

/// All rows.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    rows: BTreeMap<Place, Vec<StockRow>>,
    figures: HashMap<Place, Figure>,
}

impl Stock {
    /// Fills every warehouse by the stories of the products.
    pub(crate) fn seed(catalog: &Catalog, rng: &mut Rng) -> Self {
        let mut stock = Self::default();
        for (position, product) in catalog.products.iter().enumerate().filter(|(_, product)| product.in_erp) {
            for warehouse in 0..WAREHOUSES.len() {
                let some = i64::try_from(rng.below(500)).unwrap_or(0);
                let row =
                    |seller, fnsku, valid| StockRow { warehouse, product: position, seller, fnsku, valid, lock: 0 };
                let last = warehouse + 1 == WAREHOUSES.len();
                let rows = match product.stock {
                    StockStory::Missing if last => continue,
                    StockStory::Plain | StockStory::Missing => vec![row("0", "", 300 + some)],
                    StockStory::Negative if warehouse == 0 => vec![row("0", "", -3)],
                    StockStory::Negative => vec![row("0", "", some)],
                    StockStory::Empty => vec![row("0", "", 0)],
                    StockStory::Split => vec![row("0", "", 280 + some), row(SHOPS[0].1, "", 20)],
                    StockStory::Corrected => vec![row("0", "", 310 + some), row("0", "X00SANDBOX", -10)],
                };
                stock.put((warehouse, position), rows);
            }
        }
        stock
    }

    fn put(&mut self, place: Place, rows: Vec<StockRow>) {
        self.figures.insert(place, Figure::new(rows.iter().map(|row| row.valid).sum()));
        self.rows.insert(place, rows);
    }

    /// Units that can be sold: the sum over the rows, below zero after corrections.
    pub(crate) fn units(&self, warehouse: usize, product: usize) -> i64 {
        self.figures.get(&(warehouse, product)).map_or(0, Figure::value)
    }

    /// Whether a reader of the last ten minutes may have seen this figure; no row means 0.
    pub(crate) fn was(&self, warehouse: usize, product: usize, quantity: i64, now: DateTime<Utc>) -> bool {
        self.figures.get(&(warehouse, product)).map_or(quantity == 0, |figure| figure.was(quantity, now))
    }

    pub(crate) fn rows_of(&self, warehouse: usize) -> impl Iterator<Item = &StockRow> {
        self.rows.range((warehouse, 0)..(warehouse + 1, 0)).flat_map(|(_, rows)| rows)
    }

    fn change(&mut self, place: Place, now: DateTime<Utc>, change: impl FnOnce(&mut Vec<StockRow>)) {
        let rows = self.rows.entry(place).or_default();
        change(rows);
        let sum = rows.iter().map(|row| row.valid).sum();
        if rows.is_empty() {
            self.rows.remove(&place);
        }
        self.figures.entry(place).or_default().set(sum, now);
    }

    /// Locks units; a negative number gives them back.
    pub(crate) fn lock(&mut self, warehouse: usize, product: usize, units: i64, now: DateTime<Utc>) {
        self.change((warehouse, product), now, |rows| {
            if rows.is_empty() {
                rows.push(StockRow { warehouse, product, seller: "0", ..StockRow::default() });
            }
            rows[0].valid -= units;
            rows[0].lock = (rows[0].lock + units).max(0);
        });
    }

    /// Counts a product anew: one row with so many units.
    pub(crate) fn set(&mut self, warehouse: usize, product: usize, units: i64, now: DateTime<Utc>) {
        self.change((warehouse, product), now, |rows| {
            let lock = rows.iter().map(|row| row.lock).sum();
            *rows = vec![StockRow { warehouse, product, seller: "0", fnsku: "", valid: units, lock }];
        });
    }

    /// Takes every row of a warehouse away.
    pub(crate) fn empty(&mut self, warehouse: usize, now: DateTime<Utc>) {
        let places: Vec<Place> = self.rows.range((warehouse, 0)..(warehouse + 1, 0)).map(|(place, _)| *place).collect();
        for place in places {
            self.change(place, now, Vec::clear);
        }
    }

    /// Sets the first products that have units to zero everywhere: so many of a thousand, rounded
    /// up.
    pub(crate) fn zero(&mut self, per_mille: usize, now: DateTime<Utc>) {
        let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (&(warehouse, product), figure) in &self.figures {
            if figure.value() > 0 {
                places.entry(product).or_default().push(warehouse);
            }
        }
        let count = (places.len() * per_mille).div_ceil(1000);
        for (product, warehouses) in places.into_iter().take(count) {
            for warehouse in warehouses {
                self.set(warehouse, product, 0, now);
            }
        }
    }
}
