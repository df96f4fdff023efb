//! Readers for members that come as text, number, null, or as an empty container of any kind.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Any JSON value, kept as its text.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Raw(Box<RawValue>);

impl Raw {
    pub(crate) fn is_array(&self) -> bool {
        self.0.get().starts_with('[')
    }

    /// The value as `T`, if it has that shape.
    pub(crate) fn read<T: for<'de> Deserialize<'de>>(&self) -> Option<T> {
        serde_json::from_str(self.0.get()).ok()
    }

    /// The elements of an array; none for anything else.
    pub(crate) fn elements(&self) -> Vec<Self> {
        if self.is_array() { self.read().unwrap_or_default() } else { Vec::new() }
    }

    /// The value's text, as [`scalar`] has it.
    pub(crate) fn scalar(&self) -> Option<String> {
        scalar(self.0.get())
    }
}

/// The text of a string, number or boolean: trimmed, never empty, numbers digit by digit.
pub(crate) fn scalar(json: &str) -> Option<String> {
    let text = match json.bytes().next()? {
        b'"' => serde_json::from_str::<String>(json).ok()?,
        b'-' | b'0'..=b'9' | b't' | b'f' => json.to_owned(),
        _ => return None,
    };
    let trimmed = text.trim();
    if trimmed.is_empty() { None } else { Some(trimmed.to_owned()) }
}

/// Any value; `Some` also for null, so that a missing member can be told apart.
pub(crate) fn any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Raw>, D::Error> {
    Raw::deserialize(deserializer).map(Some)
}

/// A text, or what means one; `None` for null, an empty text and containers.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Raw::deserialize(deserializer)?.scalar())
}

/// An integer as number or text, also with zeros behind the point; `None` for anything else.
pub(crate) fn int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(text) = Raw::deserialize(deserializer)?.scalar() else { return Ok(None) };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let is_whole = fraction.bytes().all(|digit| digit == b'0');
    Ok(if is_whole { whole.parse().ok() } else { None })
}

/// A boolean as itself, as 1 or 0, or as the text of either; `None` for anything else.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Raw::deserialize(deserializer)?.scalar().as_deref() {
        Some("1" | "true") => Some(true),
        Some("0" | "false") => Some(false),
        _ => None,
    })
}

/// A list of objects; anything but an array is an empty one. An element of another shape is an
/// error: leaving it out could lose a line.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> Deserialize<'a>,
{
    let elements = Raw::deserialize(deserializer)?.elements();
    let read = |raw: &Raw| raw.read().ok_or_else(|| D::Error::custom("an element of a list has another shape"));
    elements.iter().map(read).collect()
}

/// A list of texts, or one text alone.
pub(crate) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let raw = Raw::deserialize(deserializer)?;
    let all = if raw.is_array() { raw.elements().iter().filter_map(Raw::scalar).collect() } else { Vec::new() };
    Ok(if all.is_empty() { raw.scalar().into_iter().collect() } else { all })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Row {
        #[serde(deserialize_with = "text")]
        id: Option<String>,
        #[serde(deserialize_with = "int")]
        n: Option<i64>,
        #[serde(deserialize_with = "flag")]
        on: Option<bool>,
        #[serde(deserialize_with = "texts")]
        numbers: Vec<String>,
        #[serde(deserialize_with = "list")]
        rows: Vec<Row>,
    }

    fn row(json: &str) -> Row {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_text_may_be_a_number_and_stays_exact() {
        for (json, expected) in [
            (r#"{"id":"103912345678901441"}"#, Some("103912345678901441")),
            (r#"{"id":9999999999999999999999}"#, Some("9999999999999999999999")),
            (r#"{"id":" x "}"#, Some("x")),
            (r#"{"id":0}"#, Some("0")),
            (r#"{"id":""}"#, None),
            (r#"{"id":null}"#, None),
            (r#"{"id":[]}"#, None),
            (r#"{"id":{}}"#, None),
            ("{}", None),
        ] {
            assert_eq!(row(json).id.as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn an_integer_may_be_a_text() {
        for (json, expected) in [
            (r#"{"n":3}"#, Some(3)),
            (r#"{"n":"3"}"#, Some(3)),
            (r#"{"n":3.0}"#, Some(3)),
            (r#"{"n":"-2"}"#, Some(-2)),
            (r#"{"n":3.5}"#, None),
            (r#"{"n":"many"}"#, None),
            (r#"{"n":""}"#, None),
            (r#"{"n":[]}"#, None),
        ] {
            assert_eq!(row(json).n, expected, "{json}");
        }
    }

    #[test]
    fn a_flag_may_be_a_number_or_a_text() {
        for (json, expected) in [
            (r#"{"on":true}"#, Some(true)),
            (r#"{"on":1}"#, Some(true)),
            (r#"{"on":"1"}"#, Some(true)),
            (r#"{"on":"false"}"#, Some(false)),
            (r#"{"on":0}"#, Some(false)),
            (r#"{"on":2}"#, None),
            (r#"{"on":""}"#, None),
            (r#"{"on":null}"#, None),
        ] {
            assert_eq!(row(json).on, expected, "{json}");
        }
    }

    #[test]
    fn lists_may_be_anything_empty() {
        for json in [r#"{"rows":null}"#, r#"{"rows":{}}"#, r#"{"rows":""}"#, r#"{"rows":[]}"#, "{}"] {
            assert!(row(json).rows.is_empty(), "{json}");
        }
        assert_eq!(row(r#"{"rows":[{"n":1},{"n":"2"}]}"#).rows.len(), 2);
        assert!(serde_json::from_str::<Row>(r#"{"rows":[{"n":1},7]}"#).is_err());
    }

    #[test]
    fn one_text_counts_as_a_list() {
        assert_eq!(row(r#"{"numbers":["A",2,""]}"#).numbers, ["A", "2"]);
        assert_eq!(row(r#"{"numbers":"A"}"#).numbers, ["A"]);
        assert!(row(r#"{"numbers":[]}"#).numbers.is_empty());
        assert!(row(r#"{"numbers":null}"#).numbers.is_empty());
    }
}
