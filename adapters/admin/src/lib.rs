#![doc = include_str!("../README.md")]

mod api;
#[expect(dead_code, reason = "parts for pages that are still to come; the last page takes this line away")]
mod desk;
#[cfg(test)]
mod double;
mod pages;
mod progress;
mod service;
#[cfg_attr(not(test), expect(dead_code, reason = "texts for pages that are still to come"))]
mod text;

pub use api::{ApiState, api_router, openapi};
pub use desk::{AdminState, Export, ExportedFile, Exports, Secrets, SystemSecrets, admin_router};
pub use progress::Progress;
pub use service::{ServiceState, service_router};
