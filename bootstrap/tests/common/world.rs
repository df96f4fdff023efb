//! Simulated vendors, a store, and a configuration that joins them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use ipass_sandbox::{Kind as Story, NewOrder, Sandbox, SandboxConfig};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::database::Kind;
use super::process::{Ended, ipass, run};

/// The jobs in stage order.
pub(crate) const JOBS: [&str; 5] = ["pull_orders", "push_orders", "ack_orders", "ship_orders", "invoice_orders"];

/// Six orders that end completed, among them two with two parcels and two with several lines or units.
pub(crate) const STORIES: [(&str, Story); 6] = [
    ("PO-PLAIN", Story::Single),
    ("PO-LINES", Story::MultiLine),
    ("PO-UNITS", Story::MultiQuantity),
    ("PO-PARCELS", Story::TwoParcels),
    ("PO-SPLIT", Story::Split),
    ("PO-MAPPED", Story::MappedSku),
];

/// The sandboxes of this process run here; the tests themselves block.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads")
    })
}

/// The machine's clock, as the children see it.
pub(crate) fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

/// A world without orders that does everything at once.
pub(crate) fn quick() -> SandboxConfig {
    SandboxConfig { orders: 0, limits: false, timing: ipass_sandbox::Timing::instant(), ..SandboxConfig::default() }
}

/// A sandbox with a service beside it, in a folder of their own.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) store_url: String,
    credentials: SandboxConfig,
    folder: TempDir,
}

impl World {
    /// An empty world with its configuration in `ipass.toml` and fitting settings in the store.
    pub(crate) fn new(config: SandboxConfig, store: Kind) -> Self {
        let world = Self::bare(config, store);
        world.import(&world.sandbox.settings_json()).code(0);
        world
    }

    /// The same with nothing in the store.
    pub(crate) fn bare(config: SandboxConfig, store: Kind) -> Self {
        let credentials = config.clone();
        let sandbox = runtime().block_on(Sandbox::start(config, Arc::new(now))).expect("the sandbox listens");
        let folder = tempfile::tempdir().expect("a folder");
        let store_url = store.create(folder.path());
        let world = Self { sandbox, store_url, credentials, folder };
        world.write("ipass.toml", &world.config_file());
        world
    }

    /// A world with the six orders, nothing pulled yet.
    pub(crate) fn with_orders(store: Kind) -> Self {
        let world = Self::new(quick(), store);
        world.add_orders();
        world
    }

    pub(crate) fn add_orders(&self) {
        for (po, story) in STORIES {
            self.sandbox.add_order(NewOrder::new(po).kind(story));
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).expect("the folder can be written");
        path
    }

    /// The whole configuration of the service.
    pub(crate) fn config_file(&self) -> String {
        format!("[store]\nurl = \"{}\"\n[log]\ndir = \"logs\"\n{}", self.store_url, self.route("dsco_lingxing"))
    }

    /// The section of a route to the sandbox.
    pub(crate) fn route(&self, name: &str) -> String {
        let SandboxConfig { dsco_token, app_id, app_secret, .. } = &self.credentials;
        format!(
            "[[routes]]\nname = \"{name}\"\n\
             [routes.channel]\nkind = \"dsco\"\nbase_url = \"{}\"\ntoken = \"{dsco_token}\"\nconsistency = 1\n\
             limits = {{ enabled = false }}\n\
             [routes.erp]\nkind = \"lingxing\"\nbase_url = \"{}\"\napp_id = \"{app_id}\"\napp_secret = \"{app_secret}\"\n\
             consistency = 1\npace = {{ gap_capacity_one = 0.01, gap_capacity_ten = 0.01 }}\n",
            self.sandbox.dsco_base_url(),
            self.sandbox.lingxing_base_url(),
        )
    }

    /// Our binary in the folder, where it finds `ipass.toml` by itself.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = ipass(self.path());
        command.args(arguments);
        command
    }

    /// Runs a command to its end.
    #[track_caller]
    pub(crate) fn ipass(&self, arguments: &[&str]) -> Ended {
        run(&mut self.command(arguments))
    }

    /// Saves settings.
    #[track_caller]
    pub(crate) fn import(&self, settings: &Value) -> Ended {
        let file = self.write("settings.json", &settings.to_string());
        self.ipass(&["settings", "import", &file.display().to_string()])
    }

    /// Runs a job, which has to succeed, and answers its report.
    #[track_caller]
    pub(crate) fn job(&self, job: &str) -> Value {
        self.ipass(&["run", job, "--json"]).code(0).json()
    }

    /// All orders by PO number.
    #[track_caller]
    pub(crate) fn orders(&self) -> BTreeMap<String, Value> {
        let list = self.ipass(&["orders", "list", "--limit", "1000", "--json"]).code(0).json();
        let rows = list["orders"].as_array().expect("a list of orders");
        rows.iter().map(|row| (row["po_number"].as_str().expect("a PO number").to_owned(), row.clone())).collect()
    }

    /// The stage of every order.
    #[track_caller]
    pub(crate) fn stages(&self) -> BTreeMap<String, i64> {
        self.orders().into_iter().map(|(po, row)| (po, row["status"].as_i64().expect("a status"))).collect()
    }

    /// Every order that was added is stored and completed.
    #[track_caller]
    pub(crate) fn is_finished(&self) -> bool {
        let stages = self.stages();
        self.sandbox.expectations().iter().all(|order| stages.get(&order.po) == Some(&5))
    }
}
