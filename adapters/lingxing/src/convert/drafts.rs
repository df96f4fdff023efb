//! A draft of the core as an order that the vendor creates.

use ipass_core::erp::{DraftLine, ErpOrderDraft};
use ipass_core::ports::PortError;
use rust_decimal::Decimal;

use crate::dto::{NewItem, NewOrder};
use crate::error::plain;

/// Shorter texts of an address are no secret and would hide the vendor's own words.
const TELLING: usize = 4;

/// The order as it is sent; an error names the member that is missing.
pub(crate) fn new_order(draft: &ErpOrderDraft) -> Result<NewOrder, PortError> {
    let address = &draft.address;
    let required = |text: &Option<String>, member: &str| clean(text.as_deref()).ok_or_else(|| missing(draft, member));
    let routing = match &draft.routing {
        Some(routing) => {
            let warehouse = clean(Some(&routing.warehouse_id)).ok_or_else(|| missing(draft, "wid"))?;
            let logistics =
                clean(Some(&routing.logistics_type_id)).ok_or_else(|| missing(draft, "logistics_type_id"))?;
            Some((warehouse, logistics))
        }
        None => None,
    };
    let (wid, logistics_type_id) = routing.unzip();
    if draft.lines.is_empty() {
        return Err(missing(draft, "items"));
    }
    Ok(NewOrder {
        platform_order_no: draft.po.as_str().to_owned(),
        receiver_name: required(&address.name, "receiver_name")?,
        receiver_country_code: required(&address.country, "receiver_country_code")?,
        city: required(&address.city, "city")?,
        address_line1: required(&address.line1, "address_line1")?,
        address_line2: clean(address.line2.as_deref()),
        state_or_region: clean(address.state.as_deref()),
        postal_code: clean(address.postal_code.as_deref()),
        receiver_company_name: clean(address.company.as_deref()),
        receiver_mobile: clean(address.phone.as_deref()),
        buyer_email: clean(address.email.as_deref()),
        buyer_note: clean(draft.note.as_deref()),
        amount_currency: clean(draft.currency.as_deref()),
        global_purchase_time: draft.purchased_at.timestamp(),
        wid,
        logistics_type_id,
        items: draft.lines.iter().map(|line| new_item(draft, line)).collect::<Result<_, _>>()?,
    })
}

fn new_item(draft: &ErpOrderDraft, line: &DraftLine) -> Result<NewItem, PortError> {
    if line.quantity == 0 {
        return Err(missing(draft, "quantity"));
    }
    Ok(NewItem {
        msku: clean(Some(&line.msku)).ok_or_else(|| missing(draft, "msku"))?,
        sku: clean(line.sku.as_deref()),
        quantity: line.quantity,
        unit_price: money(line.unit_price),
    })
}

fn missing(draft: &ErpOrderDraft, member: &str) -> PortError {
    PortError::invalid(format!("order {}: {member} is missing", draft.po))
}

/// Trimmed; `None` when nothing is left. Control characters and U+2028/2029 become blanks, because
/// the server may write them in another way into the text that it signs.
fn clean(text: Option<&str>) -> Option<String> {
    let blank = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let text: String = text?.chars().map(|c| if blank(c) { ' ' } else { c }).collect();
    let trimmed = text.trim();
    if trimmed.is_empty() { None } else { Some(trimmed.to_owned()) }
}

/// At least two decimals, more where the value has them; never an exponent, never rounded.
fn money(amount: Decimal) -> String {
    let mut amount = amount.normalize();
    if amount.scale() < 2 {
        amount.rescale(2);
    }
    amount.to_string()
}

/// The vendor's words about one order, with whatever of its address they repeat taken out.
pub(crate) fn remote_words(draft: &ErpOrderDraft, words: &str) -> String {
    let address = &draft.address;
    let personal = [
        &address.name,
        &address.company,
        &address.line1,
        &address.line2,
        &address.city,
        &address.postal_code,
        &address.phone,
        &address.email,
        &draft.note,
    ];
    let mut words = words.to_owned();
    for text in personal.into_iter().filter_map(|text| clean(text.as_deref())) {
        if text.chars().count() >= TELLING {
            words = words.replace(&text, "***");
        }
    }
    plain(&words)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use ipass_core::erp::Routing;
    use ipass_core::order::{Address, PoNumber};
    use serde_json::{json, to_value};

    use super::*;

    fn draft() -> ErpOrderDraft {
        let some = |text: &str| Some(text.to_owned());
        ErpOrderDraft {
            po: PoNumber::new("PO-TEST-0001").unwrap(),
            store_id: "110999000000010001".to_owned(),
            address: Address {
                name: some("Ann Example"),
                line1: some(" 100 Example St "),
                line2: some(""),
                city: some("Springfield"),
                state: some("IL"),
                postal_code: some("01234"),
                country: some("US"),
                phone: some("5550100001"),
                email: None,
                company: None,
            },
            note: some("gift\u{2028}wrap\n"),
            routing: Some(Routing {
                warehouse_id: "5002".to_owned(),
                logistics_type_id: "209000000000000101".to_owned(),
            }),
            currency: some("USD"),
            purchased_at: DateTime::from_timestamp(1_764_633_600, 999_000_000).unwrap(),
            lines: vec![DraftLine {
                msku: "DEMO-MUG".to_owned(),
                sku: None,
                quantity: 2,
                unit_price: Decimal::new(105, 1),
            }],
        }
    }

    #[test]
    fn a_draft_becomes_exactly_the_documented_members() {
        assert_eq!(
            to_value(new_order(&draft()).unwrap()).unwrap(),
            json!({
                "platform_order_no": "PO-TEST-0001",
                "receiver_name": "Ann Example",
                "receiver_country_code": "US",
                "city": "Springfield",
                "address_line1": "100 Example St",
                "state_or_region": "IL",
                "postal_code": "01234",
                "receiver_mobile": "5550100001",
                "buyer_note": "gift wrap",
                "amount_currency": "USD",
                "global_purchase_time": 1_764_633_600,
                "wid": "5002",
                "logistics_type_id": "209000000000000101",
                "items": [{ "msku": "DEMO-MUG", "quantity": 2, "unit_price": "10.50" }]
            })
        );
    }

    #[test]
    fn without_routing_neither_half_is_sent() {
        let order = to_value(new_order(&ErpOrderDraft { routing: None, ..draft() }).unwrap()).unwrap();
        assert!(order.get("wid").is_none() && order.get("logistics_type_id").is_none());
    }

    #[test]
    fn a_missing_member_is_named() {
        let mut without_city = draft();
        without_city.address.city = Some(" ".to_owned());
        let mut without_key = draft();
        without_key.lines[0].msku = String::new();
        let mut without_units = draft();
        without_units.lines[0].quantity = 0;
        for (draft, member) in [
            (without_city, "city"),
            (without_key, "msku"),
            (without_units, "quantity"),
            (ErpOrderDraft { lines: Vec::new(), ..draft() }, "items"),
        ] {
            let error = new_order(&draft).unwrap_err();
            assert_eq!(error.message(), format!("order PO-TEST-0001: {member} is missing"));
        }
    }

    #[test]
    fn money_is_exact_text_with_two_decimals_or_more() {
        for (amount, expected) in [
            ("10.5", "10.50"),
            ("10", "10.00"),
            ("0", "0.00"),
            ("1000", "1000.00"),
            ("12.3450", "12.345"),
            ("0.00001", "0.00001"),
            ("99999999999999.99", "99999999999999.99"),
        ] {
            assert_eq!(money(amount.parse().unwrap()), expected);
        }
    }

    #[test]
    fn the_vendors_words_do_not_repeat_the_address() {
        let words = remote_words(&draft(), "Ann Example, 100 Example St: 5550100001 US 地址错误[请求码:C365FF]");
        assert_eq!(words, "***, ***: *** US 地址错误");
    }
}
