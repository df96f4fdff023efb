//! Orders that two connections write at once, each a part of them in a transaction of its own.

use std::future::Future;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use futures_util::TryStreamExt as _;
use futures_util::stream::iter;
use ipass_core::ports::{SaveOrder, Stored};

/// More orders in one transaction would hold up whoever waits for them, above all the lease of their run.
const MOST: usize = 500;
/// Fewer orders are not worth a second transaction.
const FEW: usize = 100;
/// A third connection would take a processor from those who wait for a page.
const AT_ONCE: usize = 2;

/// How many parts so many orders are written in.
pub(crate) fn parts(orders: usize) -> usize {
    if orders <= FEW { 1 } else { orders.div_ceil(MOST).max(AT_ONCE) }
}

/// Orders by parts; those of one PO number stay together, in their order.
pub(crate) fn by_number(orders: &[SaveOrder]) -> Vec<Vec<&SaveOrder>> {
    let count = parts(orders.len());
    let mut all: Vec<Vec<&SaveOrder>> = vec![Vec::new(); count];
    for order in orders {
        let mut hasher = DefaultHasher::new();
        order.order.po.hash(&mut hasher);
        let part = usize::try_from(hasher.finish() % count as u64).unwrap_or_default();
        all[part].push(order);
    }
    all
}

/// Carries the parts out, some at once, and answers in their order; the first failure ends them all.
pub(crate) async fn at_once<T>(parts: Vec<impl Future<Output = Stored<T>>>) -> Stored<Vec<T>> {
    iter(parts.into_iter().map(Ok)).try_buffered(AT_ONCE).try_collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_orders_are_one_part_and_many_are_parts_of_a_bounded_size() {
        let sizes = [0, 1, 100, 101, 1000, 1001, 10_000].map(|orders| (orders, parts(orders)));
        assert_eq!(sizes, [(0, 1), (1, 1), (100, 1), (101, 2), (1000, 2), (1001, 3), (10_000, 20)]);
    }
}
