//! One order as both systems show it at this moment.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use chrono::{DateTime, Utc};
use ipass_core::erp::{DocumentStatus, ErpOrder, ErpStatus, OutboundDocument};
use ipass_core::order::Order;
use ipass_core::ports::{Answer as Said, DocumentQuery, InvoiceQuery, OrderRow, PortError, StoredOrder};
use ipass_core::run::Route;
use ipass_core::settings::Settings;
use ipass_core::usecase::units_per_line;

use super::acts::order_href;
use super::find;
use crate::desk::{Answer, Form, Html, Page, Shared, show};
use crate::pages::orders::channel_status;
use crate::pages::runs::mark;
use crate::text::order as t;

/// A page waits so long for both systems.
const PATIENCE: Duration = Duration::from_secs(30);

/// What both systems said.
struct Seen {
    order: String,
    read_at: DateTime<Utc>,
    /// What could not be read, in words.
    problems: Vec<String>,
    channel_status: Option<String>,
    /// Its number, or that there is none.
    invoice: Option<String>,
    parts: Option<Vec<Part>>,
    documents: Option<Vec<Document>>,
    lines: Vec<Line>,
    /// Items of documents that no line of the order has.
    unknown: Vec<String>,
}

/// One order of the ERP.
struct Part {
    number: String,
    status: Html,
    notes: Vec<&'static str>,
}

/// One outbound document of the ERP.
struct Document {
    number: String,
    status: Html,
    replacement: bool,
    shipped_at: Option<DateTime<Utc>>,
    carrier: String,
    tracking: Vec<String>,
    items: Vec<String>,
}

/// Units of one line, as far as they are known.
struct Line {
    number: String,
    sku: String,
    ordered: String,
    cancelled: String,
    in_erp: String,
    shipped_in_erp: String,
    shipped_at_channel: String,
    invoiced: String,
}

#[derive(Template)]
#[template(path = "order_systems.html")]
struct SystemsPage<'a> {
    p: &'a Page,
    seen: &'a Seen,
}

#[derive(Template)]
#[template(path = "order_systems_part.html")]
struct SystemsPart<'a> {
    p: &'a Page,
    seen: &'a Seen,
}

/// `POST …/systems`: reads the order at the channel and in the ERP; nothing is stored and nothing is changed.
pub(super) async fn read(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path((route, po)): Path<(String, String)>,
    form: Form,
) -> Answer {
    let StoredOrder { row, raw } = find(&desk, &route, &po).await?;
    let route = desk.route(&route)?;
    form.once(&desk, &uri).await?;
    let settings = desk.runner.settings(route).await.map(|(settings, _)| settings).unwrap_or_default();
    let mut asking = Box::pin(ask(Arc::clone(route), row.clone(), settings.clone()));
    let asked = tokio::select! {
        biased;
        asked = &mut asking => asked,
        () = desk.runner.clock.sleep(PATIENCE) => {
            // A call that is given up would keep its place at the vendor for minutes: it comes to its end.
            tokio::spawn(asking);
            Asked::late()
        }
    };
    let stored = route.source.parse(&raw).ok();
    let seen = seen(&page, order_href(&desk, &row), desk.now(), asked, stored.as_ref(), &settings);
    if page.htmx {
        page.show(&SystemsPart { p: &page, seen: &seen })
    } else {
        page.show(&SystemsPage { p: &page, seen: &seen })
    }
}

type Read<T> = Result<T, PortError>;

/// The answers of both systems.
struct Asked {
    channel: Read<Option<Order>>,
    invoice: Read<Option<String>>,
    parts: Read<Vec<ErpOrder>>,
    documents: Read<Vec<OutboundDocument>>,
}

impl Asked {
    fn late() -> Self {
        let late = || PortError::retryable("no answer in time");
        Self { channel: Err(late()), invoice: Err(late()), parts: Err(late()), documents: Err(late()) }
    }
}

async fn ask(route: Arc<Route>, row: OrderRow, settings: Settings) -> Asked {
    let order = row.reference();
    let store_id = row.retailer_id.as_ref().and_then(|retailer| settings.mapping.shop.get(retailer)).cloned();
    let documents = DocumentQuery { po: row.po.clone(), store_id, since: row.created_at };
    let invoice = InvoiceQuery { order: order.clone(), thorough: true };
    let asked = std::slice::from_ref(&order);
    Asked {
        channel: match route.source.fetch(asked).await.and_then(only) {
            Ok(Some(pulled)) => pulled.order.map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        },
        invoice: if route.source.capabilities().invoices {
            let found = route.source.find_invoices(std::slice::from_ref(&invoice)).await.and_then(only);
            found.map(|found| found.map(|record| record.invoice_id))
        } else {
            Ok(None)
        },
        parts: route.erp.find(std::slice::from_ref(&row.po)).await.and_then(only),
        documents: route.erp.documents(std::slice::from_ref(&documents)).await.and_then(only),
    }
}

/// The answer to the only question.
fn only<K, T>(answers: Vec<Said<K, T>>) -> Read<T> {
    let silent = || Err(PortError::retryable("the answer says nothing about this item"));
    answers.into_iter().next().map_or_else(silent, |answer| answer.result)
}

fn seen(
    page: &Page,
    order: String,
    read_at: DateTime<Utc>,
    asked: Asked,
    stored: Option<&Order>,
    settings: &Settings,
) -> Seen {
    let mut problems = Vec::new();
    let mut failed = |what, error: &PortError| problems.push(page.t1(what, page.said(error.message())));
    let channel = asked.channel.inspect_err(|error| failed(t::CHANNEL_NOT_READ, error)).ok();
    let invoice = asked.invoice.inspect_err(|error| failed(t::INVOICE_NOT_READ, error)).ok();
    let parts = asked.parts.inspect_err(|error| failed(t::ERP_NOT_READ, error)).ok();
    let documents = asked.documents.inspect_err(|error| failed(t::DOCUMENTS_NOT_READ, error)).ok();
    let status = channel.as_ref().map(|order| match order {
        Some(order) => channel_status(page, order.status.as_str()),
        None => page.t(t::NOT_AT_CHANNEL).to_owned(),
    });
    let at_channel = channel.flatten();
    let held =
        parts.as_ref().map(|parts| parts.iter().any(|part| !part.deleted && part.status != ErpStatus::Cancelled));
    let known = at_channel.as_ref().or(stored);
    let (lines, unknown) = known.map_or_else(Default::default, |order| {
        let shipped = |document: &OutboundDocument| document.status == DocumentStatus::Shipped;
        let left = documents.as_ref().map(|documents| units_per_line(order, documents, settings, shipped));
        let reported = at_channel.as_ref().map(Order::shipped_per_line);
        let invoiced = invoice.as_ref().map(Option::is_some);
        let lines = order.lines.iter().enumerate().map(|(at, line)| {
            let whole = |there: Option<bool>| there.map(|there| if there { line.expected() } else { 0 });
            Line {
                number: line.line_number.map_or_else(|| (at + 1).to_string(), |number| number.to_string()),
                sku: line.key(settings.sku_key).unwrap_or("–").to_owned(),
                ordered: show::number(line.quantity),
                cancelled: show::number(line.cancelled),
                in_erp: figure(whole(held)),
                shipped_in_erp: figure(left.as_ref().and_then(|(units, _)| units.get(at).copied())),
                shipped_at_channel: figure(reported.as_ref().and_then(|units| units.get(at).copied())),
                invoiced: figure(whole(invoiced)),
            }
        });
        (lines.collect(), left.as_ref().map(|(_, unknown)| unknown.clone()).unwrap_or_default())
    });
    Seen {
        order,
        read_at,
        problems,
        channel_status: status,
        invoice: invoice.map(|id| id.unwrap_or_else(|| page.t(t::NONE_YET).to_owned())),
        parts: parts.map(|parts| parts.into_iter().map(|one| part(page, one)).collect()),
        documents: documents.map(|documents| documents.into_iter().map(|one| document(page, one)).collect()),
        lines,
        unknown,
    }
}

/// A number, or a dash where it is not known.
fn figure(units: Option<u32>) -> String {
    units.map_or_else(|| "–".to_owned(), show::number)
}

fn part(page: &Page, part: ErpOrder) -> Part {
    let status = match &part.status {
        ErpStatus::Open => mark(page.t(t::ERP_OPEN), "warn"),
        ErpStatus::ToShip => mark(page.t(t::ERP_TO_SHIP), ""),
        ErpStatus::Shipped => mark(page.t(t::ERP_SHIPPED), "good"),
        ErpStatus::Cancelled => mark(page.t(t::ERP_CANCELLED), "bad"),
        ErpStatus::Other(words) => mark(&page.said(words), ""),
    };
    let notes = [(part.deleted, t::ERP_DELETED), (part.resent, t::ERP_RESENT)];
    let notes = notes.into_iter().filter(|(is, _)| *is).map(|(_, words)| page.t(words)).collect();
    Part { number: part.number, status, notes }
}

fn document(page: &Page, document: OutboundDocument) -> Document {
    let status = match document.status {
        DocumentStatus::Open => mark(page.t(t::DOCUMENT_OPEN), "warn"),
        DocumentStatus::Shipped => mark(page.t(t::ERP_SHIPPED), "good"),
        DocumentStatus::Void => mark(page.t(t::DOCUMENT_VOID), "bad"),
    };
    Document {
        status,
        number: document.number,
        replacement: document.replacement,
        shipped_at: document.shipped_at,
        carrier: document.carrier.unwrap_or_else(|| "–".to_owned()),
        tracking: document.tracking,
        items: document.lines.iter().map(|line| format!("{} × {}", line.sku, line.quantity)).collect(),
    }
}
