//! Routes, and what stands where on them.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiState;
use super::envelope::ApiError;
use super::query::{MAX_TEXT, Params};
use super::wire::{CauseInfo, StageInfo};

/// The routes of the configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RouteList {
    routes: Vec<RouteInfo>,
}

/// One channel account joined to one ERP account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RouteInfo {
    name: String,
    /// The channel takes stock figures.
    takes_stock: bool,
    /// The channel is told that orders are accepted; without it the stage is passed over.
    acknowledges: bool,
    /// The channel takes invoices; without it the stage is passed over.
    invoices: bool,
    /// Other names of the jobs.
    aliases: Vec<JobAlias>,
}

/// Another name of a job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobAlias {
    alias: String,
    /// Canonical name.
    job: String,
}

/// Routes
///
/// The routes of the configuration.
#[utoipa::path(get, path = "/routes", tag = "overview", responses((status = 200, body = RouteList)))]
pub(super) async fn list_routes(State(state): State<ApiState>, query: Params) -> Result<Json<RouteList>, ApiError> {
    query.finish()?;
    let routes = state
        .routes
        .iter()
        .map(|route| {
            let capabilities = route.source.capabilities();
            RouteInfo {
                name: route.name.0.clone(),
                takes_stock: route.inventory.is_some(),
                acknowledges: capabilities.acknowledges,
                invoices: capabilities.invoices,
                aliases: route
                    .aliases()
                    .iter()
                    .map(|(alias, job)| JobAlias { alias: (*alias).to_owned(), job: job.name().to_owned() })
                    .collect(),
            }
        })
        .collect();
    Ok(Json(RouteList { routes }))
}

/// Orders per stage.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StageList {
    stages: Vec<StageInfo>,
}

/// Orders per stage
///
/// Every stage of every route, or of one.
#[utoipa::path(
    get,
    path = "/stages",
    tag = "overview",
    params(("route" = Option<String>, Query, description = "Only this route.", min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")),
    responses((status = 200, body = StageList))
)]
pub(super) async fn list_stages(State(state): State<ApiState>, mut query: Params) -> Result<Json<StageList>, ApiError> {
    let route = query.text("route", MAX_TEXT);
    query.finish()?;
    let only = state.filter_route(route.as_deref())?;
    let mut stages = Vec::new();
    for route in state.routes.iter().filter(|route| only.is_none_or(|only| only.name == route.name)) {
        let counts = state.store.counts(&route.name).await?;
        stages.extend(counts.iter().map(|count| StageInfo::of(&route.name.0, count)));
    }
    Ok(Json(StageList { stages }))
}

/// Why orders stay.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CauseList {
    causes: Vec<CauseInfo>,
}

/// Why orders stay
///
/// Unfinished orders, grouped by the reason, the largest group first; held ones are left out.
#[utoipa::path(
    get,
    path = "/causes",
    tag = "overview",
    params(("route" = Option<String>, Query, description = "Only this route.", min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")),
    responses((status = 200, body = CauseList))
)]
pub(super) async fn list_causes(State(state): State<ApiState>, mut query: Params) -> Result<Json<CauseList>, ApiError> {
    let route = query.text("route", MAX_TEXT);
    query.finish()?;
    let route = state.filter_route(route.as_deref())?;
    let groups = state.store.causes(route.map(|route| &route.name)).await?;
    Ok(Json(CauseList { causes: groups.into_iter().map(CauseInfo::of).collect() }))
}
