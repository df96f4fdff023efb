//! Other ways to the same vendors.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ipass_core::ports::{ErpSink, InventorySink, OrderSource};
use ipass_core::run::Route;
use ipass_http_kit::Http;
use secrecy::SecretString;
use tokio::net::TcpSocket;

use super::calls::Vendor;
use super::cell::credentials;
use crate::world::World;

/// A route, and what has to live as long as it.
pub(crate) struct Road {
    pub(crate) route: Arc<Route>,
    /// Bound and never listening: whoever connects is refused, and nobody else gets the port.
    _nobody: Option<TcpSocket>,
}

impl Road {
    /// The world's own.
    pub(crate) fn sound(world: &World) -> Self {
        Self { route: world.route.clone(), _nobody: None }
    }
}

/// The world's vendors, of which one may be away, through a client of limited patience.
pub(crate) fn road(world: &World, oauth: bool, away: Option<Vendor>, patience: Option<Duration>) -> Road {
    let mut http = Http::new(world.clock.clone()).expect("an HTTP client");
    if let Some(patience) = patience {
        http = http.patience(patience);
    }
    let nobody = away.map(|_| nobody());
    let base = |vendor: Vendor, path: &str, sound: String| match (&nobody, away) {
        (Some((_, address)), Some(away)) if away == vendor => format!("http://{address}{path}"),
        _ => sound,
    };
    let config = credentials();
    let secret = |text: &str| Some(SecretString::from(text.to_owned()));
    let base_url = base(Vendor::Dsco, "/api/v3", world.sandbox.dsco_base_url());
    let mut channel = ipass_dsco::Config { base_url, ..ipass_dsco::Config::default() };
    if oauth {
        channel.client_id = Some(config.client_id.clone());
        channel.client_secret = secret(&config.client_secret);
    } else {
        channel.token = secret(&config.dsco_token);
    }
    let base_url = base(Vendor::Lingxing, "/lingxing", world.sandbox.lingxing_base_url());
    let erp = ipass_lingxing::Config::new(base_url, config.app_id.clone(), SecretString::from(config.app_secret));
    let orders = ipass_dsco::connect("dsco", channel, &http).expect("a channel");
    let inventory: Option<Arc<dyn InventorySink>> = Some(Arc::new(orders.inventory()));
    let source: Arc<dyn OrderSource> = Arc::new(orders);
    let erp: Arc<dyn ErpSink> = Arc::new(ipass_lingxing::connect("lingxing", erp, &http).expect("an ERP"));
    let route =
        Route { name: world.route.name.clone(), source, erp, inventory, accounts: Vec::new(), aliases: Vec::new() };
    Road { route: Arc::new(route), _nobody: nobody.map(|(socket, _)| socket) }
}

fn nobody() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}
