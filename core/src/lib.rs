#![doc = include_str!("../README.md")]

pub mod erp;
pub mod job;
pub mod money;
pub mod order;
pub mod parcel;
pub mod ports;
pub mod reason;
pub mod run;
pub mod settings;
pub mod stage;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod usecase;
pub mod write;
