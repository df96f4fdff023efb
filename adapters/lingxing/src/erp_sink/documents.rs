//! Outbound documents of many orders in few questions, because the endpoint takes one at a time.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use ipass_core::erp::OutboundDocument;
use ipass_core::order::PoNumber;
use ipass_core::ports::{Answer, DocumentQuery, PortError};

use super::LingxingErp;
use super::find::{Failure, MAX_SPLITS};
use crate::convert::{document, names_documents};
use crate::dto::{WmsRequest, WmsRow};
use crate::paging::all_rows;

/// Numbers in one question; the vendor documents no limit, 50 is known to work.
const MAX_NUMBERS: usize = 50;

/// Rows of a page (documented maximum).
const PAGE_SIZE: usize = 200;

/// One answer per order. A failed question is an error for its orders only.
pub(super) async fn all(erp: &LingxingErp, queries: &[DocumentQuery]) -> Vec<Answer<PoNumber, Vec<OutboundDocument>>> {
    // Orders of about the same age share their spans of days, so that an old one costs no further
    // questions for the young ones.
    let mut queries: Vec<&DocumentQuery> = queries.iter().collect();
    queries.sort_by_key(|query| std::cmp::Reverse(query.since));
    let mut answers = Vec::with_capacity(queries.len());
    let mut todo: Vec<&[&DocumentQuery]> = queries.chunks(MAX_NUMBERS).rev().collect();
    let mut splits = 0;
    while let Some(part) = todo.pop() {
        match rows(erp, part, queries.len() == 1).await {
            Ok(rows) => answers.extend(assigned(erp, part, &rows)),
            // One row in doubt puts everybody in doubt who was asked for together with its owner.
            Err(Failure::Row(_)) if part.len() > 1 && splits < MAX_SPLITS => {
                splits += 1;
                let (first, second) = part.split_at(part.len() / 2);
                todo.extend([second, first]);
            }
            Err(Failure::Row(error) | Failure::Call(error)) => {
                let failed = |query: &&DocumentQuery| Answer { key: query.po.clone(), result: Err(error.clone()) };
                answers.extend(part.iter().map(failed));
            }
        }
    }
    answers
}

/// Every document of these orders, from all spans of days, each once. `alone`: the caller wants to know about
/// this one order only, so a document that names nobody is about it.
async fn rows(erp: &LingxingErp, queries: &[&DocumentQuery], alone: bool) -> Result<Vec<WmsRow>, Failure> {
    let now = erp.client.account().clock().now();
    let since = queries.iter().map(|query| query.since).min().unwrap_or(now);
    let (mut all, mut seen) = (Vec::new(), HashSet::new());
    for span in erp.zone.spans(since, now) {
        for row in span_rows(erp, queries, span).await.map_err(Failure::Call)? {
            let row = row.filter(|row| alone || !names_documents(row).is_empty());
            let unknown = || PortError::invalid("the document list holds a document that does not tell its order");
            let row = row.ok_or_else(|| Failure::Row(unknown()))?;
            if row.wo_number.clone().is_none_or(|number| seen.insert(number)) {
                all.push(row);
            }
        }
    }
    Ok(all)
}

async fn span_rows(
    erp: &LingxingErp,
    queries: &[&DocumentQuery],
    (first, last): (NaiveDate, NaiveDate),
) -> Result<Vec<Option<WmsRow>>, PortError> {
    let numbers: Vec<&str> = queries.iter().map(|query| query.po.as_str()).collect();
    let stores = store_ids(queries);
    let (numbers, stores) = (numbers.as_slice(), stores.as_deref());
    let endpoint = &erp.client.endpoints().documents;
    let fetch = |index: usize| async move {
        let request = WmsRequest {
            page: index + 1,
            page_size: PAGE_SIZE,
            sid_arr: stores,
            platform_order_no_arr: numbers,
            // Never changes, unlike the other times, so a document cannot move between two spans
            // while they are read.
            time_type: "create_at",
            start_date: first.to_string(),
            end_date: last.to_string(),
        };
        erp.client.page(endpoint, &request).await
    };
    let key = |row: &Option<WmsRow>| row.as_ref().and_then(|row| row.wo_number.clone());
    all_rows(endpoint.kind.name, PAGE_SIZE, fetch, key).await
}

/// The stores, if every order has one that is a number; else the question is about all stores.
fn store_ids(queries: &[&DocumentQuery]) -> Option<Vec<i64>> {
    let id = |query: &&DocumentQuery| query.store_id.as_deref().and_then(|id| id.trim().parse().ok());
    let mut ids: Vec<i64> = queries.iter().map(id).collect::<Option<_>>()?;
    ids.sort_unstable();
    ids.dedup();
    Some(ids).filter(|ids| !ids.is_empty())
}

fn assigned(
    erp: &LingxingErp,
    queries: &[&DocumentQuery],
    rows: &[WmsRow],
) -> Vec<Answer<PoNumber, Vec<OutboundDocument>>> {
    let mut by_number: HashMap<&str, Vec<&WmsRow>> = HashMap::new();
    for row in rows {
        let named = names_documents(row);
        // Only one order was asked for, so a document without a number is about it.
        let owners = if named.is_empty() { queries.iter().map(|query| query.po.as_str()).collect() } else { named };
        for owner in owners {
            by_number.entry(owner).or_default().push(row);
        }
    }
    let answer = |query: &&DocumentQuery| {
        let rows = by_number.get(query.po.as_str()).map(Vec::as_slice).unwrap_or_default();
        let result = rows.iter().map(|row| document(row, &query.po, erp.zone)).collect();
        Answer { key: query.po.clone(), result }
    };
    queries.iter().map(answer).collect()
}
