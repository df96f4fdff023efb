//! Signed calls: tokens, signatures and the two failures that one more attempt mends.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ipass_core::ports::PortError;
use ipass_http_kit::{Account, Body, CallKind, Http, Judgement, Pace, Reply, Request};
use serde::{Deserialize, Serialize};

use crate::config::{Config, PaceConfig};
use crate::dto::{Envelope, Page};
use crate::error::{self, Refusal, Remedy};
use crate::sign::{Params, Signer, body_params};
use crate::token::{Sharing, Token, TokenKeeper};

/// One endpoint: how it is called, and where it is.
pub(crate) struct Endpoint {
    pub(crate) kind: CallKind,
    path: &'static str,
}

/// The endpoints that we use. The vendor counts requests in flight per credential and path, so each
/// has its own pace.
pub(crate) struct Endpoints {
    pub(crate) create: Endpoint,
    pub(crate) list: Endpoint,
    pub(crate) documents: Endpoint,
    pub(crate) recall: Endpoint,
    pub(crate) cancel: Endpoint,
    pub(crate) stock: Endpoint,
    pub(crate) pairs: Endpoint,
    pub(crate) stores: Endpoint,
    pub(crate) warehouses: Endpoint,
    pub(crate) logistics: Endpoint,
}

/// A path, and the call's name in logs and metrics.
macro_rules! post {
    ($path:literal) => {
        (concat!("POST ", $path), $path)
    };
}

impl Endpoints {
    fn new(pace: &PaceConfig) -> Self {
        let endpoint = |(name, path), capacity, gap, seconds, megabytes: usize| {
            let pace = Pace::in_flight(capacity, gap);
            let timeout = Duration::from_secs(seconds);
            Endpoint { kind: CallKind { name, pace, timeout, max_body: megabytes << 20 }, path }
        };
        let (one, ten) = (pace.gap_capacity_one, pace.gap_capacity_ten);
        Self {
            create: endpoint(post!("/pb/mp/order/v2/create"), 1, ten, 60, 4),
            list: endpoint(post!("/pb/mp/order/v2/list"), 5, ten, 60, 64),
            documents: endpoint(post!("/erp/sc/routing/wms/order/wmsOrderList"), 1, one, 60, 64),
            recall: endpoint(post!("/basicOpen/wmsOrder/cancel"), 1, one, 60, 4),
            cancel: endpoint(post!("/pb/mp/order/v2/cancelOrder"), 1, ten, 60, 4),
            stock: endpoint(post!("/erp/sc/routing/data/local_inventory/inventoryDetails"), 1, one, 60, 64),
            pairs: endpoint(post!("/pb/mp/listing/v2/getPairList"), 5, ten, 60, 16),
            stores: endpoint(post!("/pb/mp/shop/v2/getSellerList"), 5, ten, 60, 16),
            warehouses: endpoint(post!("/erp/sc/data/local_inventory/warehouse"), 1, one, 60, 16),
            logistics: endpoint(post!("/erp/sc/routing/wms/WmsLogistics/listUsedLogisticsType"), 1, one, 60, 16),
        }
    }
}

/// Calls of one credential; cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    account: Account,
    signer: Signer,
    tokens: Arc<TokenKeeper>,
    endpoints: Arc<Endpoints>,
}

/// A write that did not end in success.
#[derive(Debug)]
pub(crate) struct WriteFailure {
    pub(crate) error: PortError,
    /// Nothing was changed, beyond doubt.
    pub(crate) certain: bool,
}

/// A body, and the texts of it that are signed.
struct Signed {
    body: Bytes,
    params: Params,
}

impl Client {
    /// `sharing` is where instances keep their common token; without it this process keeps its own.
    pub(crate) fn new(name: &str, config: Config, http: &Http, sharing: Option<&Sharing>) -> Result<Self, PortError> {
        let account = Account::new(http, name, &config.base_url)?.scope(&config.app_id);
        let signer = Signer::new(&config.app_id, name)?;
        let shared = sharing.map(|sharing| sharing.token_of(&config)).transpose()?;
        let tokens = Arc::new(TokenKeeper::new(account.clone(), signer.app_id(), config.app_secret, shared));
        Ok(Self { account, signer, tokens, endpoints: Arc::new(Endpoints::new(&config.pace)) })
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// A call that changes nothing; what passes by itself is tried again.
    pub(crate) async fn read(&self, endpoint: &Endpoint, body: &impl Serialize) -> Result<Envelope, PortError> {
        let signed = Signed::new(body)?;
        let name = endpoint.kind.name;
        let mut remedies = Remedies::default();
        let mut token = self.tokens.token().await?;
        loop {
            let build = || self.request(endpoint, &signed, &token);
            let reply = self.account.read(&endpoint.kind, build, |reply| judge(name, reply)).await?;
            match error::read(name, &reply) {
                Ok(envelope) => return Ok(envelope),
                Err(refusal) => {
                    self.count(endpoint, &reply, &refusal);
                    token = self.remedy(&mut remedies, token, refusal).await?;
                }
            }
        }
    }

    /// A page of a list; see [`Envelope::page`].
    pub(crate) async fn page<T>(&self, endpoint: &Endpoint, body: &impl Serialize) -> Result<Page<Option<T>>, PortError>
    where
        T: for<'de> Deserialize<'de>,
    {
        let envelope = self.read(endpoint, body).await?;
        envelope.page().ok_or_else(|| PortError::invalid(format!("{}: no list in the answer", endpoint.kind.name)))
    }

    /// A call that changes something: sent once, but for a token or a timestamp that the vendor
    /// refuses at the door.
    pub(crate) async fn write(&self, endpoint: &Endpoint, body: &impl Serialize) -> Result<Envelope, WriteFailure> {
        let certain = |error| WriteFailure { error, certain: true };
        let signed = Signed::new(body).map_err(certain)?;
        let mut remedies = Remedies::default();
        let mut token = self.tokens.token().await.map_err(certain)?;
        loop {
            let build = || self.request(endpoint, &signed, &token);
            let reply = self
                .account
                .once_with(&endpoint.kind, build)
                .await
                .map_err(|failure| WriteFailure { certain: !failure.sent, error: failure.error })?;
            match error::read(endpoint.kind.name, &reply) {
                Ok(envelope) => return Ok(envelope),
                Err(refusal) => {
                    self.count(endpoint, &reply, &refusal);
                    let certain = refusal.certain;
                    let failed = |error| WriteFailure { error, certain };
                    token = self.remedy(&mut remedies, token, refusal).await.map_err(failed)?;
                }
            }
        }
    }

    /// Counts a refusal that the status does not show.
    fn count(&self, endpoint: &Endpoint, reply: &Reply, refusal: &Refusal) {
        if reply.is_success() {
            self.account.refused(&endpoint.kind, &refusal.error);
        }
    }

    /// The token for one more attempt, each remedy once; else the refusal's error.
    async fn remedy(&self, used: &mut Remedies, token: Token, refusal: Refusal) -> Result<Token, PortError> {
        match refusal.remedy {
            Remedy::NewToken if !used.token => {
                used.token = true;
                self.tokens.replace(&token).await
            }
            Remedy::NewTimestamp if !used.timestamp => {
                used.timestamp = true;
                Ok(token)
            }
            Remedy::NewToken | Remedy::NewTimestamp | Remedy::None => Err(refusal.error),
        }
    }

    /// The request with a signature of now.
    fn request(&self, endpoint: &Endpoint, signed: &Signed, token: &Token) -> Request {
        let timestamp = self.account.clock().now().timestamp();
        Request::post(endpoint.path)
            .query("access_token", token.text())
            .query("app_key", self.signer.app_id())
            .query("timestamp", timestamp.to_string())
            .query("sign", self.signer.sign(token.text(), timestamp, &signed.params))
            .body(Body::Json(signed.body.clone()))
    }
}

impl Signed {
    fn new(body: &impl Serialize) -> Result<Self, PortError> {
        let unwritable = |error| PortError::invalid("the request's body cannot be written").because(error);
        let body = Bytes::from(serde_json::to_vec(body).map_err(unwritable)?);
        let params = body_params(&body)?;
        Ok(Self { body, params })
    }
}

/// Remedies that a call has had already.
#[derive(Default)]
struct Remedies {
    token: bool,
    timestamp: bool,
}

/// What a reply means for the repetition of a read.
fn judge(call: &str, reply: &Reply) -> Judgement {
    match error::read(call, reply) {
        Ok(_) => Judgement::Fine,
        Err(refusal) if refusal.passes() => Judgement::Again(reply.retry_after),
        Err(_) => Judgement::Final,
    }
}
