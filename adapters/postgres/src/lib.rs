#![doc = include_str!("../README.md")]

mod book;
mod claim;
mod error;
mod events;
mod lock;
mod marks;
mod migrate;
mod open;
mod record;
mod row;
mod runs;
mod save;
mod search;
mod settings;
mod store;
mod writes;

pub use open::PostgresStore;
