//! Run-time settings of a route: one JSON document, validated as a whole.

mod parse;
mod validate;

pub use parse::{Problem, next_runs, parse, parse_cron};
pub use validate::{listed, reverse_sku_conflicts, reverse_warehouse_conflicts};

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, TimeZone, Utc};

use crate::job::Job;
use crate::order::{PriceOrder, SkuKey};
use crate::stage::Stage;

/// When parcels are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partial {
    /// Nothing before every ordered unit has shipped.
    WaitAll,
    /// Each parcel as it ships.
    AsShipped,
}

/// Who cancels in the ERP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelInErp {
    /// A person.
    Ask,
    /// The service.
    Auto,
}

/// What every job has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSettings {
    /// The schedule runs it; a manual run works on a disabled job.
    pub enabled: bool,
    /// Six fields with seconds, UTC.
    pub cron: String,
    /// At most so many orders, SKUs or rows in one run.
    pub size: u32,
}

/// Mappings from the channel's names to the ERP's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Retailer account to store.
    pub shop: BTreeMap<String, String>,
    /// Warehouse code to warehouse.
    pub warehouse: BTreeMap<String, String>,
    /// SKU to SKU.
    pub sku: BTreeMap<String, String>,
    /// `<warehouse code>-<service level>` to logistics type.
    pub shipment: BTreeMap<String, String>,
}

/// When a person should look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attention {
    /// `attention.slow_hours`: an order that stays in a stage for longer is slow.
    pub slow: Duration,
    /// `attention.stuck_hours`: an order that stays in a stage for longer is stuck.
    pub stuck: Duration,
    /// `attention.stages.<1..4>`: other limits, slow and stuck, for one stage.
    pub stages: BTreeMap<Stage, (Duration, Duration)>,
    /// `attention.quiet_hours`: a route without a new order for longer is quiet.
    pub quiet: Duration,
    /// `attention.failed_runs`: a job that failed so often in a row is failing.
    pub failed_runs: u32,
}

impl Attention {
    /// When an order of `stage` is slow, and when it is stuck.
    pub fn limits(&self, stage: Stage) -> (Duration, Duration) {
        self.stages.get(&stage).copied().unwrap_or((self.slow, self.stuck))
    }
}

impl Default for Attention {
    fn default() -> Self {
        Self {
            slow: Duration::hours(24),
            stuck: Duration::hours(72),
            stages: BTreeMap::new(),
            quiet: Duration::hours(24),
            failed_runs: 3,
        }
    }
}

/// Settings of one route; a run holds one snapshot.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the document")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Per job.
    pub jobs: BTreeMap<Job, JobSettings>,
    /// `pull_orders.lookback_minutes`.
    pub lookback: Duration,
    /// `pull_orders.start_from`, UTC.
    pub start_from: DateTime<Utc>,
    /// `pull_orders.shipment_pending_enters`.
    pub shipment_pending_enters: Stage,
    /// `push_orders.require_warehouse`.
    pub require_warehouse: bool,
    /// `ack_orders.multi_ban`.
    pub ack_multi_ban: bool,
    /// `ship_orders.multi_ban`.
    pub ship_multi_ban: bool,
    /// `ship_orders.partial`.
    pub partial: Partial,
    /// `invoice_orders.multi_ban`.
    pub invoice_multi_ban: bool,
    /// `invoice_orders.price`.
    pub invoice_price: PriceOrder,
    /// `sync_stock.sync`.
    pub stock_sync: bool,
    /// `sync_stock.max_zero_ratio`, in parts per thousand.
    pub max_zero_per_mille: u32,
    /// `sync_stock.retention_days`: how long records of stock runs are kept.
    pub stock_retention: Duration,
    /// `attention`.
    pub attention: Attention,
    /// `sku_key`.
    pub sku_key: SkuKey,
    /// `cancel.in_erp`.
    pub cancel_in_erp: CancelInErp,
    /// `mapping`.
    pub mapping: Mapping,
}

impl Settings {
    /// The settings of a job.
    pub fn job(&self, job: Job) -> JobSettings {
        self.jobs.get(&job).cloned().unwrap_or_else(|| default_job(job))
    }
}

/// Everything off but the clean-up.
fn default_job(job: Job) -> JobSettings {
    let cron = match job {
        Job::PullOrders | Job::CheckOrders => "0 5 * * * *",
        Job::PushOrders => "0 10 * * * *",
        Job::AckOrders => "0 15 * * * *",
        Job::ShipOrders => "0 20 * * * *",
        Job::InvoiceOrders => "0 25 * * * *",
        Job::SyncStock => "0 30 1 * * *",
        Job::PullSkuPairs => "0 0 3 * * *",
        Job::CleanupExports => "0 0 1 * * *",
    };
    JobSettings { enabled: job == Job::CleanupExports, cron: cron.to_owned(), size: 50 }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            jobs: Job::ALL.into_iter().map(|job| (job, default_job(job))).collect(),
            lookback: Duration::minutes(15),
            start_from: Utc.timestamp_opt(1_735_689_600, 0).single().unwrap_or_default(), // 2025-01-01T00:00:00Z
            shipment_pending_enters: Stage::AwaitingShipment,
            require_warehouse: true,
            ack_multi_ban: false,
            ship_multi_ban: false,
            partial: Partial::WaitAll,
            invoice_multi_ban: false,
            invoice_price: PriceOrder::ConsumerFirst,
            stock_sync: false,
            max_zero_per_mille: 200,
            stock_retention: Duration::days(90),
            attention: Attention::default(),
            sku_key: SkuKey::PartnerSkuFirst,
            cancel_in_erp: CancelInErp::Ask,
            mapping: Mapping::default(),
        }
    }
}
