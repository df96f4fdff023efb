//! Access tokens: one live token per app.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::envelope::token_error;
use crate::ledger::Ledger;
use crate::state::Core;
use crate::wire::{Call, Reply};

#[derive(Clone, Debug)]
struct Live {
    access: String,
    ends: DateTime<Utc>,
}

/// The live token and the refresh token of an app.
#[derive(Debug, Default)]
pub(crate) struct TokenKeeper {
    live: Option<Live>,
    refresh: Option<Live>,
    made: u64,
}

/// A refresh token lives two hours and works once.
const REFRESH_LIFE: Duration = Duration::hours(2);

impl TokenKeeper {
    fn text(&mut self, family: &str) -> String {
        self.made += 1;
        format!("{family}-0000-4000-8000-{:012x}", self.made)
    }

    /// Makes a new token; the old one dies at once.
    pub(crate) fn replace(&mut self, life: i64, now: DateTime<Utc>) {
        let access = self.text("5a5d0b0a");
        self.live = Some(Live { access, ends: now + Duration::seconds(life) });
    }

    fn new_refresh(&mut self, now: DateTime<Utc>) -> String {
        let access = self.text("6f7e8d9c");
        self.refresh = Some(Live { access: access.clone(), ends: now + REFRESH_LIFE });
        access
    }

    /// Whether a business call's token is the live one.
    pub(crate) fn check(&self, token: &str, now: DateTime<Utc>) -> Result<(), &'static str> {
        match &self.live {
            Some(live) if live.access != token => Err("2001005"),
            Some(live) if live.ends > now => Ok(()),
            Some(_) | None => Err("2001003"),
        }
    }
}

/// `POST /api/auth-server/oauth/access-token`: multipart fields, or the query as the vendor's
/// own samples do it.
pub(crate) fn access(core: &mut Core, call: &Call) -> Reply {
    let field = |name: &str| call.form(name).or_else(|| call.query(name));
    let refusal = match (field("appId"), field("appSecret")) {
        (app, _) if app != Some(core.config.app_id.as_str()) => Some("2001001"),
        (_, Some(secret)) if secret == core.config.app_secret => None,
        // A `+` that was not encoded arrives as a blank and cannot be decrypted.
        (_, Some(secret)) if secret.contains(' ') => Some("0001001"),
        (_, Some(_) | None) => Some("2001002"),
    };
    if let Some(code) = refusal {
        Ledger::bump(&mut core.ledger.refused, &format!("{} {code}", call.kind));
        return token_error(code);
    }
    let keeper = &mut core.lingxing.token;
    let alive = keeper.live.as_ref().is_some_and(|live| live.ends > call.now);
    if !alive || core.config.erp_token_replaced {
        keeper.replace(core.config.erp_token_expires_in, call.now);
    }
    granted(core, call)
}

/// `POST /api/auth-server/oauth/refresh`.
pub(crate) fn refresh(core: &mut Core, call: &Call) -> Reply {
    let field = |name: &str| call.form(name).or_else(|| call.query(name));
    if field("appId") != Some(core.config.app_id.as_str()) {
        return token_error("2001001");
    }
    let keeper = &mut core.lingxing.token;
    let refused = match &keeper.refresh {
        Some(known) if Some(known.access.as_str()) == field("refreshToken") => {
            (known.ends <= call.now).then_some("2001008")
        }
        Some(_) | None => Some("2001009"),
    };
    if let Some(code) = refused {
        return token_error(code);
    }
    keeper.replace(core.config.erp_token_expires_in, call.now);
    granted(core, call)
}

fn granted(core: &mut Core, call: &Call) -> Reply {
    let keeper = &mut core.lingxing.token;
    let refresh = keeper.new_refresh(call.now);
    let Some(live) = &keeper.live else {
        return token_error("500");
    };
    let left = (live.ends - call.now).num_seconds();
    // The field table says text, every example is a number: both occur.
    let expires_in = if keeper.made.is_multiple_of(4) { json!(left.to_string()) } else { json!(left) };
    Reply::json(
        200,
        &json!({
            "code": "200",
            "msg": "OK",
            "data": {
                "access_token": live.access,
                "refresh_token": refresh,
                "expires_in": expires_in,
            },
        }),
    )
}
