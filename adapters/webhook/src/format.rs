//! What each vendor wants to be sent, and what its answers mean.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use ipass_core::ports::{Notice, PortError};
use ipass_http_kit::Reply;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::config::Kind;
use crate::text::rfc3339;

/// A message and its signature.
pub(crate) struct Message {
    /// The body.
    pub(crate) body: Value,
    /// Query pairs to add, as plain text.
    pub(crate) query: Vec<(&'static str, String)>,
}

/// The message about a notice; `text` is what people read.
pub(crate) fn message(kind: Kind, notice: &Notice, text: &str, secret: Option<&str>, now: DateTime<Utc>) -> Message {
    let mut query = Vec::new();
    let body = match kind {
        Kind::Generic => json!({
            "route": notice.route.0,
            "key": notice.key,
            "detail": notice.detail,
            "since": rfc3339(notice.since),
            "recovered": notice.recovered,
            "text": text,
        }),
        Kind::Wecom => json!({ "msgtype": "text", "text": { "content": untagged(text) } }),
        Kind::Dingtalk => {
            if let Some(secret) = secret {
                let timestamp = now.timestamp_millis().to_string();
                query.push(("sign", signature(secret, &format!("{timestamp}\n{secret}"))));
                query.push(("timestamp", timestamp));
            }
            json!({ "msgtype": "text", "text": { "content": text } })
        }
        Kind::Feishu => {
            let mut body = json!({ "msg_type": "text", "content": { "text": untagged(text) } });
            if let Some(secret) = secret {
                let timestamp = now.timestamp().to_string();
                // The vendor's own rule: the text is the key, and what is signed is empty.
                body["sign"] = signature(&format!("{timestamp}\n{secret}"), "").into();
                body["timestamp"] = timestamp.into();
            }
            body
        }
        Kind::Slack => json!({ "text": escaped(text) }),
    };
    Message { body, query }
}

/// HMAC-SHA256 in Base64.
fn signature(key: &str, text: &str) -> String {
    // Keys of any length are taken, so there is no error.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// `<at …>` and `<@…>` would call people.
fn untagged(text: &str) -> String {
    text.replace('<', "＜")
}

/// The three characters that are markup at Slack.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The code inside of an answer. Feishu says `code`, older robots of it `StatusCode`.
#[derive(Default, Deserialize)]
struct Verdict {
    errcode: Option<i64>,
    code: Option<i64>,
    #[serde(rename = "StatusCode")]
    status_code: Option<i64>,
}

/// Whether the receiver took the message: its body decides, not the status alone.
pub(crate) fn judge(kind: Kind, reply: &Reply) -> Result<(), PortError> {
    if !reply.is_success() {
        return Err(by_status(reply));
    }
    let verdict = || serde_json::from_slice::<Verdict>(&reply.body).unwrap_or_default();
    let code = match kind {
        Kind::Generic => return Ok(()),
        Kind::Slack if reply.body.trim_ascii() == b"ok" => return Ok(()),
        Kind::Slack => return Err(PortError::rejected("the webhook's answer is not \"ok\"")),
        Kind::Wecom | Kind::Dingtalk => verdict().errcode,
        Kind::Feishu => {
            let verdict = verdict();
            verdict.code.or(verdict.status_code)
        }
    };
    match code {
        Some(0) => Ok(()),
        Some(code) => Err(by_code(kind, code)),
        None => Err(PortError::invalid("the webhook's answer has no code: is the URL complete, and of this kind?")),
    }
}

/// Too many messages: 45009 at Wecom, 130101 at Dingtalk, 11232 at Feishu. All other codes are about
/// the robot, its security settings or the message.
fn by_code(kind: Kind, code: i64) -> PortError {
    let message = format!("the webhook answers with code {code}");
    match (kind, code) {
        (Kind::Wecom, 45009) | (Kind::Dingtalk, 130_101) | (Kind::Feishu, 11232) => PortError::throttled(message, None),
        (Kind::Generic | Kind::Wecom | Kind::Dingtalk | Kind::Feishu | Kind::Slack, _) => PortError::rejected(message),
    }
}

fn by_status(reply: &Reply) -> PortError {
    let message = format!("the webhook answers with status {}", reply.status);
    match reply.status {
        401 | 403 => PortError::auth(message),
        429 => PortError::throttled(message, reply.retry_after),
        408 | 500..=599 => PortError::retryable(message),
        _ => PortError::rejected(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Computed with another implementation of HMAC-SHA256.
    #[test]
    fn signatures_are_those_of_the_vendors_rules() {
        assert_eq!(signature("SEC1", "1764633600000\nSEC1"), "dptubEceSZinph0G2mnrhRJqWS1TU9bweNQ5MVQzaY0=");
        assert_eq!(signature("1764633600\nSEC1", ""), "X0dV6B/uK1G1w/m3IoWSasRkUMIoXSVY4O0HPJ21RB4=");
    }

    #[test]
    fn markup_in_a_detail_calls_nobody() {
        assert_eq!(escaped("<!channel> & <@U1>"), "&lt;!channel&gt; &amp; &lt;@U1&gt;");
        assert!(!untagged("<at user_id=\"all\"></at><@all>").contains('<'));
    }
}
