//! The stock side of the port: thin, everything else is in its own place.

mod absent;
mod follow;
mod levels;
mod seen;
mod stream;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ipass_core::ports::{
    Answer, Batch, Effect, InventoryCapabilities, InventorySink, ItemName, Outcome, PendingWrite, PortError,
    Settlement, StockLevel, stock_key,
};
use ipass_core::write::{WriteKey, WriteKind};

use self::absent::Absent;
use crate::batch::Element;
use crate::client::Client;
use crate::convert;
use crate::log::Log;

/// Most items of one write. A smaller batch is cheaper to repeat when it is refused as a whole.
const MAX_ITEMS: usize = 200;

/// Batches are worked off later and in no certain order; the vendor speaks of a few minutes, which is so many
/// times as long as an order's write may take to show. A figure that comes later still is replaced by the
/// next run.
const TIMES_AS_LONG: u32 = 3;

/// The stock side of one DSCO account.
pub struct DscoInventory {
    client: Arc<Client>,
    consistency: Duration,
    absent: Absent,
}

impl DscoInventory {
    pub(crate) fn new(client: Arc<Client>, consistency: Duration) -> Self {
        Self { client, consistency, absent: Absent::default() }
    }
}

impl fmt::Debug for DscoInventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DscoInventory").field("account", &self.client.account.name()).finish_non_exhaustive()
    }
}

#[async_trait]
impl InventorySink for DscoInventory {
    fn capabilities(&self) -> InventoryCapabilities {
        InventoryCapabilities { max_batch: MAX_ITEMS, settles_within: self.consistency * TIMES_AS_LONG }
    }

    async fn levels(&self, items: &[ItemName]) -> Result<Vec<Answer<String, Option<StockLevel>>>, PortError> {
        self.client.levels(items, &self.absent).await
    }

    async fn write(&self, levels: &[StockLevel]) -> Batch<WriteKey> {
        let mut seen = HashSet::new();
        let (mut elements, mut outcomes) = (Vec::new(), Vec::new());
        for level in levels {
            let Some(key) = stock_key(&level.sku) else {
                tracing::warn!(account = self.client.account.name(), "a stock figure without SKU is not sent");
                continue;
            };
            let json = if seen.insert(key.clone()) {
                convert::figures(level)
            } else {
                Err(PortError::invalid(format!("{key}: there are two figures, the first one counts")))
            };
            match json {
                Ok(json) => elements.push(Element { keys: vec![key], json }),
                Err(error) => outcomes.push(Outcome { key, effect: Effect::NotApplied(error) }),
            }
        }
        // Behind the refused ones: whoever looks up a SKU that was there twice finds what was sent.
        let sent = self.client.send_all(&self.client.kinds.send_stock, "/inventory/batch/small", elements).await?;
        outcomes.extend(sent);
        Ok(outcomes)
    }

    /// Whatever their status: `GET /warehouse/page` to its end.
    async fn warehouse_codes(&self) -> Result<Option<Vec<String>>, PortError> {
        self.client.warehouse_codes().await.map(Some)
    }

    async fn settle(&self, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        let (stock, others): (Vec<_>, Vec<_>) =
            writes.iter().cloned().partition(|write| write.key.kind == WriteKind::Stock);
        let mut answers = self.client.settlements(Log::Stock, &stock).await;
        answers.extend(others.into_iter().map(|write| {
            let error = PortError::invalid(format!("{}: the log of stock knows no such write", write.key));
            Answer { key: write.key, result: Err(error) }
        }));
        answers
    }
}
