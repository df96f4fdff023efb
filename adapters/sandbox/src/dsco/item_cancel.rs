//! The supplier cancels units: `POST /order/item/cancel` and its batch.
//!
//! The vendor does not say whether `cancelledQuantity` is a delta or a total. Here it is a delta:
//! sending it twice cancels twice.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::envelope::{Reasons, failure, invalid};
use super::log::Work;
use super::shipments::names_item;
use crate::clock::zulu_form;
use crate::state::Core;
use crate::wire::{Call, Reply, string_of};
use crate::world::order::{ChannelOrder, Status};

/// Codes that the retailers allow.
const CODES: [&str; 4] = ["CXSS", "CXSD", "CXSC", "CXSN"];

pub(crate) fn post_batch(core: &mut Core, call: &Call) -> Reply {
    core.enqueue(call, Work::ItemCancel)
}

pub(crate) fn post_single(core: &mut Core, call: &Call) -> Reply {
    let Ok(item) = serde_json::from_slice::<Value>(&call.body) else {
        return invalid(call, "the body is not JSON");
    };
    let id = core.dsco_request_id();
    match core.apply(Work::ItemCancel, &item, call.now) {
        Ok(()) => {
            let date = zulu_form(call.now);
            Reply::json(200, &json!({ "status": "success", "requestId": id, "eventDate": date }))
        }
        Err(reasons) => failure(400, "VALIDATION_FAILED", &reasons, &id, call.now),
    }
}

/// The line and units of one entry.
fn units(order: &ChannelOrder, line: &Value) -> Result<(u32, u32), String> {
    if !string_of(line, "cancelCode").is_some_and(|code| CODES.contains(&code)) {
        return Err("cancelCode is not allowed".to_owned());
    }
    let quantity = line["cancelledQuantity"].as_u64().and_then(|quantity| u32::try_from(quantity).ok());
    let quantity = quantity.filter(|&quantity| quantity > 0).ok_or("cancelledQuantity is required")?;
    let number = line["lineNumber"].as_u64();
    let meant: Vec<usize> = (0..order.lines.len())
        .filter(|&at| names_item(&order.lines[at], line) == Some(true))
        .filter(|&at| number.is_none_or(|number| u64::from(order.lines[at].number) == number))
        .collect();
    match meant[..] {
        [at] if quantity <= order.open_units(at) => Ok((order.lines[at].number, quantity)),
        [at] => Err(format!("Line {}: only {} can be cancelled", order.lines[at].number, order.open_units(at))),
        [] => Err("a line is not on the order".to_owned()),
        _ => Err("lineNumber is required".to_owned()),
    }
}

impl Core {
    /// Cancels all the units of one object, or none.
    pub(crate) fn apply_item_cancel(&mut self, item: &Value, at: DateTime<Utc>) -> Result<(), Reasons> {
        let found = self.orders_meant(item)?;
        let lines = item.get("lineItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if lines.is_empty() {
            return Err(vec!["lineItems is required".to_owned()]);
        }
        let Some(&position) = found.first() else { return Ok(()) };
        let order = self.world.order(position);
        if order.status == Status::Cancelled {
            return Err(vec!["the order is cancelled".to_owned()]);
        }
        let mut wanted = Vec::new();
        let mut reasons = Vec::new();
        for line in lines {
            match units(order, line) {
                Ok(found) => wanted.push(found),
                Err(reason) => reasons.push(reason),
            }
        }
        if !reasons.is_empty() {
            return Err(reasons);
        }
        self.world.change(position, at, |order| {
            for (line, quantity) in wanted {
                order.cancel_units(line, quantity, at);
            }
        });
        Ok(())
    }
}
