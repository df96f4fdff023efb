//! The access token of one credential: fetched when needed, by one caller at a time, in one process
//! or in all that share a store.
//!
//! Refresh tokens are not used: the secret is always at hand, and a refresh whose answer is lost
//! leaves nothing to go on with.

mod seal;
mod shared;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{PortError, StoreError, Stored};
use ipass_http_kit::{Account, Body, CallKind, Pace, Request};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

pub(crate) use shared::Sharing;

use self::shared::{Held, HeldToken, SharedToken};
use crate::dto::{Raw, TokenData};
use crate::error;

const PATH: &str = "/api/auth-server/oauth/access-token";

/// Renewed so long before its end.
const EARLY: Duration = Duration::from_mins(5);

/// Shortest time between two token requests, but for a token that the vendor refuses.
const SPACING: TimeDelta = TimeDelta::seconds(60);

/// Pause between two looks while another instance renews.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// So many looks take longer than another instance may renew.
const LOOKS: usize = 180;

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
    /// Where other instances find it; without it this process keeps its own.
    shared: Option<SharedToken>,
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
    /// The token's version in the store; `None` for one that is this process's own.
    version: Option<i64>,
    /// The store did not answer last time, and that was said.
    warned: bool,
}

impl State {
    fn keep(&mut self, text: SecretString, renew_at: DateTime<Utc>) -> Token {
        self.number += 1;
        let token = Token { text, number: self.number };
        self.token = Some(token.clone());
        self.renew_at = renew_at;
        self.failure = None;
        token
    }
}

fn lately(asked_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - asked_at).abs() < SPACING
}

impl TokenKeeper {
    pub(crate) fn new(account: Account, app_id: &str, app_secret: SecretString, shared: Option<SharedToken>) -> Self {
        let kind = CallKind {
            name: "POST /api/auth-server/oauth/access-token",
            pace: Pace::free(),
            timeout: Duration::from_secs(30),
            max_body: 64 * 1024,
        };
        Self { account, kind, app_id: app_id.to_owned(), app_secret, shared, state: Mutex::default() }
    }

    /// A token that should be good for minutes.
    pub(crate) async fn token(&self) -> Result<Token, PortError> {
        let mut state = self.state.lock().await;
        let now = self.now();
        match &state.token {
            Some(token) if now < state.renew_at || state.asked_at.is_some_and(|at| lately(at, now)) => {
                Ok(token.clone())
            }
            _ => self.another(&mut state, false).await,
        }
    }

    /// A token instead of one that the vendor refused: the stored one if that is another by now,
    /// else a new one, at once.
    pub(crate) async fn replace(&self, refused: &Token) -> Result<Token, PortError> {
        let mut state = self.state.lock().await;
        match &state.token {
            Some(token) if token.number != refused.number => Ok(token.clone()),
            _ => self.another(&mut state, true).await,
        }
    }

    /// The token of another instance, else a new one. `refused` tells why the present one is of no
    /// use: the vendor does not take it, rather than that it is old.
    async fn another(&self, state: &mut State, refused: bool) -> Result<Token, PortError> {
        if let Some(shared) = &self.shared {
            match self.together(shared, state, refused).await {
                Ok(result) => {
                    state.warned = false;
                    return result;
                }
                Err(error) => self.warn(state, &error),
            }
        }
        self.alone(state, refused).await
    }

    /// With the other instances: one of them renews, and the others wait for it. An error of the
    /// store leaves everything as it was.
    async fn together(
        &self,
        shared: &SharedToken,
        state: &mut State,
        refused: bool,
    ) -> Stored<Result<Token, PortError>> {
        for _ in 0..LOOKS {
            if let Some(token) = self.adopt(state, shared.look().await?) {
                return Ok(Ok(token));
            }
            if let Some(failure) = self.failed_lately(state, refused) {
                return Ok(Err(failure));
            }
            if let Some(slot) = shared.turn().await? {
                let result = self.in_turn(shared, state, refused).await;
                shared.done(slot).await;
                return result;
            }
            self.account.clock().sleep(LOOK_AGAIN).await;
        }
        Ok(Err(PortError::retryable(format!(
            "{}: another instance renews the token and does not finish",
            self.kind.name
        ))))
    }

    async fn in_turn(
        &self,
        shared: &SharedToken,
        state: &mut State,
        refused: bool,
    ) -> Stored<Result<Token, PortError>> {
        // Whoever had the turn before may have renewed it after our look.
        let held = shared.look().await?;
        let before = held.version;
        if let Some(token) = self.adopt(state, held) {
            return Ok(Ok(token));
        }
        let token = match self.alone(state, refused).await {
            Ok(token) => token,
            Err(error) => return Ok(Err(error)),
        };
        let asked_at = state.asked_at.unwrap_or_else(|| self.now());
        let ours = HeldToken { text: token.text.clone(), asked_at, renew_at: state.renew_at };
        match shared.put(before, ours).await {
            Ok(held) => Ok(Ok(self.adopt(state, held).unwrap_or(token))),
            // The token is good all the same; the others will ask for their own.
            Err(error) => {
                self.warn(state, &error);
                Ok(Ok(token))
            }
        }
    }

    /// Takes the store's token, if it is another than the present one and not due for renewal.
    fn adopt(&self, state: &mut State, held: Held) -> Option<Token> {
        let (now, version) = (self.now(), held.version);
        let token = held.token.filter(|_| version != state.version)?;
        if now >= token.renew_at && !lately(token.asked_at, now) {
            return None;
        }
        state.version = version;
        state.asked_at = Some(token.asked_at);
        Some(state.keep(token.text, token.renew_at))
    }

    /// Without the other instances.
    async fn alone(&self, state: &mut State, refused: bool) -> Result<Token, PortError> {
        if let Some(failure) = self.failed_lately(state, refused) {
            return Err(failure);
        }
        if refused {
            let account = self.account.name();
            tracing::warn!(account, "access token refused before its end: another program may use this app id");
        }
        // Before the request, so that the expiry errs on the early side, and a caller who gives up
        // does not make the next one ask at once.
        let asked_at = self.now();
        state.asked_at = Some(asked_at);
        state.token = None;
        state.failure = Some(PortError::retryable(format!("{}: the request was given up", self.kind.name)));
        match self.fetch().await {
            Ok((text, life)) => {
                state.version = None;
                Ok(state.keep(text, asked_at + TimeDelta::seconds(life) - EARLY))
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

    /// What the last request failed with, if that is too short ago to ask again.
    fn failed_lately(&self, state: &State, refused: bool) -> Option<PortError> {
        let asked_at = state.asked_at.filter(|_| !refused)?;
        state.failure.clone().filter(|_| lately(asked_at, self.now()))
    }

    fn warn(&self, state: &mut State, error: &StoreError) {
        if !std::mem::replace(&mut state.warned, true) {
            let account = self.account.name();
            tracing::warn!(account, %error, "access token not shared: this process keeps its own for now");
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.account.clock().now()
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
        let envelope = error::read_token(self.kind.name, &reply).map_err(|refusal| {
            if reply.is_success() {
                self.account.refused(&self.kind, &refusal.error);
            }
            (refusal.error, true)
        })?;
        let data: Option<TokenData> = envelope.data.as_ref().and_then(Raw::read);
        let life = data.as_ref().and_then(|data| data.expires_in).unwrap_or(ASSUMED_LIFE);
        let token = data.and_then(|data| data.access_token);
        let missing = || (PortError::invalid(format!("{}: no token in the answer", self.kind.name)), true);
        Ok((token.ok_or_else(missing)?.into(), life))
    }
}
