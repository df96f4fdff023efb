//! Questions that the ledger asks both ends of the world.

use chrono::{DateTime, Utc};

use super::World;
use super::erp::{Document, DocumentState, SystemOrder};

impl World {
    /// Status of each live system order of a number: what an acknowledgement must wait for.
    /// Deleted rows and replacements do not count.
    pub(crate) fn erp_states(&self, po: &str, now: DateTime<Utc>) -> Vec<u8> {
        self.live(po, now).map(|system| system.status(now)).collect()
    }

    fn live(&self, po: &str, now: DateTime<Utc>) -> impl Iterator<Item = &SystemOrder> {
        self.systems_of(po)
            .iter()
            .map(|&position| &self.systems[position])
            .filter(move |system| system.exists(now) && !system.deleted && !system.resent)
    }

    /// Documents of a number that have left with a tracking number.
    pub(crate) fn departed<'a>(
        &'a self,
        po: &'a str,
        tracking: &'a str,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = (&'a SystemOrder, &'a Document)> {
        self.live(po, now).flat_map(|system| system.documents.iter().map(move |document| (system, document))).filter(
            move |(_, document)| {
                document.state(now) == DocumentState::Shipped && document.trackings().contains(&tracking)
            },
        )
    }

    /// Units of a number in the departed documents with a tracking number. `None` when a
    /// document holds several numbers: its units cannot be told apart.
    pub(crate) fn departed_units(&self, po: &str, tracking: &str, now: DateTime<Utc>) -> Option<u32> {
        let mut units = 0;
        for (system, document) in self.departed(po, tracking, now) {
            if document.trackings().len() > 1 {
                return None;
            }
            units += document
                .items
                .iter()
                .filter(|(item, _)| &*system.items[*item].po == po)
                .map(|(_, quantity)| quantity)
                .sum::<u32>();
        }
        Some(units)
    }
}
