//! The present state of many orders with few calls.
//!
//! The vendor answers one order per call, or a page of up to 1,000 orders of a span of creation
//! times. A few orders are asked for singly; many are looked for where they were created, as long
//! as that is cheaper.

mod plan;

use std::collections::{HashMap, HashSet};

use ipass_core::order::PoNumber;
use ipass_core::ports::{Answer, ErrorKind, OrderRef, PageError, PortError, PulledOrder, WindowKind};

use crate::client::Client;
use crate::convert;
use plan::{Plan, Span, plan, wide};

/// Half of the vendor's largest page: a page is held in memory as a whole.
const PAGE_SIZE: u16 = 500;

/// After so many failures in a row the vendor is taken to be down, and the rest is not asked.
const FAILURES: usize = 3;

type State = Answer<PoNumber, Option<PulledOrder>>;

impl Client {
    /// One answer per PO number. An order is absent only when the vendor says so itself, asked for
    /// this very order.
    pub(crate) async fn states(&self, orders: &[OrderRef]) -> Vec<State> {
        let mut seen = HashSet::new();
        let mut orders: Vec<&OrderRef> = orders.iter().filter(|order| seen.insert(&order.po)).collect();
        let mut answers = Vec::with_capacity(orders.len());
        let mut breaker = Breaker::default();
        let latest = self.latest();
        if let Some(span) = wide(&orders, latest) {
            let rest = self.search(&span, FOUND_BY_A_WIDE_PAGE, &mut breaker, &mut answers).await;
            orders.retain(|order| order.created_at > latest);
            orders.extend(rest);
        }
        let Plan { spans, mut singles } = plan(orders, latest);
        for span in &spans {
            let rest = match breaker.open() {
                Some(error) => fail(span.orders.clone(), &error, &mut answers),
                None => self.search(span, 0, &mut breaker, &mut answers).await,
            };
            singles.extend(rest);
        }
        for asked in singles {
            let result = match breaker.open() {
                Some(error) => Err(error),
                None => breaker.note(self.state(asked).await),
            };
            answers.push(Answer { key: asked.po.clone(), result });
        }
        answers
    }

    /// Looks for a span's orders page by page, as long as each holds `worth` of them; hands back those that are better
    /// asked for in another way.
    async fn search<'a>(
        &self,
        span: &Span<'a>,
        worth: usize,
        breaker: &mut Breaker,
        answers: &mut Vec<State>,
    ) -> Vec<&'a OrderRef> {
        // By id, because a page has up to a thousand orders; those without one are told by their PO number.
        let mut missing: HashMap<&str, &'a OrderRef> = span
            .orders
            .iter()
            .map(|asked| {
                let id = asked.channel_order_id.as_str();
                (if id.is_empty() { asked.po.as_str() } else { id }, *asked)
            })
            .collect();
        let ids: HashMap<&str, &str> =
            span.orders.iter().map(|asked| (asked.po.as_str(), asked.channel_order_id.as_str())).collect();
        let mut pages = 1;
        let first = self.first_page(WindowKind::Created, span.since, span.until, PAGE_SIZE).await;
        let mut page = match breaker.note(first) {
            Ok(page) => page,
            // A window too wide for the vendor is no answer about its orders.
            Err(_) if worth > 0 => return span.orders.clone(),
            Err(error) => return fail(span.orders.clone(), &error, answers),
        };
        loop {
            let empty = page.orders.is_empty();
            let n_missing = missing.len();
            for found in page.orders.into_iter().map(convert::pulled) {
                let po = found.order.as_ref().map_or("", |order| order.po.as_str());
                if ids.get(po).is_some_and(|id| !id.is_empty() && *id != found.key) {
                    self.shared.note(po);
                }
                let Some(name) = [found.key.as_str(), po].into_iter().find(|name| missing.contains_key(name)) else {
                    continue;
                };
                if let Some(asked) = missing.get(name).copied().filter(|asked| is(&found, asked)) {
                    missing.remove(name);
                    answers.push(Answer { key: asked.po.clone(), result: Ok(Some(found)) });
                }
            }
            // An order may show later than it was created, so one that did not appear is asked for.
            let poor = n_missing - missing.len() < worth;
            let scroll_id = page.scroll_id.filter(|_| !empty && !poor && !missing.is_empty() && pages <= missing.len());
            let Some(scroll_id) = scroll_id else { return missing.into_values().collect() };
            page = match self.next_page(&scroll_id).await {
                Ok(page) => page,
                Err(PageError::CursorExpired | PageError::Repeated) => return missing.into_values().collect(),
                Err(PageError::Port(error)) => {
                    breaker.count(&error);
                    if worth > 0 {
                        return missing.into_values().collect();
                    }
                    return fail(missing.into_values().collect(), &error, answers);
                }
            };
            pages += 1;
        }
    }

    async fn state(&self, asked: &OrderRef) -> Result<Option<PulledOrder>, PortError> {
        let found = self.orders_of_po(asked.po.as_str()).await?;
        let unreadable = found.iter().any(|order| order.order.is_err());
        if found.len() > 1 {
            self.shared.note(asked.po.as_str());
        }
        // Asked without an id, as a person does: the only order of this number is meant.
        let only = found.len() == 1 && asked.channel_order_id.is_empty();
        match found.into_iter().find(|order| is(order, asked) || (only && order.order.is_err())) {
            Some(order) => Ok(Some(order)),
            // It may be the one that was asked for.
            None if unreadable => {
                Err(PortError::invalid(format!("GET /order/: an order with the PO number {} cannot be read", asked.po)))
            }
            None => Ok(None),
        }
    }
}

/// Whether an order is the one that was asked for: its id decides, the PO number has to agree.
fn is(found: &PulledOrder, asked: &OrderRef) -> bool {
    let same_id = asked.channel_order_id.is_empty() || found.key == asked.channel_order_id;
    match &found.order {
        Ok(order) => same_id && order.po == asked.po,
        Err(_) => same_id && !asked.channel_order_id.is_empty(),
    }
}

fn fail<'a>(missing: Vec<&'a OrderRef>, error: &PortError, answers: &mut Vec<State>) -> Vec<&'a OrderRef> {
    answers.extend(missing.into_iter().map(|asked| Answer { key: asked.po.clone(), result: Err(error.clone()) }));
    Vec::new()
}

/// A page of a wide search with fewer wanted orders is the last: asking as planned finds more.
const FOUND_BY_A_WIDE_PAGE: usize = 2;

/// Stops a row of questions that nobody answers: at once when the credentials are refused or
/// the vendor asks to wait, after some failures in a row when it is down.
#[derive(Default)]
pub(crate) struct Breaker {
    failures: usize,
    last: Option<PortError>,
}

impl Breaker {
    /// The error that the rest of the row gets.
    pub(crate) fn open(&self) -> Option<PortError> {
        self.last.clone().filter(|_| self.failures >= FAILURES)
    }

    pub(crate) fn note<T>(&mut self, result: Result<T, PortError>) -> Result<T, PortError> {
        match &result {
            Ok(_) => self.failures = 0,
            Err(error) => self.count(error),
        }
        result
    }

    fn count(&mut self, error: &PortError) {
        self.failures = match error.kind() {
            ErrorKind::Auth | ErrorKind::Clock | ErrorKind::Throttled { .. } => FAILURES,
            ErrorKind::Retryable => self.failures + 1,
            ErrorKind::Rejected | ErrorKind::Invalid => 0,
        };
        self.last = Some(error.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stops_at_once_or_after_three_failures() {
        let mut breaker = Breaker::default();
        for error in [PortError::retryable("1"), PortError::retryable("2")] {
            let _ = breaker.note::<()>(Err(error));
        }
        assert!(breaker.note(Ok(())).is_ok());
        for error in [PortError::retryable("3"), PortError::rejected("4"), PortError::retryable("5")] {
            let _ = breaker.note::<()>(Err(error));
            assert!(breaker.open().is_none());
        }
        for error in [PortError::retryable("6"), PortError::retryable("7")] {
            let _ = breaker.note::<()>(Err(error));
        }
        assert_eq!(breaker.open().unwrap().message(), "7");
        let mut breaker = Breaker::default();
        let _ = breaker.note::<()>(Err(PortError::auth("8")));
        assert_eq!(breaker.open().unwrap().kind(), ErrorKind::Auth);
    }
}
