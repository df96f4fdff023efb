//! The change logs: what became of requests that were only queued.

use chrono::{DateTime, Utc};
use ipass_core::ports::{PageError, PortError};
use ipass_http_kit::{CallKind, Reply, Request};

use crate::client::Client;
use crate::convert::time;
use crate::dto::Object;
use crate::error::{error_of, message_words, one_line, says_failure};

/// A log that breaks off is read from its beginning, so often.
const ATTEMPTS: u32 = 3;

/// Which of the vendor's logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    /// Acknowledgements, shipments, cancellations.
    Orders,
    /// Invoices.
    Invoices,
    /// Stock figures.
    Stock,
}

/// What is looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LogQuery<'a> {
    /// One request.
    Request(&'a str),
    /// `[start, end)`, of every request; `end` at least [`crate::client::LAG`] ago.
    Span { start: DateTime<Utc>, end: DateTime<Utc> },
}

/// Whether a request is done as a whole; said only where one request was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overall {
    Completed,
    Processing,
    Unsaid,
}

/// Verdict on one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Success,
    Failure,
    /// Pending, or a word that we do not know.
    Open,
}

/// One entry, reduced to what identifies its object: payloads are personal and never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) verdict: Verdict,
    pub(crate) processed_at: Option<DateTime<Utc>>,
    /// `id` of an acknowledgement.
    pub(crate) id: Option<String>,
    pub(crate) po: Option<String>,
    /// The vendor's own number of the order.
    pub(crate) order_id: Option<String>,
    pub(crate) invoice_id: Option<String>,
    /// Item of a stock figure.
    pub(crate) sku: Option<String>,
    /// Tracking numbers of a shipment; `None` when it is none.
    pub(crate) trackings: Option<Vec<String>>,
    /// The payload names lines, as cancellations do.
    pub(crate) has_lines: bool,
    /// The vendor's reasons.
    pub(crate) words: Option<String>,
}

/// A log as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangeLog {
    pub(crate) overall: Overall,
    pub(crate) entries: Vec<Entry>,
    /// There is more than was read.
    pub(crate) cut: bool,
}

impl Client {
    /// Reads a log to its end, or up to `max_pages` pages.
    pub(crate) async fn log(&self, log: Log, query: LogQuery<'_>, max_pages: usize) -> Result<ChangeLog, PortError> {
        let (kind, path) = match log {
            Log::Orders => (&self.kinds.order_log, "/order/log"),
            Log::Invoices => (&self.kinds.invoice_log, "/invoice/log"),
            Log::Stock => (&self.kinds.stock_log, "/inventory/log"),
        };
        for _ in 0..ATTEMPTS {
            match self.whole_log(kind, path, query, max_pages).await {
                Ok(log) => return Ok(log),
                Err(PageError::CursorExpired | PageError::Repeated) => {}
                Err(PageError::Port(error)) => return Err(error),
            }
        }
        Err(PortError::retryable(format!("{}: the log broke off {ATTEMPTS} times", kind.name)))
    }

    async fn whole_log(
        &self,
        kind: &CallKind,
        path: &str,
        query: LogQuery<'_>,
        max_pages: usize,
    ) -> Result<ChangeLog, PageError> {
        let mut whole = ChangeLog { overall: Overall::Unsaid, entries: Vec::new(), cut: false };
        let mut page = log_page(kind, &self.read(kind, &request(path, query)).await?)?;
        let mut pages = 1;
        loop {
            whole.overall = match (whole.overall, page.overall) {
                (Overall::Processing, _) | (_, Overall::Processing) => Overall::Processing,
                (Overall::Completed, _) | (_, Overall::Completed) => Overall::Completed,
                (Overall::Unsaid, Overall::Unsaid) => Overall::Unsaid,
            };
            let empty = page.entries.is_empty();
            whole.entries.extend(page.entries);
            let Some(scroll_id) = page.scroll_id.filter(|_| !empty) else { return Ok(whole) };
            if pages >= max_pages {
                whole.cut = true;
                return Ok(whole);
            }
            page = log_page(kind, &self.scroll(kind, path, &scroll_id).await?)?;
            pages += 1;
        }
    }
}

fn request(path: &str, query: LogQuery<'_>) -> Request {
    match query {
        LogQuery::Request(id) => Request::get(path).query("requestId", id),
        LogQuery::Span { start, end } => Request::get(path).query("startDate", time(start)).query("endDate", time(end)),
    }
}

struct LogPage {
    scroll_id: Option<String>,
    overall: Overall,
    entries: Vec<Entry>,
}

fn log_page(kind: &CallKind, reply: &Reply) -> Result<LogPage, PortError> {
    if !reply.is_success() || says_failure(&reply.body) {
        // A request that the log does not know yet, or a log that is not there: neither is a verdict.
        return Err(match reply.status {
            404 => PortError::retryable(format!("{}: the log is not there now (404)", kind.name)),
            _ => error_of(kind.name, reply),
        });
    }
    let text = String::from_utf8_lossy(&reply.body);
    let page = Object::read(&text).ok_or_else(|| error_of(kind.name, reply))?;
    let overall = match page.text("status").map(|text| text.to_ascii_uppercase()).as_deref() {
        Some("COMPLETED") => Overall::Completed,
        Some(_) => Overall::Processing,
        None => Overall::Unsaid,
    };
    if !page.names("logs") && overall != Overall::Processing {
        return Err(PortError::invalid(format!("{}: the answer holds no list of entries", kind.name)));
    }
    Ok(LogPage {
        scroll_id: page.text("scrollId"),
        overall,
        entries: page.objects("logs")?.iter().map(entry).collect(),
    })
}

fn entry(entry: &Object<'_>) -> Entry {
    let verdict = match entry.text("status").map(|text| text.to_ascii_lowercase()).as_deref() {
        Some("success") => Verdict::Success,
        Some("failure") => Verdict::Failure,
        _ => Verdict::Open,
    };
    let payload = entry.object("payload");
    let text = |name: &str| payload.as_ref().and_then(|payload| payload.text(name));
    let has = |name: &str| payload.as_ref().is_some_and(|payload| payload.has(name));
    let shipments = payload.as_ref().filter(|payload| payload.has("shipments"));
    let trackings = |payload: &Object<'_>| {
        let shipments = payload.objects("shipments").unwrap_or_default();
        shipments.iter().filter_map(|shipment| shipment.text("trackingNumber")).collect()
    };
    Entry {
        verdict,
        processed_at: entry.time("dateProcessed"),
        id: text("id"),
        po: text("poNumber"),
        order_id: text("dscoOrderId"),
        invoice_id: text("invoiceId"),
        sku: text("sku"),
        trackings: shipments.map(trackings),
        has_lines: has("lineItems"),
        words: one_line(&message_words(entry, "results")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<LogPage, PortError> {
        let kind = CallKind {
            name: "GET /order/log",
            pace: ipass_http_kit::Pace::free(),
            timeout: std::time::Duration::ZERO,
            max_body: 0,
        };
        log_page(&kind, &Reply { status: 200, retry_after: None, body: body.to_owned().into() })
    }

    #[test]
    fn entries_are_reduced_to_what_identifies_them() {
        let page = read(
            r#"{"scrollId":null,"status":"COMPLETED","logs":[
            {"payload":{"id":9000000001,"type":"DSCO_ORDER_ID"},"status":"SUCCESS",
             "dateProcessed":"2026-01-28T02:00:04.000Z"},
            {"payload":{"poNumber":"P","shipments":[{"trackingNumber":"T1"},{"trackingNumber":2}]},"status":"failure",
             "results":[{"code":"X","description":["a","b"]},{"description":{"c":"d"}}]},
            {"payload":{"invoiceId":"I","poNumber":"P","lineItems":[{}]},"status":"pending","results":null},
            {"payload":null,"status":"later"}]}"#,
        )
        .unwrap();
        assert_eq!((page.scroll_id, page.overall), (None, Overall::Completed));
        let [acknowledged, shipped, invoiced, odd] = &page.entries[..] else { panic!("four entries") };
        assert_eq!((acknowledged.id.as_deref(), acknowledged.verdict), (Some("9000000001"), Verdict::Success));
        assert!(acknowledged.processed_at.is_some());
        assert_eq!(shipped.trackings.as_deref(), Some(&["T1".to_owned(), "2".to_owned()][..]));
        assert_eq!((shipped.verdict, shipped.words.as_deref()), (Verdict::Failure, Some("X: a: b; d")));
        assert_eq!((invoiced.invoice_id.as_deref(), invoiced.has_lines), (Some("I"), true));
        assert_eq!((invoiced.verdict, odd.verdict), (Verdict::Open, Verdict::Open));
    }

    #[test]
    fn a_log_without_entries_is_read_only_while_it_is_made() {
        assert_eq!(read(r#"{"status":"PROCESSING"}"#).unwrap().overall, Overall::Processing);
        assert_eq!(read(r#"{"logs":[]}"#).unwrap().overall, Overall::Unsaid);
        assert!(read(r#"{"status":"COMPLETED"}"#).is_err());
        assert!(read("{}").is_err());
        assert!(read(r#"{"status":"failure","messages":[]}"#).is_err());
    }
}
