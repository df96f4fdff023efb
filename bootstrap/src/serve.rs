//! `ipass serve`: migrate, schedule, answer HTTP; stop in order.

use std::sync::Arc;

use ipass_core::ports::{Clock, SyncStore};
use ipass_core::run::{Route, Runner};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::SystemClock;
use crate::commands::End;
use crate::config::BootConfig;
use crate::http::{HttpState, router};
use crate::schedule::{self, Heartbeat};
use crate::telemetry::{self, Console};
use crate::watch::ProcessWatch;
use crate::wiring;

pub(crate) async fn serve(config: BootConfig) -> Result<(), End> {
    let dir = Some(config.log.dir.as_path()).filter(|dir| !dir.as_os_str().is_empty());
    let _telemetry = telemetry::start(dir, Console::Stdout).map_err(End::usage)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::from_environment());
    if config.routes.is_empty() {
        return Err(End::usage("configuration, routes: none is configured; add a [[routes]] section"));
    }
    let routes = wiring::routes(config.routes, &clock).map_err(End::usage)?;
    let store = wiring::store(&config.store.url).await.map_err(End::usage)?;
    store.migrate().await.map_err(End::failed)?;
    let listener = listen(&config.server.listen).await?;
    tracing::info!(listen = %config.server.listen, routes = routes.len(), "ipass is up");
    let stop = CancellationToken::new();
    let signal = tokio::spawn({
        let stop = stop.clone();
        async move {
            stop_signal().await;
            tracing::info!("stopping: no new work is begun");
            stop.cancel();
        }
    });
    let runner = wiring::runner(store.clone(), clock);
    let ended = until_stopped(runner, routes, store, listener, stop).await;
    signal.abort();
    ended
}

pub(crate) async fn listen(address: &str) -> Result<TcpListener, End> {
    TcpListener::bind(address)
        .await
        .map_err(|error| End::usage(format!("configuration, server.listen: {address}: {error}; choose a free port")))
}

/// Schedules and serves until `stop`; then jobs end, HTTP ends, and the store closes.
pub(crate) async fn until_stopped(
    runner: Arc<Runner>,
    routes: Vec<Arc<Route>>,
    store: Arc<dyn SyncStore>,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<(), End> {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().map_err(End::failed)?;
    let heartbeat = Heartbeat::default();
    let watch = Arc::new(ProcessWatch::new(stop.clone()));
    let jobs = tokio::spawn(schedule::run(runner.clone(), routes.clone(), watch, heartbeat.clone(), stop.clone()));
    let state = HttpState { store: store.clone(), runner, routes, metrics: recorder, schedule: heartbeat };
    let http = axum::serve(listener, router(state)).with_graceful_shutdown({
        let stop = stop.clone();
        async move { stop.cancelled().await }
    });
    let served = http.await;
    stop.cancel();
    let scheduled = jobs.await;
    store.close().await;
    served.map_err(End::failed)?;
    scheduled.map_err(End::failed)
}

/// Ctrl-C or SIGTERM.
pub(crate) async fn stop_signal() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
