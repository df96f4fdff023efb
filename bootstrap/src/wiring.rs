//! The only file that names concrete adapters.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipass_core::ports::{
    Clock, ErpSink, FileArea, InventorySink, Notifier, OrderSource, PortError, RemoteAccount, RemoteSide, RouteName,
    SyncStore,
};
use ipass_core::run::{Route, Runner};
use ipass_files::ExportDirectory;
use ipass_http_kit::{Http, TaskMeter};
use ipass_postgres::PostgresStore;
use ipass_sqlite::SqliteStore;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::{Admin, ChannelConfig, ErpConfig, RouteConfig};

/// Opens the store that the URL names.
pub(crate) async fn store(url: &SecretString) -> Result<Arc<dyn SyncStore>, String> {
    let url = url.expose_secret();
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    match scheme {
        "sqlite" => {
            let store = SqliteStore::open(url).await.map_err(|error| unreachable_store(&error))?;
            Ok(Arc::new(store))
        }
        "postgres" | "postgresql" => {
            let store = PostgresStore::connect(url).await.map_err(|error| unreachable_store(&error))?;
            Ok(Arc::new(store))
        }
        other => Err(format!(
            "configuration, store.url: {other:?} is no known store; use sqlite://path or postgres://user:password@host/database"
        )),
    }
}

fn unreachable_store(error: &ipass_core::ports::StoreError) -> String {
    format!("configuration, store.url: {error}; check that the database is up and the URL is right")
}

/// Joins the accounts of a route.
fn route(config: RouteConfig, http: &Http, lingxing: &ipass_lingxing::Apps) -> Result<Route, String> {
    let name = config.name;
    let refuse = |place: &str, error: &PortError| format!("configuration, route {name}, {place}: {error}");
    let mut aliases = Vec::new();
    let mut accounts: Vec<(RemoteSide, Arc<dyn RemoteAccount>)> = Vec::new();
    let source: Arc<dyn OrderSource>;
    let inventory: Option<Arc<dyn InventorySink>>;
    match config.channel {
        ChannelConfig::Dsco(section) => {
            aliases.extend_from_slice(ipass_dsco::JOB_ALIASES);
            let orders = ipass_dsco::connect(&name, section, http).map_err(|error| refuse("channel", &error))?;
            inventory = Some(Arc::new(orders.inventory()));
            accounts.push((RemoteSide::Channel, Arc::new(orders.account())));
            source = Arc::new(orders);
        }
    }
    let erp: Arc<dyn ErpSink> = match config.erp {
        ErpConfig::Lingxing(section) => {
            aliases.extend_from_slice(ipass_lingxing::JOB_ALIASES);
            let erp = lingxing.connect(&name, &section, http).map_err(|error| refuse("erp", &error))?;
            accounts.push((RemoteSide::Erp, Arc::new(erp.account())));
            Arc::new(erp)
        }
    };
    Ok(Route { name: RouteName(name), source, erp, inventory, accounts, aliases })
}

/// All routes of the configuration. With a store, call limits and tokens are shared with every other
/// process that works on it.
pub(crate) fn routes(
    configs: Vec<RouteConfig>,
    clock: &Arc<dyn Clock>,
    shared: Option<&Arc<dyn SyncStore>>,
) -> Result<Vec<Arc<Route>>, String> {
    let mut http = http(clock)?;
    let mut lingxing = ipass_lingxing::Apps::default();
    if let Some(store) = shared {
        http = http.sharing(store.clone());
        lingxing = ipass_lingxing::Apps::sharing(store.clone(), store.clone());
    }
    configs.into_iter().map(|config| route(config, &http, &lingxing).map(Arc::new)).collect()
}

fn http(clock: &Arc<dyn Clock>) -> Result<Http, String> {
    Http::new(clock.clone()).map_err(|error| format!("the HTTP client cannot be made: {error}"))
}

/// A receiver of alerts, with the name that the configuration gives it.
pub(crate) type Named = (String, Arc<dyn Notifier>);

/// Who is told of what a person should look at.
pub(crate) fn notifiers(
    configs: &BTreeMap<String, ipass_webhook::Config>,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<Named>, String> {
    let http = http(clock)?;
    configs
        .iter()
        .map(|(name, config)| {
            let webhook = ipass_webhook::connect(name, config, &http)
                .map_err(|error| format!("configuration, alerts.{name}: {error}"))?;
            let notifier: Arc<dyn Notifier> = Arc::new(webhook);
            Ok((name.clone(), notifier))
        })
        .collect()
}

/// The export directory.
pub(crate) fn files(admin: &Admin, clock: &Arc<dyn Clock>) -> Arc<ExportDirectory> {
    Arc::new(ExportDirectory::new(&admin.export_dir, admin.export_cleanup_bytes, clock.clone()))
}

/// The door to the jobs.
pub(crate) fn runner(store: Arc<dyn SyncStore>, clock: Arc<dyn Clock>, files: Arc<dyn FileArea>) -> Arc<Runner> {
    Arc::new(Runner { store, clock, meter: Arc::new(TaskMeter), files })
}
