//! The signature check, from the bytes of the request.
//!
//! The server rebuilds nested values as compact JSON in the order of the body, so a client that
//! signs another text than it sends is found out here.

use std::collections::BTreeMap;

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde_json::value::RawValue;

use crate::wire::Call;

const BLOCK: usize = 16;

/// The text that is hashed. `None` when the body is not an object or when a POST carries
/// business parameters in its URL.
pub(crate) fn plain_text(call: &Call, token: &str, app: &str, timestamp: &str) -> Option<String> {
    let mut parts: BTreeMap<String, String> = BTreeMap::new();
    let common = ["access_token", "app_key", "timestamp", "sign"];
    let others = call.query.iter().filter(|(key, _)| !common.contains(&key.as_str()));
    if call.method == "GET" {
        parts.extend(others.cloned());
    } else {
        if others.count() > 0 {
            return None;
        }
        parts.extend(members(&call.body)?);
    }
    parts.insert("access_token".to_owned(), token.to_owned());
    parts.insert("app_key".to_owned(), app.to_owned());
    parts.insert("timestamp".to_owned(), timestamp.to_owned());
    let joined: Vec<String> = parts
        .iter()
        .filter(|(key, value)| *key != "sign" && !value.is_empty())
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    Some(joined.join("&"))
}

/// Top-level members of a body with their value texts; an empty body has none.
fn members(body: &[u8]) -> Option<BTreeMap<String, String>> {
    if body.is_empty() {
        return Some(BTreeMap::new());
    }
    let raw: BTreeMap<String, &RawValue> = serde_json::from_slice(body).ok()?;
    raw.into_iter().map(|(key, value)| value_text(value.get()).map(|text| (key, text))).collect()
}

fn value_text(raw: &str) -> Option<String> {
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok(),
        b'[' | b'{' => compact(raw),
        _ => Some(raw.to_owned()),
    }
}

/// A nested value without blanks between tokens, its strings written without needless escapes.
fn compact(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(|c: char| c == '"' || c.is_ascii_whitespace()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('"') {
            let (string, behind) = rest.split_at(string_end(rest)?);
            if string.contains('\\') {
                let text: String = serde_json::from_str(string).ok()?;
                out.push_str(&serde_json::to_string(&text).ok()?);
            } else {
                out.push_str(string);
            }
            rest = behind;
        } else {
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Some(out)
}

/// Position behind the closing quote of the string that `text` starts with.
fn string_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// MD5 in upper-case hex, AES-128-ECB with the app id as key, base64.
pub(crate) fn sign(app: &str, plain: &str) -> Option<String> {
    let cipher = Aes128::new_from_slice(app.as_bytes()).ok()?;
    let digest = Md5::digest(plain.as_bytes());
    let mut bytes: Vec<u8> = digest.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect();
    // 32 bytes are two whole blocks, so PKCS#7 appends a third one.
    bytes.extend([16_u8; BLOCK]);
    for chunk in bytes.chunks_exact_mut(BLOCK) {
        let block: &mut [u8; BLOCK] = chunk.try_into().ok()?;
        cipher.encrypt_block(block.into());
    }
    Some(STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use chrono::DateTime;
    use serde_json::Value;

    use super::*;

    fn call(method: &str, query: &Value, body: &str) -> Call {
        let query = query.as_object().into_iter().flatten();
        Call {
            method: method.to_owned(),
            path: "/p".to_owned(),
            kind: format!("{method} /p"),
            query: query.map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned())).collect(),
            authorization: None,
            content_type: "application/json".to_owned(),
            form: Vec::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            now: DateTime::UNIX_EPOCH,
            effect: None,
        }
    }

    #[test]
    fn every_vector_signs_as_written() {
        let file = include_str!("../../fixtures/lingxing_sign_vectors.json");
        let file: Value = serde_json::from_str(file).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        assert!(vectors.len() >= 8);
        for vector in vectors {
            let name = &vector["name"];
            let text = |key: &str| vector[key].as_str().unwrap_or_default();
            let call = call(text("method"), &vector["query"], text("body_raw"));
            let timestamp = vector["timestamp"].to_string();
            let plain = plain_text(&call, text("access_token"), text("app_id"), &timestamp).unwrap();
            assert_eq!(plain, text("plain"), "{name}");
            assert_eq!(sign(text("app_id"), &plain).unwrap(), text("sign"), "{name}");
        }
    }

    #[test]
    fn nested_text_is_rebuilt_compactly() {
        let raw = r#"{ "b" : [ 1, 2.50 ], "a" : "x y \u00e9 \/ \"q\"" }"#;
        assert_eq!(compact(raw).unwrap(), r#"{"b":[1,2.50],"a":"x y é / \"q\""}"#);
    }

    #[test]
    fn business_parameters_in_the_url_of_a_post_are_refused() {
        let call = call("POST", &serde_json::json!({ "offset": "0" }), "{}");
        assert_eq!(plain_text(&call, "t", "a", "1"), None);
    }
}
