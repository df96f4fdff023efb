//! Durations in configuration files: a number of seconds, whole or with a fraction.
//!
//! For `#[serde(with = "ipass_http_kit::seconds")]`; a text that holds such a number is taken as
//! well, because that is what the environment gives.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};
use serde::ser::Serializer;

/// Writes seconds as a number.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

/// Reads seconds from a number, or from a text that holds one.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(Seconds)
}

struct Seconds;

impl Visitor<'_> for Seconds {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds, not negative")
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Duration, E> {
        Ok(Duration::from_secs(seconds))
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Duration, E> {
        u64::try_from(seconds)
            .map(Duration::from_secs)
            .map_err(|_| E::invalid_value(de::Unexpected::Signed(seconds), &self))
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Duration, E> {
        Duration::try_from_secs_f64(seconds).map_err(|_| E::invalid_value(de::Unexpected::Float(seconds), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        let invalid = || E::invalid_value(de::Unexpected::Str(text), &self);
        text.trim()
            .parse::<f64>()
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(invalid)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[derive(serde::Deserialize)]
    struct Section {
        #[serde(with = "crate::seconds")]
        gap: Duration,
    }

    #[test]
    fn numbers_and_their_texts_are_read() {
        for (value, millis) in [(json!(2), 2_000), (json!(1.1), 1_100), (json!("0.2"), 200), (json!(0), 0)] {
            let section: Section = from_value(json!({ "gap": value })).unwrap();
            assert_eq!(section.gap.as_millis(), millis);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for value in [json!(-1), json!(-0.5), json!("soon"), json!(null), json!("NaN")] {
            assert!(from_value::<Section>(json!({ "gap": value })).is_err());
        }
    }
}
