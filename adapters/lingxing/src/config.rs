//! What the configuration file says about one Lingxing credential.

use std::fmt;
use std::time::Duration;

use ipass_http_kit::seconds;
use secrecy::SecretString;
use serde::Deserialize;

/// One credential at Lingxing.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Default `https://openapi.lingxing.com`, the only host that the vendor documents.
    #[serde(default = "base_url")]
    pub base_url: String,
    /// The `AppID`: exactly 16 bytes, because it is the key of the signature.
    pub app_id: String,
    /// The `AppSecret`.
    pub app_secret: SecretString,
    /// The platform of the stores that orders are created in. Default 10011.
    #[serde(default = "platform_code")]
    pub platform_code: i64,
    /// Zone of the times that Lingxing writes without one, by its IANA name. Default
    /// `Asia/Shanghai`.
    #[serde(default = "timezone")]
    pub timezone: String,
    /// How fast calls may follow each other.
    #[serde(default)]
    pub pace: PaceConfig,
    /// Seconds after which a created order that cannot be found was not created. Default 120.
    #[serde(default = "consistency", with = "seconds")]
    pub consistency: Duration,
}

/// Shortest times between the starts of two calls, by the capacity that the vendor gives an
/// endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PaceConfig {
    /// Seconds between calls of an endpoint of capacity 1. Default 1.1.
    #[serde(with = "seconds")]
    pub gap_capacity_one: Duration,
    /// Seconds between calls of an endpoint of capacity 10. Default 0.1: the vendor counts
    /// requests in flight, of which this leaves most free.
    #[serde(with = "seconds")]
    pub gap_capacity_ten: Duration,
}

impl Config {
    /// A credential with everything else at its default.
    #[must_use]
    pub fn new(base_url: String, app_id: String, app_secret: SecretString) -> Self {
        Self {
            base_url,
            app_id,
            app_secret,
            platform_code: platform_code(),
            timezone: timezone(),
            pace: PaceConfig::default(),
            consistency: consistency(),
        }
    }
}

impl Default for PaceConfig {
    fn default() -> Self {
        Self { gap_capacity_one: Duration::from_millis(1_100), gap_capacity_ten: Duration::from_millis(100) }
    }
}

/// Neither half of the credential prints.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("base_url", &self.base_url)
            .field("app_id", &"***")
            .field("app_secret", &"***")
            .field("platform_code", &self.platform_code)
            .field("timezone", &self.timezone)
            .field("pace", &self.pace)
            .field("consistency", &self.consistency)
            .finish()
    }
}

fn base_url() -> String {
    "https://openapi.lingxing.com".to_owned()
}

fn platform_code() -> i64 {
    10_011
}

fn timezone() -> String {
    "Asia/Shanghai".to_owned()
}

fn consistency() -> Duration {
    Duration::from_mins(2)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn section(extra: &Value) -> Result<Config, serde_json::Error> {
        let mut section = json!({ "app_id": "ak_TestAppId0001", "app_secret": "PRIVATE" });
        for (name, value) in extra.as_object().unwrap() {
            section[name] = value.clone();
        }
        from_value(section)
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let config = section(&json!({})).unwrap();
        assert_eq!(config.base_url, "https://openapi.lingxing.com");
        assert_eq!((config.platform_code, config.timezone.as_str()), (10_011, "Asia/Shanghai"));
        assert_eq!(config.consistency.as_secs(), 120);
        assert_eq!(config.pace.gap_capacity_one.as_millis(), 1_100);
        assert_eq!(config.pace.gap_capacity_ten.as_millis(), 100);
    }

    #[test]
    fn one_gap_may_be_given_alone() {
        let config = section(&json!({ "pace": { "gap_capacity_one": 2 } })).unwrap();
        assert_eq!(config.pace.gap_capacity_one.as_secs(), 2);
        assert_eq!(config.pace.gap_capacity_ten.as_millis(), 100);
    }

    #[test]
    fn a_typo_is_refused() {
        assert!(section(&json!({ "platform": 1 })).unwrap_err().to_string().contains("unknown field `platform`"));
    }

    #[test]
    fn the_credential_does_not_print() {
        let printed = format!("{:?}", section(&json!({})).unwrap());
        assert!(!printed.contains("PRIVATE") && !printed.contains("ak_TestAppId0001"), "{printed}");
    }
}
