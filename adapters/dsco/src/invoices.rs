//! The invoices that the vendor holds for orders.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use ipass_core::order::PoNumber;
use ipass_core::ports::{Answer, ErrorKind, InvoiceQuery, InvoiceRecord, OrderRef, PortError};

use crate::client::{Client, LAG};
use crate::log::{Entry, Log, LogQuery, Verdict};
use crate::orders::Breaker;
use crate::settle::MAX_PAGES;

/// So few are asked for singly.
const FEW: usize = 3;

/// The log keeps two weeks; a day is left for its edges. An older order may have been invoiced
/// before the log begins.
const RETENTION: TimeDelta = TimeDelta::days(13);

/// The vendor may keep less for busy accounts; so much it surely keeps. Beyond that, an entry from before the
/// order proves that the log reaches back to it.
const SURELY_KEPT: TimeDelta = TimeDelta::days(2);

/// So long before the oldest order such an entry is looked for.
const PROOF: TimeDelta = TimeDelta::days(1);

type Found = Answer<PoNumber, Option<InvoiceRecord>>;

impl Client {
    /// One answer per PO number.
    pub(crate) async fn invoices(&self, queries: &[InvoiceQuery]) -> Vec<Found> {
        let mut seen = HashSet::new();
        let queries: Vec<&InvoiceQuery> = queries.iter().filter(|query| seen.insert(&query.order.po)).collect();
        let oldest = self.account.clock().now() - RETENTION;
        let few = queries.len() <= FEW;
        let (listed, singly): (Vec<_>, Vec<_>) =
            queries.into_iter().partition(|query| !few && !query.thorough && query.order.created_at >= oldest);
        let mut singles: Vec<&OrderRef> = singly.into_iter().map(|query| &query.order).collect();
        let listed: Vec<&OrderRef> = listed.into_iter().map(|query| &query.order).collect();
        let mut answers = Vec::with_capacity(seen.len());
        match &listed[..] {
            [] => {}
            [one] => singles.push(one),
            many => singles.extend(self.list(many, &mut answers).await),
        }
        let mut breaker = Breaker::default();
        for order in singles {
            let result = match breaker.open() {
                Some(error) => Err(error),
                None => breaker.note(self.invoice_of(order).await),
            };
            answers.push(Answer { key: order.po.clone(), result });
        }
        answers
    }

    /// Looks through the log of invoices; hands back the orders that are better asked for singly.
    async fn list<'a>(&self, orders: &[&'a OrderRef], answers: &mut Vec<Found>) -> Vec<&'a OrderRef> {
        let end = self.latest();
        let surely_kept = end - SURELY_KEPT;
        let start = orders
            .iter()
            .map(|order| order.created_at)
            .min()
            .map_or(end, |created_at| if created_at < surely_kept { created_at - PROOF } else { created_at - LAG });
        // More pages than single questions are not worth it.
        let max_pages = MAX_PAGES.min(orders.len());
        let log = match self.log(Log::Invoices, LogQuery::Span { start, end }, max_pages).await {
            Ok(log) => log,
            Err(error) => match error.kind() {
                // One odd entry must not hide the invoices of everybody else for two weeks.
                ErrorKind::Invalid | ErrorKind::Rejected => return orders.to_vec(),
                ErrorKind::Retryable | ErrorKind::Throttled { .. } | ErrorKind::Auth | ErrorKind::Clock => {
                    let failed = |order: &&OrderRef| Answer { key: order.po.clone(), result: Err(error.clone()) };
                    answers.extend(orders.iter().map(failed));
                    return Vec::new();
                }
            },
        };
        let reaches_to = log.entries.iter().filter_map(|entry| entry.processed_at).min();
        let named = Named::of(&log.entries);
        let proves = |order: &OrderRef| {
            let reached = reaches_to.is_some_and(|reaches_to| reaches_to <= order.created_at);
            !log.cut && !named.anybodys && (order.created_at >= surely_kept || reached)
        };
        let mut rest = Vec::new();
        for order in orders {
            let result = match named.entry(order) {
                Some((Verdict::Success, Some(id))) => Ok(Some(InvoiceRecord { invoice_id: id.to_owned() })),
                Some((Verdict::Open, _)) => {
                    Err(PortError::retryable("GET /invoice/log: an invoice for the order is in work at the channel"))
                }
                None if proves(order) => Ok(None),
                Some((Verdict::Success | Verdict::Failure, _)) | None => {
                    rest.push(*order);
                    continue;
                }
            };
            answers.push(Answer { key: order.po.clone(), result });
        }
        rest
    }

    async fn invoice_of(&self, order: &OrderRef) -> Result<Option<InvoiceRecord>, PortError> {
        let po = order.po.as_str();
        let same_order =
            |id: Option<&str>| order.channel_order_id.is_empty() || id.is_none_or(|id| id == order.channel_order_id);
        let mut found = self.invoices_of_po(po).await?;
        // Another retailer's order may have the same PO number.
        found.retain(|invoice| invoice.po.as_deref() == Some(po) && same_order(invoice.order_id.as_deref()));
        let Some(invoice) = found.into_iter().next() else { return Ok(None) };
        let unnamed = || PortError::invalid(format!("GET /invoice: the invoice of {po} has no invoiceId"));
        Ok(Some(InvoiceRecord { invoice_id: invoice.invoice_id.ok_or_else(unnamed)? }))
    }
}

/// Whose invoices a log speaks of; a success counts before what is in work. A refusal says nothing about the order:
/// another try may have been accepted.
struct Named<'a> {
    by_number: HashMap<&'a str, (Verdict, Option<&'a str>)>,
    /// An entry names its order by a number that is not ours, or not at all.
    anybodys: bool,
}

impl<'a> Named<'a> {
    fn of(entries: &'a [Entry]) -> Self {
        let mut named = Self { by_number: HashMap::new(), anybodys: false };
        for entry in entries.iter().filter(|entry| entry.verdict != Verdict::Failure) {
            // Another retailer's order may have the same PO number: the vendor's own number decides.
            let Some(number) = entry.order_id.as_deref().or(entry.po.as_deref()) else {
                named.anybodys = true;
                continue;
            };
            let known = named.by_number.entry(number).or_insert((entry.verdict, None));
            if entry.verdict == Verdict::Success {
                *known = (Verdict::Success, entry.invoice_id.as_deref());
            }
        }
        named
    }

    /// What is said of an order.
    fn entry(&self, order: &OrderRef) -> Option<(Verdict, Option<&'a str>)> {
        let by = |number: &str| self.by_number.get(number).copied();
        by(&order.channel_order_id).or_else(|| by(order.po.as_str()))
    }
}
