//! One function per command; each ends in an exit code.

mod check;
mod doctor;
mod export;
mod orders;
mod run;
mod sandbox;
mod settings;
mod stock;

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use argon2::password_hash::PasswordHasher as _;
use chrono::{DateTime, SecondsFormat, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{Clock, SyncStore};
use ipass_core::run::{Refused, Route, Runner};

use crate::cli::{Cli, Command, ConfigCommand};
use crate::clock::SystemClock;
use crate::config::{self, BootConfig};
use crate::telemetry::{self, Console};
use crate::wiring;

/// How a command ended when it did not succeed.
#[derive(Debug)]
pub(crate) struct End {
    /// 1 failed, 2 wrong usage or configuration, 3 already running.
    pub(crate) code: u8,
    /// For stderr; `None` when the answer on stdout says it all.
    pub(crate) message: Option<String>,
}

impl End {
    #[expect(clippy::needless_pass_by_value, reason = "so that it can stand in map_err")]
    pub(crate) fn failed(message: impl ToString) -> Self {
        Self { code: 1, message: Some(message.to_string()) }
    }

    #[expect(clippy::needless_pass_by_value, reason = "so that it can stand in map_err")]
    pub(crate) fn usage(message: impl ToString) -> Self {
        Self { code: 2, message: Some(message.to_string()) }
    }

    pub(crate) fn refused(refused: &Refused) -> Self {
        let code = match refused {
            Refused::AlreadyRunning => 3,
            Refused::Settings(_) | Refused::Usage(_) => 2,
            Refused::Store(_) => 1,
        };
        Self { code, message: Some(refused.to_string()) }
    }
}

/// Runs the command.
pub(crate) async fn execute(cli: Cli) -> Result<(), End> {
    let (file, json) = (cli.config.as_deref(), cli.json);
    match cli.command {
        Command::Demo(args) => crate::demo::demo(args, json).await,
        Command::Serve => crate::serve::serve(load(file)?).await,
        Command::Run(args) => run::run(load(file)?, args, json).await,
        Command::Orders(command) => orders::orders(load(file)?, command, json).await,
        Command::Stock(command) => stock::stock(load(file)?, command, json).await,
        Command::Export(command) => export::export(load(file)?, command, json).await,
        Command::Check(args) => check::check(load(file)?, args, json).await,
        Command::Doctor => doctor::doctor(load(file)?, json).await,
        Command::Settings(command) => settings::settings(load(file)?, command, json).await,
        Command::Config(ConfigCommand::Check) => check_config(file, json).await,
        Command::Migrate => migrate(load(file)?, json).await,
        Command::Sandbox(args) => sandbox::sandbox(args, json).await,
        Command::HashPassword => hash_password(json),
    }
}

fn load(file: Option<&Path>) -> Result<BootConfig, End> {
    config::load(file).map_err(End::usage)
}

/// What the commands about orders and jobs work with.
pub(crate) struct Service {
    pub(crate) runner: Arc<Runner>,
    pub(crate) routes: Vec<Arc<Route>>,
    pub(crate) store: Arc<dyn SyncStore>,
    _telemetry: telemetry::Telemetry,
}

impl Service {
    /// Opens the store, brings it up to date, and joins the routes.
    pub(crate) async fn open(config: BootConfig) -> Result<Self, End> {
        let dir = Some(config.log.dir.as_path()).filter(|dir| !dir.as_os_str().is_empty());
        let telemetry = telemetry::start(dir, Console::Stderr, &config.telemetry.otlp_endpoint).map_err(End::usage)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::from_environment());
        if config.routes.is_empty() {
            return Err(End::usage("configuration, routes: none is configured; add a [[routes]] section"));
        }
        let store = wiring::store(&config.store.url).await.map_err(End::usage)?;
        store.migrate().await.map_err(End::failed)?;
        let routes = wiring::routes(config.routes, &clock, Some(&store)).map_err(End::usage)?;
        let files = wiring::files(&config.admin, &clock);
        Ok(Self { runner: wiring::runner(store.clone(), clock, files), routes, store, _telemetry: telemetry })
    }

    /// The named route, or the only one.
    pub(crate) fn route(&self, name: Option<&str>) -> Result<Arc<Route>, End> {
        let names = || self.routes.iter().map(|route| route.name.0.as_str()).collect::<Vec<_>>().join(", ");
        match (name, self.routes.as_slice()) {
            (Some(name), routes) => routes
                .iter()
                .find(|route| route.name.0 == name)
                .cloned()
                .ok_or_else(|| End::usage(format!("there is no route {name}; configured: {}", names()))),
            (None, [only]) => Ok(only.clone()),
            (None, _) => Err(End::usage(format!("several routes are configured ({}); say --route", names()))),
        }
    }
}

/// Reads a PO number.
fn po_number(text: &str) -> Result<PoNumber, End> {
    PoNumber::new(text).ok_or_else(|| End::usage("the PO number is empty"))
}

/// RFC 3339 in UTC, whole seconds.
fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Prints an answer; a reader that went away is no failure.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

async fn check_config(file: Option<&Path>, json: bool) -> Result<(), End> {
    let config = load(file)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::from_environment());
    let names: Vec<String> = config.routes.iter().map(|route| route.name.clone()).collect();
    if names.is_empty() {
        return Err(End::usage("configuration, routes: none is configured; add a [[routes]] section"));
    }
    wiring::routes(config.routes, &clock, None).map_err(End::usage)?;
    wiring::notifiers(&config.alerts, &clock).map_err(End::usage)?;
    let store = wiring::store(&config.store.url).await.map_err(End::usage)?;
    store.close().await;
    if json {
        print(&serde_json::json!({"result": "done", "routes": names}).to_string());
    } else {
        print(&format!("The configuration is fine. Routes: {}. The store answers.", names.join(", ")));
    }
    Ok(())
}

async fn migrate(config: BootConfig, json: bool) -> Result<(), End> {
    let store = wiring::store(&config.store.url).await.map_err(End::usage)?;
    store.migrate().await.map_err(End::failed)?;
    store.close().await;
    print(if json { r#"{"result":"done"}"# } else { "The schema is up to date." });
    Ok(())
}

fn hash_password(json: bool) -> Result<(), End> {
    if std::io::stdin().is_terminal() {
        eprintln!("Type the password, then Enter and Ctrl-D:");
    }
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password).map_err(End::failed)?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < 8 {
        return Err(End::usage("the password needs at least 8 characters"));
    }
    let hash = argon2::Argon2::default().hash_password(password.as_bytes()).map_err(End::failed)?.to_string();
    print(&if json { serde_json::json!({"password_hash": hash}).to_string() } else { hash });
    Ok(())
}
