#![doc = include_str!("../README.md")]
// The wire documents of both vendors are wide objects, which `json!` expands member by member.
#![recursion_limit = "256"]

mod catalog;
mod clock;
mod config;
mod distort;
mod dsco;
mod faults;
mod json;
mod kinds;
mod ledger;
mod limits;
mod lingxing;
mod rng;
mod sandbox;
mod server;
mod state;
mod wire;
mod world;

#[cfg(test)]
mod tests;

pub use clock::Now;
pub use config::{InvoicePrice, SandboxConfig, Timing};
pub use faults::{Effect, Fault, When};
pub use kinds::{CancelPolicy, Expectation, Kind};
pub use ledger::{
    AckRecord, CancelRecord, CreateRecord, InvoiceRecord, Ledger, ShipmentRecord, StockRecord, UnitRecord,
};
pub use sandbox::Sandbox;
pub use world::action::{ChannelStatus, UnknownOrder, WorldAction};
pub use world::differences::StockDifference;
pub use world::draft::{NewLine, NewOrder};
