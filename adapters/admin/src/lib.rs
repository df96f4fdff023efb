#![doc = include_str!("../README.md")]

mod api;
#[cfg(test)]
mod double;
mod service;

pub use api::{ApiState, api_router, openapi};
pub use service::{ServiceState, service_router};
