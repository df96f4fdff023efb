use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Answer, Batch, ErpCapabilities, PortError};
use crate::erp::{ErpOrder, ErpOrderDraft, ErpStock, MasterKind, MasterRecord, OutboundDocument, SkuPair};
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

/// An order to be ended in the ERP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErpCancel {
    /// The order.
    pub po: PoNumber,
    /// The ERP's orders for it that still live, as just read.
    pub orders: Vec<ErpOrder>,
}

impl ErpCancel {
    /// The ERP's order is in a store of those that are to be ended, as far as the ERP tells.
    pub fn may_be_in(&self, order: &ErpOrder) -> bool {
        let store_id = order.store_id.as_deref();
        store_id.is_none_or(|store_id| !self.orders.iter().all(|ended| ended.is_outside(store_id)))
    }
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

    /// Takes orders back from the warehouse, so that they can be cancelled.
    ///
    /// Contract: only sent for orders of which every part is released or open. The warehouse may refuse,
    /// and may take its time: [`find`](Self::find) tells what came of it.
    async fn recall(&self, orders: &[ErpCancel]) -> Batch<PoNumber> {
        lacking(orders.is_empty(), "recall")
    }

    /// Cancels orders of which every part is open. [`find`](Self::find) tells what came of it.
    async fn cancel(&self, orders: &[ErpCancel]) -> Batch<PoNumber> {
        lacking(orders.is_empty(), "cancellation")
    }

    /// Stock of whole warehouses, by the ERP's ids; rows of one SKU may repeat.
    ///
    /// Contract: one answer per warehouse, complete or an `Err`; a page that is missing, repeated or
    /// contradicts the total is an `Err`.
    async fn stock(&self, warehouses: &[String]) -> Result<Vec<Answer<String, Vec<ErpStock>>>, PortError> {
        let _ = warehouses;
        Err(PortError::invalid("this ERP tells no stock"))
    }

    /// All pairs of the channel's and the ERP's names of items in these stores, read completely.
    async fn sku_pairs(&self, stores: &[String]) -> Result<Vec<SkuPair>, PortError> {
        let _ = stores;
        Err(PortError::invalid("this ERP keeps no SKU pairs"))
    }

    /// What can be chosen in a mapping.
    async fn master_data(&self, kind: MasterKind) -> Result<Vec<MasterRecord>, PortError> {
        let _ = kind;
        Err(PortError::invalid("this ERP lists no master data"))
    }
}

/// The answer of an ERP that lacks something: nothing to do is fine, anything else was never asked for.
fn lacking(nothing_asked: bool, what: &str) -> Batch<PoNumber> {
    if nothing_asked { Ok(Vec::new()) } else { Err(PortError::invalid(format!("this ERP has no {what}"))) }
}
