//! Which orders are looked for together; pure.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use ipass_core::ports::OrderRef;

/// So few orders are asked for singly, whenever they were created.
const FEW: usize = 3;

/// So few orders of one span are asked for singly: a page is no cheaper.
const FEW_IN_SPAN: usize = 2;

/// From so many calls on, a page of the whole time tells whether it holds many of them.
const MANY_CALLS: usize = 6;

/// A longer time without any wanted order ends a span.
const GAP: TimeDelta = TimeDelta::hours(6);

const SECOND: TimeDelta = TimeDelta::seconds(1);

/// How a set of orders is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan<'a> {
    pub(crate) spans: Vec<Span<'a>>,
    pub(crate) singles: Vec<&'a OrderRef>,
}

/// Orders that were created within one span of time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Span<'a> {
    pub(crate) since: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
    pub(crate) orders: Vec<&'a OrderRef>,
}

/// Plans; `latest` is the newest moment that a search may reach up to. Younger orders are asked for
/// singly.
pub(crate) fn plan(mut orders: Vec<&OrderRef>, latest: DateTime<Utc>) -> Plan<'_> {
    if orders.len() <= FEW {
        return Plan { spans: Vec::new(), singles: orders };
    }
    orders.sort_by_key(|order| order.created_at);
    let (old, mut singles): (Vec<_>, Vec<_>) = orders.into_iter().partition(|order| order.created_at <= latest);
    let mut spans = Vec::new();
    for cluster in old.chunk_by(|a, b| b.created_at - a.created_at <= GAP) {
        match cluster {
            [first, .., last] if cluster.len() > FEW_IN_SPAN => spans.push(Span {
                since: whole_second(first.created_at),
                // The end may be outside of the vendor's answer.
                until: (whole_second(last.created_at) + SECOND).min(latest),
                orders: cluster.to_vec(),
            }),
            few => singles.extend(few),
        }
    }
    Plan { spans, singles }
}

/// One span of all these orders, where asking for them as planned takes many calls: a shop of few orders has those of
/// a week on one page. `None`: the plan is no dearer.
pub(crate) fn wide<'a>(orders: &[&'a OrderRef], latest: DateTime<Utc>) -> Option<Span<'a>> {
    let Plan { spans, singles } = plan(orders.to_vec(), latest);
    if spans.len() + singles.len() < MANY_CALLS {
        return None;
    }
    let old: Vec<&OrderRef> = orders.iter().copied().filter(|order| order.created_at <= latest).collect();
    let first = old.iter().map(|order| order.created_at).min()?;
    let last = old.iter().map(|order| order.created_at).max()?;
    Some(Span { since: whole_second(first), until: (whole_second(last) + SECOND).min(latest), orders: old })
}

fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(SECOND).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use ipass_core::order::PoNumber;

    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_769_560_000, 0).unwrap() + TimeDelta::hours(hours)
    }

    fn orders(hours: &[i64]) -> Vec<OrderRef> {
        let order = |(n, hours): (usize, &i64)| OrderRef {
            po: PoNumber::new(n.to_string()).unwrap(),
            channel_order_id: n.to_string(),
            created_at: at(*hours),
            shared: false,
        };
        hours.iter().enumerate().map(order).collect()
    }

    fn pos(orders: &[&OrderRef]) -> Vec<String> {
        orders.iter().map(|order| order.po.to_string()).collect()
    }

    #[test]
    fn a_few_are_asked_for_singly() {
        let orders = orders(&[1, 1, 1]);
        let plan = plan(orders.iter().collect(), at(9));
        assert!(plan.spans.is_empty());
        assert_eq!(pos(&plan.singles), ["0", "1", "2"]);
    }

    #[test]
    fn many_are_clustered_at_gaps() {
        let orders = orders(&[20, 0, 26, 6, 14, 12, 21, 100]);
        let plan = plan(orders.iter().collect(), at(1000));
        // 0, 6, 12, 14, 20, 21, 26: no gap is longer than 6 hours; 100 stands alone.
        assert_eq!(plan.spans.len(), 1);
        assert_eq!(pos(&plan.spans[0].orders), ["1", "3", "5", "4", "0", "6", "2"]);
        assert_eq!((plan.spans[0].since, plan.spans[0].until), (at(0), at(26) + SECOND));
        assert_eq!(pos(&plan.singles), ["7"]);
    }

    #[test]
    fn many_calls_are_worth_a_look_at_the_whole_time() {
        let scattered = orders(&[0, 10, 20, 30, 40, 50]);
        let refs: Vec<&OrderRef> = scattered.iter().collect();
        let span = wide(&refs, at(45)).unwrap();
        assert_eq!((span.since, span.until, span.orders.len()), (at(0), at(40) + SECOND, 5));
        assert_eq!(wide(&refs[..5], at(1000)), None);
        let together = orders(&[0; 50]);
        assert_eq!(wide(&together.iter().collect::<Vec<_>>(), at(1000)), None);
        assert_eq!(wide(&refs, at(-1)), None);
    }

    #[test]
    fn two_in_a_span_are_asked_for_singly() {
        let orders = orders(&[0, 0, 10, 10, 10]);
        let plan = plan(orders.iter().collect(), at(1000));
        assert_eq!(pos(&plan.singles), ["0", "1"]);
        assert_eq!(pos(&plan.spans[0].orders), ["2", "3", "4"]);
    }

    #[test]
    fn a_span_never_reaches_beyond_the_latest_moment() {
        let orders = orders(&[0, 0, 0, 1]);
        let all = plan(orders.iter().collect(), at(0));
        assert_eq!(all.spans[0].until, at(0));
        assert_eq!(pos(&all.singles), ["3"]);
        let none = plan(orders.iter().collect(), at(-1));
        assert!(none.spans.is_empty());
        assert_eq!(none.singles.len(), 4);
    }
}
