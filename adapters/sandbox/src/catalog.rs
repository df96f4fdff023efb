//! The fixed part of the world: retailers, stores, warehouses, shipping services and products.
//!
//! Everything is invented. What the run-time settings map and what they do not map is decided
//! here, so that the settings document and the generated orders cannot disagree.

mod extra;

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// Retailer account ids (`dscoRetailerId`) with the Lingxing store that takes their orders.
pub(crate) const SHOPS: [(&str, &str, &str); 2] = [
    ("1000011436", "110658143132021760", "Sandbox Pet Store"),
    ("1000011437", "110658143132021824", "Sandbox Garden Store"),
];

/// A retailer that no store is mapped to.
pub(crate) const UNMAPPED_RETAILER: &str = "1000099999";

/// Warehouse codes at DSCO with Lingxing's warehouse id (`wid`) and name.
pub(crate) const WAREHOUSES: [(&str, u32, &str); 3] =
    [("WH-CA", 33328, "Sandbox West 3PL"), ("WH-NJ", 33329, "Sandbox East 3PL"), ("WH-TX", 33330, "Sandbox South 3PL")];

/// A warehouse that DSCO knows and that no mapping knows.
pub(crate) const UNMAPPED_WAREHOUSE: &str = "WH-XX";

/// Positions of the warehouses at DSCO, the unmapped one last.
pub(crate) const CHANNEL_WAREHOUSES: usize = WAREHOUSES.len() + 1;

/// DSCO's code of a warehouse.
pub(crate) fn warehouse_code(position: usize) -> &'static str {
    WAREHOUSES.get(position).map_or(UNMAPPED_WAREHOUSE, |warehouse| warehouse.0)
}

/// Position of DSCO's code of a warehouse.
pub(crate) fn warehouse_position(code: &str) -> Option<usize> {
    (0..CHANNEL_WAREHOUSES).find(|&position| warehouse_code(position) == code)
}

/// Position of the ERP's id of a warehouse.
pub(crate) fn wid_position(wid: u32) -> Option<usize> {
    WAREHOUSES.iter().position(|warehouse| warehouse.1 == wid)
}

/// Carrier, method, service level code, and whether the settings map it to a logistics type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    pub(crate) carrier: &'static str,
    pub(crate) method: &'static str,
    pub(crate) code: &'static str,
    pub(crate) mapped: bool,
    /// Codes that DSCO accepts on an order and refuses on a shipment.
    pub(crate) generic: bool,
}

pub(crate) const SERVICES: [Service; 7] = [
    service("FedEx", "Home Delivery", "FEHD", true),
    service("FedEx", "Ground", "FECG", true),
    service("USPS", "Priority Mail", "USPM", true),
    service("UPS", "Ground", "UPCG", true),
    service("USPS", "Ground Advantage", "USGA", true),
    service("FedEx", "2Day", "FE2D", false),
    Service { carrier: "Generic", method: "Ground", code: "GCG", mapped: true, generic: true },
];

/// Services that a plain order may carry: a prefix of [`SERVICES`].
pub(crate) const PLAIN_SERVICES: usize = 5;
pub(crate) const UNMAPPED_SERVICE: usize = 5;
pub(crate) const GENERIC_SERVICE: usize = 6;

const fn service(carrier: &'static str, method: &'static str, code: &'static str, mapped: bool) -> Service {
    Service { carrier, method, code, mapped, generic: false }
}

/// Base of the invented logistics type ids; 18 digits, beyond 2^53.
const LOGISTICS_BASE: u64 = 203_662_740_883_276_800;

/// The logistics type of a warehouse and a service: each channel belongs to one warehouse.
pub(crate) fn logistics_type(warehouse: usize, service: usize) -> u64 {
    let step = warehouse * 16 + service;
    LOGISTICS_BASE + u64::try_from(step).unwrap_or(0) * 64
}

/// Reverse of [`logistics_type`]: the positions of warehouse and service.
pub(crate) fn logistics_parts(id: u64) -> Option<(usize, usize)> {
    (0..WAREHOUSES.len())
        .flat_map(|warehouse| (0..SERVICES.len()).map(move |service| (warehouse, service)))
        .find(|&(warehouse, service)| SERVICES[service].mapped && logistics_type(warehouse, service) == id)
}

pub(crate) fn store_by_retailer(retailer: &str) -> Option<&'static str> {
    SHOPS.iter().find(|shop| shop.0 == retailer).map(|shop| shop.1)
}

/// What can be sold. Amounts are cents of USD.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    /// The supplier's sku at DSCO.
    pub(crate) sku: String,
    /// The retailer's sku; most retailers leave it out.
    pub(crate) partner_sku: Option<String>,
    /// Lingxing's local SKU; differs from `sku` only where the settings have a mapping.
    pub(crate) erp_sku: String,
    pub(crate) name: String,
    pub(crate) upc: String,
    pub(crate) cost: i64,
    pub(crate) consumer: Option<i64>,
    /// Positions and counts of the parts of a bundle.
    pub(crate) parts: Vec<(usize, u32)>,
    pub(crate) in_erp: bool,
    /// DSCO has an item for it.
    pub(crate) in_channel: bool,
    /// How its stock is kept in the ERP.
    pub(crate) stock: StockStory,
}

/// How the ERP keeps the stock of a product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StockStory {
    /// One row in each warehouse.
    #[default]
    Plain,
    /// Common stock and a store's own: two rows, of which the sum counts.
    Split,
    /// Two rows of which a correction left one below zero; the sum is above.
    Corrected,
    /// Below zero in the first warehouse.
    Negative,
    /// No unit anywhere.
    Empty,
    /// No row in the last warehouse, which means no units.
    Missing,
}

/// Positions of the product families in [`Catalog::products`].
pub(crate) mod family {
    use std::ops::Range;

    /// Same name on both sides, no retailer sku.
    pub(crate) const PLAIN: Range<usize> = 0..20;
    /// With a retailer sku that Lingxing's pair list resolves.
    pub(crate) const PAIRED: Range<usize> = 20..28;
    /// With a retailer sku that only the settings' `mapping.sku` resolves.
    pub(crate) const MAPPED: Range<usize> = 28..34;
    /// Bundles whose documents list the set and its parts.
    pub(crate) const BUNDLE: Range<usize> = 34..37;
    /// Known to the channel only.
    pub(crate) const GHOST: usize = 37;
    /// First of the products that no generated order asks for.
    pub(crate) const EXTRA: usize = GHOST + 1;
}

/// The SKU that warehouse staff send instead of the ordered one; no order line has it.
pub(crate) const FOREIGN_SKU: &str = "LX-SUBSTITUTE-99";

/// Products and the name look-ups of the ERP.
#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) products: Vec<Product>,
    by_local_sku: HashMap<String, usize>,
    by_msku: HashMap<String, usize>,
    by_channel_name: HashMap<String, usize>,
}

impl Catalog {
    /// The products of every order and so many more that only stock knows.
    pub(crate) fn new(extra: usize) -> Self {
        let extra = (1..=extra).map(extra::product);
        let products: Vec<Product> = (0..=family::GHOST).map(product).chain(extra).collect();
        let mut by_channel_name = HashMap::new();
        for (position, product) in products.iter().enumerate() {
            by_channel_name.entry(product.sku.clone()).or_insert(position);
            if let Some(partner) = &product.partner_sku {
                by_channel_name.entry(partner.clone()).or_insert(position);
            }
        }
        let mut by_local_sku = HashMap::new();
        let mut by_msku = HashMap::new();
        for (position, product) in products.iter().enumerate().filter(|(_, p)| p.in_erp) {
            by_local_sku.insert(product.erp_sku.clone(), position);
            if !family::MAPPED.contains(&position) {
                by_msku.insert(product.sku.clone(), position);
                if let Some(partner) = &product.partner_sku {
                    by_msku.insert(partner.clone(), position);
                }
            }
        }
        Self { products, by_local_sku, by_msku, by_channel_name }
    }

    /// The product that a create request means: the local SKU if given, else the pair list.
    pub(crate) fn resolve(&self, sku: Option<&str>, msku: Option<&str>) -> Option<usize> {
        match sku {
            Some(sku) => self.by_local_sku.get(sku).copied(),
            None => msku.and_then(|msku| self.by_msku.get(msku)).copied(),
        }
    }

    /// Product of a channel line by either of its names.
    pub(crate) fn by_channel_name(&self, name: &str) -> Option<usize> {
        self.by_channel_name.get(name).copied()
    }

    /// Product of an ERP SKU.
    pub(crate) fn by_erp_sku(&self, sku: &str) -> Option<usize> {
        self.by_local_sku.get(sku).copied()
    }

    /// The name that the settings give a product towards the ERP: the retailer's for some, because
    /// `mapping.sku` is keyed by what an order line is called.
    pub(crate) fn line_key(&self, position: usize) -> &str {
        let product = &self.products[position];
        product.partner_sku.as_deref().filter(|_| family::MAPPED.contains(&position)).unwrap_or(&product.sku)
    }

    /// Positions of the products whose two names differ.
    pub(crate) fn renamed(&self) -> impl Iterator<Item = usize> {
        let differs = |position: &usize| self.line_key(*position) != self.products[*position].erp_sku;
        family::MAPPED.chain(family::EXTRA..self.products.len()).filter(differs)
    }
}

fn product(position: usize) -> Product {
    let number = position + 1;
    let letters = ["AAA", "BBB", "CCC", "DDD", "EEE"];
    let sku = format!("SKU-{}-{number:02}", letters[position % letters.len()]);
    let has_partner = family::PAIRED.contains(&position) || family::MAPPED.contains(&position);
    let whole = i64::try_from(5 + (position * 7) % 60).unwrap_or(5);
    let cents = [0, 50, 25, 0, 99][position % 5];
    let cost = whole * 100 + cents;
    let base = Product {
        partner_sku: has_partner.then(|| format!("RET-{}", 1_000_000 + number)),
        erp_sku: sku.clone(),
        sku,
        name: format!("示例商品{number:02}"),
        upc: format!("{:012}", 17 + number * 7),
        cost,
        consumer: has_partner.then_some(cost * 2 - 1),
        parts: Vec::new(),
        in_erp: true,
        in_channel: true,
        stock: if position % 6 == 2 { StockStory::Split } else { StockStory::Plain },
    };
    if family::MAPPED.contains(&position) {
        Product { erp_sku: format!("LX-{number:03}-US"), ..base }
    } else if family::BUNDLE.contains(&position) {
        Product { parts: vec![(position % 20, 2), ((position + 3) % 20, 1)], ..base }
    } else if position == family::GHOST {
        Product { sku: "SKU-GHOST-00".to_owned(), in_erp: false, ..base }
    } else {
        base
    }
}

/// The `mapping` member of the run-time settings that fit this world.
pub(crate) fn mapping_json(catalog: &Catalog) -> Value {
    let shop: Map<String, Value> =
        SHOPS.iter().map(|(retailer, store, _)| ((*retailer).to_owned(), json!(store))).collect();
    let warehouse: Map<String, Value> =
        WAREHOUSES.iter().map(|(code, wid, _)| ((*code).to_owned(), json!(wid.to_string()))).collect();
    let sku: Map<String, Value> = catalog
        .renamed()
        .map(|position| (catalog.line_key(position).to_owned(), json!(catalog.products[position].erp_sku)))
        .collect();
    let mut shipment = Map::new();
    for (w, (code, ..)) in WAREHOUSES.iter().enumerate() {
        for (s, service) in SERVICES.iter().enumerate().filter(|(_, service)| service.mapped) {
            let key = format!("{code}-{}", service.code);
            shipment.insert(key, json!(logistics_type(w, s).to_string()));
        }
    }
    json!({ "shop": shop, "warehouse": warehouse, "sku": sku, "shipment": shipment })
}
