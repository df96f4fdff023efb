//! What the protocol tests share.

use serde_json::{Value, json};

use super::client::Client;
use crate::{NewLine, NewOrder, SandboxConfig, Timing};

pub(super) const CREATE: &str = "/pb/mp/order/v2/create";
pub(super) const LIST: &str = "/pb/mp/order/v2/list";
pub(super) const DOCUMENTS: &str = "/erp/sc/routing/wms/order/wmsOrderList";
pub(super) const STORE: &str = "110658143132021760";

pub(super) fn quick() -> SandboxConfig {
    SandboxConfig { orders: 0, timing: Timing::instant(), ..SandboxConfig::default() }
}

pub(super) fn create_body(po: &str) -> Value {
    json!({
        "platform_code": 10011,
        "store_id": STORE,
        "orders": [{
            "platform_order_no": po, "receiver_country_code": "US", "receiver_name": "A & <B>",
            "city": "X", "address_line1": "1 \"Q\" St", "amount_currency": "USD",
            "items": [{ "msku": "SKU-AAA-01", "quantity": 2, "unit_price": "10.50" }],
        }],
    })
}

pub(super) fn plain(po: &str) -> NewOrder {
    NewOrder::new(po).retailer("1000011436").line(NewLine::new("SKU-AAA-01", 2, 1050))
}

pub(super) async fn order(client: &Client, po: &str) -> Value {
    let path = format!("/order/?orderKey=poNumber&value={po}");
    client.dsco("GET", &path, &Value::Null).await.1
}
