//! Between the core's words and the vendor's. Pure.

mod documents;
mod drafts;
mod orders;

pub(crate) use documents::{document, names_documents};
pub(crate) use drafts::{new_order, remote_words};
pub(crate) use orders::{erp_order, names_orders};
