//! An adapter that talks to a strict replay, and short words for what the tests say.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use ipass_contract_tests::replay::{Exchange, ManualClock, Replay};
use ipass_core::order::PoNumber;
use ipass_core::ports::{Answer, Clock, PortError};
use ipass_http_kit::Http;
use ipass_lingxing::{Config, LingxingErp, connect};
use serde_json::{Value, json};

/// What every clock here shows at first; the sixth in Beijing.
pub(crate) const NOW: &str = "2025-12-05T20:00:00Z";

pub(crate) const TOKEN: &str = "/api/auth-server/oauth/access-token";
pub(crate) const LIST: &str = "/pb/mp/order/v2/list";
pub(crate) const CREATE: &str = "/pb/mp/order/v2/create";
pub(crate) const DOCUMENTS: &str = "/erp/sc/routing/wms/order/wmsOrderList";

pub(crate) const RECALL: &str = "/basicOpen/wmsOrder/cancel";
pub(crate) const CANCEL: &str = "/pb/mp/order/v2/cancelOrder";
pub(crate) const STOCK: &str = "/erp/sc/routing/data/local_inventory/inventoryDetails";
pub(crate) const PAIRS: &str = "/pb/mp/listing/v2/getPairList";
pub(crate) const STORES: &str = "/pb/mp/shop/v2/getSellerList";
pub(crate) const WAREHOUSES: &str = "/erp/sc/data/local_inventory/warehouse";
pub(crate) const LOGISTICS: &str = "/erp/sc/routing/wms/WmsLogistics/listUsedLogisticsType";

pub(crate) const STORE: &str = "110999000000010001";

/// An adapter that talks to a strict replay.
pub(crate) struct World {
    pub(crate) replay: Replay,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) erp: LingxingErp,
}

impl World {
    /// A world whose token is fetched once.
    pub(crate) async fn start() -> Self {
        let world = Self::without_token().await;
        world.replay.on(token()).await;
        world
    }

    pub(crate) async fn without_token() -> Self {
        Self::with(&json!({})).await
    }

    pub(crate) async fn with(settings: &Value) -> Self {
        let replay = Replay::start().await;
        let clock = Arc::new(ManualClock::at(NOW));
        let erp = erp(&replay.url(), Arc::clone(&clock) as Arc<dyn Clock>, settings);
        Self { replay, clock, erp }
    }
}

pub(crate) fn erp(url: &str, clock: Arc<dyn Clock>, settings: &Value) -> LingxingErp {
    connect("erp", config(url, settings), &Http::new(clock).unwrap()).unwrap()
}

pub(crate) fn config(url: &str, settings: &Value) -> Config {
    let mut config = json!({
        "base_url": url,
        "app_id": "ak_TestAppId0001",
        "app_secret": "PRIVATE",
        "platform_code": 10009
    });
    for (name, value) in settings.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    serde_json::from_value(config).unwrap()
}

pub(crate) fn token() -> Exchange {
    Exchange::post(TOKEN).reply_file(200, "lingxing/token_ok.json")
}

pub(crate) fn list() -> Exchange {
    Exchange::post(LIST).any_query()
}

pub(crate) fn create() -> Exchange {
    Exchange::post(CREATE).any_query()
}

pub(crate) fn documents() -> Exchange {
    Exchange::post(DOCUMENTS).any_query()
}

/// A call to this path, whatever its signature.
pub(crate) fn call(path: &str) -> Exchange {
    Exchange::post(path).any_query()
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn po(number: &str) -> PoNumber {
    PoNumber::new(number).unwrap()
}

pub(crate) fn pos(numbers: &[&str]) -> Vec<PoNumber> {
    numbers.iter().map(|number| po(number)).collect()
}

pub(crate) fn by_po<T>(answers: Vec<Answer<PoNumber, T>>) -> HashMap<String, Result<T, PortError>> {
    answers.into_iter().map(|answer| (answer.key.as_str().to_owned(), answer.result)).collect()
}
