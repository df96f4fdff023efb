//! Health, readiness and metrics: what machines ask.

mod gauges;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use ipass_core::ports::SyncStore;
use ipass_core::run::{Route, Runner};
use serde_json::json;

use gauges::Gauges;

/// What the handlers need.
#[derive(Clone)]
pub struct ServiceState {
    /// The service's memory.
    pub store: Arc<dyn SyncStore>,
    /// Reads settings; its clock is the service's.
    pub runner: Arc<Runner>,
    /// The routes of the configuration.
    pub routes: Vec<Arc<Route>>,
    /// Whether the scheduler has ticked lately.
    pub alive: Arc<dyn Fn() -> bool + Send + Sync>,
    /// The metrics as Prometheus text.
    pub render: Arc<dyn Fn() -> String + Send + Sync>,
}

#[derive(Clone)]
struct Shared {
    state: ServiceState,
    gauges: Arc<Gauges>,
}

/// `/healthz`, `/readyz` and `/metrics`. They need no token and tell nothing about any one order.
pub fn service_router(state: ServiceState) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Shared { state, gauges: Arc::default() })
}

/// Store, settings and scheduler; 503 names what is not ready.
async fn ready(State(Shared { state, .. }): State<Shared>) -> impl IntoResponse {
    let mut problems = Vec::new();
    if let Err(error) = state.store.check().await {
        problems.push(json!({"part": "store", "problem": error.to_string()}));
    } else {
        for route in &state.routes {
            if let Err(error) = state.runner.settings(route).await {
                let problem = format!("{}: {error}", route.name);
                problems.push(json!({"part": "settings", "problem": problem}));
            }
        }
    }
    if !(state.alive)() {
        problems.push(json!({"part": "scheduler", "problem": "it has not ticked for 30 seconds"}));
    }
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({"ready": problems.is_empty(), "problems": problems}).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body)
}

/// Prometheus text.
async fn metrics(State(Shared { state, gauges }): State<Shared>) -> impl IntoResponse {
    gauges.refresh(&*state.store, &state.routes, state.runner.clock.now()).await;
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], (state.render)())
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;
    use crate::double::service;

    async fn get(path: &str, alive: bool) -> (u16, String) {
        let api = service(None);
        let state = ServiceState {
            store: api.store,
            runner: api.runner,
            routes: api.routes,
            alive: Arc::new(move || alive),
            render: Arc::new(|| "ipass_up 1\n".to_owned()),
        };
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = service_router(state).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_process_that_answers_is_healthy() {
        assert_eq!(get("/healthz", false).await, (200, "ok\n".to_owned()));
    }

    #[tokio::test]
    async fn what_is_not_ready_is_named() {
        for (alive, parts) in [(true, vec!["settings", "settings"]), (false, vec!["settings", "settings", "scheduler"])]
        {
            let (status, body) = get("/readyz", alive).await;
            let body: Value = serde_json::from_str(&body).unwrap();
            let found: Vec<&str> =
                body["problems"].as_array().unwrap().iter().filter_map(|problem| problem["part"].as_str()).collect();
            assert_eq!((status, found), (503, parts));
            assert_eq!(body["ready"], false);
        }
    }

    #[tokio::test]
    async fn metrics_are_told_though_the_store_is_down() {
        assert_eq!(get("/metrics", true).await, (200, "ipass_up 1\n".to_owned()));
    }
}
