//! Products that only stock knows: no generated order asks for them.

use super::{Product, StockStory};

/// The n-th of them, counted from 1. Among any thirty every way to keep stock occurs, some have
/// another name in the ERP, and one is unknown to DSCO.
pub(super) fn product(n: usize) -> Product {
    let sku = format!("STK-{n:05}");
    let stock = match n {
        n if n % 20 == 9 => StockStory::Empty,
        n if n % 20 == 11 => StockStory::Missing,
        n if n % 25 == 7 => StockStory::Negative,
        n if n % 10 == 3 => StockStory::Split,
        n if n % 10 == 4 => StockStory::Corrected,
        _ => StockStory::Plain,
    };
    Product {
        erp_sku: if n % 9 == 5 { format!("LX-{sku}") } else { sku.clone() },
        sku,
        partner_sku: None,
        name: format!("示例库存商品{n:05}"),
        upc: format!("{:012}", 900_000 + n * 7),
        cost: 1000,
        consumer: None,
        parts: Vec::new(),
        in_erp: true,
        in_channel: n % 30 != 17,
        stock,
    }
}
