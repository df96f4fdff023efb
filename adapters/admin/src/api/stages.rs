//! Routes, and what stands where on them.

use axum::Json;
use axum::extract::State;
use ipass_core::reason::Language;
use ipass_core::usecase::{UnreadGroup, unread_groups};
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiState;
use super::envelope::ApiError;
use super::query::{MAX_TEXT, Params};
use super::wire::{Bilingual, CauseInfo, StageInfo};

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
    /// Orders that came and could not be read: they are in no stage, and no job works on them.
    unreadable: Vec<UnreadInfo>,
}

/// Orders that could not be read for one reason.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnreadInfo {
    route: String,
    /// Code of the reason.
    reason: String,
    /// The reason as a sentence, with the remedy; about the sample.
    sentence: Bilingual,
    /// Who has to act.
    who_acts: Bilingual,
    /// How many.
    orders: u64,
    /// The channel's key of the newest.
    sample: String,
}

impl UnreadInfo {
    fn of(route: &str, group: UnreadGroup) -> Self {
        Self {
            route: route.to_owned(),
            sentence: Bilingual {
                en: group.reason.sentence(Language::En, &group.sample_detail),
                zh: group.reason.sentence(Language::Zh, &group.sample_detail),
            },
            who_acts: Bilingual::of(group.reason.actor().names()),
            reason: group.reason.code().to_owned(),
            orders: group.orders,
            sample: group.sample,
        }
    }
}

/// Why orders stay
///
/// Unfinished orders, grouped by the reason, the largest group first; held ones are left out. Beside them the
/// orders that could not be read.
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
    let mut unreadable = Vec::new();
    for one in state.routes.iter().filter(|one| route.is_none_or(|only| only.name == one.name)) {
        let found = unread_groups(&*state.store, &one.name).await?;
        unreadable.extend(found.into_iter().map(|group| UnreadInfo::of(&one.name.0, group)));
    }
    Ok(Json(CauseList { causes: groups.into_iter().map(CauseInfo::of).collect(), unreadable }))
}
