//! Documents of stock, SKU pairs and master data.

use serde::{Deserialize, Serialize};

use super::lenient::{flag, int, text};

/// `POST /erp/sc/routing/data/local_inventory/inventoryDetails` for one warehouse.
#[derive(Serialize)]
pub(crate) struct StockRequest<'a> {
    pub(crate) wid: &'a str,
    pub(crate) offset: usize,
    /// At most 800 (documented).
    pub(crate) length: usize,
}

/// Stock of one SKU for one owner in one warehouse.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct StockRow {
    #[serde(deserialize_with = "text")]
    pub(crate) wid: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) product_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) sku: Option<String>,
    /// The store that the units are kept for; `0` for all.
    #[serde(deserialize_with = "text")]
    pub(crate) seller_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) fnsku: Option<String>,
    /// Units that can be sold; locked ones are taken off already.
    #[serde(deserialize_with = "int")]
    pub(crate) product_valid_num: Option<i64>,
}

/// `POST /pb/mp/listing/v2/getPairList`, by cursor or by offset.
#[derive(Serialize)]
pub(crate) struct PairRequest<'a> {
    pub(crate) store_ids: &'a [&'a str],
    pub(crate) length: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) use_cursor: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<usize>,
}

/// Where a cursor stands, inside `data`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CursorData {
    #[serde(deserialize_with = "flag")]
    pub(crate) has_next: Option<bool>,
    #[serde(deserialize_with = "int")]
    pub(crate) next_cursor_id: Option<i64>,
}

/// One pair of names.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct PairRow {
    #[serde(deserialize_with = "text")]
    pub(crate) store_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) msku: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) sku: Option<String>,
}

/// `POST /pb/mp/shop/v2/getSellerList`.
#[derive(Serialize)]
pub(crate) struct StoreRequest {
    pub(crate) offset: usize,
    /// At most 200 (documented).
    pub(crate) length: usize,
}

/// One store.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct StoreRow {
    #[serde(deserialize_with = "text")]
    pub(crate) store_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) store_name: Option<String>,
    /// Switched on in the ERP. Its authorisation is another member, and one that a store of a custom
    /// platform has no use for.
    #[serde(deserialize_with = "flag")]
    pub(crate) is_sync: Option<bool>,
}

/// `POST /erp/sc/data/local_inventory/warehouse`.
#[derive(Serialize)]
pub(crate) struct WarehouseRequest {
    /// 1 local, 3 overseas; one per call.
    #[serde(rename = "type")]
    pub(crate) kind: i64,
    /// `0,1` lists deleted ones as well.
    pub(crate) is_delete: &'static str,
    pub(crate) offset: usize,
    /// At most 1000 (documented).
    pub(crate) length: usize,
}

/// One warehouse.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct WarehouseRow {
    #[serde(deserialize_with = "text")]
    pub(crate) wid: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_delete: Option<bool>,
}

/// `POST /erp/sc/routing/wms/WmsLogistics/listUsedLogisticsType`.
#[derive(Serialize)]
pub(crate) struct LogisticsRequest {
    pub(crate) param: LogisticsParam,
}

/// What the call wants inside `param`.
#[derive(Serialize)]
pub(crate) struct LogisticsParam {
    /// 0 carriers with an interface, 1 custom, 2 overseas warehouses, 4 platforms; one per call.
    pub(crate) provider_type: i64,
    /// From 1.
    pub(crate) page: usize,
    pub(crate) length: usize,
}

/// One way to ship.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct LogisticsRow {
    #[serde(deserialize_with = "text")]
    pub(crate) type_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_used: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub(crate) logistics_provider_name: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub(crate) provider_is_used: Option<bool>,
    /// The warehouse of an overseas provider's type, the only one that it can be used with.
    #[serde(deserialize_with = "text")]
    pub(crate) wid: Option<String>,
}
