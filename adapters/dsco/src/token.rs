//! The bearer token: a static one, or one that is asked for, kept and renewed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use ipass_core::ports::PortError;
use ipass_http_kit::{Account, Body, CallKind, Reply, Request, by_status};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::config::Credentials;
use crate::dto::Object;
use crate::error::{error_of, words};

/// A token is renewed this long before its end, or a fifth of its life before if that is less.
const MARGIN: Duration = Duration::from_mins(5);

/// Life of a token whose answer names none.
const UNSAID_LIFE: Duration = Duration::from_mins(10);

/// Where bearer tokens come from.
pub(crate) struct Token {
    credentials: Credentials,
    /// Held while a token is asked for, so that many callers cause one request.
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    token: SecretString,
    renew_at: DateTime<Utc>,
}

impl Token {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self { credentials, kept: Mutex::new(None) }
    }

    /// A token that is good for a while.
    pub(crate) async fn bearer(&self, account: &Account, kind: &CallKind) -> Result<SecretString, PortError> {
        let (id, secret) = match &self.credentials {
            Credentials::Token(token) => return Ok(token.clone()),
            Credentials::Client { id, secret } => (id, secret),
        };
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| account.clock().now() < kept.renew_at) {
            return Ok(kept.token.clone());
        }
        let fresh = ask(account, kind, id, secret).await?;
        let token = fresh.token.clone();
        *kept = Some(fresh);
        Ok(token)
    }

    /// Another token than the one that was refused; `None` when there is no other to be had.
    pub(crate) async fn instead_of(
        &self,
        refused: &SecretString,
        account: &Account,
        kind: &CallKind,
    ) -> Result<Option<SecretString>, PortError> {
        if let Credentials::Token(_) = self.credentials {
            return Ok(None);
        }
        {
            let mut kept = self.kept.lock().await;
            if kept.as_ref().is_some_and(|kept| kept.token.expose_secret() == refused.expose_secret()) {
                *kept = None;
            }
        }
        self.bearer(account, kind).await.map(Some)
    }
}

/// Asks for a token. Safe to repeat: several live tokens of one client are allowed.
async fn ask(account: &Account, kind: &CallKind, id: &str, secret: &SecretString) -> Result<Kept, PortError> {
    let build = || {
        let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret.expose_secret())];
        let pairs = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request::post("/oauth2/token").header("accept", "application/json").body(Body::Form(pairs))
    };
    let asked_at = account.clock().now();
    let reply = account.read(kind, build, by_status).await?;
    let (token, life) = read(kind.name, &reply)?;
    Ok(Kept { token, renew_at: asked_at + life.saturating_sub(MARGIN.min(life / 5)) })
}

fn read(operation: &str, reply: &Reply) -> Result<(SecretString, Duration), PortError> {
    match reply.status {
        200..=299 => {}
        // 400 `invalid_request` and 401 `invalid_client` both mean that these credentials will not do.
        400 | 401 => {
            let words = words(&reply.body).unwrap_or_else(|| "no reason given".to_owned());
            let message = format!("{operation}: the client credentials are refused ({}): {words}", reply.status);
            return Err(PortError::auth(message));
        }
        _ => return Err(error_of(operation, reply)),
    }
    let answer = std::str::from_utf8(&reply.body).ok().and_then(Object::read);
    let token = answer.as_ref().and_then(|answer| answer.text("access_token"));
    let token = token.ok_or_else(|| PortError::retryable(format!("{operation}: the answer holds no token")))?;
    let life = answer.and_then(|answer| answer.number("expires_in")).and_then(|seconds| u64::try_from(seconds).ok());
    Ok((token.into(), life.map_or(UNSAID_LIFE, Duration::from_secs)))
}

#[cfg(test)]
mod tests {
    use ipass_core::ports::ErrorKind;

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, retry_after: None, body: body.to_owned().into() }
    }

    #[test]
    fn an_answer_is_read() {
        let body = r#"{"access_token":"a.b","token_type":"Bearer","expires_in":"3600"}"#;
        let (token, life) = read("x", &reply(200, body)).unwrap();
        assert_eq!((token.expose_secret(), life), ("a.b", Duration::from_hours(1)));
        let (_, life) = read("x", &reply(200, r#"{"access_token":"a","expires_in":null}"#)).unwrap();
        assert_eq!(life, UNSAID_LIFE);
    }

    #[test]
    fn refusals_are_told_apart() {
        for (status, body, kind) in [
            (400, r#"{"error":"invalid_request","error_description":"grant_type is missing"}"#, ErrorKind::Auth),
            (401, r#"{"error":"invalid_client"}"#, ErrorKind::Auth),
            (401, "", ErrorKind::Auth),
            (500, "", ErrorKind::Retryable),
            (429, "", ErrorKind::Throttled { retry_after: None }),
            (200, "{}", ErrorKind::Retryable),
            (200, "<html>", ErrorKind::Retryable),
        ] {
            assert_eq!(read("x", &reply(status, body)).unwrap_err().kind(), kind, "{status} {body}");
        }
    }
}
