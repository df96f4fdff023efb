//! The account's section of the configuration.

use std::time::Duration;

use ipass_core::ports::PortError;
use ipass_http_kit::{CallKind, Pace};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// One DSCO account.
///
/// Exactly one kind of credentials: `token` (the static API key of older accounts), or `client_id`
/// with `client_secret` (OAuth 2 client credentials, asked of every new account).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the API is; default `https://api.dsco.io/api/v3`, the vendor's production.
    pub base_url: String,
    /// Static bearer token.
    pub token: Option<SecretString>,
    /// Id of the OAuth 2 client.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<SecretString>,
    /// How the vendor's published limits are kept.
    pub limits: LimitsConfig,
    /// How long a write that nobody can find may still turn up; whole seconds, default 120. The
    /// vendor speaks of seconds, rarely minutes.
    #[serde(deserialize_with = "seconds")]
    pub consistency: Duration,
}

/// How the vendor's published limits are kept.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// `false` sends without any pause, for a double on this machine; default `true`.
    pub enabled: bool,
    /// Multiplies the published numbers; default 1.0. Half of it leaves room for another program
    /// that uses the same account.
    pub factor: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            base_url: "https://api.dsco.io/api/v3".to_owned(),
            token: None,
            client_id: None,
            client_secret: None,
            limits: LimitsConfig::default(),
            consistency: Duration::from_mins(2),
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { enabled: true, factor: 1.0 }
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_secs)
}

/// The credentials that a section holds.
pub(crate) enum Credentials {
    /// A token that never changes.
    Token(SecretString),
    /// A client that asks for tokens.
    Client { id: String, secret: SecretString },
}

impl Credentials {
    /// What tells one account's credential from another's.
    pub(crate) fn identity(&self) -> &str {
        match self {
            Self::Token(token) => token.expose_secret(),
            Self::Client { id, .. } => id,
        }
    }
}

impl Config {
    /// The one kind of credentials that is there; an empty text counts as absent.
    pub(crate) fn into_credentials(self, name: &str) -> Result<Credentials, PortError> {
        let filled = |secret: &SecretString| !secret.expose_secret().trim().is_empty();
        let (token, secret) = (self.token.filter(filled), self.client_secret.filter(filled));
        let id = self.client_id.filter(|id| !id.trim().is_empty());
        let refuse = |why: &str| {
            let remedy = "set either `token`, or both `client_id` and `client_secret`";
            Err(PortError::invalid(format!("credentials of {name}: {why}; {remedy}")))
        };
        match (token, id, secret) {
            (Some(token), None, None) => Ok(Credentials::Token(token)),
            (None, Some(id), Some(secret)) => Ok(Credentials::Client { id, secret }),
            (None, None, None) => refuse("none are set"),
            (None, Some(_), None) => refuse("`client_secret` is missing beside `client_id`"),
            (None, None, Some(_)) => refuse("`client_id` is missing beside `client_secret`"),
            (Some(_), _, _) => refuse("`token` and `client_id` or `client_secret` are both set"),
        }
    }
}

/// Every call that the adapter makes, with its limit.
///
/// Published numbers (vendor's reference, section "rate limits"): `/order/page` and `/order/` 10 per
/// second and 500 per minute, `/order/acknowledge` and `/invoice` 15 and 1,000, `GET /inventory` 15 and
/// 300. Nothing is published for the others; they are assumed to be the smallest published ones, 5
/// and 300.
pub(crate) struct Kinds {
    pub(crate) token: CallKind,
    pub(crate) hello: CallKind,
    pub(crate) order_page: CallKind,
    pub(crate) order: CallKind,
    pub(crate) order_log: CallKind,
    pub(crate) acknowledge: CallKind,
    pub(crate) ship: CallKind,
    pub(crate) invoice: CallKind,
    pub(crate) invoice_log: CallKind,
    pub(crate) send_invoice: CallKind,
    pub(crate) item: CallKind,
    pub(crate) send_stock: CallKind,
    pub(crate) stock_log: CallKind,
    pub(crate) streams: CallKind,
    pub(crate) make_stream: CallKind,
    pub(crate) fill_stream: CallKind,
    pub(crate) events: CallKind,
    pub(crate) drop_stream: CallKind,
    pub(crate) warehouses: CallKind,
}

/// Assumed where nothing is published: calls per second and per minute.
const UNPUBLISHED: (u32, u32) = (5, 300);

/// A page of 1,000 orders is several megabytes.
const PAGE_BODY: usize = 64 << 20;
const OBJECT_BODY: usize = 8 << 20;
const ANSWER_BODY: usize = 1 << 20;
/// The vendor's pages are slow to come.
const PAGE_TIMEOUT: Duration = Duration::from_mins(1);
const TIMEOUT: Duration = Duration::from_secs(30);

impl Kinds {
    pub(crate) fn new(name: &str, limits: LimitsConfig) -> Result<Self, PortError> {
        let factor = Decimal::try_from(limits.factor).ok().filter(|factor| *factor > Decimal::ZERO);
        let factor = factor.ok_or_else(|| {
            PortError::invalid(format!("limits of {name}: `factor` must be a number above 0, normally 1.0"))
        })?;
        let scaled = |published: u32| {
            let product = factor.checked_mul(published.into()).and_then(|product| product.floor().to_u32());
            product.unwrap_or(published).max(1)
        };
        let kind = |name, (per_second, per_minute), timeout, max_body| {
            let pace =
                if limits.enabled { Pace::windows(Some(scaled(per_second)), scaled(per_minute)) } else { Pace::free() };
            CallKind { name, pace, timeout, max_body }
        };
        Ok(Self {
            token: kind("POST /oauth2/token", UNPUBLISHED, TIMEOUT, ANSWER_BODY),
            hello: kind("GET /hello", UNPUBLISHED, TIMEOUT, ANSWER_BODY),
            order_page: kind("GET /order/page", (10, 500), PAGE_TIMEOUT, PAGE_BODY),
            order: kind("GET /order/", (10, 500), TIMEOUT, OBJECT_BODY),
            order_log: kind("GET /order/log", UNPUBLISHED, PAGE_TIMEOUT, PAGE_BODY),
            acknowledge: kind("POST /order/acknowledge", (15, 1000), TIMEOUT, ANSWER_BODY),
            ship: kind("POST /order/shipment/batch/small", UNPUBLISHED, TIMEOUT, ANSWER_BODY),
            invoice: kind("GET /invoice", (15, 1000), TIMEOUT, OBJECT_BODY),
            invoice_log: kind("GET /invoice/log", UNPUBLISHED, PAGE_TIMEOUT, PAGE_BODY),
            send_invoice: kind("POST /invoice/batch/small", UNPUBLISHED, TIMEOUT, ANSWER_BODY),
            item: kind("GET /inventory", (15, 300), TIMEOUT, OBJECT_BODY),
            send_stock: kind("POST /inventory/batch/small", UNPUBLISHED, TIMEOUT, ANSWER_BODY),
            stock_log: kind("GET /inventory/log", UNPUBLISHED, PAGE_TIMEOUT, PAGE_BODY),
            streams: kind("GET /stream", UNPUBLISHED, TIMEOUT, OBJECT_BODY),
            make_stream: kind("POST /stream", UNPUBLISHED, TIMEOUT, ANSWER_BODY),
            fill_stream: kind("POST /stream/{id}", UNPUBLISHED, TIMEOUT, ANSWER_BODY),
            events: kind("GET /stream/{id}/{partition}/{position}", UNPUBLISHED, PAGE_TIMEOUT, PAGE_BODY),
            drop_stream: kind("DELETE /stream/{id}", UNPUBLISHED, TIMEOUT, ANSWER_BODY),
            warehouses: kind("GET /warehouse/page", UNPUBLISHED, TIMEOUT, OBJECT_BODY),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn config(section: Value) -> Config {
        serde_json::from_value(section).unwrap()
    }

    #[test]
    fn an_empty_section_has_the_published_defaults() {
        let config = config(json!({}));
        assert_eq!(config.base_url, "https://api.dsco.io/api/v3");
        assert_eq!(config.limits, LimitsConfig { enabled: true, factor: 1.0 });
        assert_eq!(config.consistency, Duration::from_mins(2));
    }

    #[test]
    fn a_typing_error_is_named() {
        let error = serde_json::from_value::<Config>(json!({"tokn": "x"})).unwrap_err();
        assert!(error.to_string().contains("unknown field `tokn`"), "{error}");
        assert!(serde_json::from_value::<Config>(json!({"limits": {"rate": 1}})).is_err());
    }

    #[test]
    fn exactly_one_kind_of_credentials_is_accepted() {
        for section in [json!({"token": "t"}), json!({"token": "t", "client_id": "", "client_secret": " "})] {
            assert!(matches!(config(section).into_credentials("x"), Ok(Credentials::Token(_))));
        }
        let client = config(json!({"client_id": "c", "client_secret": "s"}));
        assert!(matches!(client.into_credentials("x"), Ok(Credentials::Client { .. })));
        for (section, why) in [
            (json!({}), "none are set"),
            (json!({"token": ""}), "none are set"),
            (json!({"client_id": "c"}), "`client_secret` is missing"),
            (json!({"client_secret": "s"}), "`client_id` is missing"),
            (json!({"token": "t", "client_id": "c", "client_secret": "s"}), "both set"),
            (json!({"token": "t", "client_secret": "s"}), "both set"),
        ] {
            let error = config(section).into_credentials("main").err().unwrap();
            assert!(error.message().starts_with("credentials of main: "), "{error}");
            assert!(error.message().contains(why), "{error}");
            let remedy = "set either `token`, or both `client_id` and `client_secret`";
            assert!(error.message().ends_with(remedy), "{error}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let printed = format!("{:?}", config(json!({"token": "SECRET-1", "client_secret": "SECRET-2"})));
        assert!(!printed.contains("SECRET"), "{printed}");
    }

    #[test]
    fn the_factor_scales_the_published_numbers() {
        let numbers = |limits| match Kinds::new("x", limits).unwrap().order_page.pace {
            Pace::Windows(windows) => format!("{windows:?}"),
            Pace::Free => "free".to_owned(),
            Pace::InFlight(_) => "in flight".to_owned(),
        };
        assert!(numbers(LimitsConfig::default()).contains("Some(10), per_minute: 500"));
        assert!(numbers(LimitsConfig { factor: 0.5, enabled: true }).contains("Some(5), per_minute: 250"));
        assert!(numbers(LimitsConfig { factor: 0.001, enabled: true }).contains("Some(1), per_minute: 1,"));
        assert_eq!(numbers(LimitsConfig { enabled: false, factor: 1.0 }), "free");
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Kinds::new("x", LimitsConfig { factor, enabled: true }).is_err(), "{factor}");
        }
    }
}
