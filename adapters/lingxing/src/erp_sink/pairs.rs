//! All pairs of names of some stores.

use std::collections::{BTreeSet, HashSet};

use ipass_core::erp::SkuPair;
use ipass_core::ports::PortError;

use super::LingxingErp;
use crate::convert::{pair_key, sku_pair};
use crate::dto::{CursorData, PairRequest, PairRow, Raw};
use crate::paging::all_rows;

/// Rows of a page. No limit is documented; this is the smallest that the lists of this family have.
const LENGTH: usize = 200;

/// A list of so many pages does not end.
const MAX_PAGES: usize = 1_000;

type Rows = Vec<Option<PairRow>>;

/// Complete, each pair once, or an error.
pub(super) async fn all(erp: &LingxingErp, stores: &[String]) -> Result<Vec<SkuPair>, PortError> {
    let stores: Vec<&str> = stores.iter().map(|store| store.trim()).filter(|store| !store.is_empty()).collect();
    if stores.is_empty() {
        // The question would be about all stores.
        return Ok(Vec::new());
    }
    let rows = match by_cursor(erp, &stores).await? {
        Some(rows) => rows,
        None => by_offset(erp, &stores).await?,
    };
    let mut pairs = BTreeSet::new();
    for row in rows {
        pairs.extend(sku_pair(row, &stores)?);
    }
    Ok(pairs.into_iter().collect())
}

/// `None` when the vendor answers the first question as if no cursor had been asked for, as it did
/// before there was one.
async fn by_cursor(erp: &LingxingErp, stores: &[&str]) -> Result<Option<Rows>, PortError> {
    let endpoint = &erp.client.endpoints().pairs;
    let unreadable = |what: &str| PortError::invalid(format!("{}: {what}", endpoint.kind.name));
    let (mut rows, mut cursor, mut seen) = (Rows::new(), 0, HashSet::from([0]));
    for index in 0..MAX_PAGES {
        let request = PairRequest {
            store_ids: stores,
            length: LENGTH,
            use_cursor: Some(true),
            cursor_id: Some(cursor),
            offset: None,
        };
        let envelope = erp.client.read(endpoint, &request).await?;
        let page = envelope.page().ok_or_else(|| unreadable("no list in the answer"))?;
        let next: CursorData = envelope.data.as_ref().and_then(Raw::read).unwrap_or_default();
        match (next.has_next, next.next_cursor_id, page.total) {
            (None, None, Some(_)) if index == 0 => return Ok(None),
            (None, ..) => return Err(unreadable("the answer does not tell whether there is more")),
            (Some(true), None, _) => return Err(unreadable("the answer does not tell where to go on")),
            (Some(true), Some(next), _) if !seen.insert(next) => {
                return Err(PortError::retryable(format!("{}: the cursor goes round in circles", endpoint.kind.name)));
            }
            (Some(true), Some(next), _) => {
                rows.extend(page.rows);
                cursor = next;
            }
            (Some(false), ..) => {
                rows.extend(page.rows);
                return Ok(Some(rows));
            }
        }
    }
    Err(PortError::retryable(format!("{}: the list does not end", endpoint.kind.name)))
}

async fn by_offset(erp: &LingxingErp, stores: &[&str]) -> Result<Rows, PortError> {
    let endpoint = &erp.client.endpoints().pairs;
    let fetch = |index: usize| async move {
        let request = PairRequest {
            store_ids: stores,
            length: LENGTH,
            use_cursor: None,
            cursor_id: None,
            offset: Some(index * LENGTH),
        };
        erp.client.page(endpoint, &request).await
    };
    all_rows(endpoint.kind.name, LENGTH, fetch, |row: &Option<PairRow>| pair_key(row.as_ref())).await
}
