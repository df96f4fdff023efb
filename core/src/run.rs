//! A run: one execution of one job, with its context, its report, and the runner that frames it.

mod context;
mod report;
mod runner;

pub use context::*;
pub use report::*;
pub use runner::*;
