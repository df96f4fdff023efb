use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use super::state::hex;
use super::{BODY_LIMIT, Desk, Fault, Query, Shared};

/// The fields of a form; none for a request without a form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form(pub(crate) Query);

impl FromRequestParts<Shared> for Form {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Fault> {
        parts.extensions.get::<Arc<Form>>().map(|form| Form::clone(form)).ok_or(Fault::WrongKind)
    }
}

impl Form {
    /// Takes the right to act on this form: a second sending of it is refused with
    /// [`Fault::DoneAlready`]. Ask last, when nothing is in the way any more.
    pub(crate) async fn once(&self, desk: &Desk, uri: &Uri) -> Result<(), Fault> {
        let Some(once) = self.0.get("once").filter(|once| (16..=200).contains(&once.len())) else {
            let mut query = Query::default();
            query.problem("once", crate::text::common::MISSING);
            return query.check();
        };
        let key = hex(&Sha256::digest(format!("{}\n{once}", uri.path())));
        let first = desk.store.claim_once(&key, desk.now()).await?;
        if first { Ok(()) } else { Err(Fault::DoneAlready) }
    }
}

/// Nothing that changes something is taken from another site; bodies are read here, once, up to the limit.
pub(super) async fn intake(State(_): State<Shared>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    if !from_our_pages(request.headers(), request.uri()) {
        return Fault::ForeignPage.into_response();
    }
    let (mut parts, body) = request.into_parts();
    let said = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|length| length > BODY_LIMIT) {
        return Fault::TooLarge.into_response();
    }
    let Ok(bytes) = to_bytes(body, BODY_LIMIT).await else {
        return Fault::TooLarge.into_response();
    };
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => {
            parts.extensions.insert(Arc::new(Form(Query::of(&String::from_utf8_lossy(&bytes)))));
        }
        "" if bytes.is_empty() => {
            parts.extensions.insert(Arc::new(Form::default()));
        }
        "application/json" => {}
        _ => return Fault::WrongKind.into_response(),
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// What browsers say about where a request comes from. A client that says nothing is no browser that could be
/// led astray; it needs the login and the secret of the forms all the same.
fn from_our_pages(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("null"));
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    let host = text(HOST.as_str()).or_else(|| uri.authority().map(axum::http::uri::Authority::as_str));
    let from = origin.parse::<Uri>().ok();
    match (from.as_ref().and_then(Uri::authority), host) {
        (Some(from), Some(host)) => from.as_str().eq_ignore_ascii_case(host),
        (None, _) | (_, None) => false,
    }
}
