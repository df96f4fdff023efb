//! The use cases: one async function per job, whose parameters are the ports that it uses.

mod ack_orders;
mod cancellation;
mod invoice_orders;
mod look;
mod parcels;
mod privacy;
mod pull_orders;
mod push_orders;
mod ship_orders;
mod worklist;

pub use ack_orders::ack_orders;
pub use invoice_orders::invoice_orders;
pub use pull_orders::{PullRange, pull_orders};
pub use push_orders::push_orders;
pub use ship_orders::ship_orders;
