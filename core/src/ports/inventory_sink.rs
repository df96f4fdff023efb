use async_trait::async_trait;

use super::{Answer, Batch, InventoryCapabilities, PendingWrite, PortError, Settlement};
use crate::order::PoNumber;
use crate::write::{WriteKey, WriteKind};

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

/// An item as somebody calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemName {
    /// The name.
    pub name: String,
    /// Retailers whose name of the item it may be, by the channel's ids of their accounts; empty when it
    /// is the supplier's own SKU.
    pub retailers: Vec<String>,
    /// A person waits for the answer: an item that was not there a while ago is asked for again.
    pub anew: bool,
}

impl ItemName {
    /// The supplier's own SKU, asked for whatever an earlier answer was.
    pub fn own(sku: impl Into<String>) -> Self {
        Self { name: sku.into(), retailers: Vec::new(), anew: true }
    }
}

/// The key of the write of a SKU's figures; `None` for a SKU without any visible character.
pub fn stock_key(sku: &str) -> Option<WriteKey> {
    Some(WriteKey::whole(WriteKind::Stock, PoNumber::new(sku)?))
}

/// Stock figures towards the channel.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait InventorySink: Send + Sync {
    /// What the channel can do about stock.
    fn capabilities(&self) -> InventoryCapabilities;

    /// The channel's present figures, under the supplier's own SKUs; `Ok(None)` for an item that it does
    /// not know under the name.
    ///
    /// Contract: one answer per name, and an `Err` for one whose figure is in doubt; uses as few calls as
    /// the channel allows, and may take minutes. A warehouse that is not in the answer has no units. That an
    /// item is not there may be remembered for a few hours, unless it is asked for anew.
    async fn levels(&self, items: &[ItemName]) -> Result<Vec<Answer<String, Option<StockLevel>>>, PortError>;

    /// Replaces the figures of these SKUs; quantities are absolute. The key of an outcome is
    /// [`stock_key`].
    async fn write(&self, levels: &[StockLevel]) -> Batch<WriteKey>;

    /// The channel's codes of the account's warehouses; `None` where it does not list them.
    async fn warehouse_codes(&self) -> Result<Option<Vec<String>>, PortError> {
        Ok(None)
    }

    /// What the channel's log says about earlier writes.
    async fn settle(&self, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>>;
}
