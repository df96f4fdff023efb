//! Where the channel's figures are not the ERP's.

use serde::{Deserialize, Serialize};

use super::World;
use crate::catalog::{WAREHOUSES, warehouse_code};

/// A SKU of which the channel shows another figure in a mapped warehouse than the ERP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockDifference {
    /// The supplier's sku at the channel.
    pub sku: String,
    /// The ERP's name of it.
    pub erp_sku: String,
    /// Warehouse code at the channel.
    pub warehouse: String,
    /// The ERP's sum over all rows, floored at 0.
    pub erp: i64,
    /// The channel's figure; 0 where the warehouse is not listed.
    pub channel: i64,
}

impl World {
    /// All differences of the items that the settings lead to from the ERP (`nameable`), or of the
    /// items that they do not: `mapping.sku` names those by the retailer's sku, by which no stock
    /// can be sent.
    pub(crate) fn stock_differences(&self, nameable: bool) -> Vec<StockDifference> {
        let mut found = Vec::new();
        for item in self.items.all() {
            let Some(product) = item.product.filter(|&product| self.catalog.products[product].in_erp) else {
                continue;
            };
            if (self.catalog.line_key(product) == &*item.sku) != nameable {
                continue;
            }
            for warehouse in 0..WAREHOUSES.len() {
                let (erp, channel) = (self.stock.units(warehouse, product).max(0), item.units(warehouse));
                if erp != channel {
                    found.push(StockDifference {
                        sku: item.sku.to_string(),
                        erp_sku: self.catalog.products[product].erp_sku.clone(),
                        warehouse: warehouse_code(warehouse).to_owned(),
                        erp,
                        channel,
                    });
                }
            }
        }
        found
    }

    /// ERP SKUs that have no item at the channel.
    pub(crate) fn erp_only(&self) -> Vec<String> {
        let alone = |(position, product): &(usize, &crate::catalog::Product)| {
            product.in_erp && self.items.by_product(*position).is_none()
        };
        self.catalog.products.iter().enumerate().filter(alone).map(|(_, product)| product.erp_sku.clone()).collect()
    }
}
