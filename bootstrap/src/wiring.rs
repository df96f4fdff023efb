//! The only file that names concrete adapters.

use std::sync::Arc;

use ipass_core::ports::{Clock, ErpSink, OrderSource, PortError, RouteName, SyncStore};
use ipass_core::run::{Route, Runner};
use ipass_http_kit::{Http, TaskMeter};
use ipass_postgres::PostgresStore;
use ipass_sqlite::SqliteStore;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::{ChannelConfig, ErpConfig, RouteConfig};

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
    let source: Arc<dyn OrderSource> = match config.channel {
        ChannelConfig::Dsco(section) => {
            aliases.extend_from_slice(ipass_dsco::JOB_ALIASES);
            Arc::new(ipass_dsco::connect(&name, section, http).map_err(|error| refuse("channel", &error))?)
        }
    };
    let erp: Arc<dyn ErpSink> = match config.erp {
        ErpConfig::Lingxing(section) => {
            aliases.extend_from_slice(ipass_lingxing::JOB_ALIASES);
            Arc::new(lingxing.connect(&name, &section, http).map_err(|error| refuse("erp", &error))?)
        }
    };
    Ok(Route { name: RouteName(name), source, erp, aliases })
}

/// All routes of the configuration.
pub(crate) fn routes(configs: Vec<RouteConfig>, clock: &Arc<dyn Clock>) -> Result<Vec<Arc<Route>>, String> {
    let http = Http::new(clock.clone()).map_err(|error| format!("the HTTP client cannot be made: {error}"))?;
    let lingxing = ipass_lingxing::Apps::default();
    configs.into_iter().map(|config| route(config, &http, &lingxing).map(Arc::new)).collect()
}

/// The door to the jobs.
pub(crate) fn runner(store: Arc<dyn SyncStore>, clock: Arc<dyn Clock>) -> Arc<Runner> {
    Arc::new(Runner { store, clock, meter: Arc::new(TaskMeter) })
}
