//! The Lingxing adapter against recorded exchanges.

#[cfg(test)]
#[path = "lingxing/create.rs"]
mod create;
#[cfg(test)]
#[path = "lingxing/documents.rs"]
mod documents;
#[cfg(test)]
#[path = "lingxing/find.rs"]
mod find;
#[cfg(test)]
#[path = "lingxing/sandbox.rs"]
mod sandbox;
#[cfg(test)]
#[path = "lingxing/tokens.rs"]
mod tokens;
#[cfg(test)]
#[path = "lingxing/world.rs"]
mod world;
