//! The port: thin, everything else is in its own place.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use ipass_core::job::Job;
use ipass_core::order::{Order, PoNumber};
use ipass_core::parcel::{Invoice, Shipment};
use ipass_core::ports::{
    Answer, Batch, ChannelCapabilities, Cursor, InvoiceQuery, InvoiceRecord, OrderRef, OrderSource, Page, PageError,
    PendingWrite, PortError, PulledOrder, Settlement, Window, WindowKind,
};
use ipass_core::write::{WriteKey, WriteKind};
use ipass_http_kit::{Account, Http};

use crate::batch::{Element, MAX_ITEMS};
use crate::client::{Client, OrderPage, SharedNumbers};
use crate::config::{Config, Kinds};
use crate::convert;
use crate::cursor::Place;
use crate::inventory::DscoInventory;
use crate::log::Log;
use crate::token::Token;

/// Orders per page of a window.
const PAGE_SIZE: u16 = 500;

/// Other names of jobs on a route whose channel is DSCO.
pub const JOB_ALIASES: &[(&str, Job)] = &[
    ("pull_dsco_orders", Job::PullOrders),
    ("ack_to_dsco", Job::AckOrders),
    ("ship_to_dsco", Job::ShipOrders),
    ("invoice_to_dsco", Job::InvoiceOrders),
];

/// The order side of one DSCO account.
pub struct DscoOrders {
    client: Arc<Client>,
    consistency: Duration,
}

/// Sets up an account called `name` in logs and metrics; calls nothing.
///
/// `Err` is `Invalid` and names the key of the configuration that will not do.
pub fn connect(name: &str, config: Config, http: &Http) -> Result<DscoOrders, PortError> {
    let account = Account::new(http, name, &config.base_url)?;
    let kinds = Kinds::new(name, config.limits)?;
    let consistency = config.consistency;
    let credentials = config.into_credentials(name)?;
    // Whoever uses the same credential shares its limits.
    let account = account.scope(credentials.identity());
    let token = Token::new(credentials);
    Ok(DscoOrders { client: Arc::new(Client { account, token, kinds, shared: SharedNumbers::default() }), consistency })
}

impl DscoOrders {
    /// Asks for a token if need be, and makes the cheapest call that needs one: `GET /hello`.
    pub async fn check_credentials(&self) -> Result<(), PortError> {
        self.client.hello().await
    }

    /// The credential that it works with.
    #[must_use]
    pub fn account(&self) -> Account {
        self.client.account.clone()
    }

    /// The stock side of the same account. It shares the token and the limits with the orders, which
    /// a second [`connect`] would not.
    #[must_use]
    pub fn inventory(&self) -> DscoInventory {
        DscoInventory::new(Arc::clone(&self.client), self.consistency)
    }

    /// An empty page ends a search, and an empty page that came by mistake would end it too early: a
    /// search of several pages is asked once more before its end is believed.
    async fn unless_falsely_empty(&self, page: OrderPage) -> OrderPage {
        match (&page.scroll_id, page.orders.is_empty()) {
            // Whatever goes wrong here, the page that came says that it is the end.
            (Some(scroll_id), true) => self.client.next_page(scroll_id).await.unwrap_or(page),
            (Some(_), false) | (None, _) => page,
        }
    }
}

impl fmt::Debug for DscoOrders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DscoOrders").field("account", &self.client.account.name()).finish_non_exhaustive()
    }
}

#[async_trait]
impl OrderSource for DscoOrders {
    fn capabilities(&self) -> ChannelCapabilities {
        ChannelCapabilities {
            acknowledges: true,
            invoices: true,
            lists_updates: true,
            max_batch: MAX_ITEMS,
            window_end_lag: Duration::from_secs(10),
            settles_within: self.consistency,
        }
    }

    fn parse(&self, raw: &[u8]) -> Result<Order, PortError> {
        convert::order(raw)
    }

    async fn page(&self, window: Window, after: Option<Cursor>) -> Result<Page, PageError> {
        let before = after.as_ref().map(Place::read).transpose()?;
        let page = match &before {
            None => {
                let (since, until) = span(window);
                self.client.first_page(window.kind, since, until, PAGE_SIZE).await?
            }
            Some(before) => self.client.next_page(&before.scroll_id).await?,
        };
        let page = self.unless_falsely_empty(page).await;
        let number = before.as_ref().map_or(1, |before| before.page.saturating_add(1));
        let Some(scroll_id) = page.scroll_id.filter(|_| !page.orders.is_empty()) else {
            return Ok(Page { items: page.orders, next: None });
        };
        let behind = Place::behind(number, &page.orders, scroll_id);
        if before.is_some_and(|before| before.fingerprint == behind.fingerprint) {
            // Whether another page was passed over for it cannot be known.
            tracing::warn!(account = self.client.account.name(), page = number, "a page was served twice");
            return Err(PageError::Repeated);
        }
        Ok(Page { items: page.orders, next: Some(behind.to_cursor()) })
    }

    async fn fetch(&self, orders: &[OrderRef]) -> Result<Vec<Answer<PoNumber, Option<PulledOrder>>>, PortError> {
        Ok(self.client.states(orders).await)
    }

    async fn acknowledge(&self, orders: &[OrderRef]) -> Batch<WriteKey> {
        let mut seen = HashSet::new();
        let element = |order: &OrderRef| {
            let key = WriteKey::whole(WriteKind::Acknowledge, order.po.clone());
            let by_id = order.shared || self.client.shared.contains(order.po.as_str());
            Ok(Element { keys: vec![key], json: convert::acknowledgement(order, by_id)? })
        };
        let orders = orders.iter().filter(|order| seen.insert(&order.po));
        let elements = orders.map(element).collect::<Result<_, PortError>>()?;
        self.client.send_all(&self.client.kinds.acknowledge, "/order/acknowledge", elements).await
    }

    async fn ship(&self, shipments: &[Shipment]) -> Batch<WriteKey> {
        let mut seen = HashSet::new();
        // All parcels of an order travel together: retailers refuse parts of a line.
        let mut orders: Vec<Vec<&Shipment>> = Vec::new();
        for parcel in shipments.iter().filter(|parcel| seen.insert((&parcel.po, &parcel.tracking))) {
            let same = |other: &&Shipment| other.po == parcel.po && other.channel_order_id == parcel.channel_order_id;
            match orders.iter_mut().find(|parcels| parcels.first().is_some_and(same)) {
                Some(parcels) => parcels.push(parcel),
                None => orders.push(vec![parcel]),
            }
        }
        let key = |parcel: &&Shipment| WriteKey {
            kind: WriteKind::Ship,
            po: parcel.po.clone(),
            part: parcel.tracking.clone(),
        };
        let element = |parcels: &Vec<&Shipment>| {
            Ok(Element { keys: parcels.iter().map(key).collect(), json: convert::shipments(parcels)? })
        };
        let elements = orders.iter().map(element).collect::<Result<_, PortError>>()?;
        self.client.send_all(&self.client.kinds.ship, "/order/shipment/batch/small", elements).await
    }

    async fn invoice(&self, invoices: &[Invoice]) -> Batch<WriteKey> {
        let mut seen = HashSet::new();
        let element = |invoice: &Invoice| {
            let key = WriteKey::whole(WriteKind::Invoice, invoice.po.clone());
            Ok(Element { keys: vec![key], json: convert::invoice(invoice)? })
        };
        let invoices = invoices.iter().filter(|invoice| seen.insert(&invoice.po));
        let elements = invoices.map(element).collect::<Result<_, PortError>>()?;
        self.client.send_all(&self.client.kinds.send_invoice, "/invoice/batch/small", elements).await
    }

    async fn find_invoices(
        &self,
        orders: &[InvoiceQuery],
    ) -> Result<Vec<Answer<PoNumber, Option<InvoiceRecord>>>, PortError> {
        Ok(self.client.invoices(orders).await)
    }

    async fn settle(&self, kind: WriteKind, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        let log = match kind {
            WriteKind::Acknowledge | WriteKind::Ship => Log::Orders,
            WriteKind::Invoice => Log::Invoices,
            WriteKind::Create | WriteKind::Cancel | WriteKind::Stock => {
                let error = PortError::invalid(format!("this channel's orders have no write called {}", kind.as_str()));
                let refused = |write: &PendingWrite| Answer { key: write.key.clone(), result: Err(error.clone()) };
                return writes.iter().map(refused).collect();
            }
        };
        self.client.settlements(log, writes).await
    }
}

/// A window in the vendor's terms, whole seconds. It may reach up to a second beyond the window on
/// either side, never less far.
fn span(window: Window) -> (DateTime<Utc>, DateTime<Utc>) {
    const SECOND: TimeDelta = TimeDelta::seconds(1);
    let floor = |at: DateTime<Utc>| at.duration_trunc(SECOND).unwrap_or(at);
    let since = match window.kind {
        WindowKind::Created => floor(window.start),
        // Exclusive at the vendor: a second earlier, so that the start is inside.
        WindowKind::Updated => floor(window.start) - SECOND,
    };
    let until = floor(window.end);
    (since, if until < window.end { until + SECOND } else { until })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_covered_whole() {
        let window = |kind| Window { kind, start: at("2026-01-28T00:00:00.5Z"), end: at("2026-01-28T01:00:00.5Z") };
        let until = at("2026-01-28T01:00:01Z");
        assert_eq!(span(window(WindowKind::Created)), (at("2026-01-28T00:00:00Z"), until));
        assert_eq!(span(window(WindowKind::Updated)), (at("2026-01-27T23:59:59Z"), until));
        let even = Window { kind: WindowKind::Created, start: at("2026-01-28T00:00:00Z"), end: until };
        assert_eq!(span(even), (even.start, even.end));
    }
}
