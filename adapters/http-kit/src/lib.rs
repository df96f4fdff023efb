#![doc = include_str!("../README.md")]

mod account;
mod call;
mod http;
mod meter;
mod pace;
mod retry;
pub mod seconds;
mod shared;
mod usage;

pub use account::Account;
pub use call::{Body, CallKind, Judgement, Reply, Request, SendError, by_status};
pub use http::{Http, Jitter};
pub use meter::{TaskMeter, metered};
pub use pace::{InFlight, Pace, Windows};
pub use reqwest::{Method, Url};

#[cfg(test)]
mod testing;
