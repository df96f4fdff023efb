#![doc = include_str!("../README.md")]

mod batch;
mod client;
mod config;
mod convert;
mod cursor;
mod dto;
mod error;
mod invoices;
mod log;
mod order_source;
mod orders;
mod settle;
mod token;

pub use config::{Config, LimitsConfig};
pub use order_source::{DscoOrders, JOB_ALIASES, connect};
