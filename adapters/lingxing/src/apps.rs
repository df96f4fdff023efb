//! Credentials that several routes share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ipass_core::ports::{LeaseStore, PortError, SharedStore};
use ipass_http_kit::Http;
use secrecy::{ExposeSecret, SecretString};

use crate::client::Client;
use crate::config::Config;
use crate::erp_sink::LingxingErp;
use crate::token::Sharing;

/// The credentials of a process, by host and `AppID`.
///
/// The vendor has one live token for each `AppID`, and counts its calls in flight: routes of one
/// credential share both, or they would take them from each other.
#[derive(Default)]
pub struct Apps {
    clients: Mutex<BTreeMap<(String, String), (SecretString, Client)>>,
    sharing: Option<Sharing>,
}

impl Apps {
    /// The credentials of several processes on one store, which share their tokens through it: one
    /// process renews a token, the others use it. The store sees sealed tokens only. While it does
    /// not answer, each process keeps its own.
    #[must_use]
    pub fn sharing(shared: Arc<dyn SharedStore>, leases: Arc<dyn LeaseStore>) -> Self {
        Self { clients: Mutex::default(), sharing: Some(Sharing::new(shared, leases)) }
    }

    /// The ERP of one route. Sends nothing yet.
    pub fn connect(&self, name: &str, config: &Config, http: &Http) -> Result<LingxingErp, PortError> {
        let mut apps = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (config.base_url.trim_end_matches('/').to_owned(), config.app_id.clone());
        if let Some((secret, client)) = apps.get(&key) {
            if secret.expose_secret() != config.app_secret.expose_secret() {
                let why = "app_secret differs from that of another route with the same app_id; an AppID has one secret";
                return Err(PortError::invalid(format!("{name}: {why}")));
            }
            return LingxingErp::sharing(client.clone(), name, config);
        }
        let secret = config.app_secret.clone();
        let client = Client::new(name, config.clone(), http, self.sharing.as_ref())?;
        apps.insert(key, (secret, client.clone()));
        LingxingErp::sharing(client, name, config)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ipass_core::testing::ManualClock;

    use super::*;

    #[test]
    fn one_app_id_has_one_secret() {
        let http = Http::new(Arc::new(ManualClock::default())).unwrap();
        let config = |secret: &str| {
            Config::new("http://127.0.0.1:9".to_owned(), "ak_TestAppId0001".to_owned(), SecretString::from(secret))
        };
        let apps = Apps::default();
        apps.connect("a", &config("one"), &http).unwrap();
        apps.connect("b", &config("one"), &http).unwrap();
        let error = apps.connect("c", &config("two"), &http).unwrap_err();
        assert!(error.message().contains("app_secret") && !error.message().contains("two"), "{error}");
        assert_eq!(apps.clients.lock().unwrap().len(), 1);
    }
}
