//! `cancelOrder` (标记订单不发货) and `wmsOrder/cancel` (截单).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::envelope::{gateway, java, warehouse_service};
use crate::faults::Effect;
use crate::ledger::CancelRecord;
use crate::state::Core;
use crate::wire::{Call, Reply};
use crate::world::cancellation::RecallAnswer;
use crate::world::order::Status;

/// What the vendor says to an order that is not in a state for it.
const WRONG_STATE: &str = "订单状态不允许操作";
/// What it says to a number that it does not know.
const UNKNOWN: &str = "订单不存在！";

fn numbers<'a>(body: &'a Value, name: &str) -> Option<Vec<&'a str>> {
    body.get(name)?.as_array()?.iter().map(Value::as_str).collect()
}

fn position(core: &Core, number: &str, now: DateTime<Utc>) -> Option<usize> {
    let number: u64 = number.parse().ok()?;
    core.world.systems.iter().position(|system| system.number == number && system.exists(now) && !system.deleted)
}

/// The ledger's record of a system order, with its purchase orders; notes that the channel has not
/// cancelled one of them.
fn record<'a>(core: &'a mut Core, number: &str, at: Option<usize>) -> &'a mut CancelRecord {
    let pos = at.map_or(&[][..], |at| &core.world.systems[at].pos);
    let pos: Vec<String> = pos.iter().map(ToString::to_string).collect();
    for po in &pos {
        let channel = core.world.by_po(po).first().map(|&position| core.world.order(position));
        if channel.is_some_and(|order| order.status != Status::Cancelled) {
            core.ledger.needless_cancels.insert(po.clone());
        }
    }
    let record = core.ledger.cancels.entry(number.to_owned()).or_default();
    if !pos.is_empty() {
        record.pos = pos;
    }
    record
}

/// Marks orders "do not ship": only those that wait for review. An order that staff will not let go
/// of is refused.
pub(crate) fn mark_not_shipped(core: &mut Core, call: &Call, body: &Value) -> Reply {
    let Some(numbers) = numbers(body, "order_list") else {
        return gateway("102", call.now);
    };
    let mut failed: Vec<Value> = Vec::new();
    for (place, number) in numbers.iter().enumerate() {
        let at = position(core, number, call.now);
        record(core, number, at).attempts += 1;
        let message = match at {
            _ if call.effect == Some(Effect::RefuseItem(place)) => WRONG_STATE,
            None => UNKNOWN,
            Some(at) => {
                let system = &core.world.systems[at];
                if system.status(call.now) == 4 && !system.refuses_recall {
                    core.world.cancel_system(at, call.now);
                    record(core, number, Some(at)).applied += 1;
                    continue;
                }
                WRONG_STATE
            }
        };
        failed.push(json!({ "global_order_no": number, "message": message }));
    }
    let done = numbers.len() - failed.len();
    // The vendor's all-failed example shows the code of partial success.
    let process = if failed.is_empty() { 10_002 } else { 10_001 };
    let data = json!({
        "success_num": done,
        "fail_num": failed.len(),
        "process_code": process,
        "failure_info": failed,
    });
    java(&data, core.lingxing.requests, call.now)
}

/// Asks the warehouse for the goods: it answers later, by the status of the order (back to 4, or
/// unchanged). Orders that have left, in part or whole, are refused at once.
pub(crate) fn cut_off(core: &mut Core, call: &Call, body: &Value) -> Reply {
    let tag = matches!(body["tagType"].as_str(), Some("3-5" | "3-17"));
    let Some(numbers) = numbers(body, "orderNumbers").filter(|_| tag) else {
        return gateway("102", call.now);
    };
    let timing = core.config.timing;
    let mut failed: Vec<Value> = Vec::new();
    for (place, number) in numbers.iter().enumerate() {
        let at = position(core, number, call.now);
        let refused = call.effect == Some(Effect::RefuseItem(place));
        let answer = at.filter(|_| !refused).map(|at| core.world.recall(at, &timing, call.now));
        let record = record(core, number, at);
        record.attempts += 1;
        let message = match answer {
            None if refused => WRONG_STATE,
            None => UNKNOWN,
            Some(RecallAnswer::Asked) => {
                record.recalls += 1;
                continue;
            }
            Some(RecallAnswer::Running) => "该单号正在截单中",
            Some(RecallAnswer::NotNow) => WRONG_STATE,
        };
        failed.push(json!({ "orderNumber": number, "message": message }));
    }
    let data = if failed.is_empty() {
        Value::Null
    } else {
        json!({
            "successNum": numbers.len() - failed.len(),
            "failedNum": failed.len(),
            "failedReason": failed,
        })
    };
    warehouse_service(&data, core.lingxing.requests, call.now)
}
