use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use ipass_core::ports::AdminSession;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::cookies::{login_cookie, read};
use super::state::hex;
use super::{Desk, Fault, Form, Shared};

/// Lets a request pass that somebody makes who is logged in; one that is no reading also needs the secret of
/// the forms, as the field `csrf` or the header `X-Csrf-Token`.
pub(super) async fn gate(State(desk): State<Shared>, mut request: Request, next: Next) -> Response {
    let token = read(request.headers(), login_cookie(desk.behind_tls));
    let secret = changes(&request).then(|| sent_secret(&request));
    match whose(&desk, token, secret).await {
        Ok(session) => {
            request.extensions_mut().insert(session);
            next.run(request).await
        }
        Err(fault) => fault.into_response(),
    }
}

fn changes(request: &Request) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
}

fn sent_secret(request: &Request) -> String {
    let header = request.headers().get("x-csrf-token").and_then(|value| value.to_str().ok());
    let form = request.extensions().get::<Arc<Form>>();
    header.or_else(|| form.and_then(|form| form.0.get("csrf"))).unwrap_or_default().to_owned()
}

/// Who reads a page that does not change anything, if anybody is logged in and the store answers.
pub(super) async fn reader(desk: &Desk, headers: &HeaderMap) -> Option<Arc<AdminSession>> {
    whose(desk, read(headers, login_cookie(desk.behind_tls)), None).await.ok()
}

/// The login of a token; `secret` is what a request sent that changes something.
async fn whose(desk: &Desk, token: Option<String>, secret: Option<String>) -> Result<Arc<AdminSession>, Fault> {
    let token = token.filter(|_| !desk.passwords.switched_off()).ok_or(Fault::Expired)?;
    let session = desk.store.session(&token_hash(&token), desk.now(), desk.idle, desk.absolute).await?;
    let session = session.ok_or(Fault::Expired)?;
    match secret {
        Some(secret) if !bool::from(secret.as_bytes().ct_eq(session.csrf.as_bytes())) => Err(Fault::ForeignPage),
        Some(_) | None => Ok(Arc::new(session)),
    }
}

/// What the store knows of a token.
pub(super) fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token))
}
