//! The record of everything that was received, and what of it must never have happened.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Creates of one purchase order in the ERP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateRecord {
    /// Requests that named the order.
    pub attempts: u64,
    /// Requests that made a system order.
    pub applied: u64,
    /// Error texts of the refused ones.
    pub errors: Vec<String>,
}

/// Acknowledgements of one purchase order at the channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AckRecord {
    /// Requests that named the order.
    pub attempts: u64,
    /// Requests that moved it from `created` to `shipment_pending`.
    pub applied: u64,
    /// Status of each system order of the number when the last request came (4 to review, 5 to
    /// ship, 6 shipped, 7 cancelled); without deleted and replacement orders.
    pub erp_states: Vec<u8>,
}

/// Reports of one parcel at the channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentRecord {
    /// Requests that held the tracking number.
    pub attempts: u64,
    /// Requests that were applied.
    pub applied: u64,
    /// Texts of the refused ones.
    pub errors: Vec<String>,
}

/// Invoices of one purchase order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceRecord {
    /// Requests that named the order.
    pub attempts: u64,
    /// Invoices that exist through requests (planted ones do not count).
    pub applied: u64,
    /// Invoice ids of the applied ones.
    pub ids: Vec<String>,
    /// Total of the last request, decimal text.
    pub total: String,
    /// Total by the configured price rule and the not cancelled quantities, decimal text.
    pub expected_total: String,
    /// Texts of the refused ones.
    pub errors: Vec<String>,
}

/// Cancellations of one system order in the ERP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRecord {
    /// Requests that named the order.
    pub attempts: u64,
    /// Requests that cancelled it.
    pub applied: u64,
    /// Requests to give its goods back (截单) that the warehouse took.
    #[serde(default)]
    pub recalls: u64,
    /// Purchase orders of the system order.
    #[serde(default)]
    pub pos: Vec<String>,
}

/// Inventory writes of one SKU at the channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockRecord {
    /// Objects that named the SKU.
    pub attempts: u64,
    /// Objects that were applied.
    pub applied: u64,
    /// Units per warehouse code in the last applied one.
    pub quantities: BTreeMap<String, i64>,
    /// Objects that came while an earlier one was still being processed.
    pub concurrent: u64,
    /// Texts of the refused ones.
    pub errors: Vec<String>,
}

/// Units of one order line, keyed `PO#line`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitRecord {
    /// Ordered and not cancelled.
    pub expected: u32,
    /// In the channel's packages after the last accepted report.
    pub shipped: u32,
    /// Invoiced and accepted.
    pub invoiced: u32,
}

/// Everything received so far; a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// Calls per kind (`GET /order/page`), refused ones included.
    pub calls: BTreeMap<String, u64>,
    /// Calls refused by a limiter, per kind.
    pub throttled: BTreeMap<String, u64>,
    /// Calls above a published limit that ran because limits are off, per kind.
    pub over_limit: BTreeMap<String, u64>,
    /// Highest number of Lingxing requests in flight, per kind.
    pub max_in_flight: BTreeMap<String, u64>,
    /// Faults that fired, per kind of call.
    pub faults: BTreeMap<String, u64>,
    /// Calls refused for their credentials, signature or clock: `kind code`.
    pub refused: BTreeMap<String, u64>,
    /// Calls to paths that do not exist.
    pub unknown_paths: BTreeMap<String, u64>,
    /// Creates per PO.
    pub creates: BTreeMap<String, CreateRecord>,
    /// Acknowledgements per PO.
    pub acks: BTreeMap<String, AckRecord>,
    /// Parcels per PO and tracking number.
    pub shipments: BTreeMap<String, BTreeMap<String, ShipmentRecord>>,
    /// Invoices per PO.
    pub invoices: BTreeMap<String, InvoiceRecord>,
    /// Cancellations per system order number.
    pub cancels: BTreeMap<String, CancelRecord>,
    /// Units per `PO#line`, for lines that were shipped or invoiced.
    pub units: BTreeMap<String, UnitRecord>,
    /// Applied creates beyond the first of a PO.
    pub duplicate_creates: u64,
    /// Applied reports beyond the first of a parcel.
    pub duplicate_shipments: u64,
    /// Applied invoices beyond the first of a PO.
    pub duplicate_invoices: u64,
    /// POs acknowledged before every system order was in status 5 or 6.
    pub early_acks: BTreeSet<String>,
    /// POs whose create or invoice had another sum than the order.
    pub wrong_amounts: BTreeSet<String>,
    /// POs whose create had other quantities than the order's not cancelled ones.
    pub wrong_quantities: BTreeSet<String>,
    /// `PO#line` with more units reported than ordered, accepted or not.
    pub over_shipped: BTreeSet<String>,
    /// `PO tracking` reported although no shipped document has that number.
    pub phantom_shipments: BTreeSet<String>,
    /// `PO tracking` reported with other units than its documents hold.
    pub wrong_parcels: BTreeSet<String>,
    /// `PO tracking` reported with a ship date that no document has.
    pub wrong_ship_dates: BTreeSet<String>,
    /// `PO what` written although the order was cancelled at the channel.
    pub writes_after_cancel: BTreeSet<String>,
    /// Inventory writes per SKU.
    pub stock: BTreeMap<String, StockRecord>,
    /// `SKU warehouse quantity` that the ERP did not show in the ten minutes before the write.
    pub wrong_stock: BTreeSet<String>,
    /// SKUs whose `quantityAvailable` was not the sum of the warehouses.
    pub wrong_stock_sums: BTreeSet<String>,
    /// SKUs with two objects in flight at one time.
    pub concurrent_stock: BTreeSet<String>,
    /// Inventory objects without `sku`.
    pub nameless_stock: u64,
    /// `SKU warehouse` left out although the channel had units there.
    pub omitted_warehouses: BTreeSet<String>,
    /// POs whose system order the client wanted ended although the channel had not cancelled them.
    pub needless_cancels: BTreeSet<String>,
}

impl Ledger {
    /// Counts one more of a kind.
    pub(crate) fn bump(map: &mut BTreeMap<String, u64>, key: &str) {
        if let Some(count) = map.get_mut(key) {
            *count += 1;
        } else {
            map.insert(key.to_owned(), 1);
        }
    }

    /// The channel has lost the invoices of a number: another one is no duplicate.
    pub(crate) fn forget_invoices(&mut self, po: &str) {
        if let Some(record) = self.invoices.get_mut(po) {
            record.applied = 0;
        }
    }

    /// The channel has set an order back: acknowledging and reporting it again is no duplicate.
    pub(crate) fn forget_reports(&mut self, po: &str) {
        if let Some(record) = self.acks.get_mut(po) {
            record.applied = 0;
        }
        for record in self.shipments.get_mut(po).into_iter().flat_map(BTreeMap::values_mut) {
            record.applied = 0;
        }
    }

    /// Calls of one kind so far.
    #[must_use]
    pub fn calls_of(&self, kind: &str) -> u64 {
        self.calls.get(kind).copied().unwrap_or(0)
    }

    /// Calls that a limiter refused, of any kind.
    #[must_use]
    pub fn throttled_total(&self) -> u64 {
        self.throttled.values().sum()
    }

    /// What was received and must never be sent, one sentence each; empty when all is well.
    ///
    /// Refused attempts are no violations by themselves, except units beyond the ordered ones.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (po, record) in self.creates.iter().filter(|(_, record)| record.applied > 1) {
            found.push(format!("{po} was created {} times in the ERP", record.applied));
        }
        for (po, parcels) in &self.shipments {
            for (tracking, record) in parcels.iter().filter(|(_, record)| record.applied > 1) {
                found.push(format!("{po}: parcel {tracking} was reported {} times", record.applied));
            }
        }
        for (po, record) in self.invoices.iter().filter(|(_, record)| record.applied > 1) {
            found.push(format!("{po} was invoiced {} times", record.applied));
        }
        let sets = [
            (&self.early_acks, "was acknowledged before the ERP had reviewed it"),
            (&self.wrong_amounts, "was sent with a wrong amount"),
            (&self.wrong_quantities, "was created with wrong quantities"),
            (&self.over_shipped, "had more units reported than ordered"),
            (&self.phantom_shipments, "was reported without a shipped document"),
            (&self.wrong_parcels, "was reported with other units than the parcel holds"),
            (&self.wrong_ship_dates, "was reported with a wrong ship date"),
            (&self.writes_after_cancel, "was written after the order was cancelled"),
            (&self.wrong_stock, "was written to the channel and never was the ERP's figure"),
            (&self.wrong_stock_sums, "was written with a total that is not the sum of its warehouses"),
            (&self.concurrent_stock, "was written while an earlier write of it was in flight"),
            (&self.omitted_warehouses, "was left out of a stock write although it had units"),
            (&self.needless_cancels, "was to be ended in the ERP although the channel had not cancelled it"),
        ];
        for (set, sentence) in sets {
            found.extend(set.iter().map(|what| format!("{what} {sentence}")));
        }
        if self.nameless_stock > 0 {
            found.push(format!("stock was written {} times without a sku", self.nameless_stock));
        }
        for (kind, count) in &self.unknown_paths {
            found.push(format!("{kind} does not exist and was called {count} times"));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_ledger_has_no_violations() {
        let mut ledger = Ledger::default();
        let one = CreateRecord { attempts: 2, applied: 1, errors: vec!["exists".into()] };
        ledger.creates.insert("A".into(), one);
        assert!(ledger.violations().is_empty());
    }

    #[test]
    fn duplicates_and_sets_are_named() {
        let mut ledger = Ledger::default();
        let twice = CreateRecord { attempts: 2, applied: 2, errors: Vec::new() };
        ledger.creates.insert("A".into(), twice);
        let parcel = ShipmentRecord { attempts: 2, applied: 2, errors: Vec::new() };
        ledger.shipments.entry("A".into()).or_default().insert("T1".into(), parcel);
        ledger.early_acks.insert("B".into());
        let found = ledger.violations();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].contains("created 2 times"));
    }
}
