//! Does everything answer that a route needs? Reads only.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::erp::{MasterKind, MasterRecord};
use crate::order::PoNumber;
use crate::ports::{DocumentQuery, ErrorKind, InvoiceQuery, ItemName, OrderRef, PortError, Window, WindowKind};
use crate::run::Route;
use crate::settings::Settings;

/// An order that nobody has.
const NOBODYS: &str = "IPASS-DOCTOR-0";

/// The end of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// `Ok` with a word about it, or what is wrong and what to do.
    pub result: Result<String, String>,
}

/// Looks at both accounts of a route, call by call, and at its mappings.
pub async fn diagnose(route: &Route, settings: &Settings, now: DateTime<Utc>) -> Vec<Finding> {
    let mut found = Vec::new();
    channel(route, now, &mut found).await;
    erp(route, now, &mut found).await;
    mappings(route, settings, &mut found).await;
    found
}

fn say<T>(found: &mut Vec<Finding>, what: &str, result: Result<T, PortError>, fine: &str) -> Option<T> {
    let (result, value) = match result {
        Ok(value) => (Ok(fine.to_owned()), Some(value)),
        Err(error) => (Err(format!("{error}. {}", remedy(error.kind()))), None),
    };
    found.push(Finding { what: what.to_owned(), result });
    value
}

const fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Retryable => "Check the network, the base URL and this machine's clock, then try again.",
        ErrorKind::Throttled { .. } => "Something else uses the account's calls; try again later.",
        ErrorKind::Auth => "Check the credentials, the IP white list and this machine's clock.",
        ErrorKind::Clock => "Set this machine's clock right (NTP), then try again.",
        ErrorKind::Rejected => "Ask the vendor to permit this call for the account.",
        ErrorKind::Invalid => "Check the base URL; something else than the vendor's API may answer there.",
    }
}

async fn channel(route: &Route, now: DateTime<Utc>, found: &mut Vec<Finding>) {
    let nobody = PoNumber::new(NOBODYS);
    let Some(po) = nobody else { return };
    let order = OrderRef::by_number(po, now);
    let asked = route.source.fetch(std::slice::from_ref(&order)).await.and_then(first);
    say(found, "channel: credentials, one order", asked, "answers");
    let lag = chrono::Duration::from_std(route.source.capabilities().window_end_lag).unwrap_or_default();
    let end = now - lag;
    let window = Window { kind: WindowKind::Created, start: end - chrono::Duration::minutes(1), end };
    let page = route.source.page(window, None).await.map_err(|error| match error {
        crate::ports::PageError::Port(error) => error,
        crate::ports::PageError::CursorExpired | crate::ports::PageError::Repeated => {
            PortError::invalid("the list cannot be read")
        }
    });
    say(found, "channel: list of orders", page, "answers");
    if route.source.capabilities().invoices {
        let query = InvoiceQuery { order, thorough: true };
        let asked = route.source.find_invoices(&[query]).await.and_then(first);
        say(found, "channel: invoices", asked, "answers");
    }
    if let Some(inventory) = &route.inventory {
        let asked = inventory.levels(&[ItemName::own(NOBODYS)]).await.and_then(first);
        say(found, "channel: stock", asked, "answers");
    }
}

/// The answer to the only question.
fn first<K, T>(answers: Vec<crate::ports::Answer<K, T>>) -> Result<(), PortError> {
    answers.into_iter().next().map_or(Ok(()), |answer| answer.result.map(|_| ()))
}

async fn erp(route: &Route, now: DateTime<Utc>, found: &mut Vec<Finding>) {
    let Some(po) = PoNumber::new(NOBODYS) else { return };
    let asked = route.erp.find(std::slice::from_ref(&po)).await.and_then(first);
    say(found, "ERP: credentials, list of orders", asked, "answers");
    let query = DocumentQuery { po, store_id: None, since: now - chrono::Duration::days(1) };
    let asked = route.erp.documents(&[query]).await.and_then(first);
    say(found, "ERP: outbound documents", asked, "answers");
}

async fn mappings(route: &Route, settings: &Settings, found: &mut Vec<Finding>) {
    let mapping = &settings.mapping;
    let kinds = [
        ("store", MasterKind::Store, "mapping.shop", &mapping.shop),
        ("warehouse", MasterKind::Warehouse, "mapping.warehouse", &mapping.warehouse),
        ("logistics type", MasterKind::LogisticsType, "mapping.shipment", &mapping.shipment),
    ];
    for (name, kind, path, entries) in kinds {
        let listed = route.erp.master_data(kind).await;
        let Some(known) = say(found, &format!("ERP: list of {name}s"), listed, "answers") else { continue };
        found.push(Finding { what: path.to_owned(), result: compared(path, entries, &known) });
    }
    let Some(inventory) = &route.inventory else { return };
    if let Some(Some(codes)) = say(found, "channel: list of warehouses", inventory.warehouse_codes().await, "answers") {
        let missing: Vec<&str> =
            mapping.warehouse.keys().filter(|code| !codes.contains(code)).map(String::as_str).collect();
        let result = if missing.is_empty() {
            Ok(format!("the channel knows all {} warehouses", mapping.warehouse.len()))
        } else {
            Err(format!("the channel does not know {}. Correct the code, or create it there.", missing.join(", ")))
        };
        found.push(Finding { what: "mapping.warehouse at the channel".to_owned(), result });
    }
}

/// Every value of a mapping names something that the ERP has and uses.
fn compared(path: &str, entries: &BTreeMap<String, String>, known: &[MasterRecord]) -> Result<String, String> {
    if entries.is_empty() {
        return Err(format!("nothing is mapped. Add entries under settings, {path}."));
    }
    let usable = |id: &str| known.iter().any(|record| record.id == id && record.active);
    let wrong: Vec<String> =
        entries.iter().filter(|(_, id)| !usable(id)).map(|(ours, id)| format!("{ours} → {id}")).collect();
    if wrong.is_empty() {
        Ok(format!("all {} entries name something that the ERP uses", entries.len()))
    } else {
        Err(format!("the ERP does not have, or does not use: {}. Correct the entries.", wrong.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_the_erp_does_not_use_is_named() {
        let record =
            |id: &str, active| MasterRecord { id: id.to_owned(), name: "W".to_owned(), active, warehouse_id: None };
        let entries = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(ours, id)| ((*ours).to_owned(), (*id).to_owned())).collect::<BTreeMap<_, _>>()
        };
        let known = [record("1", true), record("2", false)];
        assert!(compared("mapping.warehouse", &entries(&[("WA", "1")]), &known).is_ok());
        let error = compared("mapping.warehouse", &entries(&[("WA", "1"), ("WB", "2"), ("WC", "3")]), &known);
        let error = error.unwrap_err();
        assert!(error.contains("WB → 2") && error.contains("WC → 3") && !error.contains("WA"), "{error}");
        assert!(compared("mapping.shop", &BTreeMap::new(), &known).is_err());
    }
}
