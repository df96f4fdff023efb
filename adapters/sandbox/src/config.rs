//! What a sandbox is started with.

use chrono::Duration;

/// Everything that shapes a sandbox; the default is a small world with limits on.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Equal seeds give equal orders, numbers and fault rolls.
    pub seed: u64,
    /// Orders that exist at the start; from 60 on every kind occurs.
    pub orders: usize,
    /// TCP port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// The static DSCO token ("API key").
    pub dsco_token: String,
    /// `OAuth2` client id of the DSCO account.
    pub client_id: String,
    /// `OAuth2` client secret of the DSCO account.
    pub client_secret: String,
    /// Life of an `OAuth2` token in seconds; short values exercise the renewal.
    pub oauth_expires_in: i64,
    /// Lingxing app id; 16 bytes, because it is the AES key of the signature.
    pub app_id: String,
    /// Lingxing app secret.
    pub app_secret: String,
    /// Life of a Lingxing access token in seconds (7199 at the vendor).
    pub erp_token_expires_in: i64,
    /// Whether a second token call kills the first token. One careful observation says that it
    /// returns the same token with less time left, the vendor's FAQ suggests the opposite.
    pub erp_token_replaced: bool,
    /// Platform code of the stores; 10011 unless a test says otherwise.
    pub platform_code: i64,
    /// Enforce published rates (DSCO) and in-flight buckets (Lingxing). They are counted anyway.
    pub limits: bool,
    /// The limiter of the service behind Lingxing's gateway (code 103): the least distance
    /// between two calls of a capacity-1 path, on the injected clock. `None` leaves it out.
    pub erp_service_gap: Option<Duration>,
    /// Real waiting time of each call.
    pub latency: std::time::Duration,
    /// A new order arrives whenever so much time has passed; `None` leaves the world as it was
    /// generated. The orders are made when a request arrives, each at its own time.
    pub arrivals_every: Option<Duration>,
    /// How fast the simulated world moves.
    pub timing: Timing,
    /// Upper bound of orders or log entries per DSCO page, whatever the client asks for; small
    /// values force many pages.
    pub page_size_cap: usize,
    /// Price rule by which the ledger judges invoice totals.
    pub invoice_price: InvoicePrice,
    /// Products that no order asks for, `STK-00001` onwards, with stock in every warehouse.
    pub stock_items: usize,
    /// Of a thousand items so many differ at the start between DSCO and the ERP.
    pub stock_differs_per_mille: usize,
    /// The DSCO account may use streams; without, each of their calls is refused with 403.
    pub streams: bool,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            orders: 200,
            port: 0,
            dsco_token: "sandbox-dsco-token".to_owned(),
            client_id: "sandbox-client".to_owned(),
            client_secret: "sandbox-client-secret".to_owned(),
            oauth_expires_in: 3600,
            app_id: "ak_SandboxApp001".to_owned(),
            app_secret: "sandbox+app/secret==".to_owned(),
            erp_token_expires_in: 7199,
            erp_token_replaced: false,
            platform_code: 10_011,
            limits: true,
            erp_service_gap: None,
            latency: std::time::Duration::ZERO,
            arrivals_every: None,
            timing: Timing::default(),
            page_size_cap: 1000,
            invoice_price: InvoicePrice::ConsumerFirst,
            stock_items: 40,
            stock_differs_per_mille: 300,
            streams: true,
        }
    }
}

/// Which price of an order line an invoice has to bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoicePrice {
    /// Consumer prices before `expectedCost`.
    ConsumerFirst,
    /// `expectedCost` before consumer prices.
    CostFirst,
}

/// Delays of the simulated world, all on the injected clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// DSCO: from the 202 to the effect and the change-log entry.
    pub log_delay: Duration,
    /// DSCO: from an accepted invoice to its first appearance in `GET /invoice`.
    pub invoice_visible_delay: Duration,
    /// DSCO: from the start to the appearance of the order that post-processing held back.
    pub late_visible_after: Duration,
    /// Lingxing: from a successful create to its first appearance in the order list.
    pub erp_visible_delay: Duration,
    /// Lingxing: from the create to the review (status 5, outbound document).
    pub review_after: Duration,
    /// Lingxing: from the create to the review of the second part of a split order.
    pub second_review_after: Duration,
    /// Lingxing: from the create to the departure of the first parcel.
    pub ship_after: Duration,
    /// Lingxing: from the create to the departure of a later parcel.
    pub second_parcel_after: Duration,
    /// Lingxing: from a request to give goods back (截单) to the warehouse's answer.
    pub recall_after: Duration,
    /// DSCO: from an acknowledgement to the cancellation by a retailer who changes its mind then.
    pub cancel_after_ack: Duration,
    /// DSCO: from a stream's sync to the first half of its events, and from there to the rest.
    pub stream_delay: Duration,
}

impl Timing {
    /// A world without delays: whatever is asked for has happened by the next call.
    #[must_use]
    pub fn instant() -> Self {
        let zero = Duration::zero();
        Self {
            log_delay: zero,
            invoice_visible_delay: zero,
            late_visible_after: zero,
            erp_visible_delay: zero,
            review_after: zero,
            second_review_after: zero,
            ship_after: zero,
            second_parcel_after: zero,
            recall_after: zero,
            cancel_after_ack: zero,
            stream_delay: zero,
        }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            log_delay: Duration::seconds(2),
            invoice_visible_delay: Duration::seconds(3),
            late_visible_after: Duration::seconds(90),
            erp_visible_delay: Duration::seconds(3),
            review_after: Duration::seconds(60),
            second_review_after: Duration::seconds(120),
            ship_after: Duration::seconds(180),
            second_parcel_after: Duration::seconds(300),
            recall_after: Duration::seconds(20),
            cancel_after_ack: Duration::seconds(90),
            stream_delay: Duration::seconds(5),
        }
    }
}
