//! The invoices that the vendor holds for orders.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use ipass_core::order::PoNumber;
use ipass_core::ports::{Answer, ErrorKind, InvoiceQuery, InvoiceRecord, OrderRef, PortError};

use crate::client::{Client, LAG};
use crate::log::{Log, LogQuery, Verdict};
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
        let log = match self.log(Log::Invoices, LogQuery::Span { start, end, successes_only: true }, max_pages).await {
            Ok(log) => log,
            Err(error) => match error.kind() {
                // One odd entry must not hide the invoices of everybody else for two weeks.
                ErrorKind::Invalid | ErrorKind::Rejected => return orders.to_vec(),
                ErrorKind::Retryable | ErrorKind::Throttled { .. } | ErrorKind::Auth => {
                    let failed = |order: &&OrderRef| Answer { key: order.po.clone(), result: Err(error.clone()) };
                    answers.extend(orders.iter().map(failed));
                    return Vec::new();
                }
            },
        };
        let reaches_to = log.entries.iter().filter_map(|entry| entry.processed_at).min();
        let proves = |order: &OrderRef| {
            order.created_at >= surely_kept || reaches_to.is_some_and(|reaches_to| reaches_to <= order.created_at)
        };
        let successes = log.entries.into_iter().filter(|entry| entry.verdict == Verdict::Success);
        let found: HashMap<String, String> =
            successes.filter_map(|entry| Some((entry.po?, entry.invoice_id?))).collect();
        let mut rest = Vec::new();
        for order in orders {
            match found.get(order.po.as_str()) {
                None if log.cut || !proves(order) => rest.push(*order),
                invoice_id => {
                    let record = invoice_id.map(|id| InvoiceRecord { invoice_id: id.clone() });
                    answers.push(Answer { key: order.po.clone(), result: Ok(record) });
                }
            }
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
