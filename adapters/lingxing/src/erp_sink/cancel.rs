//! Ending orders: taken back from the warehouse, then cancelled.

use std::collections::{HashMap, HashSet, VecDeque};

use ipass_core::erp::ErpStatus;
use ipass_core::order::PoNumber;
use ipass_core::ports::{Batch, Effect, ErpCancel, ErrorKind, Outcome, PortError};

use super::{LingxingErp, find};
use crate::client::WriteFailure;
use crate::convert::{Part, cancelled, effect, parts, recalled};
use crate::dto::{CancelData, CancelRequest, Raw, RecallRequest};

/// System orders in one call. The vendor documents no limit.
const MAX_NUMBERS: usize = 20;

/// "Back to review": what the vendor does with an order that was taken back.
const TO_REVIEW: &str = "3-5";

/// One of the two calls.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// `wmsOrder/cancel` (截单): from the warehouse back to review.
    Recall,
    /// `cancelOrder` (标记不发货): from review to its end.
    Cancel,
}

impl Step {
    fn parts(self, cancel: &ErpCancel) -> Result<Vec<&str>, PortError> {
        match self {
            Self::Recall => parts(cancel, &ErpStatus::ToShip, Some(&ErpStatus::Open)),
            Self::Cancel => parts(cancel, &ErpStatus::Open, None),
        }
    }

    async fn send(self, erp: &LingxingErp, numbers: &[&str]) -> Result<Vec<Part>, WriteFailure> {
        let endpoints = erp.client.endpoints();
        let envelope = match self {
            Self::Recall => {
                let request = RecallRequest { order_numbers: numbers, tag_type: TO_REVIEW };
                erp.client.write(&endpoints.recall, &request).await?
            }
            Self::Cancel => erp.client.write(&endpoints.cancel, &CancelRequest { order_list: numbers }).await?,
        };
        let data: Option<CancelData> = envelope.data.as_ref().and_then(Raw::read);
        Ok(match self {
            Self::Recall => recalled(numbers, data.as_ref()),
            Self::Cancel => cancelled(numbers, data.as_ref()),
        })
    }
}

/// An order that is ready to be sent, with the numbers of its parts.
struct Ready<'a> {
    cancel: &'a ErpCancel,
    numbers: Vec<&'a str>,
}

/// One effect per order.
///
/// `Err` only when nothing was changed beyond doubt. A call that is refused as a whole while others
/// are not is halved until the bad number stands alone.
pub(super) async fn all(erp: &LingxingErp, step: Step, cancels: &[ErpCancel]) -> Batch<PoNumber> {
    let (mut outcomes, mut ready) = (Vec::new(), Vec::new());
    for cancel in cancels {
        match step.parts(cancel) {
            Ok(numbers) => ready.push(Ready { cancel, numbers }),
            Err(error) => outcomes.push(outcome(cancel, Effect::NotApplied(error))),
        }
    }
    if ready.is_empty() {
        return Ok(outcomes);
    }
    let pos: Vec<PoNumber> = ready.iter().map(|ready| ready.cancel.po.clone()).collect();
    let shared = find::shared_with_others(erp, &pos).await?;
    ready.retain(|ready| {
        let number = ready.numbers.iter().find(|number| shared.contains(**number));
        if let Some(number) = number {
            let message = format!("order {}: {number} was merged with other orders; end it by hand", ready.cancel.po);
            outcomes.push(outcome(ready.cancel, Effect::NotApplied(PortError::rejected(message))));
        }
        number.is_none()
    });
    let known = sent(erp, step, &ready).await?;
    for Ready { cancel, numbers } in &ready {
        let part = |number: &&str| known.get(number).cloned().unwrap_or(Part::Asked);
        let parts: Vec<Part> = numbers.iter().map(part).collect();
        outcomes.push(outcome(cancel, effect(cancel, &parts)));
    }
    Ok(outcomes)
}

/// What became of each number; one that two orders name is sent once.
async fn sent<'a>(erp: &LingxingErp, step: Step, ready: &[Ready<'a>]) -> Result<HashMap<&'a str, Part>, PortError> {
    let mut seen = HashSet::new();
    let numbers = ready.iter().flat_map(|ready| ready.numbers.iter().copied());
    let numbers: Vec<&str> = numbers.filter(|number| seen.insert(*number)).collect();
    let mut calls: VecDeque<Vec<&str>> = numbers.chunks(MAX_NUMBERS).map(<[&str]>::to_vec).collect();
    let only_call = calls.len() == 1;
    let (mut known, mut reached) = (HashMap::new(), false);
    while let Some(mut call) = calls.pop_front() {
        let error = match step.send(erp, &call).await {
            Ok(parts) => {
                known.extend(call.into_iter().zip(parts));
                reached = true;
                continue;
            }
            Err(failure) if !failure.certain => {
                known.extend(call.into_iter().map(|number| (number, Part::Lost(failure.error.clone()))));
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
        known.extend(call.into_iter().chain(rest).map(|number| (number, Part::Unsent(error.clone()))));
    }
    Ok(known)
}

fn outcome(cancel: &ErpCancel, effect: Effect) -> Outcome<PoNumber> {
    Outcome { key: cancel.po.clone(), effect }
}
