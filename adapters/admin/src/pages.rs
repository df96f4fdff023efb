//! The pages. One file for each; this one says which there are.

mod audit;

use axum::Router;

use crate::desk::Shared;
use crate::text::{Text, common as c};

/// A page of the head line.
pub(crate) struct NavItem {
    pub(crate) path: &'static str,
    pub(crate) name: Text,
    /// The key after `g` that goes there.
    pub(crate) key: &'static str,
}

/// The head line, in its order; the first page is where `/admin` leads. A page that is not written yet is not here.
pub(crate) const NAV: &[NavItem] = &[NavItem { path: "/admin/audit", name: c::AUDIT, key: "a" }];

/// All pages that need a login, one line for each file.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().merge(audit::routes())
}
