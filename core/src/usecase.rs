//! The use cases: one async function per job, whose parameters are the ports that it uses.

mod ack_orders;
mod attention;
mod cancellation;
mod check_orders;
mod cleanup_exports;
mod diagnose;
mod documents;
mod invoice_orders;
mod look;
mod parcels;
mod privacy;
mod pull_orders;
mod pull_sku_pairs;
mod push_orders;
mod ship_orders;
mod sync_stock;
mod window;
mod worklist;

pub use ack_orders::ack_orders;
pub use attention::{UnreadGroup, conditions, limits, stuck_and_slow, unread_groups};
pub use check_orders::check_orders;
pub use cleanup_exports::cleanup_exports;
pub use diagnose::{Finding as Diagnosis, diagnose};
pub use invoice_orders::invoice_orders;
pub use parcels::units_per_line;
pub use pull_orders::{PullRange, pull_orders};
pub use pull_sku_pairs::pull_sku_pairs;
pub use push_orders::push_orders;
pub use ship_orders::ship_orders;
pub use sync_stock::sync_stock;
