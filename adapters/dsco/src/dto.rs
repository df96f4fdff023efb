//! The vendor's JSON, read member by member.
//!
//! A member may be absent, `null`, `""` or `{}`, all of which mean the same; ids come as texts or
//! numbers, money as integers, decimals or texts. What cannot be read is treated by its weight:
//! units, money and flags are refused with the member's name, because a guess would be a wrong
//! number; texts and dates that nobody depends on are absent.

pub(crate) mod request;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Utc};
use ipass_core::ports::PortError;
use rust_decimal::Decimal;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A vendor object. It never prints: orders are personal.
pub(crate) struct Object<'a> {
    path: String,
    members: Members<'a>,
}

/// Members as they came; of several with one name the last one counts. A search through a few dozen costs less
/// than a table of them.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| *value)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(32);
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Object<'a> {
    /// `None` unless `text` is a JSON object.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        Self::at(String::new(), text)
    }

    fn at(path: String, text: &'a str) -> Option<Self> {
        let members = serde_json::from_str(text).ok()?;
        Some(Self { path, members })
    }

    /// The member's name with the path to it, for messages.
    pub(crate) fn name_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.members.get(name).map(|raw| raw.get().trim()).filter(|text| !is_absent(text))
    }

    fn unreadable(&self, name: &str, expected: &str) -> PortError {
        PortError::invalid(format!("{} is not {expected}", self.name_of(name)))
    }

    /// Text or number, trimmed, numbers in the digits that came; anything else is absent.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).and_then(text_of)
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, name: &str) -> Result<String, PortError> {
        self.text(name).ok_or_else(|| PortError::invalid(format!("{} is missing", self.name_of(name))))
    }

    /// Whether the member is named, whatever stands there: an empty list also comes as `null`.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.members.get(name).is_some()
    }

    /// Whether the member is there at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Absent is `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, PortError> {
        let Some(raw) = self.raw(name) else { return Ok(false) };
        match raw.trim_matches('"').trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(self.unreadable(name, "a flag")),
        }
    }

    /// Whole units, never negative.
    pub(crate) fn units(&self, name: &str) -> Result<Option<u32>, PortError> {
        let Some(number) = self.decimal(name)? else { return Ok(None) };
        let whole = Some(number.normalize()).filter(|number| number.scale() == 0);
        whole
            .and_then(|number| u32::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| self.unreadable(name, "a whole number of units"))
    }

    /// A whole number that only identifies something; unreadable is absent.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        let number = self.decimal(name).ok().flatten()?.normalize();
        if number.scale() == 0 { i64::try_from(number).ok() } else { None }
    }

    /// Exactly the digits that came, never through a float.
    pub(crate) fn decimal(&self, name: &str) -> Result<Option<Decimal>, PortError> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let digits = text_of(raw).ok_or_else(|| self.unreadable(name, "a number"))?;
        let number = if digits.contains(['e', 'E']) {
            Decimal::from_scientific(&digits)
        } else {
            Decimal::from_str_exact(&digits)
        };
        number.map(Some).map_err(|error| self.unreadable(name, "a number").because(error))
    }

    /// A moment in UTC; unreadable is absent.
    pub(crate) fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        time_of(&self.text(name)?)
    }

    /// A moment that must be there.
    pub(crate) fn required_time(&self, name: &str) -> Result<DateTime<Utc>, PortError> {
        let text = self.required_text(name)?;
        time_of(&text).ok_or_else(|| self.unreadable(name, "a time"))
    }

    /// An object with at least one member.
    pub(crate) fn object(&self, name: &str) -> Option<Object<'a>> {
        Self::at(self.name_of(name), self.raw(name)?)
    }

    /// The objects of an array; an element that is none is refused.
    pub(crate) fn objects(&self, name: &str) -> Result<Vec<Object<'a>>, PortError> {
        let Some(raw) = self.raw(name) else { return Ok(Vec::new()) };
        let elements: Vec<&'a RawValue> =
            serde_json::from_str(raw).map_err(|error| self.unreadable(name, "an array").because(error))?;
        let object = |(index, element): (usize, &&'a RawValue)| {
            let path = format!("{}[{index}]", self.name_of(name));
            Self::at(path.clone(), element.get()).ok_or_else(|| PortError::invalid(format!("{path} is not an object")))
        };
        elements.iter().enumerate().map(object).collect()
    }

    /// The texts of an array, or the one text; empty ones are left out.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let Some(raw) = self.raw(name) else { return Vec::new() };
        match serde_json::from_str::<Vec<&'a RawValue>>(raw) {
            Ok(elements) => elements.iter().filter_map(|element| text_of(element.get().trim())).collect(),
            Err(_) => text_of(raw).into_iter().collect(),
        }
    }

    /// Every text inside the member, however deep: descriptions are a text, an array or an object.
    pub(crate) fn leaves(&self, name: &str) -> Vec<String> {
        let mut leaves = Vec::new();
        if let Some(value) = self.raw(name).and_then(|raw| serde_json::from_str(raw).ok()) {
            collect_leaves(&value, &mut leaves);
        }
        leaves
    }
}

fn collect_leaves(value: &serde_json::Value, leaves: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) if !text.trim().is_empty() => leaves.push(text.trim().to_owned()),
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect_leaves(value, leaves)),
        serde_json::Value::Object(members) => members.values().for_each(|value| collect_leaves(value, leaves)),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

fn is_absent(raw: &str) -> bool {
    raw == "null"
        || raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).is_some_and(|text| text.trim().is_empty())
        || raw.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).is_some_and(|text| text.trim().is_empty())
}

fn text_of(raw: &str) -> Option<String> {
    let text = match raw.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(raw).ok()?,
        b'-' | b'0'..=b'9' => raw.to_owned(),
        _ => return None,
    };
    let trimmed = text.trim();
    if trimmed.is_empty() { None } else { Some(trimmed.to_owned()) }
}

/// RFC 3339; also with an offset without colon, and without a zone, which is UTC at this vendor.
fn time_of(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .map(|time| time.with_timezone(&Utc))
        .or_else(|_| NaiveDateTime::from_str(text).map(|time| time.and_utc()))
        .ok()
}

/// Names of an order in its JSON: all that its page needs of it.
pub(crate) fn order_name(raw: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Names<'a> {
        #[serde(borrow)]
        dsco_order_id: Option<&'a RawValue>,
        #[serde(borrow)]
        po_number: Option<&'a RawValue>,
    }
    match serde_json::from_str::<Names<'_>>(raw) {
        Ok(names) => [names.dsco_order_id, names.po_number].into_iter().flatten().find_map(|name| text_of(name.get())),
        // A name that came twice, for example.
        Err(_) => Object::read(raw).and_then(|order| order.text("dscoOrderId").or_else(|| order.text("poNumber"))),
    }
}

/// A page, split into its elements.
pub(crate) struct Elements<'a> {
    /// Where the next page is, if there is one.
    pub(crate) scroll_id: Option<String>,
    /// The vendor's word on the whole answer.
    pub(crate) status: Option<String>,
    /// Exactly the bytes of each element.
    pub(crate) items: Vec<&'a [u8]>,
}

/// Why an answer holds no elements.
pub(crate) enum Unreadable {
    /// Not JSON: cut off, or a gateway's page. Asking again may help.
    NotJson,
    /// JSON without the array: asking again will not help.
    NoArray,
}

/// Splits a page into its elements without reading any of them.
///
/// A page with bytes that are no UTF-8 in one element is still split; that element alone is odd.
pub(crate) fn elements<'a>(body: &'a [u8], array: &str) -> Result<Elements<'a>, Unreadable> {
    let text = same_length_text(body);
    let page = match array {
        "" => {
            let whole: &RawValue = serde_json::from_str(&text).map_err(|_| Unreadable::NotJson)?;
            let list = serde_json::from_str(whole.get()).map_err(|_| Unreadable::NoArray)?;
            Listed { scroll_id: None, status: None, list }
        }
        // In one pass; what is odd about a page that this does not read, is found out the long way.
        "orders" => serde_json::from_str(&text).or_else(|_| listed(&text, array))?,
        _ => listed(&text, array)?,
    };
    let word = |raw: Option<&RawValue>| raw.and_then(|raw| text_of(raw.get()));
    let bytes = |raw: &&RawValue| {
        let start = raw.get().as_ptr().addr() - text.as_ptr().addr();
        body.get(start..start + raw.get().len())
    };
    let items = page.list.iter().map(bytes).collect::<Option<Vec<_>>>().ok_or(Unreadable::NoArray)?;
    Ok(Elements { scroll_id: word(page.scroll_id), status: word(page.status), items })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    #[serde(borrow)]
    scroll_id: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow, rename = "orders")]
    list: Vec<&'a RawValue>,
}

fn listed<'a>(text: &'a str, array: &str) -> Result<Listed<'a>, Unreadable> {
    let whole: &RawValue = serde_json::from_str(text).map_err(|_| Unreadable::NotJson)?;
    let page = Object::read(whole.get()).ok_or(Unreadable::NoArray)?;
    let list = page.raw(array).and_then(|list| serde_json::from_str(list).ok()).ok_or(Unreadable::NoArray)?;
    Ok(Listed { scroll_id: page.members.get("scrollId"), status: page.members.get("status"), list })
}

/// The body as text in which every byte keeps its place; bytes that are no UTF-8 become `?`.
fn same_length_text(body: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(body) {
        return text.into();
    }
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object<'_> {
        Object::read(text).expect("an object")
    }

    #[test]
    fn absent_null_empty_text_and_empty_object_are_the_same() {
        let dto = object(r#"{"a":null,"b":"","c":{},"d":"  ","e":{ }}"#);
        for name in ["a", "b", "c", "d", "e", "f"] {
            assert_eq!(dto.text(name), None);
            assert!(!dto.has(name));
            assert_eq!(dto.decimal(name).unwrap(), None);
            assert!(!dto.flag(name).unwrap());
            assert!(dto.object(name).is_none());
            assert!(dto.objects(name).unwrap().is_empty());
        }
    }

    #[test]
    fn ids_keep_their_digits() {
        let dto = object(r#"{"a":9007199254740993123,"b":" 0012 ","c":true,"d":[1]}"#);
        assert_eq!(dto.text("a").as_deref(), Some("9007199254740993123"));
        assert_eq!(dto.text("b").as_deref(), Some("0012"));
        assert_eq!(dto.text("c"), None);
        assert_eq!(dto.text("d"), None);
    }

    #[test]
    fn decimals_are_exact_in_every_form() {
        let cases = [
            ("54", "54"),
            ("12.5", "12.5"),
            ("\"12.50\"", "12.50"),
            ("0.1", "0.1"),
            ("19.9900000000000002", "19.9900000000000002"),
            ("1.25e1", "12.5"),
            ("-3", "-3"),
        ];
        for (sent, read) in cases {
            let text = format!(r#"{{"x":{sent}}}"#);
            assert_eq!(object(&text).decimal("x").unwrap().map(|x| x.to_string()).as_deref(), Some(read), "{sent}");
        }
        for sent in ["\"abc\"", "true", "[1]", "1.23456789012345678901234567890123"] {
            let text = format!(r#"{{"x":{sent}}}"#);
            let error = object(&text).decimal("x").unwrap_err();
            assert_eq!(error.message(), "x is not a number", "{sent}");
        }
    }

    #[test]
    fn units_are_whole_and_never_negative() {
        for (sent, read) in [("3", 3), ("\"2\"", 2), ("4.0", 4), ("0", 0)] {
            let text = format!(r#"{{"x":{sent}}}"#);
            assert_eq!(object(&text).units("x").unwrap(), Some(read), "{sent}");
        }
        for sent in ["1.5", "-1", "4294967296", "\"two\""] {
            let text = format!(r#"{{"x":{sent}}}"#);
            assert!(object(&text).units("x").is_err(), "{sent}");
        }
    }

    #[test]
    fn times_are_utc_in_every_form() {
        for sent in [
            "2026-01-28T01:15:40+00:00",
            "2026-01-28T01:15:40Z",
            "2026-01-28T01:15:40.000Z",
            "2026-01-27T20:15:40-05:00",
            "2026-01-28T01:15:40+0000",
            "2026-01-28T01:15:40",
        ] {
            assert_eq!(time_of(sent).unwrap().to_rfc3339(), "2026-01-28T01:15:40+00:00", "{sent}");
        }
        assert_eq!(time_of("soon"), None);
    }

    #[test]
    fn flags_come_as_booleans_texts_and_numbers() {
        let dto = object(r#"{"a":true,"b":"TRUE","c":1,"d":false,"e":"0","f":"maybe"}"#);
        for (name, read) in [("a", true), ("b", true), ("c", true), ("d", false), ("e", false)] {
            assert_eq!(dto.flag(name).unwrap(), read, "{name}");
        }
        assert_eq!(dto.flag("f").unwrap_err().message(), "f is not a flag");
    }

    #[test]
    fn errors_name_the_path() {
        let dto = object(r#"{"lines":[{"q":1},{"q":"x"}],"odd":[1]}"#);
        let lines = dto.objects("lines").unwrap();
        assert_eq!(lines[1].units("q").unwrap_err().message(), "lines[1].q is not a number");
        assert_eq!(dto.objects("odd").err().unwrap().message(), "odd[0] is not an object");
    }

    #[test]
    fn a_member_that_is_null_is_named_and_not_there() {
        let dto = object(r#"{"a":null}"#);
        assert!(dto.names("a") && !dto.has("a") && !dto.names("b"));
    }

    #[test]
    fn elements_keep_their_bytes() {
        let body = br#"{ "scrollId" : "s", "orders" : [ {"a" : 1.50 } , 7 ] }"#;
        let page = elements(body, "orders").ok().unwrap();
        assert_eq!(page.scroll_id.as_deref(), Some("s"));
        assert_eq!(page.items, [&br#"{"a" : 1.50 }"#[..], b"7"]);
    }

    #[test]
    fn a_page_that_names_something_twice_is_read_all_the_same() {
        let body = br#"{"scrollId":"a","orders":[1],"scrollId":"b","status":"ok","orders":[2]}"#;
        let page = elements(body, "orders").ok().unwrap();
        assert_eq!((page.scroll_id.as_deref(), page.status.as_deref()), (Some("b"), Some("ok")));
        assert_eq!(page.items, [b"2"]);
    }

    #[test]
    fn an_order_is_named_by_its_id_or_else_by_its_number() {
        let cases = [
            (r#"{"poNumber":"P","dscoOrderId":"9"}"#, Some("9")),
            (r#"{"dscoOrderId":9007199254740993123}"#, Some("9007199254740993123")),
            (r#"{"dscoOrderId":" ","poNumber":"P","lines":[{"dscoOrderId":"other"}]}"#, Some("P")),
            (r#"{"dscoOrderId":"1","dscoOrderId":"2"}"#, Some("2")),
            (r#"{"dscoOrderId":null}"#, None),
            ("7", None),
            (r#"{"dscoOrderId":"#, None),
        ];
        for (raw, name) in cases {
            assert_eq!(order_name(raw).as_deref(), name, "{raw}");
        }
    }

    #[test]
    fn a_byte_that_is_no_utf8_spoils_its_element_only() {
        let mut body = br#"{"orders":[{"a":"x"},{"a":"y"}]}"#.to_vec();
        let place = body.iter().position(|byte| *byte == b'x').unwrap();
        body[place] = 0xff;
        let page = elements(&body, "orders").ok().unwrap();
        assert_eq!(page.items[0], b"{\"a\":\"\xff\"}");
        assert_eq!(page.items[1], br#"{"a":"y"}"#);
    }

    #[test]
    fn a_cut_body_is_told_from_an_odd_one() {
        assert!(matches!(elements(br#"{"orders":[{"a""#, "orders"), Err(Unreadable::NotJson)));
        assert!(matches!(elements(b"<html>", "orders"), Err(Unreadable::NotJson)));
        assert!(matches!(elements(b"", "orders"), Err(Unreadable::NotJson)));
        assert!(matches!(elements(b"{}", "orders"), Err(Unreadable::NoArray)));
        assert!(matches!(elements(br#"{"orders":null}"#, "orders"), Err(Unreadable::NoArray)));
        assert!(matches!(elements(br#"{"orders":{"a":1}}"#, "orders"), Err(Unreadable::NoArray)));
    }
}
