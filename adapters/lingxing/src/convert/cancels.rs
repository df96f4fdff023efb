//! What an order's end asks for, and what the answers say about each part of it.

use ipass_core::erp::{ErpOrder, ErpStatus};
use ipass_core::ports::{Effect, ErpCancel, PortError};

use crate::dto::{CancelData, CancelFailure};
use crate::error::plain;

/// What became of one system order.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// The answer proves that it is done.
    Done,
    /// The request was taken; its end shows in the order.
    Asked,
    /// The vendor said no to it.
    Refused(PortError),
    /// Nothing was changed, because its call was refused as a whole or not sent.
    Unsent(PortError),
    /// The answer was lost, or says nothing about it.
    Lost(PortError),
}

/// The numbers of the parts in `wanted`. An error when there is none, or when a part is neither
/// wanted, nor `settled`, nor cancelled: an order is ended as a whole or not at all.
pub(crate) fn parts<'a>(
    cancel: &'a ErpCancel,
    wanted: &ErpStatus,
    settled: Option<&ErpStatus>,
) -> Result<Vec<&'a str>, PortError> {
    let mut numbers = Vec::new();
    // Of a deleted part nothing comes, and a second sending is no part of the order.
    for order in cancel.orders.iter().filter(|order| !order.deleted && !order.resent) {
        match &order.status {
            status if status == wanted => numbers.push(order.number.as_str()),
            ErpStatus::Cancelled => {}
            status if Some(status) == settled => {}
            ErpStatus::Open | ErpStatus::ToShip | ErpStatus::Shipped | ErpStatus::Other(_) => {
                return Err(unfit(cancel, order));
            }
        }
    }
    let none = || PortError::invalid(format!("order {}: no part of it is {}", cancel.po, word(wanted)));
    if numbers.is_empty() { Err(none()) } else { Ok(numbers) }
}

fn unfit(cancel: &ErpCancel, order: &ErpOrder) -> PortError {
    let (po, number) = (&cancel.po, &order.number);
    PortError::invalid(format!("order {po}: its part {number} is {}", word(&order.status)))
}

fn word(status: &ErpStatus) -> &str {
    match status {
        ErpStatus::Open => "open",
        ErpStatus::ToShip => "at the warehouse",
        ErpStatus::Shipped => "shipped",
        ErpStatus::Cancelled => "cancelled",
        ErpStatus::Other(word) => word,
    }
}

/// One part for each number of a cancellation: done only where the answer accounts for every number.
pub(crate) fn cancelled(asked: &[&str], data: Option<&CancelData>) -> Vec<Part> {
    let named = asked.iter().filter(|number| refusal(asked, number, data).is_some()).count();
    let is = |count: Option<i64>, n: usize| count == i64::try_from(n).ok();
    let accounted = data.is_some_and(|data| {
        is(data.fail_num, named) && (data.success_num.is_none() || is(data.success_num, asked.len() - named))
    });
    let silent = || Part::Lost(PortError::retryable("the answer to the cancellation does not account for every order"));
    let rest = || if accounted { Part::Done } else { silent() };
    asked.iter().map(|number| refusal(asked, number, data).map_or_else(rest, refused)).collect()
}

/// One part for each number of a recall. Success is never proven: an overseas warehouse takes its
/// time, and may still refuse.
pub(crate) fn recalled(asked: &[&str], data: Option<&CancelData>) -> Vec<Part> {
    asked.iter().map(|number| refusal(asked, number, data).map_or(Part::Asked, refused)).collect()
}

/// The failure that names this number, or that names none while only this was asked.
fn refusal<'a>(asked: &[&str], number: &str, data: Option<&'a CancelData>) -> Option<&'a CancelFailure> {
    let about = |failure: &&CancelFailure| match failure.global_order_no.as_deref() {
        Some(named) => named == number,
        None => asked.len() == 1,
    };
    data?.failure_info.iter().find(about)
}

fn refused(failure: &CancelFailure) -> Part {
    let words = plain(failure.message.as_deref().unwrap_or("refused without words"));
    Part::Refused(PortError::rejected(words))
}

/// The effect on the whole order, from all of its parts.
pub(crate) fn effect(cancel: &ErpCancel, parts: &[Part]) -> Effect {
    let first = |pick: fn(&Part) -> Option<&PortError>| parts.iter().find_map(pick).cloned();
    let lost = first(|part| if let Part::Lost(error) = part { Some(error) } else { None });
    let refused = first(|part| if let Part::Refused(error) = part { Some(error) } else { None });
    let unsent = first(|part| if let Part::Unsent(error) = part { Some(error) } else { None });
    let all_unsent = parts.iter().all(|part| matches!(part, Part::Unsent(_)));
    match (lost, refused, unsent) {
        (None, Some(error), _) => Effect::NotApplied(error),
        (None, None, Some(error)) if all_unsent => Effect::NotApplied(error),
        (Some(error), _, _) | (None, None, Some(error)) => Effect::Unknown(error),
        (None, None, None) if parts.iter().all(|part| matches!(part, Part::Done)) => Effect::Applied(()),
        (None, None, None) => {
            let po = &cancel.po;
            Effect::Unknown(PortError::retryable(format!("order {po}: the warehouse was asked for it, not yet heard")))
        }
    }
}

#[cfg(test)]
mod tests {
    use ipass_core::ports::ErrorKind;
    use ipass_core::testing::po;

    use super::*;
    use crate::dto::{Envelope, Raw};
    use crate::testing::fixture;

    fn cancel(statuses: &[ErpStatus]) -> ErpCancel {
        let order = |(n, status): (usize, &ErpStatus)| ErpOrder {
            number: n.to_string(),
            status: status.clone(),
            deleted: false,
            resent: false,
            store_id: None,
        };
        ErpCancel { po: po("PO-1"), orders: statuses.iter().enumerate().map(order).collect() }
    }

    fn data(json: &str) -> CancelData {
        serde_json::from_str(json).unwrap()
    }

    fn words(parts: &[Part]) -> Vec<String> {
        let word = |part: &Part| match part {
            Part::Done => "done".to_owned(),
            Part::Asked => "asked".to_owned(),
            Part::Refused(error) => error.message().to_owned(),
            Part::Unsent(_) => "unsent".to_owned(),
            Part::Lost(_) => "lost".to_owned(),
        };
        parts.iter().map(word).collect()
    }

    fn recorded(name: &str) -> Option<CancelData> {
        let envelope: Envelope = serde_json::from_slice(&fixture(name).body).unwrap();
        envelope.data.as_ref().and_then(Raw::read)
    }

    #[test]
    fn only_wanted_parts_are_sent_and_an_unfit_one_stops_the_order() {
        use ErpStatus::{Cancelled, Open, Other, Shipped, ToShip};
        let recall = |statuses: &[ErpStatus]| parts(&cancel(statuses), &ToShip, Some(&Open)).map(|n| n.join(","));
        let end = |statuses: &[ErpStatus]| parts(&cancel(statuses), &Open, None).map(|n| n.join(","));
        assert_eq!(recall(&[ToShip, Open, Cancelled, ToShip]).unwrap(), "0,3");
        assert_eq!(end(&[Open, Cancelled, Open]).unwrap(), "0,2");
        for statuses in [vec![ToShip, Shipped], vec![ToShip, Other("hidden".to_owned())], vec![Open], vec![]] {
            assert_eq!(recall(&statuses).unwrap_err().kind(), ErrorKind::Invalid, "{statuses:?}");
        }
        for statuses in [vec![Open, ToShip], vec![Open, Shipped], vec![Cancelled]] {
            assert_eq!(end(&statuses).unwrap_err().kind(), ErrorKind::Invalid, "{statuses:?}");
        }
    }

    #[test]
    fn deleted_and_re_sent_orders_are_no_parts() {
        let mut cancel = cancel(&[ErpStatus::Open, ErpStatus::Shipped, ErpStatus::Shipped]);
        cancel.orders[1].deleted = true;
        cancel.orders[2].resent = true;
        assert_eq!(parts(&cancel, &ErpStatus::Open, None).unwrap(), ["0"]);
    }

    #[test]
    fn recorded_cancellations_are_read_by_their_failure_lists() {
        let asked = ["103912345678901441", "103912345678901249"];
        for (name, asked, expected) in [
            ("cancel_ok.json", &asked[..1], vec!["done"]),
            ("cancel_partial.json", &asked[..], vec!["done", "订单状态不允许操作"]),
            ("cancel_failed.json", &["103912345678909999"][..], vec!["订单不存在！"]),
        ] {
            assert_eq!(words(&cancelled(asked, recorded(name).as_ref())), expected, "{name}");
        }
    }

    #[test]
    fn a_cancellation_that_does_not_account_for_every_order_proves_nothing() {
        for (json, expected) in [
            (r#"{"success_num":2,"fail_num":0}"#, ["done", "done"]),
            (r#"{"fail_num":"0","failure_info":null}"#, ["done", "done"]),
            (r#"{"success_num":1,"fail_num":0}"#, ["lost", "lost"]),
            (r#"{"success_num":2}"#, ["lost", "lost"]),
            (r#"{"success_num":1,"fail_num":1,"failure_info":[]}"#, ["lost", "lost"]),
            (r#"{"success_num":1,"fail_num":1,"failure_info":[{"message":"no"}]}"#, ["lost", "lost"]),
            (r#"{"fail_num":2,"failure_info":[{"global_order_no":2,"message":"no"}]}"#, ["lost", "no"]),
            (r#"{"fail_num":1,"failure_info":[{"global_order_no":"9","message":"no"}]}"#, ["lost", "lost"]),
        ] {
            assert_eq!(words(&cancelled(&["1", "2"], Some(&data(json)))), expected, "{json}");
        }
        assert_eq!(words(&cancelled(&["1"], None)), ["lost"]);
        let nameless = data(r#"{"success_num":0,"fail_num":1,"failure_info":[{"message":"no[请求码:C365FF]"}]}"#);
        assert_eq!(words(&cancelled(&["1"], Some(&nameless))), ["no"]);
    }

    #[test]
    fn a_recall_is_asked_for_or_refused_and_never_done() {
        let asked = ["103912345678901505"];
        assert_eq!(words(&recalled(&asked, recorded("wms_cancel_accepted.json").as_ref())), ["asked"]);
        assert_eq!(words(&recalled(&asked, recorded("wms_cancel_failed.json").as_ref())), ["该单号正在截单中"]);
        assert_eq!(words(&recalled(&asked, Some(&data(r#"{"successNum":1,"failedNum":0}"#)))), ["asked"]);
    }

    #[test]
    fn an_order_is_as_far_as_its_least_certain_part() {
        let (refused, unsent, lost) = (
            || Part::Refused(PortError::rejected("no")),
            || Part::Unsent(PortError::auth("shut")),
            || Part::Lost(PortError::retryable("?")),
        );
        let word = |parts: Vec<Part>| match effect(&cancel(&[]), &parts) {
            Effect::Applied(()) => "applied".to_owned(),
            Effect::Accepted(_) => "accepted".to_owned(),
            Effect::NotApplied(error) => error.message().to_owned(),
            Effect::Unknown(_) => "unknown".to_owned(),
        };
        for (parts, expected) in [
            (vec![Part::Done, Part::Done], "applied"),
            (vec![Part::Done, Part::Asked], "unknown"),
            (vec![Part::Asked], "unknown"),
            (vec![Part::Done, refused()], "no"),
            (vec![Part::Asked, refused()], "no"),
            (vec![refused(), lost()], "unknown"),
            (vec![unsent(), unsent()], "shut"),
            (vec![Part::Done, unsent()], "unknown"),
            (vec![refused(), unsent()], "no"),
        ] {
            assert_eq!(word(parts), expected);
        }
    }
}
