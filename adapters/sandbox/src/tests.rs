//! The sandbox over real sockets: protocol checks and a model client that walks every kind.

mod client;
mod common;
mod ends;
mod model;
mod protocol;
mod world;
mod writes;
