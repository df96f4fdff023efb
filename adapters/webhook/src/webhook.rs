//! The port, made of the parts.

use std::time::Duration;

use async_trait::async_trait;
use ipass_core::ports::{Notice, Notifier, PortError};
use ipass_http_kit::{Account, Body, CallKind, Http, Pace, Request, Url};
use secrecy::{ExposeSecret, SecretString};

use crate::config::{Config, Kind, Language};
use crate::{format, text};

const TIMEOUT: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: usize = 64 * 1024;

/// One receiver of messages. One message is one attempt; the caller repeats.
#[derive(Debug)]
pub struct Webhook {
    account: Account,
    post: CallKind,
    kind: Kind,
    language: Language,
    /// Path and query pairs hold the key.
    path: SecretString,
    query: Vec<(String, SecretString)>,
    secret: Option<SecretString>,
}

/// A receiver called `name` in logs and metrics.
///
/// Errors are `Invalid`: the URL is none, or there is a secret that this kind has no use for.
pub fn connect(name: &str, config: &Config, http: &Http) -> Result<Webhook, PortError> {
    let refuse = |why: &str| PortError::invalid(format!("webhook {name}: {why}"));
    let url = Url::parse(config.url.expose_secret().trim()).map_err(|_| refuse("`url` is not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("`url` may hold neither user nor password"));
    }
    let secret = config.secret.as_ref().filter(|secret| !secret.expose_secret().trim().is_empty());
    if secret.is_some() && !config.kind.signs() {
        return Err(refuse("`secret` is for dingtalk and feishu only"));
    }
    let query = url.query_pairs().map(|(name, value)| (name.into_owned(), SecretString::from(value.into_owned())));
    Ok(Webhook {
        account: Account::new(http, name, &url.origin().ascii_serialization())?,
        post: CallKind { name: "POST webhook", pace: pace(config.kind), timeout: TIMEOUT, max_body: LARGEST_ANSWER },
        kind: config.kind,
        language: config.language,
        path: SecretString::from(url.path()),
        query: query.collect(),
        secret: secret.map(|secret| SecretString::from(secret.expose_secret().trim())),
    })
}

/// Documented: Wecom and Dingtalk 20 a minute for each robot, Feishu 5 a second and 100 a minute,
/// Slack one a second.
fn pace(kind: Kind) -> Pace {
    match kind {
        Kind::Generic => Pace::free(),
        Kind::Wecom | Kind::Dingtalk => Pace::windows(None, 20),
        Kind::Feishu => Pace::windows(Some(5), 100),
        Kind::Slack => Pace::windows(Some(1), 60),
    }
}

impl Webhook {
    fn request(&self, notice: &Notice) -> Request {
        let secret = self.secret.as_ref().map(ExposeSecret::expose_secret);
        let text = text::text(notice, self.language);
        let message = format::message(self.kind, notice, &text, secret, self.account.clock().now());
        let request = Request::post(self.path.expose_secret());
        let own = self.query.iter().map(|(name, value)| (name.as_str(), value.expose_secret().to_owned()));
        own.chain(message.query)
            .fold(request, |request, (name, value)| request.query(name, value))
            .body(Body::Json(message.body.to_string().into()))
    }
}

#[async_trait]
impl Notifier for Webhook {
    async fn notify(&self, notice: &Notice) -> Result<(), PortError> {
        let reply = self.account.once_with(&self.post, || self.request(notice)).await?;
        let verdict = format::judge(self.kind, &reply);
        if let (Err(error), true) = (&verdict, reply.is_success()) {
            self.account.refused(&self.post, error);
        }
        verdict.map_err(|error| PortError::new(error.kind(), format!("{}: {error}", self.account.name())))
    }
}

#[cfg(test)]
mod tests;
