//! Lists of orders, and one order.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use ipass_core::order::PoNumber;
use ipass_core::ports::{OrderFilter, StoredOrder};
use ipass_core::reason::OutcomeKind;
use ipass_core::run::Route;
use ipass_core::stage::Stage;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::ApiState;
use super::envelope::ApiError;
use super::query::{DEFAULT_LIMIT, MAX_CURSOR, MAX_TEXT, Params};
use super::wire::{Event, Order, Why};

/// Events of an order's history that are shown.
const HISTORY: u32 = 200;

/// Filters of a list of orders; an order has to fit all that are given.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the description of what `order_filter` reads")]
struct OrderQuery {
    /// Only this route.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    route: Option<String>,
    /// Part of the PO number.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    po: Option<String>,
    /// Our stage, 1 to 6; several as a comma list, as repeated parameters, or both.
    #[param(inline, style = Form, explode, max_items = 6)]
    status: Option<Vec<StageNumbers>>,
    /// The last look: `advanced`, `waiting`, `blocked` or `failed`.
    #[param(pattern = "^(advanced|waiting|blocked|failed)$")]
    outcome: Option<String>,
    /// Code of the reason of the last look.
    #[param(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f]+$",
        example = "missing_shop_mapping"
    )]
    reason: Option<String>,
    /// The channel's own status.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    channel_status: Option<String>,
    /// The retailer's account.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    retailer_id: Option<String>,
    /// Warehouse code.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    warehouse_code: Option<String>,
    /// Service level code.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    shipment: Option<String>,
    /// One of the order's SKUs, whole.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    sku: Option<String>,
    /// Part of the tracking numbers.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    tracking_no: Option<String>,
    /// Number of the invoice.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    invoice_id: Option<String>,
    /// Created at the channel not before.
    #[param(format = DateTime)]
    created_from: Option<String>,
    /// Created at the channel before.
    #[param(format = DateTime)]
    created_until: Option<String>,
    /// Only orders that a person holds back, or only others.
    held: Option<bool>,
    /// `next_cursor` of the page before; opaque, and good for the same filters only.
    #[param(min_length = 1, max_length = 4000, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    cursor: Option<String>,
    /// Orders of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// Stages as a comma list.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, pattern = "^[1-6](,[1-6]){0,5}$", example = "1,2")]
struct StageNumbers(#[expect(dead_code, reason = "only described")] String);

/// The filter of the parameters, with the name of the route.
pub(super) fn order_filter(query: &mut Params) -> (Option<String>, OrderFilter) {
    let route = query.text("route", MAX_TEXT);
    let mut stages = Vec::new();
    let lists = query.all("status");
    if lists.len() > 6 {
        query.problem("status", "it may be given six times");
    }
    for list in lists {
        let read: Option<Vec<Stage>> = list.split(',').map(stage).collect();
        match read {
            Some(read) if read.len() <= 6 => stages.extend(read),
            Some(_) | None => query.problem("status", "expected up to six of the numbers 1 to 6, joined by commas"),
        }
    }
    stages.sort_unstable();
    stages.dedup();
    let filter = OrderFilter {
        po: query.text("po", MAX_TEXT),
        stages,
        outcome: query.read("outcome", "advanced, waiting, blocked or failed", OutcomeKind::parse),
        reason: query.text("reason", MAX_TEXT),
        channel_status: query.text("channel_status", MAX_TEXT),
        retailer_id: query.text("retailer_id", MAX_TEXT),
        warehouse_code: query.text("warehouse_code", MAX_TEXT),
        service_level: query.text("shipment", MAX_TEXT),
        sku: query.text("sku", MAX_TEXT),
        tracking: query.text("tracking_no", MAX_TEXT),
        invoice_id: query.text("invoice_id", MAX_TEXT),
        created_from: query.time("created_from"),
        created_until: query.time("created_until"),
        held: query.flag("held"),
        ..OrderFilter::default()
    };
    (route, filter)
}

fn stage(text: &str) -> Option<Stage> {
    Stage::ALL.into_iter().find(|stage| stage.number().to_string() == text)
}

/// One page of orders.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderList {
    orders: Vec<Order>,
    /// Where the next page starts; null at the end.
    next_cursor: Option<String>,
}

/// Orders
///
/// Newest creation first, page by page.
#[utoipa::path(get, path = "/orders", tag = "orders", params(OrderQuery), responses((status = 200, body = OrderList)))]
pub(super) async fn list_orders(State(state): State<ApiState>, mut query: Params) -> Result<Json<OrderList>, ApiError> {
    let (route, filter) = order_filter(&mut query);
    let cursor = query.text("cursor", MAX_CURSOR);
    let limit = query.limit();
    query.finish()?;
    let route = state.filter_route(route.as_deref())?.map(|route| &route.name);
    let page = state.store.search(route, &filter, cursor.as_deref(), limit).await.map_err(ApiError::of_list)?;
    Ok(Json(OrderList { orders: page.rows.iter().map(Order::of).collect(), next_cursor: page.next }))
}

/// One order with all that is kept of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderDetail {
    #[serde(flatten)]
    order: Order,
    /// Who let the service cancel it in the ERP.
    cancel_approved_by: Option<String>,
    /// What the channel sent, unchanged; null if it is not JSON.
    #[schema(value_type = Value)]
    payload: Option<Box<RawValue>>,
    /// Its newest 200 facts, oldest first.
    timeline: Vec<Event>,
}

/// One order
///
/// With the channel's payload and its history.
#[utoipa::path(get, path = "/orders/{route}/{po}", tag = "orders", params(OrderPath), responses((status = 200, body = OrderDetail)))]
pub(super) async fn show_order(
    State(state): State<ApiState>,
    path: OrderPath,
    query: Params,
) -> Result<Json<OrderDetail>, ApiError> {
    query.finish()?;
    let (route, StoredOrder { row, raw }) = path.find(&state).await?;
    let timeline = state.store.timeline(&route.name, &row.po, HISTORY).await?;
    Ok(Json(OrderDetail {
        order: Order::of(&row),
        cancel_approved_by: row.cancel_by,
        payload: String::from_utf8(raw).ok().and_then(|text| RawValue::from_string(text).ok()),
        timeline: timeline.into_iter().map(Event::of).collect(),
    }))
}

/// Why an order is not moving
///
/// The reason in both languages, since when, the next try, and who has to act.
#[utoipa::path(get, path = "/orders/{route}/{po}/why", tag = "orders", params(OrderPath), responses((status = 200, body = Why)))]
pub(super) async fn why_order(
    State(state): State<ApiState>,
    path: OrderPath,
    query: Params,
) -> Result<Json<Why>, ApiError> {
    query.finish()?;
    let (_, order) = path.find(&state).await?;
    Ok(Json(Why::of(&order.row)))
}

/// An order by its path. What cannot be an order is one that is not there.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OrderPath {
    /// Its route.
    #[param(min_length = 1, max_length = 200)]
    route: String,
    /// Its PO number.
    #[param(min_length = 1, max_length = 200)]
    po: String,
}

impl<S: Send + Sync> FromRequestParts<S> for OrderPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((route, po)) = found.map_err(|_| ApiError::not_found("unknown_path", "the path is not UTF-8"))?;
        Ok(Self { route, po })
    }
}

impl OrderPath {
    /// The order and its route.
    pub(super) async fn find<'a>(&self, state: &'a ApiState) -> Result<(&'a Route, StoredOrder), ApiError> {
        let route = state.route(&self.route)?;
        let absent = || ApiError::not_found("unknown_order", "the route has no order of this PO number");
        let possible = self.po.chars().count() <= MAX_TEXT && !self.po.chars().any(|c| c.is_ascii_control());
        let po = PoNumber::new(self.po.as_str()).filter(|_| possible).ok_or_else(absent)?;
        let order = state.store.order(&route.name, &po).await?.ok_or_else(absent)?;
        Ok((route, order))
    }
}

/// The default is written where it is described.
const _: () = assert!(DEFAULT_LIMIT == 50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_come_as_comma_lists_and_as_repeated_parameters() {
        let mut query = Params::of("status=3,1&status=1&held=false&shipment=FEHD");
        let (route, filter) = order_filter(&mut query);
        assert_eq!(route, None);
        assert_eq!(filter.stages, [Stage::AwaitingPush, Stage::AwaitingShipment]);
        assert_eq!((filter.held, filter.service_level.as_deref()), (Some(false), Some("FEHD")));
        query.finish().unwrap();
    }

    #[test]
    fn a_stage_that_there_is_not_is_refused() {
        for wrong in ["0", "7", "1,", "", "01", "1,2,3,4,5,6,1", "a"] {
            let mut query = Params::of(&format!("status={wrong}"));
            order_filter(&mut query);
            assert!(query.finish().is_err(), "{wrong}");
        }
    }
}
