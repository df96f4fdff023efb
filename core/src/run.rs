//! A run: one execution of one job, with its context, its report, and the runner that frames it.

mod context;
mod log;
mod report;
mod runner;

pub use context::*;
pub(crate) use log::told;
pub use log::{Fact, LOG_LINES, LogLine, RunLog};
pub use report::*;
pub use runner::*;
