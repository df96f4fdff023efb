//! The jobs, by their canonical names.

use std::fmt;

use crate::stage::Stage;

/// One kind of work on one route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Job {
    /// Channel to store.
    PullOrders,
    /// Store to ERP.
    PushOrders,
    /// ERP state to channel.
    AckOrders,
    /// ERP shipments to channel.
    ShipOrders,
    /// Invoices to channel.
    InvoiceOrders,
    /// ERP stock to channel.
    SyncStock,
    /// SKU pairs of the ERP into the mapping.
    PullSkuPairs,
    /// Comparison of both sides with the store; by hand only.
    CheckOrders,
    /// Old export files.
    CleanupExports,
}

impl Job {
    /// All jobs, in the order in which "run all" runs them.
    pub const ALL: [Self; 9] = [
        Self::PullOrders,
        Self::PushOrders,
        Self::AckOrders,
        Self::ShipOrders,
        Self::InvoiceOrders,
        Self::SyncStock,
        Self::PullSkuPairs,
        Self::CheckOrders,
        Self::CleanupExports,
    ];

    /// The canonical name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PullOrders => "pull_orders",
            Self::PushOrders => "push_orders",
            Self::AckOrders => "ack_orders",
            Self::ShipOrders => "ship_orders",
            Self::InvoiceOrders => "invoice_orders",
            Self::SyncStock => "sync_stock",
            Self::PullSkuPairs => "pull_sku_pairs",
            Self::CheckOrders => "check_orders",
            Self::CleanupExports => "cleanup_exports",
        }
    }

    /// The job of a canonical name, or of one of the route's aliases.
    pub fn parse(name: &str, aliases: &JobAliases) -> Option<Self> {
        let alias = aliases.iter().find(|(alias, _)| *alias == name).map(|(_, job)| *job);
        alias.or_else(|| Self::ALL.into_iter().find(|job| job.name() == name))
    }

    /// The stage whose orders the job works on.
    pub const fn stage(self) -> Option<Stage> {
        match self {
            Self::PushOrders => Some(Stage::AwaitingPush),
            Self::AckOrders => Some(Stage::AwaitingAck),
            Self::ShipOrders => Some(Stage::AwaitingShipment),
            Self::InvoiceOrders => Some(Stage::AwaitingInvoice),
            Self::PullOrders | Self::SyncStock | Self::PullSkuPairs | Self::CheckOrders | Self::CleanupExports => None,
        }
    }

    /// The job that moves an order on from `stage`.
    pub fn of_stage(stage: Stage) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.stage() == Some(stage))
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Other names under which jobs are known on a route; data of its adapters.
pub type JobAliases = [(&'static str, Job)];
