use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use ipass_core::ports::SyncStore;
use ipass_core::run::{Launcher, Route, Runner};
use secrecy::SecretString;

use super::Exports;
use super::fault::Fault;
use super::password::Passwords;
use super::throttle::Throttle;
use crate::Progress;

/// What the pages need.
#[derive(Clone)]
pub struct AdminState {
    /// The service's memory.
    pub store: Arc<dyn SyncStore>,
    /// The door to the jobs; its clock is the pages'.
    pub runner: Arc<Runner>,
    /// The routes of the configuration, at least one.
    pub routes: Vec<Arc<Route>>,
    /// Starts runs that outlive their request.
    pub launcher: Arc<dyn Launcher>,
    /// What the runs of this process are doing.
    pub progress: Arc<Progress>,
    /// Argon2id hash as a PHC string; empty keeps the pages closed.
    pub password_hash: SecretString,
    /// The operator's zone.
    pub display_zone: Tz,
    /// Days of creation that one export of orders may span.
    pub export_max_days: u32,
    /// Makes files to take away.
    pub files: Arc<dyn Exports>,
    /// People reach the pages over TLS, by way of a proxy: cookies are `Secure`, and the proxy's
    /// `X-Forwarded-For` names the client.
    pub behind_tls: bool,
    /// A login ends when unused for so long.
    pub idle: Duration,
    /// A login ends at this age.
    pub absolute: Duration,
    /// Where tokens come from.
    pub secrets: Arc<dyn Secrets>,
}

/// Randomness that nobody can guess.
pub trait Secrets: Send + Sync {
    /// 256 fresh bits.
    fn random(&self) -> [u8; 32];
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemSecrets;

impl Secrets for SystemSecrets {
    fn random(&self) -> [u8; 32] {
        rand::random()
    }
}

/// The state of the handlers.
pub(crate) type Shared = Arc<Desk>;

/// [`AdminState`], and what the pages keep among themselves.
pub(crate) struct Desk {
    state: AdminState,
    pub(super) throttle: Throttle,
    pub(super) passwords: Passwords,
}

impl Desk {
    pub(crate) fn new(state: AdminState) -> Self {
        let passwords = Passwords::new(state.password_hash.clone());
        Self { state, throttle: Throttle::default(), passwords }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.runner.clock.now()
    }

    /// A token: 64 hex digits.
    pub(crate) fn token(&self) -> String {
        hex(&self.secrets.random())
    }

    /// The route of a name.
    pub(crate) fn route(&self, name: &str) -> Result<&Arc<Route>, Fault> {
        self.routes.iter().find(|route| route.name.0 == name).ok_or(Fault::NotFound)
    }
}

impl Deref for Desk {
    type Target = AdminState;

    fn deref(&self) -> &AdminState {
        &self.state
    }
}

/// Two lower-case digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}
