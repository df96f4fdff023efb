//! The process's HTTP client.

use std::fmt;
use std::sync::Arc;
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
    client: reqwest::Client,
    loopback: reqwest::Client,
    clock: Arc<dyn Clock>,
    jitter: Jitter,
    leases: Option<Arc<dyn LeaseStore>>,
}

impl Http {
    /// A client on this clock.
    ///
    /// Jitter is derived from the clock's fraction of a second.
    pub fn new(clock: Arc<dyn Clock>) -> Result<Self, PortError> {
        // An error means that the process has a provider already: the same one, installed before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| PortError::invalid("the HTTP client cannot be set up").because(error))
        };
        let source = Arc::clone(&clock);
        let jitter = move || f64::from(source.now().timestamp_subsec_nanos() % 1_000_000_000) / 1e9;
        Ok(Self {
            client: build(builder())?,
            loopback: build(builder().no_proxy())?,
            clock,
            jitter: Arc::new(jitter),
            leases: None,
        })
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
    pub(crate) fn client(&self, host: &str) -> reqwest::Client {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
        let local = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        if local { self.loopback.clone() } else { self.client.clone() }
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
