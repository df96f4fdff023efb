//! Answers as no vendor describes them, made from recorded ones.

use rand::prelude::*;
use serde_json::{Value, json};

/// Stands for a number with more digits than any type has; put in after the text is made.
const HUGE: &str = "\u{1}huge\u{1}";

/// A value that stands where another one is expected.
fn nasty(random: &mut StdRng) -> Value {
    match random.random_range(0..30) {
        0..4 => Value::Null,
        4 => json!({}),
        5 => json!([]),
        6 => json!([null, {}, [], ""]),
        7 => json!(""),
        8 => json!("  "),
        9 => json!("0"),
        10 => json!(-1),
        11 => json!("-3"),
        12 => json!(0),
        13 => json!(1e308),
        14 => json!(0.1),
        15 => json!(9_007_199_254_740_993_u64),
        16 => json!(u64::MAX),
        17 => json!(HUGE),
        18 => json!("1e400"),
        19 => json!("NaN"),
        20 => json!("x".repeat(20_000)),
        21 => json!("a\u{0}b\u{202e}\u{1f600}"),
        22 => json!("'); DROP TABLE order_sync; --"),
        23 => json!("<script>alert(1)</script>"),
        24 => json!("=1+1"),
        25 => json!("2026-13-45T99:99:99Z"),
        26 => json!("0001-01-01T00:00:00.000000000+23:59"),
        27 => json!(true),
        28 => json!("９９"),
        _ => (0..100).fold(json!(1), |inner, _| json!([inner])),
    }
}

/// Changes one place somewhere in the value.
fn disturb(value: &mut Value, random: &mut StdRng) {
    let deeper = match value {
        Value::Array(list) => !list.is_empty() && random.random_bool(0.8),
        Value::Object(members) => !members.is_empty() && random.random_bool(0.85),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    match value {
        Value::Array(list) if deeper => {
            let at = random.random_range(0..list.len());
            match random.random_range(0..12) {
                0 => drop(list.remove(at)),
                1 => list.push(list[at].clone()),
                2 => list.reverse(),
                _ => disturb(&mut list[at], random),
            }
        }
        Value::Object(members) if deeper => {
            let at = random.random_range(0..members.len());
            let name = members.keys().nth(at).cloned().unwrap_or_default();
            match random.random_range(0..12) {
                0 => drop(members.remove(&name)),
                1 => {
                    let value = members.remove(&name).unwrap_or_default();
                    members.insert(name.to_uppercase(), value);
                }
                _ => {
                    if let Some(member) = members.get_mut(&name) {
                        disturb(member, random);
                    }
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            *value = nasty(random);
        }
    }
}

/// The value with up to three places changed, as JSON.
pub(crate) fn json_like(value: &Value, random: &mut StdRng) -> Vec<u8> {
    let mut value = value.clone();
    for _ in 0..random.random_range(1..=3) {
        disturb(&mut value, random);
    }
    value.to_string().replace(&json!(HUGE).to_string(), "123456789012345678901234567890").into_bytes()
}

/// The same, now and then broken as bytes, too.
pub(crate) fn answer_like(value: &Value, random: &mut StdRng) -> Vec<u8> {
    let mut bytes = json_like(value, random);
    match random.random_range(0..12) {
        0 => bytes.truncate(random.random_range(0..=bytes.len())),
        1 => {
            let at = random.random_range(0..bytes.len().max(1));
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.random();
            }
        }
        2 => {
            let at = random.random_range(0..=bytes.len());
            bytes.splice(at..at, [0xff, 0xfe, b'{', b'"']);
        }
        3 => bytes = b"<!doctype html><title>502</title>".to_vec(),
        4 => bytes.splice(0..0, "\u{feff}".bytes()).for_each(drop),
        5 => bytes.clear(),
        _ => {}
    }
    bytes
}
