//! Signatures of requests: MD5 of the sorted parameters, AES-128-ECB, Base64 (documented).
//!
//! The texts that are signed are cut out of the very bytes that are sent, so body and signature
//! cannot disagree on blanks, the order of members or the form of a number.

use std::collections::BTreeMap;
use std::fmt::Write;

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ipass_core::ports::PortError;
use md5::{Digest, Md5};
use serde_json::value::RawValue;

/// Parameters by name, with the text that is signed.
pub(crate) type Params = BTreeMap<String, String>;

/// Signs for one app id, which is the key.
#[derive(Clone)]
pub(crate) struct Signer {
    app_id: String,
    key: [u8; 16],
}

impl Signer {
    /// The app id has exactly 16 bytes; `place` is named in the error.
    pub(crate) fn new(app_id: &str, place: &str) -> Result<Self, PortError> {
        let key = app_id.as_bytes().try_into().map_err(|_| {
            PortError::invalid(format!("{place}: app_id must have exactly 16 bytes, it has {}", app_id.len()))
        })?;
        Ok(Self { app_id: app_id.to_owned(), key })
    }

    pub(crate) fn app_id(&self) -> &str {
        &self.app_id
    }

    /// The signature of these parameters at `timestamp` (Unix seconds): 64 characters, to be
    /// percent-encoded once.
    pub(crate) fn sign(&self, token: &str, timestamp: i64, params: &Params) -> String {
        let text = plain_text(&self.app_id, token, timestamp, params);
        let digest = Md5::digest(text.as_bytes());
        let mut hex = String::with_capacity(32);
        for byte in digest {
            // Writing into a string cannot fail.
            let _ = write!(hex, "{byte:02X}");
        }
        let cipher = ecb::Encryptor::<Aes128>::new(&self.key.into());
        STANDARD.encode(cipher.encrypt_padded_vec::<Pkcs7>(hex.as_bytes()))
    }
}

/// `key=value` sorted by key in byte order, joined by `&`; empty values take no part.
fn plain_text(app_id: &str, token: &str, timestamp: i64, params: &Params) -> String {
    let timestamp = timestamp.to_string();
    let common = [("access_token", token), ("app_key", app_id), ("timestamp", timestamp.as_str())];
    let mut all: BTreeMap<&str, &str> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    all.extend(common);
    let pairs = all.iter().filter(|(_, value)| !value.is_empty());
    pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The top-level members of a JSON object: strings unquoted, everything else as it stands there.
pub(crate) fn body_params(body: &[u8]) -> Result<Params, PortError> {
    let unreadable = |error| PortError::invalid("the request's body cannot be signed").because(error);
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(body).map_err(unreadable)?;
    let text = |raw: &RawValue| {
        let raw = raw.get();
        if raw.starts_with('"') { serde_json::from_str(raw) } else { Ok(raw.to_owned()) }
    };
    members.into_iter().map(|(name, raw)| Ok((name, text(raw).map_err(unreadable)?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::testing::fixture_text;

    struct Vector {
        name: String,
        signer: Signer,
        token: String,
        timestamp: i64,
        params: Params,
        value: Value,
    }

    fn vectors() -> Vec<Vector> {
        let file: Value = serde_json::from_str(&fixture_text("sign_vectors.json")).unwrap();
        file["vectors"].as_array().unwrap().iter().map(vector).collect()
    }

    fn vector(value: &Value) -> Vector {
        let query = value["query"].as_object().into_iter().flatten();
        let of_query = || query.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        let params = value["body_raw"].as_str().map_or_else(of_query, |body| body_params(body.as_bytes()).unwrap());
        Vector {
            name: value["name"].as_str().unwrap().to_owned(),
            signer: Signer::new(value["app_id"].as_str().unwrap(), "test").unwrap(),
            token: value["access_token"].as_str().unwrap().to_owned(),
            timestamp: value["timestamp"].as_i64().unwrap(),
            params,
            value: value.clone(),
        }
    }

    #[test]
    fn every_vector_gives_its_text_and_signature() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 8);
        for Vector { name, signer, token, timestamp, params, value } in vectors {
            let plain = plain_text(signer.app_id(), &token, timestamp, &params);
            assert_eq!(Some(plain.as_str()), value["plain"].as_str(), "{name}");
            assert_eq!(Some(signer.sign(&token, timestamp, &params).as_str()), value["sign"].as_str(), "{name}");
        }
    }

    #[test]
    fn no_vector_gives_the_signature_of_a_known_mistake() {
        for Vector { name, signer, token, timestamp, params, value } in vectors() {
            let sign = signer.sign(&token, timestamp, &params);
            for (mistake, wrong) in value["wrong_signs"].as_object().into_iter().flatten() {
                assert_ne!(Some(sign.as_str()), wrong.as_str(), "{name}: {mistake}");
            }
        }
    }

    #[test]
    fn an_app_id_of_another_length_is_refused_with_its_place() {
        for app_id in ["", "ak_TestAppId001", "ak_TestAppId00001", "ak_TestAppId000é"] {
            let error = Signer::new(app_id, "routes.main.erp").err().unwrap();
            assert!(error.message().starts_with("routes.main.erp: app_id must have exactly 16 bytes"));
        }
    }

    #[test]
    fn empty_texts_take_no_part() {
        let params = body_params(br#"{"a":"","b":"x","c":"\u00e9\"/"}"#).unwrap();
        assert_eq!(plain_text("k", "t", 1, &params), "access_token=t&app_key=k&b=x&c=é\"/&timestamp=1");
    }
}
