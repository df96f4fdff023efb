//! Stock records, choices for filters and mappings, and CSV files.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use chrono::Duration;
use chrono_tz::Tz;
use ipass_core::erp::{MasterKind, MasterRecord};
use ipass_core::job::Job;
use ipass_core::ports::{ORDER_COLUMNS, OrderField, STOCK_COLUMNS, StockResult};
use ipass_core::reason::{Language, Reason};
use ipass_core::run::stock_json;
use ipass_core::stage::Stage;
use serde_json::{Value, json};

use super::super::ApiState;
use super::super::acts::Caller;
use super::super::envelope::{ApiError, Problem};
use super::super::orders::order_filter;
use super::super::query::{MAX_TEXT, Params};
use super::problems;
use crate::desk::{Fault, Query, Shared, begin_export, download};
use crate::pages::stock::filter::{exportable, filter};

/// Values that are offered for one field.
const VALUES: u32 = 500;

/// `GET /stock`: the filters of the page of the stock, `after` and `size`; times without zone are UTC.
pub(super) async fn stock(State(state): State<ApiState>, mut query: Query) -> Result<Json<Value>, ApiError> {
    let wanted = filter(&mut query, Tz::UTC);
    let (route, after, size) = (query.text("route", MAX_TEXT), query.cursor(), query.size());
    problems(&query)?;
    let route = state.filter_route(route.as_deref())?.map(|route| &route.name);
    let page = state.store.search_stock(route, &wanted, after.as_deref(), size).await.map_err(ApiError::of_list)?;
    let records: Vec<Value> = page.rows.iter().map(stock_json).collect();
    Ok(Json(json!({"records": records, "next": page.next})))
}

/// `POST /stock/csv?<filters>`: the list as a file.
pub(super) async fn stock_csv(
    State(desk): State<Shared>,
    State(state): State<ApiState>,
    caller: Caller,
    uri: Uri,
    mut query: Query,
) -> Result<Response, Fault> {
    let wanted = filter(&mut query, Tz::UTC);
    exportable(&mut query, &wanted, desk.export_max_days, desk.now());
    let name = query.text("route", MAX_TEXT);
    let route = match problems(&query).and_then(|()| state.filter_route(name.as_deref())) {
        Ok(route) => route.map(|route| &route.name),
        Err(error) => return Ok(error.into_response()),
    };
    let mut file = begin_export(&desk, "stock", &STOCK_COLUMNS)?;
    if let Err(error) = caller.audit(&state, "export", route, "stock", uri.query().unwrap_or_default()).await {
        return Ok(error.into_response());
    }
    desk.store.export_stock(route, &wanted, &mut *file).await?;
    download(file).await
}

/// `POST /orders/csv?<filters of GET /orders>`: the list as a file; `created_from` is needed, and the range is
/// limited.
pub(super) async fn orders_csv(
    State(desk): State<Shared>,
    State(state): State<ApiState>,
    caller: Caller,
    uri: Uri,
    mut query: Params,
) -> Result<Response, Fault> {
    let (name, wanted) = order_filter(&mut query);
    let days = desk.export_max_days;
    match wanted.created_from {
        None => query.required("created_from"),
        Some(from) if wanted.created_until.unwrap_or_else(|| desk.now()) - from > Duration::days(days.into()) => {
            query.problem("created_from", format!("the range is longer than {days} days"));
        }
        Some(_) => {}
    }
    let route = match query.finish().and_then(|()| state.filter_route(name.as_deref())) {
        Ok(route) => route.map(|route| &route.name),
        Err(error) => return Ok(error.into_response()),
    };
    let mut file = begin_export(&desk, "orders", &ORDER_COLUMNS)?;
    if let Err(error) = caller.audit(&state, "export", route, "orders", uri.query().unwrap_or_default()).await {
        return Ok(error.into_response());
    }
    desk.store.export_orders(route, &wanted, &mut *file).await?;
    download(file).await
}

/// `GET /options?route=`: what filters can be set to. Fixed choices carry their names in both languages.
pub(super) async fn options(State(state): State<ApiState>, mut query: Params) -> Result<Json<Value>, ApiError> {
    let route = query.text("route", MAX_TEXT);
    query.finish()?;
    let route = state.filter_route(route.as_deref())?.map(|route| &route.name);
    let mut stored = serde_json::Map::new();
    for (name, field) in [
        ("channel_status", OrderField::ChannelStatus),
        ("retailer_id", OrderField::RetailerId),
        ("warehouse_code", OrderField::WarehouseCode),
        ("service_level", OrderField::ServiceLevel),
        ("reason", OrderField::Reason),
    ] {
        stored.insert(name.to_owned(), json!(state.store.values(route, field, VALUES).await?));
    }
    let named = |(en, zh): (&str, &str)| json!({"en": en, "zh": zh});
    let stages = Stage::ALL.map(|stage| json!({"status": stage.number(), "name": named(stage.names())}));
    let reasons = Reason::ALL.iter().map(|reason| {
        let sentence = |language| reason.sentence(language, "…");
        json!({"code": reason.code(), "en": sentence(Language::En), "zh": sentence(Language::Zh)})
    });
    Ok(Json(json!({
        "values": stored,
        "stages": stages,
        "reasons": reasons.collect::<Vec<_>>(),
        "jobs": Job::ALL.map(Job::name),
        "stock_results": StockResult::ALL.map(StockResult::as_str),
    })))
}

/// `GET /options/erp/{kind}?route=`: what a mapping can name; `kind` is `stores`, `warehouses` or `logistics_types`.
/// Asks the ERP; 503 if it does not answer.
pub(super) async fn master_data(
    State(state): State<ApiState>,
    Path(kind): Path<String>,
    mut query: Params,
) -> Result<Json<Value>, ApiError> {
    let name = query.text("route", MAX_TEXT);
    query.finish()?;
    let kind = match kind.as_str() {
        "stores" => MasterKind::Store,
        "warehouses" => MasterKind::Warehouse,
        "logistics_types" => MasterKind::LogisticsType,
        _ => return Err(ApiError::not_found("unknown_path", "known are stores, warehouses, logistics_types")),
    };
    let route = match &name {
        Some(name) => state.route(name)?,
        None => match state.routes.as_slice() {
            [route] => route,
            _ => return Err(ApiError::invalid(vec![Problem::new("route", "name one of the routes")])),
        },
    };
    let found = route.erp.master_data(kind).await.map_err(|error| {
        tracing::warn!(route = %route.name, %error, "the ERP gave no choices");
        ApiError::unavailable("the ERP does not answer; try again later")
    })?;
    let each = |record: &MasterRecord| json!({"id": record.id, "name": record.name, "active": record.active, "warehouse_id": record.warehouse_id});
    Ok(Json(json!({"records": found.iter().map(each).collect::<Vec<_>>()})))
}
