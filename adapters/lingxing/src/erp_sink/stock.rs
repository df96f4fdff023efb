//! Stock of whole warehouses: complete, or an error.

use std::collections::HashSet;

use ipass_core::erp::ErpStock;
use ipass_core::ports::{Answer, ErrorKind, PortError};

use super::LingxingErp;
use crate::convert::{stock, stock_key};
use crate::dto::{StockRequest, StockRow};

/// Rows of a page (documented maximum).
const LENGTH: usize = 800;

/// Readings of one warehouse before it counts as unreadable. A page is slow, and the vendor takes
/// one at a time.
const READINGS: usize = 2;

/// One answer per warehouse. After a refused credential or time the rest is not asked for.
pub(super) async fn all(erp: &LingxingErp, warehouses: &[String]) -> Vec<Answer<String, Vec<ErpStock>>> {
    let mut answers = Vec::with_capacity(warehouses.len());
    let mut shut = None;
    for warehouse in warehouses {
        let result = match &shut {
            Some(error) => Err(PortError::clone(error)),
            None => of_warehouse(erp, warehouse.trim()).await,
        };
        let shuts = |error: &&PortError| matches!(error.kind(), ErrorKind::Auth | ErrorKind::Clock);
        shut = result.as_ref().err().filter(shuts).cloned();
        answers.push(Answer { key: warehouse.clone(), result });
    }
    answers
}

async fn of_warehouse(erp: &LingxingErp, warehouse: &str) -> Result<Vec<ErpStock>, PortError> {
    if warehouse.is_empty() {
        // The question would be about all warehouses.
        return Err(PortError::invalid("a warehouse without an id has no stock"));
    }
    for _ in 0..READINGS {
        if let Some(rows) = reading(erp, warehouse).await? {
            return rows.iter().map(|row| stock(row.as_ref(), warehouse)).collect();
        }
    }
    Err(PortError::retryable(format!("warehouse {warehouse}: its stock keeps changing while it is read")))
}

/// One reading; `None` when its pages do not fit together: a total that is missing or changes, a page
/// that is shorter or longer than the total wants it, a row that another page had already.
async fn reading(erp: &LingxingErp, warehouse: &str) -> Result<Option<Vec<Option<StockRow>>>, PortError> {
    let (mut rows, mut seen, mut total) = (Vec::new(), HashSet::new(), None);
    loop {
        let request = StockRequest { wid: warehouse, offset: rows.len(), length: LENGTH };
        let page = erp.client.page(&erp.client.endpoints().stock, &request).await?;
        let Some(whole) = page.total else { return Ok(None) };
        let changed = total.replace(whole).is_some_and(|before| before != whole);
        let expected = LENGTH.min(whole.saturating_sub(rows.len()));
        if changed || page.rows.len() != expected {
            return Ok(None);
        }
        let keys: HashSet<_> = page.rows.iter().flatten().map(stock_key).collect();
        if !seen.is_disjoint(&keys) {
            return Ok(None);
        }
        seen.extend(keys);
        rows.extend(page.rows);
        if rows.len() >= whole {
            return Ok(Some(rows));
        }
    }
}
