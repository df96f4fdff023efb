//! `cancelOrder` (标记订单不发货) and `wmsOrder/cancel` (截单).

use serde_json::{Value, json};

use super::envelope::{gateway, java};
use crate::state::Core;
use crate::wire::{Call, Reply};

fn numbers<'a>(body: &'a Value, name: &str) -> Option<Vec<&'a str>> {
    body.get(name)?.as_array()?.iter().map(Value::as_str).collect()
}

fn position(core: &Core, number: &str, now: chrono::DateTime<chrono::Utc>) -> Option<usize> {
    let number: u64 = number.parse().ok()?;
    core.world.systems.iter().position(|system| system.number == number && system.exists(now) && !system.deleted)
}

/// Marks orders "do not ship": only those that wait for review.
pub(crate) fn mark_not_shipped(core: &mut Core, call: &Call, body: &Value) -> Reply {
    let Some(numbers) = numbers(body, "order_list") else {
        return gateway("102", call.now);
    };
    let mut failed: Vec<Value> = Vec::new();
    for number in &numbers {
        core.ledger.cancels.entry((*number).to_owned()).or_default().attempts += 1;
        let message = match position(core, number, call.now) {
            None => "订单不存在！",
            Some(at) if core.world.systems[at].status(call.now) == 4 => {
                core.world.systems[at].cancelled_at = Some(call.now);
                core.ledger.cancels.entry((*number).to_owned()).or_default().applied += 1;
                continue;
            }
            Some(_) => "订单状态不允许操作",
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

/// Cuts documents off and sends the order back to review; shipped ones refuse.
pub(crate) fn cut_off(core: &mut Core, call: &Call, body: &Value) -> Reply {
    let Some(numbers) = numbers(body, "orderNumbers").filter(|_| body["tagType"].is_string()) else {
        return gateway("102", call.now);
    };
    let mut failed: Vec<Value> = Vec::new();
    for number in &numbers {
        let message = match position(core, number, call.now) {
            None => "订单不存在！",
            Some(at) if core.world.systems[at].status(call.now) == 5 => {
                let system = &mut core.world.systems[at];
                system.reviewed_at = None;
                for document in &mut system.documents {
                    document.cut_at = Some(call.now);
                }
                continue;
            }
            Some(_) => "订单状态不允许操作",
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
    java(&data, core.lingxing.requests, call.now)
}
