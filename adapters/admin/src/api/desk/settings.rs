//! Settings as one document for each route, and their versions.

use axum::Json;
use axum::extract::{Path, State};
use ipass_core::ports::SettingsVersion;
use ipass_core::run::Route;
use ipass_core::settings::parse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::ApiState;
use super::super::acts::Caller;
use super::super::body::Body;
use super::super::envelope::{ApiError, Problem};
use super::super::query::Params;
use super::super::wire::Time;
use super::reason;

fn wire(route: &Route, saved: Option<&SettingsVersion>) -> Json<Value> {
    let document = saved.and_then(|saved| serde_json::from_str::<Value>(&saved.document).ok());
    Json(json!({
        "route": route.name.0,
        "version": saved.map_or(0, |saved| saved.version),
        "author": saved.map(|saved| saved.author.as_str()),
        "saved_at": saved.map(|saved| Time::of(saved.saved_at)),
        "document": document.unwrap_or_else(|| json!({})),
    }))
}

/// `GET /settings/{route}`: the live version; version 0 with an empty document before the first save.
pub(super) async fn live(
    State(state): State<ApiState>,
    Path(route): Path<String>,
    query: Params,
) -> Result<Json<Value>, ApiError> {
    query.finish()?;
    let route = state.route(&route)?;
    Ok(wire(route, state.store.settings(&route.name).await?.as_ref()))
}

/// `GET /settings/{route}/versions?limit=`: who saved when, the newest first.
pub(super) async fn history(
    State(state): State<ApiState>,
    Path(route): Path<String>,
    mut query: Params,
) -> Result<Json<Value>, ApiError> {
    let limit = query.limit();
    query.finish()?;
    let route = state.route(&route)?;
    let versions = state.store.settings_history(&route.name, limit).await?;
    let each = |saved: &SettingsVersion| json!({"version": saved.version, "author": saved.author, "saved_at": Time::of(saved.saved_at)});
    Ok(Json(json!({"route": route.name.0, "versions": versions.iter().map(each).collect::<Vec<_>>()})))
}

/// `GET /settings/{route}/versions/{version}`.
pub(super) async fn version(
    State(state): State<ApiState>,
    Path((route, version)): Path<(String, String)>,
    query: Params,
) -> Result<Json<Value>, ApiError> {
    query.finish()?;
    let route = state.route(&route)?;
    let saved = match version.parse() {
        Ok(version) => state.store.settings_at(&route.name, version).await?,
        Err(_) => None,
    };
    let saved = saved.ok_or_else(|| ApiError::not_found("unknown_version", "the route has no such version"))?;
    Ok(wire(route, Some(&saved)))
}

/// What is to be live.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SaveBody {
    document: Value,
    /// The version that the caller started from; 409 if another one is live.
    version: i64,
    reason: String,
}

/// `PUT /settings/{route}`: validated as a whole, live at once. 422 lists each path with its problem.
pub(super) async fn save(
    State(state): State<ApiState>,
    caller: Caller,
    Path(route): Path<String>,
    query: Params,
    Body(body): Body<SaveBody>,
) -> Result<Json<Value>, ApiError> {
    query.finish()?;
    let route = state.route(&route)?;
    let text = serde_json::to_string_pretty(&body.document).unwrap_or_default();
    make_live(&state, &caller, route, &text, body.version, reason(&body.reason)?).await
}

/// Which version is to be live again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RollBackBody {
    version: i64,
    /// The live version that the caller saw.
    expected: i64,
    reason: String,
}

/// `POST /settings/{route}/rollback`: an earlier document as a new version.
pub(super) async fn roll_back(
    State(state): State<ApiState>,
    caller: Caller,
    Path(route): Path<String>,
    query: Params,
    Body(body): Body<RollBackBody>,
) -> Result<Json<Value>, ApiError> {
    query.finish()?;
    let route = state.route(&route)?;
    let reason = format!("back to version {}: {}", body.version, reason(&body.reason)?);
    let saved = state.store.settings_at(&route.name, body.version).await?;
    let saved = saved.ok_or_else(|| ApiError::invalid_at("version", "the route has no such version"))?;
    make_live(&state, &caller, route, &saved.document, body.expected, &reason).await
}

async fn make_live(
    state: &ApiState,
    caller: &Caller,
    route: &Route,
    document: &str,
    expected: i64,
    reason: &str,
) -> Result<Json<Value>, ApiError> {
    if let Err(problems) = parse(document, route.aliases()) {
        let each = problems.into_iter().map(|problem| Problem::new(problem.path, problem.problem));
        return Err(ApiError::invalid(each.collect()));
    }
    let now = state.runner.clock.now();
    let version = state.store.save_settings(&route.name, document, &caller.0, Some(expected), now).await?;
    caller.audit(state, "settings", Some(&route.name), &version.to_string(), reason).await?;
    Ok(Json(json!({"route": route.name.0, "version": version})))
}
