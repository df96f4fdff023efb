//! The process's HTTP client.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ipass_core::ports::{Clock, LeaseStore, PortError};
use reqwest::redirect::Policy;

/// A source of numbers from 0 (inclusive) to 1 (exclusive).
pub type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;

/// How long a TCP and TLS connection may take to come up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shorter than the keep-alive of common front ends (60 to 75 s), so that a call seldom meets a
/// connection that the remote is just closing.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// The one HTTP client of the process; cheap to clone.
#[derive(Clone)]
pub struct Http {
    clients: Arc<Clients>,
    clock: Arc<dyn Clock>,
    jitter: Jitter,
    leases: Option<Arc<dyn LeaseStore>>,
    patience: Duration,
}

/// Made when the first account needs them: reading the machine's certificates takes its time.
#[derive(Default)]
struct Clients {
    outside: OnceLock<reqwest::Client>,
    loopback: OnceLock<reqwest::Client>,
}

impl Http {
    /// A client on this clock.
    ///
    /// Jitter is derived from the clock's fraction of a second.
    pub fn new(clock: Arc<dyn Clock>) -> Result<Self, PortError> {
        // An error means that the process has a provider already: the same one, installed before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let source = Arc::clone(&clock);
        let jitter = move || f64::from(source.now().timestamp_subsec_nanos() % 1_000_000_000) / 1e9;
        Ok(Self { clients: Arc::default(), clock, jitter: Arc::new(jitter), leases: None, patience: Duration::MAX })
    }

    /// The same client with another source of jitter.
    #[must_use]
    pub fn with_jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The same client for accounts that keep their limits together with the other instances of the
    /// service; see [`Account::scope`](crate::Account::scope).
    #[must_use]
    pub fn sharing(mut self, leases: Arc<dyn LeaseStore>) -> Self {
        self.leases = Some(leases);
        self
    }

    /// The same client, in which no call waits longer than this for its answer, whatever its kind says:
    /// for a double that never answers.
    #[must_use]
    pub fn patience(mut self, longest: Duration) -> Self {
        self.patience = longest;
        self
    }

    pub(crate) fn timeout(&self, of_kind: Duration) -> Duration {
        of_kind.min(self.patience)
    }

    /// The clock that everything here runs on.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(crate) fn leases(&self) -> Option<&Arc<dyn LeaseStore>> {
        self.leases.as_ref()
    }

    pub(crate) fn jitter(&self) -> &Jitter {
        &self.jitter
    }

    /// The client for a host: proxies of the environment are for the outside only.
    pub(crate) fn client(&self, host: &str) -> Result<reqwest::Client, PortError> {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
        let local = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        let (made, builder) =
            if local { (&self.clients.loopback, builder().no_proxy()) } else { (&self.clients.outside, builder()) };
        if let Some(client) = made.get() {
            return Ok(client.clone());
        }
        let client =
            builder.build().map_err(|error| PortError::invalid("the HTTP client cannot be set up").because(error))?;
        Ok(made.get_or_init(|| client).clone())
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("ipass/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .referer(false)
        // A repeat that we did not ask for skips a scroll page or doubles a write.
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE)
        .tcp_nodelay(true)
}
