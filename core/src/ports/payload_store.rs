use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{RouteName, Stored};
use crate::order::PoNumber;

/// Earlier payloads of an order that are kept.
pub const KEPT_PAYLOADS: u32 = 5;

/// A payload that another one has replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierPayload {
    /// When it was replaced, UTC.
    pub replaced_at: DateTime<Utc>,
    /// Exactly the bytes that came.
    pub raw: Vec<u8>,
}

/// What the channel said about orders before.
#[async_trait]
pub trait PayloadStore: Send + Sync {
    /// Payloads that the present one of an order has replaced, newest first.
    ///
    /// Contract: [saving](super::OrderStore::save_orders) a change keeps what it replaces, in the same
    /// transaction, and of each order the newest [`KEPT_PAYLOADS`]; an unchanged payload replaces nothing.
    async fn payloads(&self, route: &RouteName, po: &PoNumber) -> Stored<Vec<EarlierPayload>>;
}
