#![doc = include_str!("../README.md")]

pub mod alerts;
pub mod cells;
mod error;
mod event;
pub mod judged;
pub mod place;
pub mod rows;
pub mod seen;
pub mod settled;
mod tally;
mod text;
mod values;

pub use error::{migration_failed, unavailable};
pub use event::NewEvent;
pub use tally::Tally;
pub use text::{clean, clean_option, like};
pub use values::{SqlRow, Values};
