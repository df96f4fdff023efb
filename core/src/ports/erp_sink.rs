use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Answer, Batch, ErpCapabilities, PortError};
use crate::erp::{ErpOrder, ErpOrderDraft, OutboundDocument};
use crate::order::PoNumber;

/// A question for the outbound documents of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentQuery {
    /// The order.
    pub po: PoNumber,
    /// The ERP's id of the store that sells it, where it is mapped.
    pub store_id: Option<String>,
    /// When the order was created at the channel, UTC: no document is older.
    pub since: DateTime<Utc>,
}

/// The ERP's side: orders in, shipments out.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ErpSink: Send + Sync {
    /// What this ERP can do.
    fn capabilities(&self) -> ErpCapabilities;

    /// All orders of the ERP that carry these PO numbers, split and merged ones included, deleted
    /// ones marked. An empty list means absent beyond doubt; a failed or partial look-up is an `Err`
    /// for the items it was about.
    async fn find(&self, orders: &[PoNumber]) -> Result<Vec<Answer<PoNumber, Vec<ErpOrder>>>, PortError>;

    /// Creates orders; `Applied` holds the ERP's own order number.
    async fn create(&self, orders: &[ErpOrderDraft]) -> Batch<PoNumber, String>;

    /// All outbound documents of these orders, whatever their state.
    ///
    /// Contract: complete for an order, or an `Err` for it.
    async fn documents(
        &self,
        orders: &[DocumentQuery],
    ) -> Result<Vec<Answer<PoNumber, Vec<OutboundDocument>>>, PortError>;
}
