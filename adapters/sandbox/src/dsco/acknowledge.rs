//! `POST /order/acknowledge`.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::envelope::Reasons;
use super::log::Work;
use crate::state::Core;
use crate::wire::{Call, Reply, string_of, text_of};
use crate::world::order::Status;

pub(crate) fn post(core: &mut Core, call: &Call) -> Reply {
    core.enqueue(call, Work::Acknowledge)
}

/// A status below 5 means that the ERP has not reviewed the part, 7 that it never will.
const REVIEWED: [u8; 2] = [5, 6];

impl Core {
    /// Orders that an `OrderId` means; a PO number may mean several.
    pub(super) fn orders_meant(&self, item: &Value) -> Result<Vec<usize>, Reasons> {
        let Some(id) = item.get("id").and_then(text_of) else {
            return Err(vec!["id is required".to_owned()]);
        };
        let found: Vec<usize> = match string_of(item, "type") {
            Some("DSCO_ORDER_ID") => self.world.by_id(&id).into_iter().collect(),
            Some("PO_NUMBER") => self.world.by_po(&id).to_vec(),
            Some("SUPPLIER_ORDER_NUMBER") => (0..self.world.orders().len())
                .filter(|&p| self.world.order(p).supplier_order_number.as_deref() == Some(&*id))
                .collect(),
            _ => return Err(vec!["type is required".to_owned()]),
        };
        if found.is_empty() { Err(vec![format!("order {id} not found")]) } else { Ok(found) }
    }

    pub(crate) fn note_acknowledge(&mut self, item: &Value, now: DateTime<Utc>) {
        let Ok(found) = self.orders_meant(item) else {
            return;
        };
        for position in found {
            let order = self.world.order(position);
            let po = order.po.to_string();
            if order.status == Status::Cancelled {
                self.ledger.writes_after_cancel.insert(format!("{po} acknowledgement"));
            }
            let states = self.world.erp_states(&po, now);
            if states.is_empty() || !states.iter().all(|state| REVIEWED.contains(state)) {
                self.ledger.early_acks.insert(po.clone());
            }
            let record = self.ledger.acks.entry(po).or_default();
            record.attempts += 1;
            record.erp_states = states;
        }
    }

    /// `created` turns `shipment_pending`; doing it again is harmless.
    pub(crate) fn apply_acknowledge(&mut self, item: &Value, at: DateTime<Utc>) -> Result<(), Reasons> {
        let found = self.orders_meant(item)?;
        let number = string_of(item, "supplierOrderNumber");
        for position in found {
            match self.world.order(position).status {
                Status::Cancelled => return Err(vec!["the order is cancelled".to_owned()]),
                Status::ShipmentPending | Status::Shipped => {}
                Status::Created => {
                    self.world.change(position, at, |order| {
                        order.status = Status::ShipmentPending;
                        order.acknowledged = true;
                        if let Some(number) = number {
                            order.supplier_order_number = Some(number.into());
                        }
                    });
                    let po = self.world.order(position).po.to_string();
                    self.ledger.acks.entry(po).or_default().applied += 1;
                    let timing = self.config.timing;
                    self.world.acknowledged(position, &timing, at);
                }
            }
        }
        Ok(())
    }
}
