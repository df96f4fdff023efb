use std::time::Duration;

/// What a sales channel can do, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelCapabilities {
    /// Orders are acknowledged there; without it the stage is passed over.
    pub acknowledges: bool,
    /// Invoices are sent there; without it the stage is passed over.
    pub invoices: bool,
    /// Orders can be listed by update time.
    pub lists_updates: bool,
    /// Largest number of items in one write.
    pub max_batch: usize,
    /// How recent the end of a window may be.
    pub window_end_lag: Duration,
    /// After this time a write that cannot be found was not made.
    pub settles_within: Duration,
}

/// What an ERP can do, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErpCapabilities {
    /// Largest number of orders in one create.
    pub max_create: usize,
    /// After this time an order that cannot be found was not created.
    pub settles_within: Duration,
    /// Orders can be cancelled there by us.
    pub cancels: bool,
    /// Orders that the warehouse already has are taken back first.
    pub recalls: bool,
}

/// What a channel can do about stock, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryCapabilities {
    /// Largest number of items in one write.
    pub max_batch: usize,
    /// After this time a write that the channel does not show was not made.
    pub settles_within: Duration,
}
