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

/// The signature of a request with this JSON body at `timestamp`, Unix seconds: 64 characters, to be
/// percent-encoded once. For whoever wants to compare a signature of his own.
///
/// `Err` is `Invalid`: the app id has not 16 bytes, or the body is no JSON object.
pub fn signature(app_id: &str, token: &str, timestamp: i64, body: &[u8]) -> Result<String, PortError> {
    let signer = sign::Signer::new(app_id, "signature")?;
    Ok(signer.sign(token, timestamp, &sign::body_params(body)?))
}

/// The ERP of one credential; `name` stands in logs, metrics and errors. Sends nothing yet.
pub fn connect(name: &str, config: Config, http: &Http) -> Result<LingxingErp, PortError> {
    LingxingErp::new(name, config, http)
}
