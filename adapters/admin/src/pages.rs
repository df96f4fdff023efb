//! The pages. One file for each; this one says which there are.

mod audit;
mod causes;
pub(crate) mod check;
mod find;
pub(crate) mod jobs;
pub(crate) mod order;
pub(crate) mod orders;
mod overview;
pub(crate) mod runs;
mod settings;
pub(crate) mod stock;

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
pub(crate) const NAV: &[NavItem] = &[
    NavItem { path: "/admin/overview", name: c::OVERVIEW, key: "o" },
    NavItem { path: "/admin/orders", name: c::ORDERS, key: "p" },
    NavItem { path: "/admin/causes", name: c::CAUSES, key: "c" },
    NavItem { path: "/admin/jobs", name: c::JOBS, key: "j" },
    NavItem { path: "/admin/check", name: crate::text::check::TITLE, key: "k" },
    NavItem { path: "/admin/stock", name: c::STOCK, key: "s" },
    NavItem { path: "/admin/settings", name: c::SETTINGS, key: "t" },
    NavItem { path: "/admin/audit", name: c::AUDIT, key: "a" },
];

/// All pages that need a login, one line for each file.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .merge(overview::routes())
        .merge(causes::routes())
        .merge(orders::routes())
        .merge(order::routes())
        .merge(find::routes())
        .merge(settings::routes())
        .merge(audit::routes())
        .merge(jobs::routes())
        .merge(check::routes())
        .merge(runs::routes())
        .merge(stock::routes())
        .merge(crate::api::desk_routes())
}
