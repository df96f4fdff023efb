//! The ports: what the core asks of channels, ERPs, stores and the machine.
//!
//! How to write an adapter, in five rules:
//! 1. Slices in, one answer per item out, whatever the vendor's batch sizes are; the adapter splits.
//! 2. An outer `Err` promises that nothing was sent. Whoever cannot promise that answers
//!    [`Effect::Unknown`] per item.
//! 3. "Accepted for processing" is [`Effect::Accepted`] with a receipt, never `Applied`.
//! 4. The vendor's body decides the [`ErrorKind`], not the HTTP status alone.
//! 5. An item that does not parse is an answer with an error, not a failed page.

mod attention_store;
mod call_meter;
mod capability;
mod clock;
mod desk_store;
mod effect;
mod erp_sink;
mod error;
mod export;
mod file_area;
mod inventory_sink;
mod lease_store;
mod notifier;
mod order_source;
mod payload_store;
mod records;
mod remote_account;
mod stock_store;
mod sync_store;

pub use attention_store::*;
pub use call_meter::*;
pub use capability::*;
pub use clock::*;
pub use desk_store::*;
pub use effect::*;
pub use erp_sink::*;
pub use error::*;
pub use export::*;
pub use file_area::*;
pub use inventory_sink::*;
pub use lease_store::*;
pub use notifier::*;
pub use order_source::*;
pub use payload_store::*;
pub use records::*;
pub use remote_account::*;
pub use stock_store::*;
pub use sync_store::*;
