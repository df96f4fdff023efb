#![doc = include_str!("../README.md")]

mod acts;
mod alerts;
mod attention;
mod audit;
mod book;
mod claim;
mod digests;
mod events;
mod export;
mod facets;
mod leases;
mod lock;
mod marks;
mod migrate;
mod open;
mod payloads;
mod record;
mod row;
mod runs;
mod save;
mod search;
mod settings;
mod shared;
mod sorting;
mod stock;
mod stock_list;
mod store;
mod tally;
mod visits;
mod walk;
mod writes;

pub use open::SqliteStore;
