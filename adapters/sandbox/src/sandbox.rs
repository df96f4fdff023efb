//! The running handle.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::clock::Now;
use crate::config::SandboxConfig;
use crate::faults::Fault;
use crate::kinds::{CancelPolicy, Expectation};
use crate::ledger::Ledger;
use crate::server::{self, App, DSCO_BASE, DroppingListener, LINGXING_BASE, Peer};
use crate::state::Core;
use crate::world::action::{UnknownOrder, WorldAction};
use crate::world::differences::StockDifference;
use crate::world::draft::NewOrder;

/// How long [`Sandbox::stop`] waits for open connections.
const GRACE: Duration = Duration::from_millis(500);

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

struct Inner {
    app: App,
    address: SocketAddr,
    running: Mutex<Option<Running>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.take() {
            running.task.abort();
        }
    }
}

/// A running sandbox. Clones share one server; it ends when the last one is dropped.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("address", &self.inner.address).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Fills a world and serves it on 127.0.0.1.
    pub async fn start(config: SandboxConfig, now: Now) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await?;
        let address = listener.local_addr()?;
        let core = Core::new(config, now());
        let app = App::new(core, now);
        let service = server::router(app.clone()).into_make_service_with_connect_info::<Peer>();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let served = axum::serve(DroppingListener(listener), service)
                .with_graceful_shutdown(async move {
                    // A dropped sender means stop, too.
                    let _ = stopped.await;
                })
                .await;
            if let Err(error) = served {
                tracing::warn!(%error, "the sandbox has stopped serving");
            }
        });
        let running = Mutex::new(Some(Running { stop, task }));
        Ok(Self { inner: Arc::new(Inner { app, address, running }) })
    }

    /// Base URL of the simulated DSCO API.
    #[must_use]
    pub fn dsco_base_url(&self) -> String {
        format!("http://{}{DSCO_BASE}", self.inner.address)
    }

    /// Base URL of the simulated Lingxing API.
    #[must_use]
    pub fn lingxing_base_url(&self) -> String {
        format!("http://{}{LINGXING_BASE}", self.inner.address)
    }

    /// Base URL of the control endpoints.
    #[must_use]
    pub fn control_base_url(&self) -> String {
        format!("http://{}/sandbox", self.inner.address)
    }

    /// A run-time settings document that fits this world: every job on, order jobs with size 200,
    /// stock written, cancelled orders cancelled in the ERP (`cancel.in_erp` = `auto`), and all
    /// mappings that are not missing on purpose.
    #[must_use]
    pub fn settings_json(&self) -> serde_json::Value {
        self.inner.app.lock().settings()
    }

    /// Plants one order.
    // By value: callers build the order in place.
    #[expect(clippy::needless_pass_by_value)]
    pub fn add_order(&self, order: NewOrder) {
        let now = self.inner.app.now();
        self.inner.app.lock().add_order(&order, now);
    }

    /// Makes staff, retailer or portal do something now.
    // By value: callers build the act in place.
    #[expect(clippy::needless_pass_by_value)]
    pub fn advance_erp(&self, act: WorldAction) -> Result<(), UnknownOrder> {
        let now = self.inner.app.now();
        self.inner.app.lock().act(&act, now)
    }

    /// Plants a fault.
    pub fn fault(&self, fault: Fault) {
        self.inner.app.lock().faults.plant(fault);
    }

    /// Removes every planted fault, used up or not.
    pub fn clear_faults(&self) {
        self.inner.app.lock().faults.clear();
    }

    /// Everything received so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        let now = self.inner.app.now();
        let mut core = self.inner.app.lock();
        core.settle(now);
        core.ledger.clone()
    }

    /// Where each order has to end; test orders are left out, they must never be seen.
    #[must_use]
    pub fn expectations(&self) -> Vec<Expectation> {
        self.expectations_under(CancelPolicy::Auto)
    }

    /// Where each order has to end under the other setting of `cancel.in_erp`, too.
    #[must_use]
    pub fn expectations_under(&self, policy: CancelPolicy) -> Vec<Expectation> {
        self.inner.app.lock().expectations(policy)
    }

    /// Where the channel's stock is not the ERP's, with everything applied that is due by now; of
    /// the items that the settings lead to from an ERP SKU.
    #[must_use]
    pub fn stock_differences(&self) -> Vec<StockDifference> {
        let now = self.inner.app.now();
        let mut core = self.inner.app.lock();
        core.settle(now);
        core.world.stock_differences(true)
    }

    /// Stops serving: open answers get half a second to finish.
    pub async fn stop(self) {
        let running = self.inner.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(running) = running else { return };
        // The receiver is gone when the server has ended by itself.
        let _ = running.stop.send(());
        let abort = running.task.abort_handle();
        if tokio::time::timeout(GRACE, running.task).await.is_err() {
            abort.abort();
        }
    }
}
