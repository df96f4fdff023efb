use std::fmt::Write as _;

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The value of a cookie, decoded.
pub(super) fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(key, _)| *key == name);
    let (_, value) = values.next()?;
    percent_decode_str(value).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// A cookie for this host alone.
pub(super) struct Cookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// Seconds; `None` until the browser closes, 0 removes it.
    pub(super) max_age: Option<i64>,
    pub(super) secure: bool,
}

impl Cookie<'_> {
    /// Adds it to an answer.
    pub(super) fn set(&self, headers: &mut HeaderMap) {
        let value = utf8_percent_encode(self.value, NON_ALPHANUMERIC);
        let mut text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict", self.name);
        if let Some(age) = self.max_age {
            let _ = write!(text, "; Max-Age={age}");
        }
        if self.secure {
            text.push_str("; Secure");
        }
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.append(SET_COOKIE, value);
        }
    }
}

/// Name of the cookie of the login: the prefix makes the browser refuse one that was not set by us over TLS.
pub(super) const fn login_cookie(secure: bool) -> &'static str {
    if secure { "__Host-ipass" } else { "ipass_session" }
}

/// Seconds that a choice is kept.
const YEAR: i64 = 365 * 24 * 3600;

/// A choice that a page keeps for a person, as it was kept.
pub(crate) fn choice(headers: &HeaderMap, name: &str) -> Option<String> {
    read(headers, name)
}

/// Keeps a choice of a page for a year.
pub(crate) fn keep_choice(headers: &mut HeaderMap, name: &str, value: &str, secure: bool) {
    Cookie { name, value, max_age: Some(YEAR), secure }.set(headers);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_as_it_was_set() {
        let mut headers = HeaderMap::new();
        Cookie { name: "flash", value: "完成; a=b", max_age: Some(60), secure: true }.set(&mut headers);
        let set = headers[SET_COOKIE].to_str().unwrap().to_owned();
        assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure"), "{set}");
        let mut request = HeaderMap::new();
        let pair = set.split(';').next().unwrap();
        request.insert(COOKIE, format!("x=1; {pair}; y=2").parse().unwrap());
        assert_eq!(read(&request, "flash").as_deref(), Some("完成; a=b"));
        assert_eq!(read(&request, "flas"), None);
    }
}
