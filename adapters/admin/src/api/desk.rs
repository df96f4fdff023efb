//! The same API below `/admin/api` for whoever is logged in, with what only the pages' own programs need.
//!
//! Who may ask is settled before: without a login 401, and what changes something needs the secret of the forms
//! in the header `X-Csrf-Token`. Acts carry the person's name.

mod check;
mod lists;
mod settings;

use axum::extract::{FromRef, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use ipass_core::ports::StageEdit;
use ipass_core::reason::Language;
use ipass_core::stage::Stage;
use serde::Deserialize;
use serde_json::{Value, json};

use super::acts::Caller;
use super::body::{Body, present};
use super::envelope::{ApiError, Problem};
use super::orders::OrderPath;
use super::query::{Params, text_problem};
use super::{ApiState, described};
use crate::desk::{Fault, Query, Shared};
use crate::pages::jobs::all::run_all;
use crate::pages::runs::steps_json;

/// Characters of a reason.
const MAX_REASON: usize = 500;

impl FromRef<Shared> for ApiState {
    fn from_ref(desk: &Shared) -> Self {
        Self {
            store: desk.store.clone(),
            runner: desk.runner.clone(),
            routes: desk.routes.clone(),
            launcher: desk.launcher.clone(),
            token: None,
        }
    }
}

/// Everything below `/admin/api` but the streams of events.
pub(crate) fn routes() -> Router<Shared> {
    let (open, _) = described::<Shared>().split_for_parts();
    let own = Router::new()
        .route("/orders/{route}/{po}/stage", post(set_stage))
        .route("/orders/csv", post(lists::orders_csv))
        .route("/stock", get(lists::stock))
        .route("/stock/csv", post(lists::stock_csv))
        .route("/options", get(lists::options))
        .route("/options/erp/{kind}", get(lists::master_data))
        .route("/check", post(check::begin))
        .route("/check/{run_id}", get(check::show))
        .route("/check/{run_id}/repair", post(check::repair))
        .route("/run-all", post(begin_all))
        .route("/steps/{id}", get(steps))
        .route("/settings/{route}", get(settings::live).put(settings::save))
        .route("/settings/{route}/versions", get(settings::history))
        .route("/settings/{route}/versions/{version}", get(settings::version))
        .route("/settings/{route}/rollback", post(settings::roll_back));
    Router::new().nest("/admin/api", open.merge(own))
}

/// What is wrong with a query that the pages read as well.
fn problems(query: &Query) -> Result<(), ApiError> {
    let problems = query.problems();
    if problems.is_empty() {
        return Ok(());
    }
    let each = problems.iter().map(|problem| Problem::new(problem.path.as_str(), problem.problem.of(Language::En)));
    Err(ApiError::invalid(each.collect()))
}

/// A reason that is kept in the audit: 3 to 500 characters.
fn reason(text: &str) -> Result<&str, ApiError> {
    if let Some(problem) = text_problem(text, MAX_REASON) {
        return Err(ApiError::invalid_at("reason", problem));
    }
    let reason = text.trim();
    if reason.chars().count() < 3 {
        return Err(ApiError::invalid_at("reason", "say why, in at least 3 characters; it is kept in the audit"));
    }
    Ok(reason)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StageBody {
    /// The new stage, 1 to 6.
    status: i64,
    /// Where the caller saw it; refused with 409 if it has moved since.
    #[serde(default, deserialize_with = "present")]
    expected: Option<i64>,
    reason: String,
}

/// `POST /orders/{route}/{po}/stage`: moves an order by hand; evidence stays. 204.
async fn set_stage(
    State(state): State<ApiState>,
    caller: Caller,
    path: OrderPath,
    query: Params,
    Body(body): Body<StageBody>,
) -> Result<StatusCode, ApiError> {
    query.finish()?;
    let to = Stage::from_number(body.status).ok_or_else(|| ApiError::invalid_at("status", "expected 1 to 6"))?;
    let reason = reason(&body.reason)?.to_owned();
    let (route, order) = path.find(&state).await?;
    let from = order.row.stage;
    if body.expected.is_some_and(|expected| expected != i64::from(from.number())) {
        let message = format!("the order is at stage {} ({}) now", from.number(), from.names().0);
        return Err(ApiError::new(StatusCode::CONFLICT, "moved", message));
    }
    let po = order.row.po;
    let detail = format!("{} → {}: {reason}", from.number(), to.number());
    caller.audit(&state, "stage", Some(&route.name), po.as_str(), &detail).await?;
    let edit = StageEdit { po, to, reason, by: caller.0, now: state.runner.clock.now() };
    state.store.set_stage(&route.name, &edit).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteBody {
    route: String,
}

/// `POST /run-all`: all jobs in the order of the stages. 202 with an `id` for `GET /steps/{id}`, and for its events
/// as those of a run.
async fn begin_all(
    State(desk): State<Shared>,
    State(state): State<ApiState>,
    caller: Caller,
    query: Params,
    Body(body): Body<RouteBody>,
) -> Result<Response, Fault> {
    let route = match query.finish().and_then(|()| state.route(&body.route)) {
        Ok(route) => route,
        Err(error) => return Ok(error.into_response()),
    };
    let id = run_all(&desk, route, &caller.0).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({"id": id}))).into_response())
}

/// `GET /steps/{id}`: how work of several steps stands; 404 from 15 minutes after its end.
async fn steps(State(desk): State<Shared>, Path(id): Path<String>, query: Params) -> Result<Json<Value>, ApiError> {
    query.finish()?;
    let absent = || ApiError::not_found("unknown_steps", "there is no such work, or it ended long ago");
    steps_json(&desk, &id).map(Json).ok_or_else(absent)
}

#[cfg(test)]
mod tests;
