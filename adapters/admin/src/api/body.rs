//! Request bodies: JSON of one shape, every mistake with its place.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::BODY_LIMIT;
use super::envelope::ApiError;

/// A body that was read as `T`.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !is_json(kind) {
            let message = "send the body as JSON, with the header Content-Type: application/json";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let message = format!("the body has more than {BODY_LIMIT} bytes");
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
            } else {
                ApiError::new(StatusCode::BAD_REQUEST, "broken_body", "the body broke off")
            }
        })?;
        parse(&bytes).map(Self)
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// 400 for what is no JSON, 422 with the place for JSON of another shape.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let malformed = |error: &serde_json::Error| {
        let message = format!("the body is not JSON: line {}, column {}", error.line(), error.column());
        ApiError::new(StatusCode::BAD_REQUEST, "malformed_json", message)
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            Category::Data => {
                let path = if path == "." { String::new() } else { path };
                // The place in the text says less than the path.
                let text = inner.to_string();
                let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
                ApiError::invalid_at(path, shortened(what))
            }
            Category::Io | Category::Syntax | Category::Eof => malformed(&inner),
        }
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// The message may repeat what was sent; not all of it.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// For members that may be left out but not be `null`.
pub(super) fn present<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        #[expect(dead_code, reason = "only read")]
        #[serde(default, deserialize_with = "present")]
        names: Option<Vec<String>>,
    }

    fn status(bytes: &[u8]) -> u16 {
        parse::<Shape>(bytes).map_or_else(|error| error.into_response().status().as_u16(), |_| 200)
    }

    #[test]
    fn what_is_no_json_is_malformed_and_what_has_another_shape_is_invalid() {
        assert_eq!(status(br#"{"names":["a"]}"#), 200);
        assert_eq!(status(b"{}"), 200);
        for malformed in [&b"{"[..], b"", b"{} x", b"\xff", br#"{"names":["\ud800"]}"#] {
            assert_eq!(status(malformed), 400, "{malformed:?}");
        }
        for invalid in [&br#"{"names":null}"#[..], br#"{"names":[1]}"#, br#"{"colour":1}"#, b"1", &b"[".repeat(1000)] {
            assert_eq!(status(invalid), 422, "{invalid:?}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let error = parse::<Shape>(br#"{"names":["a",7]}"#).unwrap_err();
        let problem = &error.problems()[0];
        assert_eq!(problem.path, "names[1]");
        assert!(problem.problem.contains("expected a string") && !problem.problem.contains("line"), "{problem:?}");
    }

    #[test]
    fn json_is_json_in_any_case_and_with_parameters() {
        assert!(is_json("application/json") && is_json("Application/JSON; charset=utf-8"));
        assert!(!is_json("text/plain") && !is_json("") && !is_json("application/jsonx"));
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        assert_eq!(shortened(&"汉".repeat(400)).chars().count(), 301);
        assert_eq!(shortened("short"), "short");
    }
}
