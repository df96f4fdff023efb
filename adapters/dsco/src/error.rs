//! What an answer means: one table over status and body.
//!
//! The vendor documents almost no error bodies. Seen are an envelope with `messages[]`, a gateway's
//! `{"message": ..}`, the token endpoint's `{"error": ..}`, empty bodies and HTML; all are read
//! leniently, and none is ever quoted as a whole.

use ipass_core::ports::PortError;
use ipass_http_kit::Reply;

use crate::dto::Object;

/// Longest quotation of the vendor's words, in characters.
const LONGEST: usize = 300;

/// The error of an answer that is none of the operation's good ones. Total over all statuses.
///
/// A 404 is a refusal here; operations for which it says "there is none" look at
/// [`says_not_found`] before.
pub(crate) fn error_of(operation: &str, reply: &Reply) -> PortError {
    let status = reply.status;
    let with = |plain: String| match words(&reply.body) {
        Some(words) => format!("{plain}: {words}"),
        None => plain,
    };
    match status {
        // The gateway quotes the Authorization header: its words stay out of every message.
        401 => PortError::auth(format!("{operation}: the credentials are refused (401)")),
        403 if is_gateway_refusal(&reply.body) => {
            PortError::invalid(format!("{operation}: wrong path or method, or a malformed token (403 of the gateway)"))
        }
        403 => PortError::auth(format!("{operation}: not allowed for this account (403)")),
        429 => PortError::throttled(format!("{operation}: too many requests (429)"), reply.retry_after),
        408 | 500..=599 => PortError::retryable(with(format!("{operation}: no answer now ({status})"))),
        200..=299 if says_failure(&reply.body) => PortError::rejected(with(format!("{operation}: refused"))),
        200..=299 => PortError::retryable(format!("{operation}: the answer cannot be read ({status})")),
        400..=499 => PortError::rejected(with(format!("{operation}: refused ({status})"))),
        _ => PortError::invalid(format!("{operation}: unexpected status {status}")),
    }
}

/// The body is an envelope whose `status` is `failure`, whatever the HTTP status.
pub(crate) fn says_failure(body: &[u8]) -> bool {
    let envelope = std::str::from_utf8(body).ok().and_then(Object::read);
    envelope.and_then(|envelope| envelope.text("status")).is_some_and(|status| is_failure(&status))
}

/// The vendor's word for an answer that carries nothing out.
pub(crate) fn is_failure(status: &str) -> bool {
    status.eq_ignore_ascii_case("failure")
}

/// The body says in the vendor's own words that there is no such thing: never believed of a
/// gateway's page.
pub(crate) fn says_not_found(body: &[u8]) -> bool {
    let envelope = std::str::from_utf8(body).ok().and_then(Object::read);
    let messages = envelope.and_then(|envelope| envelope.objects("messages").ok()).unwrap_or_default();
    messages.iter().any(|message| message.text("code").is_some_and(|code| code.eq_ignore_ascii_case("notFound")))
}

/// A 403 by which the gateway answers a path or method that it does not know.
fn is_gateway_refusal(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    text.contains("authorization header") || text.contains("missing authentication token")
}

/// The vendor's words in a body, in one short line; `None` when there are none that can be read.
pub(crate) fn words(body: &[u8]) -> Option<String> {
    let envelope = std::str::from_utf8(body).ok().and_then(Object::read)?;
    let messages = message_words(&envelope, "messages");
    let plain = ["message", "error", "error_description"].into_iter().filter_map(|name| envelope.text(name));
    let all: Vec<String> = if messages.is_empty() { plain.collect() } else { messages };
    one_line(&all)
}

/// `code: description` of each message in an array of them; descriptions come as a text, an array
/// or an object, and the code may be missing.
pub(crate) fn message_words(object: &Object<'_>, name: &str) -> Vec<String> {
    let messages = object.objects(name).unwrap_or_default();
    let words = |message: &Object<'_>| {
        let code = message.text("code");
        code.into_iter().chain(message.leaves("description")).collect::<Vec<_>>().join(": ")
    };
    messages.iter().map(words).filter(|text| !text.is_empty()).collect()
}

/// Joined, without control characters, cut to a length that fits a list.
pub(crate) fn one_line(parts: &[String]) -> Option<String> {
    let joined = parts.join("; ");
    let words = joined.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        _ if line.is_empty() => None,
        Some((end, _)) => Some(format!("{}…", &line[..end])),
        None => Some(line),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ipass_core::ports::ErrorKind;

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, retry_after: None, body: body.to_owned().into() }
    }

    const ENVELOPE: &str = r#"{"status":"failure","messages":[
        {"code":"VALIDATION_FAILED","severity":"error","description":"Ship carrier is required"},
        {"description":["a","b"]},{"description":{"x":"c","y":[1,"d"]}},{}]}"#;
    const GATEWAY: &str =
        r#"{"message":"Invalid key=value pair (missing equal-sign) in Authorization header: 'Bearer SECRET'."}"#;

    #[test]
    fn every_status_has_one_kind() {
        let throttled = ErrorKind::Throttled { retry_after: None };
        for (status, body, kind) in [
            (200, ENVELOPE, ErrorKind::Rejected),
            (202, "{\"requestId\":", ErrorKind::Retryable),
            (200, "<html>", ErrorKind::Retryable),
            (302, "", ErrorKind::Invalid),
            (400, ENVELOPE, ErrorKind::Rejected),
            (400, "", ErrorKind::Rejected),
            (401, r#"{"message":"Unauthorized"}"#, ErrorKind::Auth),
            (401, "", ErrorKind::Auth),
            (403, GATEWAY, ErrorKind::Invalid),
            (403, r#"{"message":"Missing Authentication Token"}"#, ErrorKind::Invalid),
            (403, r#"{"message":"Forbidden"}"#, ErrorKind::Auth),
            (403, "<html>", ErrorKind::Auth),
            (404, "", ErrorKind::Rejected),
            (408, "", ErrorKind::Retryable),
            (413, "", ErrorKind::Rejected),
            (422, ENVELOPE, ErrorKind::Rejected),
            (429, r#"{"message":"Too Many Requests"}"#, throttled),
            (500, r#"{"message":"Internal server error"}"#, ErrorKind::Retryable),
            (502, "<html>", ErrorKind::Retryable),
            (503, "", ErrorKind::Retryable),
            (504, "", ErrorKind::Retryable),
        ] {
            let error = error_of("GET /x", &reply(status, body));
            assert_eq!(error.kind(), kind, "{status} {body}");
            assert!(error.message().starts_with("GET /x: "), "{error}");
        }
    }

    #[test]
    fn the_wait_that_was_asked_for_is_passed_on() {
        let reply = Reply { status: 429, retry_after: Some(Duration::from_secs(7)), body: "".into() };
        let kind = error_of("GET /x", &reply).kind();
        assert_eq!(kind, ErrorKind::Throttled { retry_after: Some(Duration::from_secs(7)) });
    }

    #[test]
    fn messages_are_read_in_every_form() {
        let error = error_of("POST /x", &reply(400, ENVELOPE));
        assert_eq!(error.message(), "POST /x: refused (400): VALIDATION_FAILED: Ship carrier is required; a: b; c: d");
        assert_eq!(words(br#"{"message":"Too Many\nRequests"}"#).as_deref(), Some("Too Many Requests"));
        assert_eq!(
            words(br#"{"error":"invalid_client","error_description":"unknown client"}"#).as_deref(),
            Some("invalid_client; unknown client")
        );
        assert_eq!(words(b"<html>no</html>"), None);
        assert_eq!(words(b""), None);
        assert_eq!(words(b"[1]"), None);
    }

    #[test]
    fn a_header_that_is_quoted_back_is_never_printed() {
        for status in [401, 403] {
            assert!(!error_of("GET /x", &reply(status, GATEWAY)).message().contains("SECRET"), "{status}");
        }
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        let body = format!(r#"{{"message":"{}"}}"#, "é".repeat(1_000));
        assert_eq!(words(body.as_bytes()).map(|words| words.chars().count()), Some(LONGEST + 1));
    }

    #[test]
    fn absence_is_believed_in_the_vendors_words_only() {
        assert!(says_not_found(br#"{"messages":[{"code":"notFound"}]}"#));
        assert!(says_not_found(br#"{"messages":[{"description":"x"},{"code":"NOTFOUND"}]}"#));
        for body in ["", "<html>404</html>", r#"{"message":"Not Found"}"#, r#"{"messages":[]}"#] {
            assert!(!says_not_found(body.as_bytes()), "{body}");
        }
    }
}
