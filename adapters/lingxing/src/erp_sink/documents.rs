//! Outbound documents of many orders in few questions, because the endpoint takes one at a time.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};
use ipass_core::erp::OutboundDocument;
use ipass_core::order::PoNumber;
use ipass_core::ports::{Answer, DocumentQuery, PortError};

use super::LingxingErp;
use super::find::{Failure, MAX_SPLITS};
use crate::convert::{document, names_documents};
use crate::dto::{Page, WmsRequest, WmsRow};
use crate::paging::all_rows;

/// Numbers in one question; the vendor documents no limit, 50 is known to work.
const MAX_NUMBERS: usize = 50;

/// From so many questions on, one page of the list tells whether reading the list takes less calls.
const WORTH_A_LIST: usize = 4;

/// Rows of a page (documented maximum).
const PAGE_SIZE: usize = 200;

/// One answer per order. A failed question is an error for its orders only.
pub(super) async fn all(erp: &LingxingErp, queries: &[DocumentQuery]) -> Vec<Answer<PoNumber, Vec<OutboundDocument>>> {
    // Orders of about the same age share their spans of days, so that an old one costs no further
    // questions for the young ones.
    let mut queries: Vec<&DocumentQuery> = queries.iter().collect();
    queries.sort_by_key(|query| std::cmp::Reverse(query.since));
    let mut answers = Vec::with_capacity(queries.len());
    let n_young = queries.partition_point(|query| spans(erp, &[query]).len() == 1);
    let (young, old) = queries.split_at(n_young);
    let rest = match listed(erp, young).await {
        Some(rows) => {
            answers.extend(assigned(erp, young, &rows));
            old
        }
        None => &queries,
    };
    let mut todo: Vec<&[&DocumentQuery]> = rest.chunks(MAX_NUMBERS).rev().collect();
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
    let (mut all, mut seen) = (Vec::new(), HashSet::new());
    for span in spans(erp, queries) {
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

/// The documents of many orders of one span of days, out of a list of everything that their stores sent in it;
/// `None` when asking for their numbers takes no more calls, or the list leaves a doubt: then they are to be asked for.
async fn listed(erp: &LingxingErp, queries: &[&DocumentQuery]) -> Option<Vec<WmsRow>> {
    let n_questions = queries.len().div_ceil(MAX_NUMBERS);
    if n_questions < WORTH_A_LIST {
        return None;
    }
    let &[span] = spans(erp, queries).as_slice() else { return None };
    let stores = store_ids(queries);
    let fetch = async |index| page(erp, stores.as_deref(), None, span, index).await;
    let first = fetch(0).await.ok()?;
    if first.total.is_none_or(|total| total.div_ceil(PAGE_SIZE) >= n_questions) {
        return None;
    }
    let first = Mutex::new(Some(first));
    let rest = |index: usize| {
        let known = (index == 0).then(|| first.lock().unwrap_or_else(PoisonError::into_inner).take()).flatten();
        async move {
            match known {
                Some(page) => Ok(page),
                None => fetch(index).await,
            }
        }
    };
    let rows =
        all_rows(erp.client.endpoints().documents.kind.name, PAGE_SIZE, rest, |row| row.as_ref()?.wo_number.clone())
            .await
            .ok()?;
    // A row that nobody can read, or that names no order, may be anybody's.
    rows.into_iter().map(|row| row.filter(|row| !names_documents(row).is_empty())).collect()
}

async fn span_rows(
    erp: &LingxingErp,
    queries: &[&DocumentQuery],
    span: (NaiveDate, NaiveDate),
) -> Result<Vec<Option<WmsRow>>, PortError> {
    let numbers: Vec<&str> = queries.iter().map(|query| query.po.as_str()).collect();
    let stores = store_ids(queries);
    let fetch = |index| page(erp, stores.as_deref(), Some(&numbers), span, index);
    all_rows(erp.client.endpoints().documents.kind.name, PAGE_SIZE, fetch, |row| row.as_ref()?.wo_number.clone()).await
}

/// A page of the list, by its index from 0; without numbers, of all documents of the stores.
async fn page(
    erp: &LingxingErp,
    stores: Option<&[i64]>,
    numbers: Option<&[&str]>,
    (first, last): (NaiveDate, NaiveDate),
    index: usize,
) -> Result<Page<Option<WmsRow>>, PortError> {
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
    erp.client.page(&erp.client.endpoints().documents, &request).await
}

fn now(erp: &LingxingErp) -> DateTime<Utc> {
    erp.client.account().clock().now()
}

/// Spans of days that hold everything of these orders.
fn spans(erp: &LingxingErp, queries: &[&DocumentQuery]) -> Vec<(NaiveDate, NaiveDate)> {
    let now = now(erp);
    erp.zone.spans(queries.iter().map(|query| query.since).min().unwrap_or(now), now)
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
