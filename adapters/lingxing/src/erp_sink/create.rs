//! Creating orders: one store per call, one effect per order.

use std::collections::VecDeque;

use ipass_core::erp::ErpOrderDraft;
use ipass_core::order::PoNumber;
use ipass_core::ports::{Batch, Effect, ErrorKind, Outcome, PortError};

use super::LingxingErp;
use crate::client::WriteFailure;
use crate::convert::{new_order, remote_words};
use crate::dto::{CreateData, CreateDetail, CreateRequest, NewOrder, Raw};

/// Orders in one call. The vendor documents no limit.
pub(super) const MAX_ORDERS: usize = 20;

type Outcomes = Vec<Outcome<PoNumber, String>>;

/// An order that is ready to be sent.
struct Ready<'a> {
    draft: &'a ErpOrderDraft,
    order: NewOrder,
}

/// Sends the drafts, grouped by store, in their order.
///
/// `Err` only when the vendor has none of them beyond doubt. A call that is refused as a whole while
/// others are not is halved until the bad order stands alone: a refused call has changed nothing.
pub(super) async fn all(erp: &LingxingErp, drafts: &[ErpOrderDraft]) -> Batch<PoNumber, String> {
    let (mut outcomes, ready) = prepared(drafts);
    let mut calls = calls(ready);
    let only_call = calls.len() == 1 && outcomes.is_empty();
    let mut reached = !outcomes.is_empty();
    while let Some(mut call) = calls.pop_front() {
        let error = match send(erp, &call).await.map_err(|failure| redacted(failure, &call)) {
            Ok(effects) => {
                outcomes.extend(effects);
                reached = true;
                continue;
            }
            Err(failure) if !failure.certain => {
                outcomes.extend(call.iter().map(|ready| outcome(ready, Effect::Unknown(failure.error.clone()))));
                reached = true;
                continue;
            }
            Err(failure) => failure.error,
        };
        let about_the_orders = matches!(error.kind(), ErrorKind::Rejected | ErrorKind::Invalid);
        if only_call || (!about_the_orders && !reached) {
            return Err(error);
        }
        reached = true;
        if about_the_orders && call.len() > 1 {
            let second = call.split_off(call.len() / 2);
            calls.push_front(second);
            calls.push_front(call);
            continue;
        }
        // The next call would meet the same closed door.
        let rest = if about_the_orders { Vec::new() } else { calls.drain(..).flatten().collect() };
        outcomes.extend(call.iter().chain(&rest).map(|ready| outcome(ready, Effect::NotApplied(error.clone()))));
    }
    Ok(outcomes)
}

/// The outcomes of drafts that cannot be sent, and the others.
fn prepared(drafts: &[ErpOrderDraft]) -> (Outcomes, Vec<Ready<'_>>) {
    let (mut outcomes, mut ready) = (Vec::new(), Vec::new());
    for draft in drafts {
        match new_order(draft) {
            Ok(order) => ready.push(Ready { draft, order }),
            Err(error) => outcomes.push(Outcome { key: draft.po.clone(), effect: Effect::NotApplied(error) }),
        }
    }
    (outcomes, ready)
}

/// One list per call: one store, at most [`MAX_ORDERS`], in the order of the drafts.
fn calls(ready: Vec<Ready<'_>>) -> VecDeque<Vec<Ready<'_>>> {
    let mut calls: VecDeque<Vec<Ready<'_>>> = VecDeque::new();
    for ready in ready {
        let store = &ready.draft.store_id;
        let has_room = |call: &&mut Vec<Ready<'_>>| {
            call.len() < MAX_ORDERS && call.first().is_some_and(|first| first.draft.store_id == *store)
        };
        match calls.iter_mut().find(has_room) {
            Some(call) => call.push(ready),
            None => calls.push_back(vec![ready]),
        }
    }
    calls
}

/// The vendor's words about a whole call, with whatever of its addresses they repeat taken out.
fn redacted(failure: WriteFailure, call: &[Ready<'_>]) -> WriteFailure {
    let words = call.iter().fold(failure.error.message().to_owned(), |words, ready| remote_words(ready.draft, &words));
    if words == failure.error.message() {
        return failure;
    }
    WriteFailure { error: PortError::new(failure.error.kind(), words), certain: failure.certain }
}

async fn send(erp: &LingxingErp, call: &[Ready<'_>]) -> Result<Outcomes, WriteFailure> {
    let Some(first) = call.first() else { return Ok(Vec::new()) };
    let orders: Vec<&NewOrder> = call.iter().map(|ready| &ready.order).collect();
    let request =
        CreateRequest { platform_code: erp.platform_code, store_id: first.draft.store_id.trim(), orders: &orders };
    let envelope = erp.client.write(&erp.client.endpoints().create, &request).await?;
    let data = envelope.data.as_ref().and_then(Raw::read).unwrap_or_default();
    Ok(call.iter().map(|ready| outcome(ready, effect(ready.draft, &data))).collect())
}

/// What the answer says about one order: exactly one list has to name it.
fn effect(draft: &ErpOrderDraft, data: &CreateData) -> Effect<String> {
    let po = draft.po.as_str();
    let about =
        |details: &'_ [CreateDetail]| details.iter().position(|detail| detail.platform_order_no.as_deref() == Some(po));
    let success = about(&data.success_details).map(|at| &data.success_details[at]);
    let refusal = about(&data.error_details).map(|at| &data.error_details[at]);
    let unknown =
        |what: &str| Effect::Unknown(PortError::retryable(format!("order {po}: the answer to the create {what}")));
    match (success, refusal) {
        (Some(detail), None) => match &detail.global_order_no {
            Some(number) => Effect::Applied(number.clone()),
            None => unknown("names success without a number"),
        },
        (None, Some(detail)) => {
            let words = remote_words(draft, detail.error_message.as_deref().unwrap_or("refused without words"));
            Effect::NotApplied(PortError::rejected(words))
        }
        (Some(_), Some(_)) => unknown("names success and error"),
        (None, None) => unknown("names neither success nor error"),
    }
}

fn outcome(ready: &Ready<'_>, effect: Effect<String>) -> Outcome<PoNumber, String> {
    Outcome { key: ready.draft.po.clone(), effect }
}
