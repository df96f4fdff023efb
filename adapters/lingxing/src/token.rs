//! The access token of one credential: fetched when needed, by one caller at a time.
//!
//! Refresh tokens are not used: the secret is always at hand, and a refresh whose answer is lost
//! leaves nothing to go on with.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::PortError;
use ipass_http_kit::{Account, Body, CallKind, Pace, Request};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::dto::{Raw, TokenData};
use crate::error;

const PATH: &str = "/api/auth-server/oauth/access-token";

/// Renewed so long before its end.
const EARLY: Duration = Duration::from_mins(5);

/// Shortest time between two token requests, but for a token that the vendor refuses.
const SPACING: TimeDelta = TimeDelta::seconds(60);

/// Life of a token whose answer does not tell it: half of the documented two hours.
const ASSUMED_LIFE: i64 = 3_600;

/// An access token. The number tells a new one from the one before, because the vendor may give
/// the same text again (observed).
#[derive(Clone)]
pub(crate) struct Token {
    text: SecretString,
    number: u64,
}

impl Token {
    pub(crate) fn text(&self) -> &str {
        self.text.expose_secret()
    }
}

/// Keeps the token of one credential.
pub(crate) struct TokenKeeper {
    account: Account,
    kind: CallKind,
    app_id: String,
    app_secret: SecretString,
    /// Held during a request: whoever waits finds its outcome.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    renew_at: DateTime<Utc>,
    asked_at: Option<DateTime<Utc>>,
    /// What the last request failed with.
    failure: Option<PortError>,
    number: u64,
}

impl TokenKeeper {
    pub(crate) fn new(account: Account, app_id: &str, app_secret: SecretString) -> Self {
        let kind = CallKind {
            name: "POST /api/auth-server/oauth/access-token",
            pace: Pace::free(),
            timeout: Duration::from_secs(30),
            max_body: 64 * 1024,
        };
        Self { account, kind, app_id: app_id.to_owned(), app_secret, state: Mutex::default() }
    }

    /// A token that should be good for minutes.
    pub(crate) async fn token(&self) -> Result<Token, PortError> {
        let mut state = self.state.lock().await;
        let now = self.account.clock().now();
        let asked_lately = state.asked_at.is_some_and(|at| (now - at).abs() < SPACING);
        match (&state.token, &state.failure) {
            (Some(token), _) if now < state.renew_at || asked_lately => Ok(token.clone()),
            (None, Some(failure)) if asked_lately => Err(failure.clone()),
            _ => self.renew(&mut state).await,
        }
    }

    /// A token instead of one that the vendor refused: the stored one if that is another by now,
    /// else a new one, at once.
    pub(crate) async fn replace(&self, refused: &Token) -> Result<Token, PortError> {
        let mut state = self.state.lock().await;
        match &state.token {
            Some(token) if token.number != refused.number => Ok(token.clone()),
            _ => {
                let account = self.account.name();
                tracing::warn!(account, "access token refused before its end: another program may use this app id");
                self.renew(&mut state).await
            }
        }
    }

    async fn renew(&self, state: &mut State) -> Result<Token, PortError> {
        // Before the request, so that the expiry errs on the early side, and a caller who gives up
        // does not make the next one ask at once.
        let asked_at = self.account.clock().now();
        state.asked_at = Some(asked_at);
        state.token = None;
        state.failure = Some(PortError::retryable(format!("{}: the request was given up", self.kind.name)));
        match self.fetch().await {
            Ok((text, life)) => {
                state.number += 1;
                let token = Token { text, number: state.number };
                state.token = Some(token.clone());
                state.renew_at = asked_at + TimeDelta::seconds(life) - EARLY;
                state.failure = None;
                Ok(token)
            }
            Err((error, sent)) => {
                if !sent {
                    state.asked_at = None;
                }
                state.failure = Some(error.clone());
                Err(error)
            }
        }
    }

    /// The token and its life in seconds; an error comes with whether the vendor may have seen the
    /// request.
    async fn fetch(&self) -> Result<(SecretString, i64), (PortError, bool)> {
        let fields = vec![
            ("appId".to_owned(), self.app_id.clone()),
            ("appSecret".to_owned(), self.app_secret.expose_secret().to_owned()),
        ];
        let request = Request::post(PATH).body(Body::Multipart(fields));
        let reply = self.account.once(&self.kind, request).await.map_err(|failure| (failure.error, failure.sent))?;
        let envelope = error::read_token(self.kind.name, &reply).map_err(|refusal| (refusal.error, true))?;
        let data: Option<TokenData> = envelope.data.as_ref().and_then(Raw::read);
        let life = data.as_ref().and_then(|data| data.expires_in).unwrap_or(ASSUMED_LIFE);
        let token = data.and_then(|data| data.access_token);
        let missing = || (PortError::invalid(format!("{}: no token in the answer", self.kind.name)), true);
        Ok((token.ok_or_else(missing)?.into(), life))
    }
}
