//! The Lingxing adapter against recorded exchanges.

#[cfg(test)]
#[path = "lingxing/cancels.rs"]
mod cancels;
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
#[path = "lingxing/master.rs"]
mod master;
#[cfg(test)]
#[path = "lingxing/pairs.rs"]
mod pairs;
#[cfg(test)]
#[path = "lingxing/sandbox.rs"]
mod sandbox;
#[cfg(test)]
#[path = "lingxing/sharing.rs"]
mod sharing;
#[cfg(test)]
#[path = "lingxing/stock.rs"]
mod stock;
#[cfg(test)]
#[path = "lingxing/tokens.rs"]
mod tokens;
#[cfg(test)]
#[path = "lingxing/world.rs"]
mod world;
