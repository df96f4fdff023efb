//! Asynchronous requests and their change logs.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::envelope::{Reasons, invalid, not_found, pending, results};
use super::orders::turn_of;
use crate::clock::{parse_instant, zulu_form};
use crate::faults::Effect;
use crate::json::{self, Object};
use crate::state::Core;
use crate::wire::{Call, Reply, string_of};

/// Largest body of a batch: five megabytes.
pub(crate) const BATCH_BYTES: usize = 5_000_000;

/// What a queued item asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Acknowledge,
    Shipment,
    Invoice,
    ItemCancel,
    Inventory,
    /// Inventory with `skipItemsThatDontExist`: unknown items get no entry.
    KnownInventory,
}

impl Work {
    /// `requestMethodDetail` of the batch operation.
    fn api_name(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledgeOrders",
            Self::Shipment => "createShipmentSmallBatch",
            Self::Invoice => "createInvoiceSmallBatch",
            Self::ItemCancel => "cancelOrderItemSmallBatch",
            Self::Inventory | Self::KnownInventory => "updateInventorySmallBatch",
        }
    }
}

/// What becomes of an item apart from its validation.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    Normal,
    Silent { applied: bool },
    Fails(String),
}

#[derive(Debug)]
struct Item {
    /// Compact text of the object as it was sent.
    payload: Box<RawValue>,
    fate: Fate,
    /// Reasons of the failure; empty means success. `None` until processed or for ever silent.
    outcome: Option<Reasons>,
}

#[derive(Debug)]
struct Request {
    id: String,
    work: Work,
    received: DateTime<Utc>,
    done: DateTime<Utc>,
    items: Vec<Item>,
}

/// All requests in the order of their arrival.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    all: Vec<Request>,
    by_id: HashMap<String, usize>,
    /// First request that is not processed; the delay is constant, so they end in order.
    next: usize,
    ids: u64,
}

impl Requests {
    /// A number that the objects of the batch at hand share.
    pub(crate) fn next_id(&self) -> u64 {
        self.ids + 1
    }
}

impl Core {
    /// A new request id in the shape of a UUID.
    pub(crate) fn dsco_request_id(&mut self) -> String {
        self.dsco.requests.ids += 1;
        format!("{:08x}-0000-4000-8000-{:012x}", self.config.seed & 0xffff_ffff, self.dsco.requests.ids)
    }

    /// Processes every queued request whose time has come.
    pub(crate) fn dsco_settle(&mut self, now: DateTime<Utc>) {
        while let Some(request) = self.dsco.requests.all.get(self.dsco.requests.next) {
            if request.done > now {
                return;
            }
            let (position, work, done) = (self.dsco.requests.next, request.work, request.done);
            self.dsco.requests.next += 1;
            for item in 0..self.dsco.requests.all[position].items.len() {
                self.process(position, item, work, done);
            }
        }
    }

    fn process(&mut self, request: usize, item: usize, work: Work, at: DateTime<Utc>) {
        let entry = &self.dsco.requests.all[request].items[item];
        let fate = entry.fate.clone();
        let outcome = match fate {
            Fate::Fails(reason) => Some(vec![reason]),
            Fate::Silent { applied: false } => None,
            Fate::Silent { applied: true } | Fate::Normal => {
                let payload: Value = serde_json::from_str(entry.payload.get()).unwrap_or(Value::Null);
                let known = string_of(&payload, "sku").and_then(|sku| self.world.items.by_sku(sku));
                if work == Work::KnownInventory && known.is_none() {
                    None
                } else {
                    let reasons = self.apply(work, &payload, at).err().unwrap_or_default();
                    (fate == Fate::Normal).then_some(reasons)
                }
            }
        };
        self.dsco.requests.all[request].items[item].outcome = outcome;
    }

    /// Does one item's work now.
    pub(crate) fn apply(&mut self, work: Work, item: &Value, at: DateTime<Utc>) -> Result<(), Reasons> {
        match work {
            Work::Acknowledge => self.apply_acknowledge(item, at),
            Work::Shipment => self.apply_shipment(item, at),
            Work::Invoice => self.apply_invoice(item, at),
            Work::ItemCancel => self.apply_item_cancel(item, at),
            Work::Inventory | Work::KnownInventory => self.apply_inventory(item, at),
        }
    }

    /// Queues a batch and answers 202; nothing is checked beyond the JSON itself.
    pub(crate) fn enqueue(&mut self, call: &Call, work: Work) -> Reply {
        if call.body.len() > BATCH_BYTES {
            return invalid(call, "the body is larger than 5 MB");
        }
        let Ok(raw) = serde_json::from_slice::<Vec<&RawValue>>(&call.body) else {
            return invalid(call, "the body must be an array of objects");
        };
        let items: Vec<Item> = raw
            .iter()
            .enumerate()
            .map(|(position, raw)| {
                let value: Value = serde_json::from_str(raw.get()).unwrap_or(Value::Null);
                self.note(work, &value, call.now);
                Item {
                    payload: to_raw_value(&value).expect("a tree can be written"),
                    fate: fate_of(call.effect.as_ref(), position),
                    outcome: None,
                }
            })
            .collect();
        let id = self.dsco_request_id();
        let done = call.now + self.config.timing.log_delay;
        let requests = &mut self.dsco.requests;
        requests.by_id.insert(id.clone(), requests.all.len());
        requests.all.push(Request { id: id.clone(), work, received: call.now, done, items });
        pending(&id, call.now)
    }

    /// Records an attempt in the ledger when it arrives.
    pub(crate) fn note(&mut self, work: Work, item: &Value, now: DateTime<Utc>) {
        match work {
            Work::Acknowledge => self.note_acknowledge(item, now),
            Work::Shipment => self.note_shipment(item, now),
            Work::Invoice => self.note_invoice(item, now),
            Work::ItemCancel => {}
            Work::Inventory | Work::KnownInventory => self.note_inventory(item, now),
        }
    }
}

fn fate_of(effect: Option<&Effect>, position: usize) -> Fate {
    let hit = |item: &Option<usize>| item.is_none_or(|item| item == position);
    match effect {
        Some(Effect::LogSilent { applied, item }) if hit(item) => Fate::Silent { applied: *applied },
        Some(Effect::LogFails { reason, item }) if hit(item) => Fate::Fails(reason.clone()),
        _ => Fate::Normal,
    }
}

/// `GET /order/log`.
pub(crate) fn order_log(core: &mut Core, call: &Call) -> Reply {
    answer(core, call, &[Work::Acknowledge, Work::Shipment, Work::ItemCancel])
}

/// `GET /inventory/log`.
pub(crate) fn inventory_log(core: &mut Core, call: &Call) -> Reply {
    answer(core, call, &[Work::Inventory, Work::KnownInventory])
}

/// `GET /invoice/log`.
pub(crate) fn invoice_log(core: &mut Core, call: &Call) -> Reply {
    answer(core, call, &[Work::Invoice])
}

/// Bits of an entry's position in a scroll: request above, item below.
const ITEM_BITS: u32 = 20;

fn answer(core: &mut Core, call: &Call, works: &[Work]) -> Reply {
    let size = core.config.page_size_cap.clamp(1, 1000);
    if let Some(id) = call.query("scrollId") {
        if call.effect == Some(Effect::ScrollExpired) {
            core.dsco.scrolls.forget(id);
        }
        let Some(found) = core.dsco.scrolls.turn(id, turn_of(call), call.now) else {
            return not_found(call, "scrollId not found");
        };
        let body = json::object(|json| {
            entries(json, core, &found, call.now);
            json.put("scrollId", id);
        });
        return Reply::text(200, "application/json", body);
    }
    let by_request = call.query("requestId");
    let found = match search(core, call, works) {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let (scroll, page) = core.dsco.scrolls.start(found, size, turn_of(call), call.now);
    // The overall status is present only when one request was asked for.
    let status = by_request.map(|id| {
        let requests = &core.dsco.requests;
        let done = requests.by_id.get(id).is_some_and(|&position| requests.all[position].done <= call.now);
        if done { "COMPLETED" } else { "PROCESSING" }
    });
    let body = json::object(|json| {
        entries(json, core, &page, call.now);
        json.put_some("scrollId", scroll);
        json.put_some("status", status);
    });
    Reply::text(200, "application/json", body)
}

fn search(core: &Core, call: &Call, works: &[Work]) -> Result<Vec<usize>, Reply> {
    let requests = &core.dsco.requests;
    let wanted = call.query("status");
    let range = if let Some(id) = call.query("requestId") {
        match requests.by_id.get(id) {
            Some(&position) => position..position + 1,
            None => 0..0,
        }
    } else {
        let date = |name: &str| call.query(name).and_then(parse_instant);
        let (Some(start), Some(end)) = (date("startDate"), date("endDate")) else {
            return Err(invalid(call, "requestId or startDate and endDate are required"));
        };
        let from = requests.all.partition_point(|request| request.done < start);
        let to = requests.all.partition_point(|request| request.done < end);
        from..to.max(from)
    };
    let mut found = Vec::new();
    for position in range {
        let request = &requests.all[position];
        if !works.contains(&request.work) {
            continue;
        }
        for item in 0..request.items.len() {
            let Some(status) = status_of(request, item, call.now) else {
                continue;
            };
            let fits = match wanted {
                None => true,
                Some("success_or_failure") => status != "pending",
                Some(wanted) => wanted == status,
            };
            if fits {
                found.push((position << ITEM_BITS) | item);
            }
        }
    }
    Ok(found)
}

/// Status of an entry, `None` while or if it has none. In the first half of the processing time
/// there are no entries, in the second half they are pending.
fn status_of(request: &Request, item: usize, now: DateTime<Utc>) -> Option<&'static str> {
    let item = &request.items[item];
    if request.done > now {
        let half = request.received + (request.done - request.received) / 2;
        return (now >= half && !matches!(item.fate, Fate::Silent { .. })).then_some("pending");
    }
    item.outcome.as_ref().map(|reasons| if reasons.is_empty() { "success" } else { "failure" })
}

/// `logs` of an answer.
fn entries(json: &mut Object<'_>, core: &Core, found: &[usize], now: DateTime<Utc>) {
    let shown = found.iter().filter_map(|&key| {
        let request = core.dsco.requests.all.get(key >> ITEM_BITS)?;
        let position = key & ((1 << ITEM_BITS) - 1);
        Some((request, request.items.get(position)?, status_of(request, position, now)?))
    });
    json.array("logs", shown, |json, (request, item, status)| {
        json.put("dateProcessed", zulu_form(request.done.min(now)));
        json.put("payload", &item.payload);
        json.put("requestId", &request.id);
        json.put("requestMethod", "api");
        json.put("requestMethodDetail", request.work.api_name());
        json.put("results", results(item.outcome.as_deref().unwrap_or_default()));
        json.put("status", status);
    });
}
