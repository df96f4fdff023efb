//! Orders by the platform's numbers, beyond doubt or not at all.

use std::collections::{HashMap, HashSet};

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use ipass_core::erp::ErpOrder;
use ipass_core::order::PoNumber;
use ipass_core::ports::{Answer, PortError};

use super::LingxingErp;
use crate::convert::{erp_order, names_orders};
use crate::dto::{ListRequest, OrderRow};
use crate::paging::all_rows;

/// Numbers in one question (documented).
const MAX_NUMBERS: usize = 200;

/// Rows of a page (documented maximum; 20 is the observed minimum).
const LENGTH: usize = 500;

/// Questions at once: while one is answered, the answer to the other is read.
const AT_ONCE: usize = 2;

/// Platforms that are asked by order name instead of number (documented): Shopify, eBay, Mercado,
/// Newegg, Shopline, Coupang.
const ASKED_BY_NAME: [i64; 6] = [10_002, 10_003, 10_012, 10_014, 10_016, 10_020];

impl From<Failure> for PortError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Call(error) | Failure::Row(error) => error,
        }
    }
}

/// One answer per number. A failed question is an error for its numbers only.
pub(super) async fn all(erp: &LingxingErp, pos: &[PoNumber]) -> Vec<Answer<PoNumber, Vec<ErpOrder>>> {
    let mut seen = HashSet::new();
    let once: Vec<PoNumber> = pos.iter().filter(|po| seen.insert(*po)).cloned().collect();
    let mut results = Found::new();
    let alone = once.len() == 1;
    let ask = |part| async move { (part, orders(erp, part, alone).await) };
    let asking: Vec<_> = once.chunks(MAX_NUMBERS).map(ask).collect();
    let mut asked: Vec<_> = iter(asking).buffered(AT_ONCE).collect().await;
    let mut splits = 0;
    while let Some((part, result)) = asked.pop() {
        match result {
            Ok(found) => results.extend(found),
            // One row in doubt puts everybody in doubt who was asked for together with its owner.
            Err(Failure::Row(_)) if part.len() > 1 && splits < MAX_SPLITS => {
                splits += 1;
                let (first, second) = part.split_at(part.len() / 2);
                asked.push(ask(first).await);
                asked.push(ask(second).await);
            }
            Err(Failure::Row(error) | Failure::Call(error)) => {
                results.extend(part.iter().map(|po| (po.clone(), Err(error.clone()))));
            }
        }
    }
    let result = |po| results.get(po).cloned().unwrap_or_else(|| Ok(Vec::new()));
    pos.iter().map(|po| Answer { key: po.clone(), result: result(po) }).collect()
}

type Found = HashMap<PoNumber, Result<Vec<ErpOrder>, PortError>>;

/// So often one look is split before the rest of it is left in doubt: a row that is given for every number
/// must not cost a call for each.
pub(super) const MAX_SPLITS: usize = 24;

/// Why a question has no answer.
pub(super) enum Failure {
    /// The call failed.
    Call(PortError),
    /// A row of the answer does not tell whose it is.
    Row(PortError),
}

/// The orders of up to [`MAX_NUMBERS`] different numbers; a number without an entry is absent. `alone`: the
/// caller wants to know about this one number only, so a row that names nobody is about it. A row that is left
/// when a question was split may have been given for any number.
pub(super) async fn orders(erp: &LingxingErp, pos: &[PoNumber], alone: bool) -> Result<Found, Failure> {
    let by_name = ASKED_BY_NAME.contains(&erp.platform_code);
    let rows = rows(erp, pos, by_name).await.map_err(Failure::Call)?;
    let mut found = Found::new();
    for row in &rows {
        let named = row.as_ref().map(|row| names_orders(row, by_name)).unwrap_or_default();
        let owners: Vec<&PoNumber> = match (row, pos) {
            (Some(_), [only]) if alone && named.is_empty() => vec![only],
            _ => pos.iter().filter(|po| named.contains(&po.as_str())).collect(),
        };
        let Some(row) = row.as_ref().filter(|_| !named.is_empty() || !owners.is_empty()) else {
            // It may be any of them, so none is absent beyond doubt.
            let what = "the order list holds an order that does not tell its platform number";
            return Err(Failure::Row(PortError::invalid(what)));
        };
        for po in owners {
            let orders = found.entry(po.clone()).or_insert_with(|| Ok(Vec::new()));
            match (erp_order(row, po), orders) {
                (Ok(order), Ok(orders)) => orders.push(order),
                (Err(error), orders) => *orders = Err(error),
                (Ok(_), Err(_)) => {}
            }
        }
    }
    Ok(found)
}

/// The numbers of system orders that belong to some of these orders and to others as well: orders of
/// one buyer are merged, and whatever happens to one of them happens to all.
pub(super) async fn shared_with_others(erp: &LingxingErp, pos: &[PoNumber]) -> Result<HashSet<String>, PortError> {
    let by_name = ASKED_BY_NAME.contains(&erp.platform_code);
    let asked: HashSet<&str> = pos.iter().map(PoNumber::as_str).collect();
    let mut shared = HashSet::new();
    for chunk in pos.chunks(MAX_NUMBERS) {
        for row in rows(erp, chunk, by_name).await? {
            let row = row.ok_or_else(|| PortError::invalid("the order list holds an order that cannot be read"))?;
            if names_orders(&row, by_name).iter().any(|name| !asked.contains(name)) {
                shared.extend(row.global_order_no);
            }
        }
    }
    Ok(shared)
}

async fn rows(erp: &LingxingErp, pos: &[PoNumber], by_name: bool) -> Result<Vec<Option<OrderRow>>, PortError> {
    let numbers: Vec<&str> = pos.iter().map(PoNumber::as_str).collect();
    let numbers = numbers.as_slice();
    let endpoint = &erp.client.endpoints().list;
    let fetch = |index: usize| async move {
        let request = ListRequest {
            offset: index * LENGTH,
            length: LENGTH,
            platform_order_nos: (!by_name).then_some(numbers),
            platform_order_names: by_name.then_some(numbers),
            include_delete: true,
        };
        erp.client.page(endpoint, &request).await
    };
    let key = |row: &Option<OrderRow>| row.as_ref().and_then(|row| row.global_order_no.clone());
    all_rows(endpoint.kind.name, LENGTH, fetch, key).await
}
