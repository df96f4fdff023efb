#![doc = include_str!("../README.md")]

mod batch;
mod client;
mod config;
mod convert;
mod cursor;
mod dto;
mod error;
mod inventory;
mod invoices;
mod log;
mod order_source;
mod orders;
mod segment;
mod settle;
mod token;
mod warehouses;

pub use config::{Config, LimitsConfig};
pub use inventory::DscoInventory;
pub use order_source::{DscoOrders, JOB_ALIASES, connect};
