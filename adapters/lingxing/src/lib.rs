#![doc = include_str!("../README.md")]

mod apps;
mod client;
mod config;
mod convert;
mod dto;
mod erp_sink;
mod error;
mod paging;
mod sign;
mod time;
mod token;

#[cfg(test)]
mod testing;

use ipass_core::job::Job;
use ipass_core::ports::PortError;
use ipass_http_kit::Http;

pub use apps::Apps;
pub use config::{Config, PaceConfig};
pub use erp_sink::LingxingErp;

/// Names under which jobs of a route with this ERP are known as well.
pub const JOB_ALIASES: &[(&str, Job)] = &[("push_to_lingxing", Job::PushOrders)];

/// The ERP of one credential; `name` stands in logs, metrics and errors. Sends nothing yet.
pub fn connect(name: &str, config: Config, http: &Http) -> Result<LingxingErp, PortError> {
    LingxingErp::new(name, config, http)
}
