//! Health, readiness and metrics.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use ipass_core::ports::SyncStore;
use ipass_core::run::{Route, Runner};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

/// What the handlers need.
#[derive(Clone)]
pub(crate) struct HttpState {
    pub(crate) store: Arc<dyn SyncStore>,
    pub(crate) runner: Arc<Runner>,
    pub(crate) routes: Vec<Arc<Route>>,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) schedule: crate::schedule::Heartbeat,
}

pub(crate) fn router(state: HttpState) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(state)
}

/// Store, settings and scheduler; 503 names what is not ready.
async fn ready(State(state): State<HttpState>) -> impl IntoResponse {
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
    if !state.schedule.is_alive() {
        problems.push(json!({"part": "scheduler", "problem": "it has not ticked for 30 seconds"}));
    }
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({"ready": problems.is_empty(), "problems": problems}).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body)
}

/// Prometheus text. Orders per stage are read when asked.
async fn metrics(State(state): State<HttpState>) -> impl IntoResponse {
    for route in &state.routes {
        // A store that does not answer leaves the last figures; readiness tells about it.
        if let Ok(counts) = state.store.counts(&route.name).await {
            let now = state.runner.clock.now();
            for count in counts {
                let labels = [("route", route.name.0.clone()), ("stage", count.stage.number().to_string())];
                #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
                metrics::gauge!("ipass_orders", &labels).set(count.orders as f64);
                #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
                let age = count.oldest.map_or(0.0, |oldest| (now - oldest).num_seconds().max(0) as f64);
                metrics::gauge!("ipass_oldest_order_seconds", &labels).set(age);
            }
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], state.metrics.render())
}
