//! `ipass serve`: migrate, schedule, answer HTTP; stop in order.

use std::sync::Arc;

use ipass_admin::{ApiState, ServiceState};
use ipass_core::ports::{Clock, Notifier, SyncStore};
use ipass_core::run::{Route, RunWatch, Runner};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::alerts;
use crate::clock::SystemClock;
use crate::commands::End;
use crate::config::BootConfig;
use crate::launch::BackgroundRuns;
use crate::schedule::{self, Heartbeat};
use crate::telemetry::{self, Console};
use crate::watch::ProcessWatch;
use crate::wiring;

pub(crate) async fn serve(config: BootConfig) -> Result<(), End> {
    let dir = Some(config.log.dir.as_path()).filter(|dir| !dir.as_os_str().is_empty());
    let _telemetry = telemetry::start(dir, Console::Stdout, &config.telemetry.otlp_endpoint).map_err(End::usage)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::from_environment());
    if config.routes.is_empty() {
        return Err(End::usage("configuration, routes: none is configured; add a [[routes]] section"));
    }
    let store = wiring::store(&config.store.url).await.map_err(End::usage)?;
    let routes = wiring::routes(config.routes, &clock, Some(&store)).map_err(End::usage)?;
    let notifiers = wiring::notifiers(&config.alerts, &clock).map_err(End::usage)?;
    let files = wiring::files(&config.admin, &clock);
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
    let runner = wiring::runner(store.clone(), clock, files);
    let ended =
        until_stopped(Parts { runner, routes, store, notifiers, api_token: Some(config.api.token) }, listener, stop)
            .await;
    signal.abort();
    ended
}

pub(crate) async fn listen(address: &str) -> Result<TcpListener, End> {
    TcpListener::bind(address)
        .await
        .map_err(|error| End::usage(format!("configuration, server.listen: {address}: {error}; choose a free port")))
}

/// What a running service is made of.
pub(crate) struct Parts {
    pub(crate) runner: Arc<Runner>,
    pub(crate) routes: Vec<Arc<Route>>,
    pub(crate) store: Arc<dyn SyncStore>,
    pub(crate) notifiers: Vec<(String, Arc<dyn Notifier>)>,
    /// Token of the open API; none or empty switches it off.
    pub(crate) api_token: Option<SecretString>,
}

/// Schedules and serves until `stop`; then jobs end, HTTP ends, and the store closes.
pub(crate) async fn until_stopped(parts: Parts, listener: TcpListener, stop: CancellationToken) -> Result<(), End> {
    let Parts { runner, routes, store, notifiers, api_token } = parts;
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().map_err(End::failed)?;
    let heartbeat = Heartbeat::default();
    let watch: Arc<dyn RunWatch> = Arc::new(ProcessWatch::new(stop.clone()));
    let tracker = TaskTracker::new();
    let launcher = Arc::new(BackgroundRuns {
        runner: runner.clone(),
        routes: routes.clone(),
        watch: watch.clone(),
        tracker: tracker.clone(),
    });
    let jobs = tokio::spawn(schedule::run(runner.clone(), routes.clone(), watch, heartbeat.clone(), stop.clone()));
    let alerts = tokio::spawn(alerts::run(runner.clone(), store.clone(), routes.clone(), notifiers, stop.clone()));
    let service = ipass_admin::service_router(ServiceState {
        store: store.clone(),
        runner: runner.clone(),
        routes: routes.clone(),
        alive: Arc::new(move || heartbeat.is_alive()),
        render: Arc::new(move || recorder.render()),
    });
    let api = ipass_admin::api_router(ApiState { store: store.clone(), runner, routes, launcher, token: api_token });
    let http = axum::serve(listener, service.merge(api)).with_graceful_shutdown({
        let stop = stop.clone();
        async move { stop.cancelled().await }
    });
    let served = http.await;
    stop.cancel();
    let scheduled = jobs.await;
    tracker.close();
    if tokio::time::timeout(schedule::GRACE, tracker.wait()).await.is_err() {
        tracing::warn!("runs started by hand still went on when the time to stop was up; they are read back");
    }
    let alerted = alerts.await;
    store.close().await;
    served.map_err(End::failed)?;
    scheduled.map_err(End::failed)?;
    alerted.map_err(End::failed)
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
