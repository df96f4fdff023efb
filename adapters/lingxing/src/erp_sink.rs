//! The port: orders in, outbound documents out, stock and names beside them.

mod cancel;
mod create;
mod documents;
mod find;
mod master;
mod pairs;
mod stock;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use ipass_core::erp::{ErpOrder, ErpOrderDraft, ErpStock, MasterKind, MasterRecord, OutboundDocument, SkuPair};
use ipass_core::order::PoNumber;
use ipass_core::ports::{Answer, Batch, DocumentQuery, ErpCancel, ErpCapabilities, ErpSink, PortError};
use ipass_http_kit::{Account, Http};

use crate::client::Client;
use crate::config::Config;
use crate::time::Zone;

/// One credential at Lingxing; cheap to clone.
#[derive(Clone)]
pub struct LingxingErp {
    client: Client,
    platform_code: i64,
    zone: Zone,
    consistency: Duration,
}

impl LingxingErp {
    pub(crate) fn new(name: &str, config: Config, http: &Http) -> Result<Self, PortError> {
        Ok(Self {
            platform_code: config.platform_code,
            zone: Zone::parse(&config.timezone, name)?,
            consistency: config.consistency,
            client: Client::new(name, config, http, None)?,
        })
    }

    /// The ERP of a route whose credential has a client already.
    pub(crate) fn sharing(client: Client, name: &str, config: &Config) -> Result<Self, PortError> {
        Ok(Self {
            platform_code: config.platform_code,
            zone: Zone::parse(&config.timezone, name)?,
            consistency: config.consistency,
            client,
        })
    }

    /// The credential that it works with.
    #[must_use]
    pub fn account(&self) -> Account {
        self.client.account().clone()
    }

    /// Asks for an order that does not exist, which proves token, signature, white list and the
    /// right to read orders, and changes nothing.
    pub async fn check_credentials(&self) -> Result<(), PortError> {
        let nobody = PoNumber::new("ipass-credential-check").into_iter().collect::<Vec<_>>();
        find::orders(self, &nobody, true).await.map(drop).map_err(PortError::from)
    }
}

impl fmt::Debug for LingxingErp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LingxingErp").field("name", &self.client.account().name()).finish_non_exhaustive()
    }
}

#[async_trait]
impl ErpSink for LingxingErp {
    fn capabilities(&self) -> ErpCapabilities {
        ErpCapabilities {
            max_create: create::MAX_ORDERS,
            settles_within: self.consistency,
            cancels: true,
            recalls: true,
        }
    }

    async fn find(&self, orders: &[PoNumber]) -> Result<Vec<Answer<PoNumber, Vec<ErpOrder>>>, PortError> {
        Ok(find::all(self, orders).await)
    }

    async fn create(&self, orders: &[ErpOrderDraft]) -> Batch<PoNumber, String> {
        create::all(self, orders).await
    }

    async fn documents(
        &self,
        orders: &[DocumentQuery],
    ) -> Result<Vec<Answer<PoNumber, Vec<OutboundDocument>>>, PortError> {
        Ok(documents::all(self, orders).await)
    }

    async fn recall(&self, orders: &[ErpCancel]) -> Batch<PoNumber> {
        cancel::all(self, cancel::Step::Recall, orders).await
    }

    async fn cancel(&self, orders: &[ErpCancel]) -> Batch<PoNumber> {
        cancel::all(self, cancel::Step::Cancel, orders).await
    }

    async fn stock(&self, warehouses: &[String]) -> Result<Vec<Answer<String, Vec<ErpStock>>>, PortError> {
        Ok(stock::all(self, warehouses).await)
    }

    async fn sku_pairs(&self, stores: &[String]) -> Result<Vec<SkuPair>, PortError> {
        pairs::all(self, stores).await
    }

    async fn master_data(&self, kind: MasterKind) -> Result<Vec<MasterRecord>, PortError> {
        master::all(self, kind).await
    }
}
