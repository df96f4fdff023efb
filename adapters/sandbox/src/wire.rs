//! One request and one answer, free of the HTTP library.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::faults::Effect;

/// A request as the handlers see it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// Path below the vendor's base URL, `/order/page`.
    pub(crate) path: String,
    /// Method and path, the key of counters and faults.
    pub(crate) kind: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) authorization: Option<String>,
    pub(crate) content_type: String,
    /// Fields of a multipart or form body; other bodies have none.
    pub(crate) form: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) now: DateTime<Utc>,
    pub(crate) effect: Option<Effect>,
}

impl Call {
    /// First value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// The hour by the vendor's own clock, which a fault puts back.
    pub(crate) fn vendor_now(&self) -> DateTime<Utc> {
        match self.effect {
            Some(Effect::ClockOff(seconds)) => self.now - chrono::Duration::seconds(seconds),
            _ => self.now,
        }
    }

    /// First value of a form field.
    pub(crate) fn form(&self, name: &str) -> Option<&str> {
        find(&self.form, name)
    }

    pub(crate) fn query_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// An answer as the handlers give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
    /// Seconds of a `Retry-After` header.
    pub(crate) retry_after: Option<u64>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    pub(crate) fn text(status: u16, content_type: &'static str, body: String) -> Self {
        Self { status, content_type, body, retry_after: None }
    }

    pub(crate) fn html(status: u16) -> Self {
        let page = "<html>\r\n<head><title>Please wait</title></head>\r\n\
                    <body><center><h1>Please wait</h1></center><hr><center>nginx</center></body>\r\n\
                    </html>\r\n";
        Self::text(status, "text/html", page.to_owned())
    }
}

/// Text of a JSON string or number; `None` for anything else and for the empty string.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Non-empty text of a JSON string.
pub(crate) fn string_of<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

/// Splits a query or form text into decoded pairs; `+` is a blank, as servers read it.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key), decode(value))
        })
        .collect()
}

/// A path segment with its percent escapes read once; `+` stays.
pub(crate) fn decode_segment(text: &str) -> String {
    decode(&text.replace('+', "%2B"))
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (hex, bytes[at]) {
            (Some(byte), _) => {
                out.push(byte);
                at += 2;
            }
            (None, b'+') => out.push(b' '),
            (None, byte) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_decode_once_and_plus_is_a_blank() {
        let query = "sign=a%2Bb%2Fc+d&x=%252F&empty=&status=created&status=shipped";
        let decoded = pairs(query);
        assert_eq!(find(&decoded, "sign"), Some("a+b/c d"));
        assert_eq!(find(&decoded, "x"), Some("%2F"));
        assert_eq!(find(&decoded, "empty"), Some(""));
        assert_eq!(decoded.iter().filter(|(key, _)| key == "status").count(), 2);
    }
}
