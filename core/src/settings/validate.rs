use std::collections::BTreeMap;

use super::{Mapping, Problem};
use crate::reason::BETWEEN;

/// The problems in one line.
pub fn listed(problems: &[Problem]) -> String {
    let told = |one: &Problem| format!("{}: {}", one.path, one.problem);
    problems.iter().map(told).collect::<Vec<_>>().join(BETWEEN)
}

/// Names that cannot be told apart on the way back from the ERP, one text per ERP SKU: `LX-1 ← A, B`.
pub fn reverse_sku_conflicts(mapping: &Mapping) -> Vec<String> {
    reverse_conflicts(&mapping.sku)
}

/// Warehouses that cannot be told apart on the way back from the ERP.
pub fn reverse_warehouse_conflicts(mapping: &Mapping) -> Vec<String> {
    reverse_conflicts(&mapping.warehouse)
}

fn reverse_conflicts(map: &BTreeMap<String, String>) -> Vec<String> {
    let mut back: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (ours, theirs) in map {
        back.entry(theirs).or_default().push(ours);
    }
    back.into_iter()
        .filter(|(_, names)| names.len() > 1)
        .map(|(theirs, names)| format!("{theirs} ← {}", names.join(", ")))
        .collect()
}
