//! Simulated vendors in this process, and a folder from which our binary works on them.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use ipass_contract_tests::postgres_server::PostgresServer;
use ipass_sandbox::{Kind, NewOrder, Sandbox, SandboxConfig, Timing};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::measured::{self, Used};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
}

impl Store {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// How the vendors answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vendors {
    pub(crate) latency: Duration,
    /// Whether the vendors' limits hold, and the service keeps them.
    pub(crate) limits: bool,
}

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) postgres: Option<String>,
    folder: TempDir,
    // Dropped last: the vendors run here.
    _runtime: Runtime,
}

pub(crate) fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

impl World {
    /// Vendors with so many orders that run through smoothly, three in five of them plain ones.
    pub(crate) fn new(orders: usize, store: Store, vendors: Vendors) -> Self {
        let config = SandboxConfig {
            orders: 0,
            limits: vendors.limits,
            latency: vendors.latency,
            timing: Timing::instant(),
            ..SandboxConfig::default()
        };
        let world = Self::of(&config, store);
        let newest = now() - TimeDelta::minutes(2);
        let kinds = [Kind::Single, Kind::MultiLine, Kind::Single, Kind::MultiQuantity, Kind::Single];
        for (n, kind) in (0..orders).zip(kinds.into_iter().cycle()) {
            let age = TimeDelta::milliseconds(500 * i64::try_from(n).expect("not that many"));
            world.sandbox.add_order(NewOrder::new(&format!("PO{n:07}")).kind(kind).created_at(newest - age));
        }
        world
    }

    /// Vendors of any kind.
    pub(crate) fn of(config: &SandboxConfig, store: Store) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("threads");
        let sandbox = runtime.block_on(Sandbox::start(config.clone(), Arc::new(now))).expect("the sandbox listens");
        let folder = tempfile::tempdir().expect("a folder");
        let postgres = (store == Store::Postgres).then(database);
        let url = postgres.clone().unwrap_or_else(|| "sqlite://ipass.db".to_owned());
        let free = if config.limits {
            ("", "")
        } else {
            ("limits = { enabled = false }\n", "pace = { gap_capacity_one = 0, gap_capacity_ten = 0 }\n")
        };
        let toml = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"{url}\"\n[log]\ndir = \"logs\"\n\
             [[routes]]\nname = \"dsco_lingxing\"\n\
             [routes.channel]\nkind = \"dsco\"\nbase_url = \"{}\"\ntoken = \"{}\"\n{}\
             [routes.erp]\nkind = \"lingxing\"\nbase_url = \"{}\"\napp_id = \"{}\"\napp_secret = \"{}\"\n{}",
            sandbox.dsco_base_url(),
            config.dsco_token,
            free.0,
            sandbox.lingxing_base_url(),
            config.app_id,
            config.app_secret,
            free.1,
        );
        std::fs::write(folder.path().join("ipass.toml"), toml).expect("the folder can be written");
        std::fs::write(folder.path().join("settings.json"), sandbox.settings_json().to_string()).expect("the same");
        let world = Self { sandbox, postgres, folder, _runtime: runtime };
        world.ipass(&["settings", "import", "settings.json"]);
        world
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipass"));
        command.current_dir(self.path()).env_clear().args(arguments);
        command
    }

    /// Runs our binary to its good end.
    pub(crate) fn ipass(&self, arguments: &[&str]) -> Used {
        measured::run(self.command(arguments))
    }

    /// Runs a job; its report is on stdout.
    pub(crate) fn job(&self, job: &str, size: usize) -> (Used, serde_json::Value) {
        let used = self.ipass(&["run", job, "--json", "--size", &size.to_string()]);
        let report = serde_json::from_str(&used.stdout).expect("a JSON document");
        (used, report)
    }
}

pub(crate) fn database() -> String {
    let name = PostgresServer::database_name();
    sql(&PostgresServer::get().admin_url(), &format!("CREATE DATABASE {name}"));
    PostgresServer::get().url(&name)
}

/// The answer to a statement, as text.
pub(crate) fn sql(url: &str, statement: &str) -> String {
    let done = Command::new("psql").args(["-qXAt", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement]).output();
    let done = done.expect("psql is installed with the server");
    assert!(done.status.success(), "{statement}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}
