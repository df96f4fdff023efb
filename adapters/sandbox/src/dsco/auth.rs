//! Bearer tokens: the static one and those of the client-credentials flow.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use crate::faults::Effect;
use crate::ledger::Ledger;
use crate::state::Core;
use crate::wire::{Call, Reply};

/// Live `OAuth2` tokens with their end; several at a time are allowed.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    live: HashMap<String, DateTime<Utc>>,
    issued: u64,
}

/// `POST /oauth2/token`: form-encoded, no Authorization header.
pub(crate) fn token(core: &mut Core, call: &Call) -> Reply {
    let refusal = |status: u16, error: &str, text: &str| {
        Reply::json(status, &json!({ "error": error, "error_description": text }))
    };
    if !call.content_type.starts_with("application/x-www-form-urlencoded") {
        return refusal(400, "invalid_request", "the body must be form-encoded");
    }
    match call.form("grant_type") {
        None => return refusal(400, "invalid_request", "grant_type is missing"),
        Some("client_credentials") => {}
        Some(_) => return refusal(400, "unsupported_grant_type", "only client_credentials"),
    }
    let matches = call.form("client_id") == Some(core.config.client_id.as_str())
        && call.form("client_secret") == Some(core.config.client_secret.as_str());
    if !matches {
        Ledger::bump(&mut core.ledger.refused, &format!("{} 401", call.kind));
        return refusal(401, "invalid_client", "unknown client");
    }
    let life = core.config.oauth_expires_in;
    let tokens = &mut core.dsco.tokens;
    tokens.issued += 1;
    let text = format!("sandbox.{:016x}.{:06}", core.config.seed, tokens.issued);
    tokens.live.retain(|_, end| *end > call.now);
    tokens.live.insert(text.clone(), call.now + Duration::seconds(life));
    Reply::json(200, &json!({ "access_token": text, "token_type": "Bearer", "expires_in": life }))
}

impl Core {
    /// Whether a call carries a token that is alive.
    pub(crate) fn dsco_authorized(&mut self, call: &Call) -> bool {
        if call.effect == Some(Effect::TokenReplaced) {
            self.dsco.tokens.live.clear();
            return false;
        }
        let Some((scheme, token)) = call.authorization.as_deref().and_then(|a| a.split_once(' ')) else {
            return false;
        };
        scheme.eq_ignore_ascii_case("bearer")
            && (token == self.config.dsco_token || self.dsco.tokens.live.get(token).is_some_and(|end| *end > call.now))
    }
}
