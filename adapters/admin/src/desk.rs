//! What every page below `/admin` is served with.
//!
//! A request passes, from the outside in: packing (`packing`), headers and error pages (`fault`), origin and body
//! (`intake`), who asks (`gate`), the page.

mod assets;
mod audit;
mod cookies;
mod exports;
mod fault;
mod gate;
mod intake;
pub(crate) mod links;
mod packing;
mod page;
mod password;
mod prefs;
mod query;
mod render;
pub(crate) mod show;
mod state;
mod throttle;

pub(crate) use assets::asset;
pub(crate) use audit::audit;
pub(crate) use cookies::{choice, keep_choice};
pub(crate) use exports::{begin_export, download};
pub(crate) use fault::{Answer, Fault, Say};
pub(crate) use intake::Form;
pub(crate) use links::local_path;
pub(crate) use page::{Flash, Page};
pub(crate) use query::Query;
pub(crate) use show::Html;
pub(crate) use state::{Desk, Shared};

pub(crate) mod login;

pub use exports::{Export, ExportedFile, Exports};
pub use state::{AdminState, Secrets, SystemSecrets};

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::{any, get, post};

use crate::pages;

/// Bytes of a request body.
const BODY_LIMIT: usize = 1024 * 1024;

/// The pages: everything below `/admin`, and `/`, which leads there.
///
/// Serve it with `into_make_service_with_connect_info::<SocketAddr>()`: the throttle of the login counts by
/// address.
pub fn admin_router(state: AdminState) -> Router {
    let desk: Shared = Arc::new(Desk::new(state));
    let start = || async { Redirect::to(pages::NAV[0].path) };
    let open = Router::new()
        .route("/", get(start))
        .route("/admin/assets/{hash}/{name}", get(assets::serve))
        .route("/admin/login", get(login::show).post(login::log_in))
        .route("/admin/display", post(prefs::change))
        .method_not_allowed_fallback(no_method);
    let closed = pages::routes()
        .route("/admin", get(start))
        .route("/admin/", get(start))
        .route("/admin/logout", post(login::log_out))
        .route("/admin/api/runs/{run_id}/events", get(crate::progress::events))
        .route("/admin/{*rest}", any(|| async { Fault::NotFound }))
        .method_not_allowed_fallback(no_method)
        .layer(from_fn_with_state(Arc::clone(&desk), gate::gate));
    open.merge(closed)
        .layer(from_fn_with_state(Arc::clone(&desk), intake::intake))
        .layer(from_fn_with_state(Arc::clone(&desk), render::faults))
        .layer(packing::packing())
        .with_state(desk)
}

async fn no_method() -> Fault {
    Fault::NoMethod
}

#[cfg(test)]
pub(crate) mod tests;
