//! The ports: what the core asks of channels, ERPs, stores and the machine.
//!
//! How to write an adapter, in five rules:
//! 1. Slices in, one answer per item out, whatever the vendor's batch sizes are; the adapter splits.
//! 2. An outer `Err` promises that nothing was sent. Whoever cannot promise that answers
//!    [`Effect::Unknown`] per item.
//! 3. "Accepted for processing" is [`Effect::Accepted`] with a receipt, never `Applied`.
//! 4. The vendor's body decides the [`ErrorKind`], not the HTTP status alone.
//! 5. An item that does not parse is an answer with an error, not a failed page.

mod call_meter;
mod capability;
mod clock;
mod effect;
mod erp_sink;
mod error;
mod inventory_sink;
mod order_source;
mod records;
mod sync_store;

pub use call_meter::*;
pub use capability::*;
pub use clock::*;
pub use effect::*;
pub use erp_sink::*;
pub use error::*;
pub use inventory_sink::*;
pub use order_source::*;
pub use records::*;
pub use sync_store::*;
