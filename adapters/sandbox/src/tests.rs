//! The sandbox over real sockets: protocol checks and a model client that walks every kind.

mod cancels;
mod client;
mod common;
mod differences;
mod ends;
mod model;
mod protocol;
mod stock;
mod streams;
mod world;
mod writes;
