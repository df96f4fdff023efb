//! The open API below `/api/v1`.

mod acts;
mod body;
mod day;
mod desk;
mod document;
mod envelope;
mod guard;
mod inventory;
mod inventory_sync;
mod orders;
mod query;
mod runs;
mod stages;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use ipass_core::ports::SyncStore;
use ipass_core::run::{Launcher, Route, Runner};
use secrecy::SecretString;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use envelope::ApiError;

pub(crate) use desk::routes as desk_routes;

pub use document::openapi;

/// Where the API stands.
const PREFIX: &str = "/api/v1";
/// Where its description stands, the one path that needs no token.
const DOCUMENT: &str = "/openapi.json";
/// Bytes of a request body.
const BODY_LIMIT: usize = 1024 * 1024;

/// What the handlers need.
#[derive(Clone)]
pub struct ApiState {
    /// The service's memory.
    pub store: Arc<dyn SyncStore>,
    /// The door to the jobs, for dry runs that are waited for; its clock is the API's.
    pub runner: Arc<Runner>,
    /// The routes of the configuration.
    pub routes: Vec<Arc<Route>>,
    /// Starts runs that outlive their request.
    pub launcher: Arc<dyn Launcher>,
    /// The bearer token; `None` or empty switches the API off.
    pub token: Option<SecretString>,
}

impl ApiState {
    /// The route of a name.
    fn route(&self, name: &str) -> Result<&Arc<Route>, ApiError> {
        self.routes
            .iter()
            .find(|route| route.name.0 == name)
            .ok_or_else(|| ApiError::not_found("unknown_route", "the configuration has no route of this name"))
    }

    /// The route that a filter names, if it names one.
    fn filter_route(&self, name: Option<&str>) -> Result<Option<&Arc<Route>>, ApiError> {
        name.map(|name| self.route(name)).transpose()
    }
}

/// The API, with every path below `/api/v1`.
pub fn api_router(state: ApiState) -> Router {
    let (described, _) = described::<ApiState>().split_for_parts();
    let guarded = described
        .method_not_allowed_fallback(no_such_method)
        .fallback(no_such_path)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(state.clone(), guard::guard));
    let document = openapi().to_json().unwrap_or_default();
    let open = Router::new()
        .route(DOCUMENT, get(|| async move { ([(CONTENT_TYPE, "application/json")], document) }))
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn_with_state(state.clone(), guard::guard_open));
    // Nesting takes the prefix with and without more behind it, but not with a bare slash.
    let slash = Router::new()
        .route(&format!("{PREFIX}/"), any(no_such_path))
        .layer(from_fn_with_state(state.clone(), guard::guard));
    Router::new().nest(PREFIX, guarded.merge(open).with_state(state)).merge(slash)
}

async fn no_such_path() -> ApiError {
    ApiError::not_found("unknown_path", "there is nothing at this path")
}

async fn no_such_method() -> ApiError {
    let message = "this path does not take this method; the header Allow names those it takes";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}

/// All operations with their descriptions, without the prefix; whoever mounts them says who may ask.
fn described<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    ApiState: FromRef<S>,
{
    OpenApiRouter::with_openapi(document::frame())
        .routes(routes!(stages::list_routes))
        .routes(routes!(stages::list_stages))
        .routes(routes!(stages::list_causes))
        .routes(routes!(orders::list_orders))
        .routes(routes!(orders::show_order))
        .routes(routes!(orders::why_order))
        .routes(routes!(acts::hold_order))
        .routes(routes!(acts::release_order))
        .routes(routes!(acts::retry_order))
        .routes(routes!(acts::cancel_in_erp))
        .routes(routes!(runs::list_runs, runs::start_run))
        .routes(routes!(runs::show_run))
        .routes(routes!(inventory::list_differences))
        .routes(routes!(inventory_sync::sync_inventory))
}

/// Answers hold what is personal and change by the minute: nobody keeps them.
fn uncached(response: impl IntoResponse) -> axum::response::Response {
    let mut response = response.into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", axum::http::HeaderValue::from_static("nosniff"));
    response
}
