//! Missing mappings: one row for each key, saved together.

use std::collections::HashMap;

use ipass_core::erp::MasterRecord;
use ipass_core::ports::CauseGroup;
use ipass_core::run::Route;
use ipass_core::settings::Settings;
use serde_json::Value;

use super::offers::{Offered, Offers};
use crate::desk::{Desk, Fault, Page, Query};
use crate::pages::settings::{Table, gaps, map, warehouse_of};
use crate::text::{Text, causes as t, settings as s};

/// Rows that are shown; the largest gaps come first, the rest after they are closed.
pub(super) const MAX_ROWS: usize = 100;
/// Orders that are read to say what their lines are.
const SAMPLES: usize = 10;

/// A missing entry.
pub(super) struct Gap {
    pub(super) table: Table,
    /// What is missing; for SKUs the ERP's name, for which the channel's is typed.
    pub(super) key: String,
    /// Orders that it frees.
    pub(super) orders: u64,
    /// What was chosen or typed.
    pub(super) value: String,
    /// Id and words of what can be chosen; empty where the id is typed.
    pub(super) choices: Vec<(String, String)>,
    /// What to know about it.
    pub(super) note: String,
}

impl Gap {
    /// What the field stands for.
    pub(super) fn label(&self, p: &Page) -> String {
        p.t1(if self.table == Table::Sku { t::SKU_OF } else { t::ID }, &self.key)
    }
}

/// Choices that were sent, by table and key.
pub(super) type Chosen = HashMap<(Table, String), String>;

pub(super) fn chosen(sent: &Query) -> Chosen {
    let rows = sent.value("t.rows").parse::<usize>().unwrap_or(0).min(MAX_ROWS);
    let row = |at: usize| {
        let field = |part: &str| sent.value(&format!("t.{at}.{part}")).trim().to_owned();
        let value = field("value");
        let table = Table::of_key(&field("table"))?;
        (!value.is_empty()).then(|| ((table, field("key")), value))
    };
    (0..rows).filter_map(row).collect()
}

/// Puts the choices into a document. Answers keys that are mapped to something else already.
pub(super) fn apply(document: &mut Value, chosen: &Chosen) -> Vec<(String, Text)> {
    let mut problems = Vec::new();
    for ((table, missing), value) in chosen {
        // For SKUs the ERP's name is known and the channel's was typed.
        let (key, value) = match table {
            Table::Sku => (value, missing),
            Table::Shop | Table::Warehouse | Table::Shipment => (missing, value),
        };
        let present = document.get("mapping").and_then(|mapping| mapping.get(table.key())?.get(key)?.as_str());
        if present.is_some_and(|present| present != value) {
            problems.push((format!("mapping.{}.{key}", table.key()), s::KEY_TWICE));
        } else {
            map(document, *table, key, value);
        }
    }
    problems.sort_by(|a, b| a.0.cmp(&b.0));
    problems
}

/// The rows with what the ERP offers for each. The lists are read once for all rows of a table.
pub(super) async fn tray(
    desk: &Desk,
    page: &Page,
    offers: &Offers,
    groups: &[CauseGroup],
    settings: &Settings,
    chosen: &Chosen,
) -> Result<Vec<Gap>, Fault> {
    let route: &Route = page.route();
    let mut rows = Vec::new();
    for table in Table::ALL {
        let missing = gaps(groups, table);
        let offered = match table.offers() {
            Some(kind) if !missing.is_empty() => Some(offers.get(desk, route, kind).await),
            Some(_) | None => None,
        };
        for (key, orders) in missing {
            let value = chosen.get(&(table, key.clone())).cloned().unwrap_or_default();
            let (choices, note) = choices(page, table, &key, offered.as_ref(), settings);
            rows.push(Gap { table, key, orders, value, choices, note });
        }
    }
    rows.truncate(MAX_ROWS);
    for row in rows.iter_mut().filter(|row| row.table == Table::Sku).take(SAMPLES) {
        let group = groups.iter().find(|g| g.reason == Table::Sku.reason() && g.detail.as_ref() == Some(&row.key));
        let Some(group) = group else { continue };
        if let Some(order) = desk.store.order(&route.name, &group.sample).await? {
            row.note = page.t2(t::LINES, &group.sample, &order.row.sku_list);
        }
    }
    Ok(rows)
}

fn choices(
    page: &Page,
    table: Table,
    key: &str,
    offered: Option<&Offered>,
    settings: &Settings,
) -> (Vec<(String, String)>, String) {
    match offered {
        None => (Vec::new(), String::new()),
        Some(Err(why)) => (Vec::new(), page.t1(t::NO_LIST_WHY, page.t(*why))),
        Some(Ok(records)) => {
            let records = fitting(records, table, key, settings);
            let note = if records.is_empty() { page.t(t::NOTHING_LISTED).to_owned() } else { String::new() };
            let words = |record: &&MasterRecord| (record.id.clone(), format!("{} ({})", record.name, record.id));
            (records.iter().map(words).collect(), note)
        }
    }
}

/// A way to ship that belongs to one warehouse is offered for that warehouse only.
fn fitting<'a>(records: &'a [MasterRecord], table: Table, key: &str, settings: &Settings) -> Vec<&'a MasterRecord> {
    let warehouse = match table {
        Table::Shipment => warehouse_of(key, &settings.mapping).and_then(|code| settings.mapping.warehouse.get(code)),
        Table::Shop | Table::Warehouse | Table::Sku => None,
    };
    let fits = |record: &&MasterRecord| match (&record.warehouse_id, warehouse) {
        (Some(own), Some(warehouse)) => own == warehouse,
        (None, _) | (_, None) => true,
    };
    records.iter().filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn choices_become_entries_and_a_sku_is_turned_around() {
        let sent = Query::of(
            "t.rows=4&t.0.table=shop&t.0.key=100&t.0.value=+7+&t.1.table=sku&t.1.key=LX-1&t.1.value=A.B\
             &t.2.table=warehouse&t.2.key=WH&t.2.value=&t.3.table=other&t.3.key=x&t.3.value=y",
        );
        let chosen = chosen(&sent);
        assert_eq!(chosen.len(), 2);
        let mut document = json!({"mapping": {"shop": {"1": "2"}}});
        assert_eq!(apply(&mut document, &chosen), []);
        assert_eq!(document, json!({"mapping": {"shop": {"1": "2", "100": "7"}, "sku": {"A.B": "LX-1"}}}));
    }

    #[test]
    fn an_entry_that_is_there_is_not_changed_by_the_way() {
        let sent = Query::of("t.rows=1&t.0.table=sku&t.0.key=LX-2&t.0.value=A");
        let mut document = json!({"mapping": {"sku": {"A": "LX-1"}}});
        let problems = apply(&mut document, &chosen(&sent));
        assert_eq!(problems, [("mapping.sku.A".to_owned(), s::KEY_TWICE)]);
        assert_eq!(document, json!({"mapping": {"sku": {"A": "LX-1"}}}));
    }

    #[test]
    fn a_way_to_ship_is_offered_for_its_own_warehouse() {
        let record = |id: &str, warehouse: Option<&str>| MasterRecord {
            id: id.to_owned(),
            name: id.to_owned(),
            active: true,
            warehouse_id: warehouse.map(str::to_owned),
        };
        let records = [record("1", Some("33")), record("2", Some("44")), record("3", None)];
        let mut settings = Settings::default();
        settings.mapping.warehouse.insert("WH-CA".to_owned(), "33".to_owned());
        let ids = |key: &str| -> Vec<String> {
            fitting(&records, Table::Shipment, key, &settings).iter().map(|record| record.id.clone()).collect()
        };
        assert_eq!(ids("WH-CA-FEHD"), ["1", "3"]);
        assert_eq!(ids("WH-NY-FEHD"), ["1", "2", "3"], "a warehouse that is not mapped rules nothing out");
    }
}
