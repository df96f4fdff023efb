//! Documents of the two calls that end an order.

use serde::{Deserialize, Serialize};

use super::lenient::{int, list, text};

/// `POST /pb/mp/order/v2/cancelOrder`.
#[derive(Serialize)]
pub(crate) struct CancelRequest<'a> {
    pub(crate) order_list: &'a [&'a str],
}

/// `POST /basicOpen/wmsOrder/cancel`.
#[derive(Serialize)]
pub(crate) struct RecallRequest<'a> {
    #[serde(rename = "orderNumbers")]
    pub(crate) order_numbers: &'a [&'a str],
    #[serde(rename = "tagType")]
    pub(crate) tag_type: &'static str,
}

/// `data` of either; the two families of services spell its members differently. `process_code` is
/// left out: the vendor's example of a total failure shows the code of a partial one.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CancelData {
    #[serde(alias = "successNum", deserialize_with = "int")]
    pub(crate) success_num: Option<i64>,
    #[serde(alias = "failedNum", deserialize_with = "int")]
    pub(crate) fail_num: Option<i64>,
    #[serde(alias = "failedReason", deserialize_with = "list")]
    pub(crate) failure_info: Vec<CancelFailure>,
}

/// One order that was refused.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CancelFailure {
    #[serde(alias = "orderNumber", deserialize_with = "text")]
    pub(crate) global_order_no: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) message: Option<String>,
}
