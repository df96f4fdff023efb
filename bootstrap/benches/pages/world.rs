//! The service with a full database, and simulated vendors that it can ask.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;
use chrono::{DateTime, Utc};
use ipass_contract_tests::postgres_server::PostgresServer;
use ipass_core::ports::SyncStore;
use ipass_postgres::PostgresStore;
use ipass_sandbox::{Sandbox, SandboxConfig};
use ipass_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::options::{Options, Store};

pub(crate) const PASSWORD: &str = "of this measurement only";

const TABLES: [&str; 7] = ["order_sync", "order_event", "order_sku", "order_text", "stock_sync", "audit", "job_run"];

pub(crate) struct World {
    pub(crate) address: SocketAddr,
    /// The database beside the service: what is at which depth is looked up here.
    pub(crate) store: Arc<dyn SyncStore>,
    pub(crate) kind: Store,
    pub(crate) runtime: Runtime,
    service: Child,
    _sandbox: Sandbox,
    _folder: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, which is as good.
        let _ = self.service.kill();
        let _ = self.service.wait();
    }
}

pub(crate) fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

impl World {
    pub(crate) fn new(options: &Options) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("threads");
        let config = SandboxConfig { orders: 0, limits: false, ..SandboxConfig::default() };
        let sandbox = runtime.block_on(Sandbox::start(config.clone(), Arc::new(now))).expect("the sandbox listens");
        let folder = tempfile::tempdir().expect("a folder");
        let new_url = || match options.store {
            Store::Postgres => new_database(),
            Store::Sqlite => format!("sqlite://{}", folder.path().join("ipass.db").display()),
        };
        let url = options.url.clone().unwrap_or_else(new_url);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let hash = Argon2::default().hash_password(PASSWORD.as_bytes()).expect("a hash");
        let toml = format!(
            "[server]\nlisten = \"{address}\"\n[store]\nurl = \"{url}\"\n[log]\ndir = \"\"\n\
             [admin]\npassword_hash = \"{hash}\"\ndisplay_timezone = \"UTC\"\n\
             [[routes]]\nname = \"dsco_lingxing\"\n\
             [routes.channel]\nkind = \"dsco\"\nbase_url = \"{}\"\ntoken = \"{}\"\n\
             [routes.erp]\nkind = \"lingxing\"\nbase_url = \"{}\"\napp_id = \"{}\"\napp_secret = \"{}\"\n",
            sandbox.dsco_base_url(),
            config.dsco_token,
            sandbox.lingxing_base_url(),
            config.app_id,
            config.app_secret,
        );
        std::fs::write(folder.path().join("ipass.toml"), toml).expect("the folder can be written");
        if options.url.is_none() {
            let mut settings = sandbox.settings_json();
            for job in settings["jobs"].as_object_mut().expect("jobs").values_mut() {
                job["enabled"] = false.into();
            }
            std::fs::write(folder.path().join("settings.json"), settings.to_string()).expect("the same");
            done(ipass(folder.path()).args(["settings", "import", "settings.json"]));
            fill(options, &url, folder.path());
        }
        let service = ipass(folder.path()).arg("serve").stdout(Stdio::null()).spawn().expect("the service starts");
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < Duration::from_mins(1), "the service does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        let store: Arc<dyn SyncStore> = runtime.block_on(async {
            let opened: Arc<dyn SyncStore> = match options.store {
                Store::Postgres => Arc::new(PostgresStore::connect(&url).await.expect("the database")),
                Store::Sqlite => Arc::new(SqliteStore::open(&url).await.expect("the database")),
            };
            opened
        });
        Self { address, store, kind: options.store, runtime, service, _sandbox: sandbox, _folder: folder }
    }
}

fn new_database() -> String {
    let name = PostgresServer::database_name();
    let admin = PostgresServer::get().admin_url();
    done(Command::new("psql").args(["-qX", "-d", &admin, "-c", &format!("CREATE DATABASE {name}")]));
    PostgresServer::get().url(&name)
}

fn fill(options: &Options, url: &str, folder: &Path) {
    let started = Instant::now();
    let sql = match options.store {
        Store::Postgres => include_str!("fill_postgres.sql"),
        Store::Sqlite => include_str!("fill_sqlite.sql"),
    };
    let sql = sql.replace("{rows}", &options.rows.to_string()).replace("{stock}", &options.stock.to_string());
    let file = folder.join("fill.sql");
    std::fs::write(&file, sql).expect("the folder can be written");
    let run_sql = std::env::var_os("IPASS_RUN_SQL").expect("IPASS_RUN_SQL: see .ci/bench-pages");
    done(Command::new(run_sql).arg(url).arg(file).args(TABLES));
    eprintln!("filled in {:.0?}", started.elapsed());
}

fn ipass(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipass"));
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

fn done(command: &mut Command) {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
