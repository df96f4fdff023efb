//! What the vendor's answers mean: one total table, the body before the HTTP status.

use ipass_core::ports::{ErrorKind, PortError};
use ipass_http_kit::Reply;

use crate::dto::{Envelope, Raw};

/// Longest text of the vendor that goes into a message.
const MAX_TEXT: usize = 200;

/// An answer that is no success.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: PortError,
    /// The request changed nothing, beyond doubt. What an internal error left behind is open.
    pub(crate) certain: bool,
    pub(crate) remedy: Remedy,
}

impl Refusal {
    /// The same request may succeed after a while.
    pub(crate) fn passes(&self) -> bool {
        let kind = self.error.kind();
        self.remedy == Remedy::None && matches!(kind, ErrorKind::Retryable | ErrorKind::Throttled { .. })
    }
}

/// What makes the same request worth sending once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Nothing.
    None,
    /// Another access token: this one is gone, or another program has fetched a new one.
    NewToken,
    /// A signature of now: this one was on its way for more than two minutes, or a clock is wrong.
    NewTimestamp,
}

/// What a failure is, before it has words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Throttled,
    Auth,
    Clock,
    Invalid,
    Rejected,
    /// It may pass by itself; a write may have happened all the same.
    Passing,
}

/// The answer of a business call; `call` stands in the error's message.
pub(crate) fn read(call: &str, reply: &Reply) -> Result<Envelope, Refusal> {
    open(call, reply, "0")
}

/// The answer of a token call, which has its own code of success.
pub(crate) fn read_token(call: &str, reply: &Reply) -> Result<Envelope, Refusal> {
    open(call, reply, "200")
}

fn open(call: &str, reply: &Reply, success: &str) -> Result<Envelope, Refusal> {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(&reply.body) else {
        return Err(by_status(call, reply, "no JSON"));
    };
    match envelope.code.as_deref() {
        Some(code) if code == success && reply.is_success() => Ok(envelope),
        Some(code) if code == success => Err(by_status(call, reply, "success inside")),
        Some(code) => Err(by_code(call, reply, code, &envelope)),
        None => Err(by_status(call, reply, "no code")),
    }
}

fn by_code(call: &str, reply: &Reply, code: &str, envelope: &Envelope) -> Refusal {
    let text = envelope.message.as_deref().or(envelope.msg.as_deref()).unwrap_or_default();
    let (class, remedy) = meaning(code, text);
    let mut message = format!("{call}: {code}");
    for part in [Some(text.to_owned()), envelope.error_details.as_ref().and_then(Raw::scalar)].into_iter().flatten() {
        let part = plain(&part);
        if !part.is_empty() {
            message = format!("{message} {part}");
        }
    }
    if let Some(id) = &envelope.request_id {
        message = format!("{message} (request {})", plain(id));
    }
    // Behind a status of 5xx even a plain "no" is no proof.
    let refused_at_the_door = class == Class::Throttled || remedy != Remedy::None;
    let certain = refused_at_the_door || (class != Class::Passing && reply.status < 500);
    Refusal { error: error(class, message, reply), certain, remedy }
}

/// Codes of the gateway and of the services, as text: they come as number or text.
fn meaning(code: &str, text: &str) -> (Class, Remedy) {
    let internal = text.contains("内部错误") || text.to_ascii_lowercase().contains("internal");
    match code {
        // Full bucket at the gateway; limiter of the service behind it; HTTP's own.
        "3001008" | "103" | "429" => (Class::Throttled, Remedy::None),
        // Token expired; token replaced by another program.
        "2001003" | "2001005" => (Class::Auth, Remedy::NewToken),
        // Refused once more with a signature of now: our clock is wrong, whatever the credentials are.
        "2001007" => (Class::Clock, Remedy::NewTimestamp),
        // Unknown app, wrong secret, API not granted, refresh token gone, address not on the white
        // list, secret damaged on its way, app disabled, right expired.
        "2001001" | "2001002" | "2001004" | "2001008" | "2001009" | "3001002" | "0001001" | "401" | "403" => {
            (Class::Auth, Remedy::None)
        }
        // Wrong signature, missing common parameter, wrong type of a parameter, unknown service.
        "2001006" | "3001001" | "102" | "400" | "404" | "405" => (Class::Invalid, Remedy::None),
        // A wrong path, in the gateway's other words (observed).
        "500" if text.contains("404") => (Class::Invalid, Remedy::None),
        "500" | "502" | "503" | "504" => (Class::Passing, Remedy::None),
        _ if internal => (Class::Passing, Remedy::None),
        _ => (Class::Rejected, Remedy::None),
    }
}

/// An answer outside of the vendor's shell: the status is all there is.
fn by_status(call: &str, reply: &Reply, what: &str) -> Refusal {
    let (class, certain) = match reply.status {
        401 | 403 => (Class::Auth, true),
        429 => (Class::Throttled, true),
        // 405 with a page of the front end is how a wrong path looks (observed).
        400 | 404 | 405 | 413 | 414 | 415 | 422 => (Class::Invalid, true),
        _ => (Class::Passing, false),
    };
    let message = format!("{call}: HTTP {}, {what}", reply.status);
    Refusal { error: error(class, message, reply), certain, remedy: Remedy::None }
}

fn error(class: Class, message: String, reply: &Reply) -> PortError {
    match class {
        Class::Throttled => PortError::throttled(message, reply.retry_after),
        Class::Auth => PortError::auth(message),
        Class::Clock => PortError::clock(message),
        Class::Invalid => PortError::invalid(message),
        Class::Rejected => PortError::rejected(message),
        Class::Passing => PortError::retryable(message),
    }
}

/// The vendor's words on one line, without the support key `[请求码:C365FF]` behind them, cut to a
/// length that fits into a list.
pub(crate) fn plain(text: &str) -> String {
    let text = match text.rfind("[请求码") {
        Some(at) if text.trim_end().ends_with(']') => &text[..at],
        _ => text,
    };
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ").chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{fixture, reply};

    const THROTTLED: ErrorKind = ErrorKind::Throttled { retry_after: None };

    fn refusal(reply: &Reply) -> Refusal {
        read("POST /x", reply).err().unwrap()
    }

    #[test]
    fn recorded_refusals_have_their_kind() {
        use ErrorKind::{Auth, Clock, Invalid, Retryable};
        for (name, kind, certain, remedy) in [
            ("rate_limit_gateway.json", THROTTLED, true, Remedy::None),
            ("rate_limit_business.json", THROTTLED, true, Remedy::None),
            ("access_token_expired.json", Auth, true, Remedy::NewToken),
            ("access_token_not_match.json", Auth, true, Remedy::NewToken),
            ("sign_expired.json", Clock, true, Remedy::NewTimestamp),
            ("sign_error.json", Invalid, true, Remedy::None),
            ("missing_common_params.json", Invalid, true, Remedy::None),
            ("api_not_authorized.json", Auth, true, Remedy::None),
            ("ip_not_permit.json", Auth, true, Remedy::None),
            ("app_disabled.json", Auth, true, Remedy::None),
            ("app_expired.json", Auth, true, Remedy::None),
            ("app_no_permission.json", Auth, true, Remedy::None),
            ("param_error_gateway.json", Invalid, true, Remedy::None),
            ("param_error_length.json", Invalid, true, Remedy::None),
            ("param_error_php.json", Retryable, false, Remedy::None),
            ("service_not_found.json", Invalid, true, Remedy::None),
            ("path_not_found.json", Invalid, true, Remedy::None),
        ] {
            let refusal = refusal(&fixture(name));
            assert_eq!(refusal.error.kind(), kind, "{name}");
            assert_eq!((refusal.certain, refusal.remedy), (certain, remedy), "{name}");
        }
    }

    #[test]
    fn token_refusals_need_a_person() {
        for name in ["token_error_app_not_exist.json", "token_error_secret.json", "token_error_rsa.json"] {
            let refusal = read_token("POST /token", &fixture(name)).err().unwrap();
            assert_eq!(refusal.error.kind(), ErrorKind::Auth, "{name}");
        }
    }

    #[test]
    fn each_call_has_its_own_code_of_success() {
        assert!(read("POST /x", &reply(200, r#"{"code":"0","data":{}}"#)).is_ok());
        assert!(read("POST /x", &reply(200, r#"{"code":"200","data":{}}"#)).is_err());
        assert!(read("POST /x", &reply(200, r#"{"code":1,"data":{}}"#)).is_err());
        assert!(read_token("POST /t", &fixture("token_ok.json")).is_ok());
        assert!(read_token("POST /t", &reply(200, r#"{"code":0}"#)).is_err());
    }

    #[test]
    fn the_body_goes_before_the_status() {
        use ErrorKind::{Auth, Invalid, Rejected, Retryable};
        for (status, body, kind, certain) in [
            (200, r#"{"code":7,"message":"订单不允许"}"#, Rejected, true),
            (500, r#"{"code":7,"message":"订单不允许"}"#, Rejected, false),
            (500, r#"{"code":"3001008"}"#, THROTTLED, true),
            (200, r#"{"code":1,"message":"服务内部错误"}"#, Retryable, false),
            (200, r#"{"code":1,"message":"参数检验不通过"}"#, Rejected, true),
            (500, r#"{"code":0,"data":{}}"#, Retryable, false),
            (200, r#"{"data":{}}"#, Retryable, false),
            (200, "<html>busy</html>", Retryable, false),
            (200, r#"{"code":0,"data":{"lis"#, Retryable, false),
            (200, "", Retryable, false),
            (200, "null", Retryable, false),
            (502, "<html>bad gateway</html>", Retryable, false),
            (408, "", Retryable, false),
            (302, "", Retryable, false),
            (405, "<html>not allowed</html>", Invalid, true),
            (403, "<html>forbidden</html>", Auth, true),
            (429, "slow down", THROTTLED, true),
        ] {
            let refusal = refusal(&reply(status, body));
            assert_eq!((refusal.error.kind(), refusal.certain), (kind, certain), "{status} {body}");
        }
    }

    #[test]
    fn a_wait_that_the_remote_asks_for_is_kept() {
        let reply = Reply { retry_after: Some(Duration::from_secs(7)), ..reply(429, "") };
        assert_eq!(refusal(&reply).error.kind(), ErrorKind::Throttled { retry_after: Some(Duration::from_secs(7)) });
    }

    #[test]
    fn a_message_has_code_words_and_request_id() {
        let message = refusal(&fixture("param_error_php.json")).error.message().to_owned();
        assert_eq!(message, "POST /x: 500 内部错误 offset 必须是非负数 (request 00000000-0000-4000-8000-000000000003)");
    }

    #[test]
    fn the_support_key_is_stripped() {
        for (text, expected) in [
            ("SKU不存在[请求码:C365FF]", "SKU不存在"),
            ("SKU不存在 [请求码:C365FF] ", "SKU不存在"),
            ("a\n\tb", "a b"),
            ("[请求码:A1", "[请求码:A1"),
            ("", ""),
        ] {
            assert_eq!(plain(text), expected);
        }
        assert_eq!(plain(&"长".repeat(500)).chars().count(), MAX_TEXT);
    }
}
