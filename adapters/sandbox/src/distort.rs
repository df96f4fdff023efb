//! Answers in other shapes: what vendors change without saying so.

use serde_json::{Map, Number, Value};

use crate::faults::Effect;

/// Members of an answer that hold its records.
const RECORDS: [&str; 9] =
    ["orders", "logs", "events", "invoices", "data", "list", "success_details", "error_details", "failure_info"];

/// Members that hold one of a set of words or numbers.
const WORDS: [&str; 7] =
    ["status", "dscoStatus", "dscoLifecycle", "orderType", "cancel_status", "token_type", "source"];

/// A number that no set of numbers has.
const NO_NUMBER: u64 = 97;

/// Digits of an identifier; shorter ones are quantities, years, postal codes.
const ID_DIGITS: std::ops::RangeInclusive<usize> = 10..=19;

/// Changes a JSON body by an effect that is about shapes; any other body and effect stay.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other effects are about no shape")]
pub(crate) fn apply(effect: &Effect, body: &mut String) {
    let Ok(mut value) = serde_json::from_str::<Value>(body) else { return };
    match effect {
        Effect::Poison(text) => {
            let needle = Value::from(text.as_str()).to_string();
            if !poison(&mut value, &needle) && value.to_string().contains(&needle) {
                value = unreadable();
            }
        }
        Effect::UnknownWords => each_member(&mut value, &mut |name, member| {
            if WORDS.contains(&name) {
                match member {
                    Value::String(_) => *member = Value::from("sandbox_news"),
                    Value::Number(_) => *member = Value::from(NO_NUMBER),
                    Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
                }
            }
        }),
        Effect::NumericIds => each_member(&mut value, &mut |_, member| {
            let number = member.as_str().and_then(as_number);
            if let Some(number) = number {
                *member = Value::Number(number);
            }
        }),
        Effect::OtherEmpties(places) => {
            for _ in 0..*places {
                each_member(&mut value, &mut |_, member| next_empty(member));
            }
        }
        _ => return,
    }
    *body = value.to_string();
}

fn unreadable() -> Value {
    Value::from("unreadable")
}

/// Whether a record held the text.
fn poison(value: &mut Value, needle: &str) -> bool {
    match value {
        Value::Array(records) => {
            let mut found = false;
            for record in records.iter_mut().filter(|record| record.to_string().contains(needle)) {
                *record = unreadable();
                found = true;
            }
            found
        }
        Value::Object(members) => {
            let mut found = false;
            for (name, member) in members.iter_mut() {
                found |= RECORDS.contains(&name.as_str()) && poison(member, needle);
            }
            found
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Innermost first; elements of arrays have the name of the array.
fn each_member(value: &mut Value, change: &mut impl FnMut(&str, &mut Value)) {
    fn under(name: &str, value: &mut Value, change: &mut impl FnMut(&str, &mut Value)) {
        each_member(value, change);
        change(name, value);
    }
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(name, member)| under(name, member, change)),
        Value::Array(elements) => elements.iter_mut().for_each(|element| under("", element, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn as_number(text: &str) -> Option<Number> {
    let digits = ID_DIGITS.contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    text.parse::<u64>().ok().filter(|_| digits).map(Number::from)
}

fn next_empty(member: &mut Value) {
    let next = match member {
        Value::Null => Value::from(""),
        Value::String(text) if text.is_empty() => Value::Object(Map::new()),
        Value::Object(members) if members.is_empty() => Value::Null,
        Value::Array(elements) if elements.is_empty() => Value::Null,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => return,
    };
    *member = next;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distorted(effect: &Effect, body: &str) -> String {
        let mut body = body.to_owned();
        apply(effect, &mut body);
        body
    }

    #[test]
    fn a_poisoned_record_leaves_its_neighbours_alone() {
        let poison = Effect::Poison("A".to_owned());
        assert_eq!(
            distorted(&poison, r#"{"orders":[{"po":"A"},{"po":"AB"}]}"#),
            r#"{"orders":["unreadable",{"po":"AB"}]}"#
        );
        assert_eq!(
            distorted(&poison, r#"{"code":0,"data":{"list":[{"po":"B"},{"x":{"po":"A"}}],"total":"2"}}"#),
            r#"{"code":0,"data":{"list":[{"po":"B"},"unreadable"],"total":"2"}}"#
        );
        assert_eq!(distorted(&poison, r#"{"sku":"A","units":[1]}"#), r#""unreadable""#);
        assert_eq!(distorted(&poison, r#"{"sku":"B"}"#), r#"{"sku":"B"}"#);
    }

    #[test]
    fn words_become_unknown_and_ids_become_numbers() {
        let body = r#"{"a":[{"status":5}],"id":"103912345678901441","po":"0123456789","status":"created"}"#;
        assert_eq!(
            distorted(&Effect::UnknownWords, body),
            r#"{"a":[{"status":97}],"id":"103912345678901441","po":"0123456789","status":"sandbox_news"}"#
        );
        assert_eq!(
            distorted(&Effect::NumericIds, body),
            r#"{"a":[{"status":5}],"id":103912345678901441,"po":"0123456789","status":"created"}"#
        );
    }

    #[test]
    fn empty_things_change_places() {
        let body = r#"{"a":null,"b":"","c":{},"d":[],"e":[{"f":null}],"g":"x"}"#;
        assert_eq!(
            distorted(&Effect::OtherEmpties(1), body),
            r#"{"a":"","b":{},"c":null,"d":null,"e":[{"f":""}],"g":"x"}"#
        );
        assert_eq!(
            distorted(&Effect::OtherEmpties(2), body),
            r#"{"a":{},"b":null,"c":"","d":"","e":[{"f":{}}],"g":"x"}"#
        );
        assert_eq!(distorted(&Effect::OtherEmpties(1), "<html>"), "<html>");
    }
}
