//! One function per operation, in the vendor's terms.

use std::collections::HashSet;
use std::str::from_utf8;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{ErrorKind, PageError, PortError, PulledOrder, RawOrder, Receipt, WindowKind};
use ipass_http_kit::{Account, Body, CallKind, Judgement, Reply, Request, SendError, by_status};
use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;

use crate::config::Kinds;
use crate::convert;
use crate::dto::{self, Object, Unreadable};
use crate::error::{error_of, is_failure, says_failure, says_not_found};
use crate::token::Token;

/// `until` and `endDate` lie at least this long in the past: the vendor refuses less than 5 seconds,
/// and its own sample client leaves 10 for the propagation of changes.
pub(crate) const LAG: TimeDelta = TimeDelta::seconds(10);

/// Attempts at one page of a scroll, all but the last refused without having been served.
const SCROLL_ATTEMPTS: u32 = 4;

/// A scroll lives for 5 minutes; no wait comes near that.
const LONGEST_WAIT: Duration = Duration::from_mins(2);

/// The vendor's API with one account's token.
pub(crate) struct Client {
    pub(crate) account: Account,
    pub(crate) token: Token,
    pub(crate) kinds: Kinds,
    /// PO numbers that several orders were seen with.
    pub(crate) shared: SharedNumbers,
}

/// One page of a search.
pub(crate) struct OrderPage {
    /// Constant over the pages of one search; absent when there is only one.
    pub(crate) scroll_id: Option<String>,
    pub(crate) orders: Vec<RawOrder>,
}

/// PO numbers that several retailers' orders were seen with, as far as this process has seen.
#[derive(Debug, Default)]
pub(crate) struct SharedNumbers(Mutex<HashSet<String>>);

impl SharedNumbers {
    pub(crate) fn note(&self, po: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(po.to_owned());
    }

    pub(crate) fn contains(&self, po: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(po)
    }
}

/// An invoice as far as it matters here.
pub(crate) struct FoundInvoice {
    pub(crate) invoice_id: Option<String>,
    pub(crate) po: Option<String>,
    pub(crate) order_id: Option<String>,
}

/// What became of a batch that was not accepted.
pub(crate) enum NotAccepted {
    /// Nothing was sent, or the vendor refused it as a whole.
    Refused(PortError),
    /// Nobody can tell.
    Unknown(PortError),
}

impl Client {
    /// The newest moment that a search may reach up to.
    pub(crate) fn latest(&self) -> DateTime<Utc> {
        self.account.clock().now() - LAG
    }

    /// `GET /hello`: the cheapest call that needs the token.
    pub(crate) async fn hello(&self) -> Result<(), PortError> {
        let kind = &self.kinds.hello;
        let reply = self.read(kind, &Request::get("/hello")).await?;
        if reply.is_success() && is_json(&reply.body) { Ok(()) } else { Err(error_of(kind.name, &reply)) }
    }

    /// `GET /order/page`, the first page of a search. By creation `since` is inside, by change it is
    /// outside; whether `until` is inside is not documented.
    pub(crate) async fn first_page(
        &self,
        by: WindowKind,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        size: u16,
    ) -> Result<OrderPage, PortError> {
        let since_name = match by {
            WindowKind::Created => "ordersCreatedSince",
            WindowKind::Updated => "ordersUpdatedSince",
        };
        let request = Request::get("/order/page")
            .query(since_name, convert::time(since))
            .query("until", convert::time(until))
            .query("ordersPerPage", size.to_string());
        let kind = &self.kinds.order_page;
        order_page(kind, &self.read(kind, &request).await?)
    }

    /// `GET /order/page`, the page after the last one of this scroll.
    pub(crate) async fn next_page(&self, scroll_id: &str) -> Result<OrderPage, PageError> {
        let kind = &self.kinds.order_page;
        let reply = self.scroll(kind, "/order/page", scroll_id).await?;
        Ok(order_page(kind, &reply)?)
    }

    /// `GET /order/` by PO number: every order that has it; none when the vendor says so itself.
    pub(crate) async fn orders_of_po(&self, po: &str) -> Result<Vec<PulledOrder>, PortError> {
        let kind = &self.kinds.order;
        let request =
            Request::get("/order/").query("orderKey", "poNumber").query("value", po).query("returnMultiple", "true");
        let reply = self.read(kind, &request).await?;
        match reply.status {
            404 if says_not_found(&reply.body) => Ok(Vec::new()),
            404 => Err(PortError::retryable(format!("{}: 404, but not in the vendor's words", kind.name))),
            200..=299 if !says_failure(&reply.body) => match dto::elements(&reply.body, "") {
                Ok(elements) => Ok(elements.items.into_iter().map(convert::unread).map(convert::pulled).collect()),
                Err(Unreadable::NoArray) => Ok(vec![convert::pulled(convert::unread(reply.body.trim_ascii()))]),
                Err(Unreadable::NotJson) => Err(error_of(kind.name, &reply)),
            },
            _ => Err(error_of(kind.name, &reply)),
        }
    }

    /// `GET /invoice` by PO number. None are answered as an empty list; a 404 means the same unless
    /// it comes as a gateway's page.
    pub(crate) async fn invoices_of_po(&self, po: &str) -> Result<Vec<FoundInvoice>, PortError> {
        let kind = &self.kinds.invoice;
        let reply = self.read(kind, &Request::get("/invoice").query("key", "poNumber").query("value", po)).await?;
        match reply.status {
            404 if reply.body.is_empty() || is_json(&reply.body) => return Ok(Vec::new()),
            404 => return Err(PortError::retryable(format!("{}: 404, but not in the vendor's words", kind.name))),
            200..=299 if !says_failure(&reply.body) => {}
            _ => return Err(error_of(kind.name, &reply)),
        }
        let answer = from_utf8(&reply.body).ok().and_then(Object::read).ok_or_else(|| error_of(kind.name, &reply))?;
        if !answer.names("invoices") {
            return Err(PortError::invalid(format!("{}: the answer holds no list of invoices", kind.name)));
        }
        let invoice = |invoice: &Object<'_>| FoundInvoice {
            invoice_id: invoice.text("invoiceId"),
            po: invoice.text("poNumber"),
            order_id: invoice.text("dscoOrderId"),
        };
        Ok(answer.objects("invoices")?.iter().map(invoice).collect())
    }

    /// One `POST` of a batch that is worked off later; the receipt is its `requestId`.
    pub(crate) async fn send(&self, kind: &CallKind, path: &str, body: String) -> Result<Receipt, NotAccepted> {
        let request = Request::post(path).body(Body::Json(body.into()));
        let reply = match self.once(kind, request).await {
            Ok(reply) => reply,
            Err(SendError { sent: false, error }) => return Err(NotAccepted::Refused(error)),
            Err(SendError { sent: true, error }) => return Err(NotAccepted::Unknown(error)),
        };
        match reply.status {
            200..=299 if says_failure(&reply.body) => Err(NotAccepted::Refused(error_of(kind.name, &reply))),
            200..=299 => {
                let answer = from_utf8(&reply.body).ok().and_then(Object::read);
                let request_id = answer.and_then(|answer| answer.text("requestId"));
                request_id.map(Receipt).ok_or_else(|| NotAccepted::Unknown(error_of(kind.name, &reply)))
            }
            408 | 500..=599 => Err(NotAccepted::Unknown(error_of(kind.name, &reply))),
            _ => Err(NotAccepted::Refused(error_of(kind.name, &reply))),
        }
    }

    /// A call that may be repeated; after a 401 once more with another token.
    pub(crate) async fn read(&self, kind: &CallKind, request: &Request) -> Result<Reply, PortError> {
        let token = self.token.bearer(&self.account, &self.kinds.token).await?;
        let reply = self.account.read(kind, || with_token(request.clone(), &token), judge).await?;
        if reply.status != 401 {
            return Ok(reply);
        }
        match self.token.instead_of(&token, &self.account, &self.kinds.token).await? {
            Some(token) => self.account.read(kind, || with_token(request.clone(), &token), judge).await,
            None => Ok(reply),
        }
    }

    /// A call that is never repeated, but after a 401: then nothing was done.
    pub(crate) async fn once(&self, kind: &CallKind, request: Request) -> Result<Reply, SendError> {
        let unsent = |error| SendError { sent: false, error };
        let token = self.token.bearer(&self.account, &self.kinds.token).await.map_err(unsent)?;
        let reply = self.account.once(kind, with_token(request.clone(), &token)).await?;
        if reply.status != 401 {
            return Ok(reply);
        }
        match self.token.instead_of(&token, &self.account, &self.kinds.token).await.map_err(unsent)? {
            Some(token) => self.account.once(kind, with_token(request, &token)).await,
            None => Ok(reply),
        }
    }

    /// The next page of a cached search. The vendor moves on when it serves a page, so a page that
    /// may have been served is never asked for again: the search has to start anew. A page that was
    /// certainly not served (no connection, 429) is asked for again after a wait.
    pub(crate) async fn scroll(&self, kind: &CallKind, path: &str, scroll_id: &str) -> Result<Reply, PageError> {
        let mut attempt = 1;
        loop {
            let not_served = match self.once(kind, Request::get(path).query("scrollId", scroll_id)).await {
                Ok(reply) => match reply.status {
                    200..=299 if is_json(&reply.body) => return Ok(reply),
                    200..=299 | 404 | 408 | 500..=599 => return Err(PageError::CursorExpired),
                    429 => error_of(kind.name, &reply),
                    _ => return Err(error_of(kind.name, &reply).into()),
                },
                Err(SendError { sent, error }) => match error.kind() {
                    ErrorKind::Retryable if sent => return Err(PageError::CursorExpired),
                    ErrorKind::Retryable => error,
                    ErrorKind::Throttled { .. }
                    | ErrorKind::Auth
                    | ErrorKind::Clock
                    | ErrorKind::Rejected
                    | ErrorKind::Invalid => {
                        return Err(error.into());
                    }
                },
            };
            let asked = match not_served.kind() {
                ErrorKind::Throttled { retry_after } => retry_after,
                ErrorKind::Retryable
                | ErrorKind::Auth
                | ErrorKind::Clock
                | ErrorKind::Rejected
                | ErrorKind::Invalid => None,
            };
            let wait = asked.unwrap_or(Duration::from_secs(1 << attempt));
            if attempt >= SCROLL_ATTEMPTS || wait > LONGEST_WAIT {
                return Err(not_served.into());
            }
            self.account.clock().sleep(wait).await;
            attempt += 1;
        }
    }
}

/// The vendor asks for a content type on GET too; a body brings its own.
fn with_token(request: Request, token: &SecretString) -> Request {
    let request = request
        .header("authorization", format!("bearer {}", token.expose_secret()))
        .header("accept", "application/json");
    match request.body {
        Body::Empty => request.header("content-type", "application/json"),
        Body::Json(_) | Body::Raw(..) | Body::Form(_) | Body::Multipart(_) => request,
    }
}

/// Good answers are JSON: a cut one, or a gateway's page, is worth another attempt.
fn judge(reply: &Reply) -> Judgement {
    if reply.is_success() && !is_json(&reply.body) { Judgement::Again(None) } else { by_status(reply) }
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

fn order_page(kind: &CallKind, reply: &Reply) -> Result<OrderPage, PortError> {
    if !reply.is_success() {
        return Err(error_of(kind.name, reply));
    }
    match dto::elements(&reply.body, "orders") {
        Ok(elements) if !elements.status.as_deref().is_some_and(is_failure) => {
            let orders = elements.items.into_iter().map(convert::unread).collect();
            Ok(OrderPage { scroll_id: elements.scroll_id, orders })
        }
        Ok(_) | Err(Unreadable::NotJson) => Err(error_of(kind.name, reply)),
        Err(Unreadable::NoArray) if says_failure(&reply.body) => Err(error_of(kind.name, reply)),
        Err(Unreadable::NoArray) => {
            Err(PortError::invalid(format!("{}: the answer holds no list of orders", kind.name)))
        }
    }
}
