//! The vendor's documents, as far as we use them.
//!
//! Tables and examples of the vendor disagree on text and number, `[]` and `{}`, absent and empty,
//! so every member is read leniently. Ids have 17 to 19 digits and never pass through a float.

mod cancels;
mod lenient;
mod reads;

use serde::{Deserialize, Serialize};

pub(crate) use cancels::{CancelData, CancelFailure, CancelRequest, RecallRequest};
pub(crate) use lenient::Raw;
pub(crate) use reads::{
    CursorData, LogisticsParam, LogisticsRequest, LogisticsRow, PairRequest, PairRow, StockRequest, StockRow,
    StoreRequest, StoreRow, WarehouseRequest, WarehouseRow,
};

use lenient::{any, int, list, text, texts};

/// The shell of every answer, of all families of services.
#[derive(Deserialize)]
pub(crate) struct Envelope {
    #[serde(default, deserialize_with = "text")]
    pub(crate) code: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) message: Option<String>,
    /// The message's name at the gateway and at the token endpoints.
    #[serde(default, deserialize_with = "text")]
    pub(crate) msg: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) request_id: Option<String>,
    #[serde(default, deserialize_with = "any")]
    pub(crate) error_details: Option<Raw>,
    /// `None` only when the member is missing.
    #[serde(default, deserialize_with = "any")]
    pub(crate) data: Option<Raw>,
    #[serde(default, deserialize_with = "int")]
    total: Option<i64>,
}

/// One page of a list.
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    /// Rows of the whole list, where the vendor says it.
    pub(crate) total: Option<usize>,
}

/// The list inside `data` of the Java services.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ListData {
    #[serde(deserialize_with = "any")]
    list: Option<Raw>,
    #[serde(deserialize_with = "int")]
    total: Option<i64>,
}

impl Envelope {
    /// The list of either family: `data` itself with the total beside it, or `data.list` with the
    /// total inside. A row that cannot be read is `None`. `None` as a whole: this is no list.
    pub(crate) fn page<T: for<'de> Deserialize<'de>>(&self) -> Option<Page<Option<T>>> {
        let data = self.data.as_ref()?;
        let (rows, total) = if data.is_array() {
            (data.elements(), self.total)
        } else {
            let inside: ListData = data.read().unwrap_or_default();
            (inside.list.as_ref().map(Raw::elements).unwrap_or_default(), inside.total.or(self.total))
        };
        let total = total.and_then(|total| usize::try_from(total).ok());
        Some(Page { rows: rows.iter().map(Raw::read).collect(), total })
    }
}

/// `data` of a token answer.
#[derive(Deserialize)]
pub(crate) struct TokenData {
    #[serde(default, deserialize_with = "text")]
    pub(crate) access_token: Option<String>,
    /// Seconds; a number in every example, a text in the vendor's table.
    #[serde(default, deserialize_with = "int")]
    pub(crate) expires_in: Option<i64>,
}

/// `POST /pb/mp/order/v2/create`.
#[derive(Serialize)]
pub(crate) struct CreateRequest<'a> {
    pub(crate) platform_code: i64,
    pub(crate) store_id: &'a str,
    pub(crate) orders: &'a [&'a NewOrder],
}

/// One order of a create. Absent members are left out: null and empty texts break the signature.
#[derive(Debug, Serialize)]
pub(crate) struct NewOrder {
    pub(crate) platform_order_no: String,
    pub(crate) receiver_name: String,
    pub(crate) receiver_country_code: String,
    pub(crate) city: String,
    pub(crate) address_line1: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address_line2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_or_region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) receiver_company_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) receiver_mobile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) buyer_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) buyer_note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount_currency: Option<String>,
    /// Unix seconds.
    pub(crate) global_purchase_time: i64,
    /// Only together with `logistics_type_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wid: Option<String>,
    /// Only together with `wid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logistics_type_id: Option<String>,
    pub(crate) items: Vec<NewItem>,
}

/// One line of a create.
#[derive(Debug, Serialize)]
pub(crate) struct NewItem {
    pub(crate) msku: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sku: Option<String>,
    pub(crate) quantity: u32,
    /// Money as text: how the server writes a number into the text it signs is not documented.
    pub(crate) unit_price: String,
}

/// `data` of a create.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CreateData {
    #[serde(deserialize_with = "list")]
    pub(crate) success_details: Vec<CreateDetail>,
    #[serde(deserialize_with = "list")]
    pub(crate) error_details: Vec<CreateDetail>,
}

/// What became of one order of a create.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CreateDetail {
    #[serde(deserialize_with = "text")]
    pub(crate) platform_order_no: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) global_order_no: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) error_message: Option<String>,
}

/// `POST /pb/mp/order/v2/list` by platform numbers; the dates may be left out only then.
#[derive(Serialize)]
pub(crate) struct ListRequest<'a> {
    pub(crate) offset: usize,
    /// 20 to 500 (the lower bound is observed, not documented).
    pub(crate) length: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platform_order_nos: Option<&'a [&'a str]>,
    /// Instead of the numbers, for the platforms that have names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platform_order_names: Option<&'a [&'a str]>,
    pub(crate) include_delete: bool,
}

/// One system order of the list.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct OrderRow {
    #[serde(deserialize_with = "text")]
    pub(crate) global_order_no: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) order_from_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) status: Option<String>,
    /// The status in older answers (observed).
    #[serde(deserialize_with = "text")]
    pub(crate) order_status: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) store_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) is_delete: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(crate) platform_info: Vec<PlatformRef>,
    #[serde(deserialize_with = "list")]
    pub(crate) item_info: Vec<PlatformRef>,
}

/// Which platform order a part of a system order belongs to.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct PlatformRef {
    #[serde(deserialize_with = "text")]
    pub(crate) platform_order_no: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) platform_order_name: Option<String>,
}

/// `POST /erp/sc/routing/wms/order/wmsOrderList`.
#[derive(Serialize)]
pub(crate) struct WmsRequest<'a> {
    /// From 1.
    pub(crate) page: usize,
    pub(crate) page_size: usize,
    /// Exact numbers, up to 18 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sid_arr: Option<&'a [i64]>,
    /// Without them, all documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platform_order_no_arr: Option<&'a [&'a str]>,
    pub(crate) time_type: &'static str,
    pub(crate) start_date: String,
    pub(crate) end_date: String,
}

/// One outbound document.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct WmsRow {
    #[serde(deserialize_with = "text")]
    pub(crate) wo_number: Option<String>,
    #[serde(deserialize_with = "texts")]
    pub(crate) platform_order_no: Vec<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) order_from: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) order_from_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) status: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) tracking_no: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) delivered_at: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) stock_delivered_at: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) actual_carrier: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(crate) product_info: Vec<ProductRow>,
}

/// One line of an outbound document.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ProductRow {
    #[serde(deserialize_with = "text")]
    pub(crate) wod_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) platform_order_no: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) sku: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) seller_sku: Option<String>,
    #[serde(deserialize_with = "int")]
    pub(crate) count: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub(crate) bundle_type: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answers, fixture, fixture_text};

    fn page<T: for<'de> Deserialize<'de>>(body: &str) -> Option<Page<Option<T>>> {
        serde_json::from_str::<Envelope>(body).unwrap().page()
    }

    #[test]
    fn every_form_of_an_empty_list_is_empty() {
        for body in [
            r#"{"data":null}"#,
            r#"{"data":[]}"#,
            r#"{"data":{}}"#,
            r#"{"data":{"list":null,"total":0}}"#,
            r#"{"data":{"list":{},"total":"0"}}"#,
        ] {
            let page = page::<OrderRow>(body).unwrap();
            assert!(page.rows.is_empty() && page.total.unwrap_or_default() == 0, "{body}");
        }
        assert!(page::<OrderRow>(r#"{"code":0}"#).is_none());
    }

    #[test]
    fn a_row_that_is_no_object_is_unreadable_alone() {
        let page = page::<OrderRow>(r#"{"data":{"total":"2","list":[7,{"global_order_no":103912345678901441}]}}"#);
        let rows = page.unwrap().rows;
        assert!(rows[0].is_none());
        assert_eq!(rows[1].as_ref().unwrap().global_order_no.as_deref(), Some("103912345678901441"));
    }

    #[test]
    fn every_recorded_list_reads() {
        for (name, n_rows) in [
            ("order_list_single.json", 1),
            ("order_list_split_two.json", 2),
            ("order_list_merged.json", 1),
            ("order_list_canceled.json", 1),
            ("order_list_empty.json", 0),
            ("order_list_empty_null.json", 0),
        ] {
            let page = page::<OrderRow>(&fixture_text(name)).unwrap();
            assert_eq!(page.rows.iter().flatten().count(), n_rows, "{name}");
            assert_eq!(page.total, Some(n_rows), "{name}");
        }
        for (name, n_rows) in [("wms_shipped.json", 1), ("wms_bundle.json", 1), ("wms_empty.json", 0)] {
            let page = page::<WmsRow>(&fixture_text(name)).unwrap();
            assert_eq!(page.rows.iter().flatten().count(), n_rows, "{name}");
        }
    }

    #[test]
    fn every_recorded_answer_reads() {
        for name in answers() {
            let envelope: Envelope = serde_json::from_slice(&fixture(&name).body).unwrap();
            assert!(envelope.code.is_some() && (envelope.message.is_some() || envelope.msg.is_some()), "{name}");
        }
    }

    #[test]
    fn numeric_ids_of_a_create_stay_exact() {
        let envelope: Envelope = serde_json::from_slice(&fixture("create_orders_numeric_ids.json").body).unwrap();
        let data: CreateData = envelope.data.unwrap().read().unwrap();
        assert_eq!(data.success_details[0].global_order_no.as_deref(), Some("103912345678901441"));
        assert!(data.error_details.is_empty());
    }
}
