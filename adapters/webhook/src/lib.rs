#![doc = include_str!("../README.md")]

mod config;
mod format;
mod text;
mod webhook;

pub use config::{Config, Kind, Language};
pub use webhook::{Webhook, connect};
