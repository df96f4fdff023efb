use async_trait::async_trait;

use super::{Answer, Batch, PendingWrite, PortError, Settlement};
use crate::write::WriteKey;

/// Units of one SKU in one of the channel's warehouses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarehouseLevel {
    /// The channel's code of the warehouse.
    pub warehouse_code: String,
    /// Units that can be sold, never negative.
    pub quantity: u32,
}

/// All that the channel is told about one SKU: always every warehouse of it, because the total is
/// their exact sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockLevel {
    /// The supplier's SKU.
    pub sku: String,
    /// Every warehouse of the SKU.
    pub warehouses: Vec<WarehouseLevel>,
}

/// Stock figures towards the channel.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait InventorySink: Send + Sync {
    /// The channel's present figures; `Ok(None)` for a SKU that it does not know.
    async fn levels(&self, skus: &[String]) -> Result<Vec<Answer<String, Option<StockLevel>>>, PortError>;

    /// Replaces the figures of these SKUs; quantities are absolute.
    async fn write(&self, levels: &[StockLevel]) -> Batch<WriteKey>;

    /// What the channel's log says about earlier writes.
    async fn settle(&self, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>>;
}
