//! Who may ask.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::envelope::ApiError;
use super::{ApiState, uncached};

/// Lets a request pass that carries the token.
pub(super) async fn guard(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    pass(check(&state, &request, true), request, next).await
}

/// The same for what everybody may read.
pub(super) async fn guard_open(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    pass(check(&state, &request, false), request, next).await
}

async fn pass(checked: Result<(), ApiError>, request: Request, next: Next) -> Response {
    match checked {
        Ok(()) => uncached(next.run(request).await),
        Err(error) => uncached(error.into_response()),
    }
}

fn check(state: &ApiState, request: &Request, secret: bool) -> Result<(), ApiError> {
    let token = state.token.as_ref().map(|token| token.expose_secret().trim()).filter(|token| !token.is_empty());
    let Some(token) = token else {
        return Err(ApiError::not_found("api_off", "the open API is off: set api.token"));
    };
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header("sec-fetch-site") == Some("cross-site") {
        let message = "pages of other sites may not use this API; call it from a program";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "cross_site", message));
    }
    if !secret || header(AUTHORIZATION.as_str()).and_then(bearer).is_some_and(|given| same_secret(token, given)) {
        return Ok(());
    }
    let message = "send the header Authorization: Bearer with the token of api.token";
    Err(ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", message))
}

/// The token of an `Authorization` header; the scheme is read in any case.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Equal, in a time that tells nothing about either: digests of one length are compared.
fn same_secret(expected: &str, given: &str) -> bool {
    let digest = |text: &str| Sha256::digest(text.as_bytes());
    digest(expected).as_slice().ct_eq(digest(given).as_slice()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_secret_is_the_same() {
        assert!(same_secret("s3cret", "s3cret"));
        for other in ["", "s3cre", "s3cret ", "S3cret", "s3cret2"] {
            assert!(!same_secret("s3cret", other), "{other}");
        }
    }

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("abc"), None);
    }
}
