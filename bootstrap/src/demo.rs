//! `ipass demo`: simulated vendors and the service in one process, on embedded SQLite.

mod once;
mod stock;
mod table;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeZone as _, Utc};
use ipass_core::ports::{Clock, RouteName, SyncStore};
use ipass_core::run::{Route, Runner};
use ipass_files::ExportDirectory;
use ipass_sandbox::{Sandbox, SandboxConfig};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::cli::DemoArgs;
use crate::clock::SimulatedClock;
use crate::commands::{End, print};
use crate::config::{Admin, ChannelConfig, ErpConfig, RouteConfig};
use crate::serve;
use crate::telemetry::{self, Console};
use crate::wiring;

/// Name of the demo's only route.
const ROUTE: &str = "dsco_lingxing";
/// How many minutes of the demo's world pass in one real minute.
const SPEED: u32 = 30;

pub(crate) async fn demo(args: DemoArgs, json: bool) -> Result<(), End> {
    if args.once { once::once(&args, json).await } else { live(args).await }
}

/// A world with the service joined to it.
struct World {
    clock: Arc<SimulatedClock>,
    sandbox: Sandbox,
    store: Arc<dyn SyncStore>,
    runner: Arc<Runner>,
    route: Arc<Route>,
    exports: Arc<ExportDirectory>,
    /// Removes the temporary folder at the end.
    _folder: Option<tempfile::TempDir>,
}

impl World {
    async fn build(args: &DemoArgs, clock: SimulatedClock, jobs: Option<&[(&str, &str)]>) -> Result<Self, End> {
        let clock = Arc::new(clock);
        let now = clock.clone();
        let config = SandboxConfig { seed: args.seed, orders: args.orders as usize, ..SandboxConfig::default() };
        let credentials = config.clone();
        let sandbox = Sandbox::start(config, Arc::new(move || now.now()))
            .await
            .map_err(|error| End::failed(format!("the sandbox cannot start: {error}")))?;
        let (folder, url) = database(args.data.as_ref())?;
        let store = wiring::store(&url).await.map_err(End::usage)?;
        store.migrate().await.map_err(End::failed)?;
        let ports: Arc<dyn Clock> = clock.clone();
        let section = section(&sandbox, &credentials);
        let mut routes = wiring::routes(vec![section], &ports, None).map_err(End::failed)?;
        let route = routes.pop().ok_or_else(|| End::failed("the demo has no route"))?;
        let settings = settings(&sandbox, args.orders, jobs);
        store
            .save_settings(&RouteName(ROUTE.to_owned()), &settings.to_string(), "demo", None, clock.now())
            .await
            .map_err(End::failed)?;
        let exports =
            folder.as_ref().map(tempfile::TempDir::path).or(args.data.as_deref()).map(|path| path.join("exports"));
        let admin = Admin { export_dir: exports.unwrap_or_default(), ..Admin::default() };
        let exports = wiring::files(&admin, &ports);
        let runner = wiring::runner(store.clone(), ports, exports.clone());
        Ok(Self { clock, sandbox, store, runner, route, exports, _folder: folder })
    }
}

fn section(sandbox: &Sandbox, config: &SandboxConfig) -> RouteConfig {
    RouteConfig {
        name: ROUTE.to_owned(),
        channel: ChannelConfig::Dsco(ipass_dsco::Config {
            base_url: sandbox.dsco_base_url(),
            token: Some(SecretString::from(config.dsco_token.clone())),
            ..ipass_dsco::Config::default()
        }),
        erp: ErpConfig::Lingxing(ipass_lingxing::Config::new(
            sandbox.lingxing_base_url(),
            config.app_id.clone(),
            SecretString::from(config.app_secret.clone()),
        )),
    }
}

/// The sandbox's settings, with room for all orders and, in the live demo, a quick schedule.
fn settings(sandbox: &Sandbox, orders: u32, jobs: Option<&[(&str, &str)]>) -> serde_json::Value {
    let mut settings = sandbox.settings_json();
    let size = orders.clamp(200, 1000);
    if let Some(known) = settings.get_mut("jobs").and_then(serde_json::Value::as_object_mut) {
        for (name, job) in known.iter_mut() {
            job["size"] = size.into();
            if let Some((_, cron)) = jobs.into_iter().flatten().find(|(job, _)| *job == name) {
                job["cron"] = (*cron).into();
            }
        }
    }
    settings
}

fn database(folder: Option<&PathBuf>) -> Result<(Option<tempfile::TempDir>, SecretString), End> {
    let url = |folder: &std::path::Path| SecretString::from(format!("sqlite://{}", folder.join("demo.db").display()));
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).map_err(|error| End::usage(format!("--data {}: {error}", folder.display())))?;
        let file = folder.join("demo.db");
        if file.exists() {
            let file = file.display();
            return Err(End::usage(format!(
                "--data: {file} is there already; the simulated world begins anew, so choose an empty folder"
            )));
        }
        return Ok((None, url(folder)));
    }
    let temporary = tempfile::Builder::new().prefix("ipass-demo-").tempdir().map_err(End::failed)?;
    let url = url(temporary.path());
    Ok((Some(temporary), url))
}

/// A moment that makes demos with the same seed alike.
fn start_of_world() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 28, 9, 0, 0).single().unwrap_or_default()
}

/// A password for as long as the demo runs.
fn one_time_password() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    random.chars().take(10).collect()
}

fn hash(password: &str) -> Result<String, End> {
    use argon2::password_hash::PasswordHasher as _;
    Ok(argon2::Argon2::default().hash_password(password.as_bytes()).map_err(End::failed)?.to_string())
}

/// The world moves on, thirty times as fast as ours.
async fn live(args: DemoArgs) -> Result<(), End> {
    let _telemetry = telemetry::start(None, Console::Stdout, "").map_err(End::failed)?;
    let schedule = [
        ("pull_orders", "0 * * * * *"),
        ("push_orders", "10 * * * * *"),
        ("ack_orders", "20 * * * * *"),
        ("ship_orders", "30 * * * * *"),
        ("invoice_orders", "40 * * * * *"),
    ];
    let world = World::build(&args, SimulatedClock::fast(start_of_world(), SPEED), Some(&schedule)).await?;
    let listener = serve::listen(&format!("127.0.0.1:{}", args.port)).await?;
    let address = listener.local_addr().map_err(End::failed)?;
    let password = one_time_password();
    let password_hash = SecretString::from(hash(&password)?);
    print(&format!(
        "Admin:   http://{address}/admin  password {password} (any name)\n\
         The demo runs {SPEED} times as fast as the clock. Ctrl-C ends it.\n\
         Health:  http://{address}/healthz  http://{address}/readyz\n\
         Metrics: http://{address}/metrics\n\
         Simulated vendors and their ledger: {}",
        world.sandbox.control_base_url()
    ));
    let stop = CancellationToken::new();
    let signal = tokio::spawn({
        let stop = stop.clone();
        async move {
            serve::stop_signal().await;
            stop.cancel();
        }
    });
    let parts = serve::Parts {
        runner: world.runner,
        routes: vec![world.route],
        store: world.store,
        notifiers: Vec::new(),
        exports: world.exports,
        api_token: None,
        admin: (Admin { password_hash, ..Admin::default() }, false),
    };
    let ended = serve::until_stopped(parts, listener, stop).await;
    signal.abort();
    world.sandbox.stop().await;
    ended
}
