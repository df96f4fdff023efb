//! The token that instances of one store have in common.

use std::fmt::Write;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ipass_core::ports::{LeaseStore, PortError, SharedStore, SharedValue, SlotAnswer, StoreError, Stored};
use ring::digest::{SHA256, digest};
use secrecy::SecretString;

use super::seal::{Opened, Seal};
use crate::config::Config;

/// How long one instance may renew; longer than a token request takes.
const TURN: Duration = Duration::from_mins(1);

/// A store that takes longer counts as failed: a hanging database must not stop the calls.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where instances keep their tokens.
#[derive(Clone)]
pub(crate) struct Sharing {
    store: Arc<dyn SharedStore>,
    leases: Arc<dyn LeaseStore>,
}

impl Sharing {
    pub(crate) fn new(store: Arc<dyn SharedStore>, leases: Arc<dyn LeaseStore>) -> Self {
        Self { store, leases }
    }

    /// The token of one credential.
    pub(crate) fn token_of(&self, config: &Config) -> Result<SharedToken, PortError> {
        let seal = Seal::new(&config.app_id, &config.app_secret)?;
        Ok(SharedToken { at: self.clone(), seal, name: name(&config.base_url, &config.app_id) })
    }
}

/// The name of a credential's token, which does not tell the credential.
fn name(base_url: &str, app_id: &str) -> String {
    let text = format!("{}\0{app_id}", base_url.trim_end_matches('/'));
    let mut name = "lingxing-token-".to_owned();
    for byte in &digest(&SHA256, text.as_bytes()).as_ref()[..16] {
        // Writing into a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

async fn patiently<T>(question: impl Future<Output = Stored<T>>) -> Stored<T> {
    let silent = |_| StoreError::Unavailable(format!("no answer in {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, question).await.map_err(silent)?
}

/// The token of one credential in the store.
pub(crate) struct SharedToken {
    at: Sharing,
    seal: Seal,
    name: String,
}

/// What the store holds.
#[derive(Default)]
pub(super) struct Held {
    /// Version of whatever is there; `None` for nothing.
    pub(super) version: Option<i64>,
    /// What this credential sealed; anything else counts as absent.
    pub(super) token: Option<HeldToken>,
}

/// A token with its times.
pub(super) struct HeldToken {
    pub(super) text: SecretString,
    pub(super) asked_at: DateTime<Utc>,
    pub(super) renew_at: DateTime<Utc>,
}

impl SharedToken {
    pub(super) async fn look(&self) -> Stored<Held> {
        let value = patiently(self.at.store.shared(&self.name)).await?;
        Ok(value.map(|value| self.opened(&value)).unwrap_or_default())
    }

    /// Puts a token in place of version `expected`; answers what is there now, whoever put it there.
    pub(super) async fn put(&self, expected: Option<i64>, token: HeldToken) -> Stored<Held> {
        let renew_at = token.renew_at;
        let sealed = self.seal.seal(&Opened { text: token.text, asked_at: token.asked_at });
        let sealed = sealed.ok_or_else(|| StoreError::Unavailable("a token cannot be sealed".to_owned()))?;
        let value = patiently(self.at.store.share(&self.name, expected, &sealed, renew_at)).await?;
        Ok(self.opened(&value))
    }

    /// The right to renew, for one instance at a time; `None` when another has it.
    pub(super) async fn turn(&self) -> Stored<Option<i64>> {
        Ok(match patiently(self.at.leases.take_slot(&self.name, 1, TURN, Duration::ZERO)).await? {
            SlotAnswer::Taken(slot) => Some(slot),
            SlotAnswer::Wait(_) => None,
        })
    }

    /// Gives the right back; if the store does not answer, it ends by itself.
    pub(super) async fn done(&self, slot: i64) {
        let _ = patiently(self.at.leases.free_slot(slot)).await;
    }

    fn opened(&self, value: &SharedValue) -> Held {
        let token = self.seal.open(&value.sealed).map(|opened| HeldToken {
            text: opened.text,
            asked_at: opened.asked_at,
            renew_at: value.renew_at,
        });
        Held { version: Some(value.version), token }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_has_one_name_that_does_not_tell_it() {
        let of = |base, app| name(base, app);
        assert_eq!(of("https://a.example/", "ak_TestAppId0001"), of("https://a.example", "ak_TestAppId0001"));
        assert_ne!(of("https://a.example", "ak_TestAppId0001"), of("https://b.example", "ak_TestAppId0001"));
        assert_ne!(of("https://a.example", "ak_TestAppId0001"), of("https://a.example", "ak_TestAppId0002"));
        assert!(!of("https://a.example", "ak_TestAppId0001").contains("ak_"));
    }
}
