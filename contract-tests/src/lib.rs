#![doc = include_str!("../README.md")]

pub mod postgres_server;
pub mod replay;
pub mod suite;
