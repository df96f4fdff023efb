//! What the tests of the real binary share.

pub(crate) mod database;
pub(crate) mod ledger;
pub(crate) mod process;
pub(crate) mod world;
