//! The webhook's section of the configuration.

use secrecy::SecretString;
use serde::Deserialize;

/// One receiver of messages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Whose webhook it is.
    pub kind: Kind,
    /// The complete URL as the receiver shows it. It holds the key, so it is a secret.
    pub url: SecretString,
    /// Secret of the signature; for [`Kind::Dingtalk`] and [`Kind::Feishu`], where it was switched on.
    #[serde(default)]
    pub secret: Option<SecretString>,
    /// Language of the sentences; default `zh`.
    #[serde(default)]
    pub language: Language,
}

/// Whose webhook it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Anything that takes our own JSON and answers with a status of 200 to 299.
    Generic,
    /// Wecom 企业微信, a group's robot.
    Wecom,
    /// Dingtalk 钉钉, a group's custom robot.
    Dingtalk,
    /// Feishu 飞书 (Lark), a group's custom robot.
    Feishu,
    /// Slack, an incoming webhook.
    Slack,
}

impl Kind {
    /// The vendor signs with a secret.
    pub(crate) fn signs(self) -> bool {
        match self {
            Self::Dingtalk | Self::Feishu => true,
            Self::Generic | Self::Wecom | Self::Slack => false,
        }
    }
}

/// Language of the sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// 简体中文.
    #[default]
    Zh,
    /// English.
    En,
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_kind_and_a_url_are_enough_and_nothing_secret_is_printed() {
        let config: Config = from_value(json!({
            "kind": "dingtalk", "url": "https://example.com/?access_token=PRIVATE", "secret": "PRIVATE"
        }))
        .unwrap();
        assert_eq!((config.kind, config.language), (Kind::Dingtalk, Language::Zh));
        assert!(!format!("{config:?}").contains("PRIVATE"));
    }

    #[test]
    fn unknown_keys_and_kinds_are_refused() {
        for value in [
            json!({ "kind": "pager", "url": "https://example.com" }),
            json!({ "kind": "slack", "url": "https://example.com", "token": "x" }),
            json!({ "kind": "slack" }),
            json!({ "kind": "slack", "url": "https://example.com", "language": "fr" }),
        ] {
            assert!(from_value::<Config>(value).is_err());
        }
    }
}
