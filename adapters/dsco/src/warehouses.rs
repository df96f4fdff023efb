//! The warehouses that the account has at the vendor.

use std::collections::HashSet;

use ipass_core::ports::{PageError, PortError};
use ipass_http_kit::{CallKind, Reply, Request};

use crate::client::Client;
use crate::dto::Object;
use crate::error::{error_of, says_failure};
use crate::settle::MAX_PAGES;

/// A search that breaks off is begun again, so often.
const ATTEMPTS: u32 = 3;

struct WarehousePage {
    scroll_id: Option<String>,
    codes: Vec<String>,
}

impl Client {
    /// `GET /warehouse/page` to its end: the supplier's codes, each once, in the vendor's order.
    pub(crate) async fn warehouse_codes(&self) -> Result<Vec<String>, PortError> {
        for _ in 0..ATTEMPTS {
            match self.all_warehouses().await {
                Ok(codes) => return Ok(codes),
                Err(PageError::CursorExpired | PageError::Repeated) => {}
                Err(PageError::Port(error)) => return Err(error),
            }
        }
        let name = self.kinds.warehouses.name;
        Err(PortError::retryable(format!("{name}: the list broke off {ATTEMPTS} times")))
    }

    async fn all_warehouses(&self) -> Result<Vec<String>, PageError> {
        let kind = &self.kinds.warehouses;
        let path = "/warehouse/page";
        let mut seen = HashSet::new();
        let mut codes = Vec::new();
        let mut page = warehouse_page(kind, &self.read(kind, &Request::get(path)).await?)?;
        for _ in 0..MAX_PAGES {
            let empty = page.codes.is_empty();
            codes.extend(page.codes.into_iter().filter(|code| seen.insert(code.clone())));
            let Some(scroll_id) = page.scroll_id.filter(|_| !empty) else { return Ok(codes) };
            page = warehouse_page(kind, &self.scroll(kind, path, &scroll_id).await?)?;
        }
        Err(PortError::retryable(format!("{}: the list is longer than {MAX_PAGES} pages", kind.name)).into())
    }
}

fn warehouse_page(kind: &CallKind, reply: &Reply) -> Result<WarehousePage, PortError> {
    if !reply.is_success() || says_failure(&reply.body) {
        return Err(error_of(kind.name, reply));
    }
    let text = String::from_utf8_lossy(&reply.body);
    let page = Object::read(&text).ok_or_else(|| error_of(kind.name, reply))?;
    if !page.names("warehouses") {
        return Err(PortError::invalid(format!("{}: the answer holds no list of warehouses", kind.name)));
    }
    let codes = page
        .objects("warehouses")?
        .iter()
        .map(|warehouse| warehouse.required_text("code"))
        .collect::<Result<_, _>>()?;
    Ok(WarehousePage { scroll_id: page.text("scrollId"), codes })
}
