use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{RouteName, RowSink, RunRef, Stored};
use crate::reason::Cause;

/// How one figure's part in a stock run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StockResult {
    /// Both sides agree.
    Equal,
    /// They differ, and nothing was sent; the cause says why.
    Different,
    /// The channel took the new figure.
    Written,
    /// It was sent, and its effect is not known yet.
    Unconfirmed,
    /// Left alone because one side is not known beyond doubt.
    Skipped,
    /// The channel refused it, or it could not be sent.
    Failed,
}

impl StockResult {
    /// All results.
    pub const ALL: [Self; 6] =
        [Self::Equal, Self::Different, Self::Written, Self::Unconfirmed, Self::Skipped, Self::Failed];

    /// The text that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Different => "different",
            Self::Written => "written",
            Self::Unconfirmed => "unconfirmed",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }

    /// Reads the stored text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == text)
    }
}

/// One SKU in one warehouse, as one stock run saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockRecord {
    /// Its route.
    pub route: RouteName,
    /// The run.
    pub run_id: String,
    /// When, UTC; the same for all records of a run.
    pub at: DateTime<Utc>,
    /// The channel's code of the warehouse.
    pub warehouse_code: String,
    /// The ERP's id of the warehouse.
    pub erp_warehouse_id: String,
    /// The channel's name of the item.
    pub sku: String,
    /// The ERP's name of the item.
    pub erp_sku: String,
    /// Units that the ERP can sell; `None` where it could not be read.
    pub erp_quantity: Option<u32>,
    /// Units that the channel offered before the run; `None` where it does not know the item, or could
    /// not be read.
    pub channel_quantity: Option<u32>,
    /// How it ended.
    pub result: StockResult,
    /// Why it ended so, unless all is well.
    pub cause: Option<Cause>,
}

impl StockRecord {
    /// ERP minus channel, in units; `None` unless both are known.
    pub fn difference(&self) -> Option<i64> {
        Some(i64::from(self.erp_quantity?) - i64::from(self.channel_quantity?))
    }
}

/// A figure that an earlier run saw: the newest record of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownStock {
    /// The channel's code of the warehouse.
    pub warehouse_code: String,
    /// The ERP's name of the item.
    pub erp_sku: String,
    /// Units on either side: an item that the ERP lists no more has none left there, and the channel has
    /// to learn it.
    pub has_units: bool,
}

/// What a list of stock records is about. Empty members do not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StockFilter {
    /// Recorded not before, UTC.
    pub from: Option<DateTime<Utc>>,
    /// Recorded before, UTC.
    pub until: Option<DateTime<Utc>>,
    /// Only the newest record of each (warehouse, ERP SKU) between `from` and `until`. It is chosen first,
    /// and the other members filter what was chosen: an older difference that has gone since is not found.
    pub newest_only: bool,
    /// Of one run.
    pub run_id: Option<String>,
    /// The channel's code of the warehouse, whole.
    pub warehouse_code: Option<String>,
    /// Part of the channel's or the ERP's name of the item.
    pub sku: Option<String>,
    /// How it ended.
    pub result: Option<StockResult>,
    /// Code of the reason.
    pub reason: Option<String>,
    /// Part of the detail of the reason.
    pub detail: Option<String>,
    /// Difference, ERP minus channel, at least.
    pub difference_from: Option<i64>,
    /// Difference, ERP minus channel, at most.
    pub difference_to: Option<i64>,
    /// Only those that differ, or only others.
    pub differs: Option<bool>,
}

/// One page of a list, newest first; within a run by warehouse and SKU.
#[derive(Debug, Clone, Default)]
pub struct StockPage {
    /// The records.
    pub rows: Vec<StockRecord>,
    /// Where the next page starts; opaque; `None` at the end.
    pub next: Option<String>,
}

/// What stock runs saw and did. Each method is one transaction.
#[async_trait]
pub trait StockStore: Send + Sync {
    /// Adds the records of a run; refused when the run was taken over.
    async fn save_stock(&self, run: &RunRef, records: &[StockRecord]) -> Stored<()>;

    /// Every key that was ever recorded, by its newest record.
    async fn known_stock(&self, route: &RouteName) -> Stored<Vec<KnownStock>>;

    /// One page of a list; `route` `None` lists all routes.
    async fn search_stock(
        &self,
        route: Option<&RouteName>,
        filter: &StockFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Stored<StockPage>;

    /// Hands every record of a list to `sink`, in the order of the list, in memory that does not grow
    /// with the list; the cells are those of [`STOCK_COLUMNS`](super::STOCK_COLUMNS). Answers how many.
    async fn export_stock(
        &self,
        route: Option<&RouteName>,
        filter: &StockFilter,
        sink: &mut dyn RowSink,
    ) -> Stored<u64>;

    /// Forgets records from before `before`, but not the newest of a key; answers how many.
    async fn forget_stock(&self, route: &RouteName, before: DateTime<Utc>) -> Stored<u64>;
}
