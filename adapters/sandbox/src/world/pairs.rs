//! The ERP's list of pairs: what a store calls a product, and the local SKU.
//!
//! Products with one name on both sides are not listed, and neither are the retailers' names by
//! which `create` finds such a product.

use chrono::{DateTime, Duration, Utc};

use crate::catalog::{Catalog, SHOPS};

/// One pair of one store.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// Position in the list of the cursor; never used again.
    pub(crate) id: u64,
    /// Position in [`SHOPS`].
    pub(crate) shop: usize,
    pub(crate) msku: Box<str>,
    pub(crate) sku: Box<str>,
    pub(crate) changed: DateTime<Utc>,
}

/// First id of the cursor.
const FIRST_ID: u64 = 900_001;

/// All pairs, by id.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    all: Vec<Pair>,
    made: u64,
}

impl Pairs {
    /// Each renamed product in each store, paired a week ago.
    pub(crate) fn seed(catalog: &Catalog, now: DateTime<Utc>) -> Self {
        let mut pairs = Self::default();
        for shop in 0..SHOPS.len() {
            for position in catalog.renamed() {
                let sku = &catalog.products[position].erp_sku;
                pairs.add(shop, catalog.line_key(position), sku, now - Duration::days(7));
            }
        }
        pairs
    }

    pub(crate) fn all(&self) -> &[Pair] {
        &self.all
    }

    /// A further pair; it may contradict others, as people's pairs do.
    pub(crate) fn add(&mut self, shop: usize, msku: &str, sku: &str, now: DateTime<Utc>) {
        let id = FIRST_ID + self.made;
        self.made += 1;
        self.all.push(Pair { id, shop, msku: msku.into(), sku: sku.into(), changed: now });
    }

    /// Takes a store's pairs of a name away; whether there were any.
    pub(crate) fn remove(&mut self, shop: usize, msku: &str) -> bool {
        let before = self.all.len();
        self.all.retain(|pair| pair.shop != shop || &*pair.msku != msku);
        self.all.len() < before
    }
}
