//! `ipass serve`: migrate, schedule, answer HTTP; stop in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ipass_admin::{AdminState, ApiState, Progress, ServiceState, SystemSecrets};
use ipass_core::ports::{Clock, Notifier, SyncStore};
use ipass_core::run::{Route, Runner};
use ipass_files::ExportDirectory;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::alerts;
use crate::clock::SystemClock;
use crate::commands::End;
use crate::config::{Admin, BootConfig};
use crate::exports::DirectoryExports;
use crate::launch::{BackgroundRuns, Followers};
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
    let runner = wiring::runner(store.clone(), clock, files.clone());
    let admin = (config.admin, config.server.behind_tls);
    let parts = Parts { runner, routes, store, notifiers, exports: files, api_token: Some(config.api.token), admin };
    let ended = until_stopped(parts, listener, stop).await;
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
    pub(crate) exports: Arc<ExportDirectory>,
    /// Token of the open API; none or empty switches it off.
    pub(crate) api_token: Option<SecretString>,
    /// The pages, and whether a proxy speaks TLS for them.
    pub(crate) admin: (Admin, bool),
}

/// Schedules and serves until `stop`; then jobs end, HTTP ends, and the store closes.
pub(crate) async fn until_stopped(parts: Parts, listener: TcpListener, stop: CancellationToken) -> Result<(), End> {
    let Parts { runner, routes, store, notifiers, exports, api_token, admin } = parts;
    let recorder = PrometheusBuilder::new().install_recorder().map_err(End::failed)?;
    let upkeep = tokio::spawn(upkeep(recorder.clone(), stop.clone()));
    let heartbeat = Heartbeat::default();
    let progress = Arc::new(Progress::new(runner.clock.clone()));
    let followers = Followers { watch: Arc::new(ProcessWatch::new(stop.clone())), progress: progress.clone() };
    let tracker = TaskTracker::new();
    let launcher = Arc::new(BackgroundRuns {
        runner: runner.clone(),
        routes: routes.clone(),
        followers: followers.clone(),
        tracker: tracker.clone(),
    });
    let jobs = tokio::spawn(schedule::run(runner.clone(), routes.clone(), followers, heartbeat.clone(), stop.clone()));
    let alerts = tokio::spawn(alerts::run(runner.clone(), store.clone(), routes.clone(), notifiers, stop.clone()));
    let service = ipass_admin::service_router(ServiceState {
        store: store.clone(),
        runner: runner.clone(),
        routes: routes.clone(),
        alive: Arc::new(move || heartbeat.is_alive()),
        render: Arc::new(move || recorder.render()),
    });
    let (admin, behind_tls) = admin;
    let pages = ipass_admin::admin_router(AdminState {
        store: store.clone(),
        runner: runner.clone(),
        routes: routes.clone(),
        launcher: launcher.clone(),
        progress: progress.clone(),
        password_hash: admin.password_hash,
        // Checked when the configuration was read.
        display_zone: admin.display_timezone.parse().unwrap_or(chrono_tz::UTC),
        export_max_days: admin.export_max_days,
        files: Arc::new(DirectoryExports(exports)),
        behind_tls,
        idle: chrono::Duration::minutes(i64::from(admin.session_idle_minutes)),
        absolute: chrono::Duration::hours(i64::from(admin.session_hours)),
        secrets: Arc::new(SystemSecrets),
    });
    let api = ipass_admin::api_router(ApiState { store: store.clone(), runner, routes, launcher, token: api_token });
    let app = service.merge(api).merge(pages).into_make_service_with_connect_info::<SocketAddr>();
    let http = axum::serve(listener, app).with_graceful_shutdown({
        let stop = stop.clone();
        async move {
            stop.cancelled().await;
            // Streams would hold the server open.
            progress.close();
        }
    });
    let served = http.await;
    stop.cancel();
    let scheduled = jobs.await;
    tracker.close();
    if tokio::time::timeout(schedule::GRACE, tracker.wait()).await.is_err() {
        tracing::warn!("runs started by hand still went on when the time to stop was up; they are read back");
    }
    let alerted = alerts.await;
    let kept_up = upkeep.await;
    store.close().await;
    served.map_err(End::failed)?;
    scheduled.map_err(End::failed)?;
    kept_up.map_err(End::failed)?;
    alerted.map_err(End::failed)
}

/// Times that were measured pile up in the recorder until somebody reads them or does this.
async fn upkeep(recorder: PrometheusHandle, stop: CancellationToken) {
    while tokio::time::timeout(Duration::from_secs(10), stop.cancelled()).await.is_err() {
        recorder.run_upkeep();
    }
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
