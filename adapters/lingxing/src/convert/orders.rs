//! System orders of the vendor in the core's words.

use ipass_core::erp::{ErpOrder, ErpStatus};
use ipass_core::order::PoNumber;
use ipass_core::ports::PortError;

use crate::dto::{OrderRow, PlatformRef};

/// What the vendor calls an order that sends goods a second time (补发订单, "re-sent order").
pub(super) const RESENT: &str = "补发";

/// The platform's own order numbers that a system order stands for: several when it was merged. By
/// name for the platforms that are asked by name.
pub(crate) fn names_orders(row: &OrderRow, by_name: bool) -> Vec<&str> {
    let number = |part| platform_number(part, by_name);
    let mut numbers: Vec<&str> = row.platform_info.iter().chain(&row.item_info).filter_map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn platform_number(part: &PlatformRef, by_name: bool) -> Option<&str> {
    let name = if by_name { part.platform_order_name.as_deref() } else { None };
    name.or(part.platform_order_no.as_deref())
}

/// The system order; an error when it has no number.
pub(crate) fn erp_order(row: &OrderRow, po: &PoNumber) -> Result<ErpOrder, PortError> {
    let number = row.global_order_no.clone();
    let number = number.ok_or_else(|| PortError::invalid(format!("order {po}: a system order has no number")))?;
    Ok(ErpOrder {
        number,
        status: status(row.status.as_deref().or(row.order_status.as_deref())),
        deleted: row.is_delete.as_deref().is_some_and(|flag| matches!(flag, "1" | "true")),
        resent: row.order_from_name.as_deref().is_some_and(|from| from.contains(RESENT)),
        store_id: row.store_id.clone(),
    })
}

/// The documented statuses. 8 is hidden in the vendor's own pages and 9 is shipped by the platform
/// itself, not by the warehouse: neither is a state in which the ERP has work.
fn status(code: Option<&str>) -> ErpStatus {
    match code {
        Some("1" | "2" | "3" | "4") => ErpStatus::Open,
        Some("5") => ErpStatus::ToShip,
        Some("6") => ErpStatus::Shipped,
        Some("7") => ErpStatus::Cancelled,
        Some("8") => ErpStatus::Other("hidden".to_owned()),
        Some("9") => ErpStatus::Other("shipped by the platform".to_owned()),
        Some(code) => ErpStatus::Other(code.to_owned()),
        None => ErpStatus::Other("none".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::Envelope;
    use crate::testing::fixture;

    fn rows(name: &str) -> Vec<OrderRow> {
        let envelope: Envelope = serde_json::from_slice(&fixture(name).body).unwrap();
        envelope.page().unwrap().rows.into_iter().map(Option::unwrap).collect()
    }

    fn row(json: &str) -> OrderRow {
        serde_json::from_str(json).unwrap()
    }

    fn order(row: &OrderRow) -> ErpOrder {
        erp_order(row, &PoNumber::new("PO").unwrap()).unwrap()
    }

    #[test]
    fn recorded_orders_have_numbers_and_statuses() {
        let numbers: Vec<String> = rows("order_list_split_two.json").iter().map(|row| order(row).number).collect();
        assert_eq!(numbers.len(), 2);
        assert!(numbers.iter().all(|number| number.len() == 18));
        assert_eq!(order(&rows("order_list_pending_review.json")[0]).status, ErpStatus::Open);
        assert_eq!(order(&rows("order_list_canceled.json")[0]).status, ErpStatus::Cancelled);
        let single = order(&rows("order_list_single.json")[0]);
        assert!(single.is_outside("110999000000010002") && !single.is_outside("110999000000010001"), "{single:?}");
    }

    #[test]
    fn a_merged_order_names_every_number() {
        assert_eq!(names_orders(&rows("order_list_merged.json")[0], false), ["PO-TEST-0007", "PO-TEST-0008"]);
    }

    #[test]
    fn numbers_stand_in_either_list_and_names_only_where_asked_for() {
        let row = row(
            r##"{"platform_info":[{"platform_order_no":"501","platform_order_name":"#1"}],"item_info":[{"platform_order_no":"502"}]}"##,
        );
        assert_eq!(names_orders(&row, false), ["501", "502"]);
        assert_eq!(names_orders(&row, true), ["#1", "502"]);
        assert!(names_orders(&self::row("{}"), false).is_empty());
    }

    #[test]
    fn every_status_has_a_word() {
        use ErpStatus::{Cancelled, Open, Other, Shipped, ToShip};
        let other = |text: &str| Other(text.to_owned());
        for (json, expected) in [
            (r#"{"status":1}"#, Open),
            (r#"{"status":"2"}"#, Open),
            (r#"{"status":3}"#, Open),
            (r#"{"status":4}"#, Open),
            (r#"{"status":5}"#, ToShip),
            (r#"{"status":6}"#, Shipped),
            (r#"{"status":7}"#, Cancelled),
            (r#"{"status":8}"#, other("hidden")),
            (r#"{"status":9}"#, other("shipped by the platform")),
            (r#"{"status":42}"#, other("42")),
            (r#"{"order_status":5}"#, ToShip),
            ("{}", other("none")),
        ] {
            let mut row = row(json);
            row.global_order_no = Some("1".to_owned());
            assert_eq!(order(&row).status, expected, "{json}");
        }
    }

    #[test]
    fn deleted_and_re_sent_orders_are_marked() {
        let deleted = order(&row(r#"{"global_order_no":1,"is_delete":"1"}"#));
        assert!(deleted.deleted && !deleted.resent);
        let resent = order(&row(r#"{"global_order_no":1,"is_delete":0,"order_from_name":"补发订单"}"#));
        assert!(resent.resent && !resent.deleted);
    }

    #[test]
    fn an_order_without_number_is_an_error() {
        assert!(erp_order(&row(r#"{"status":5}"#), &PoNumber::new("PO").unwrap()).is_err());
    }
}
