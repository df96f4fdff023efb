//! Checks, what they found, and repairs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use ipass_core::job::Job;
use ipass_core::order::PoNumber;
use ipass_core::ports::{RouteName, Trigger};
use ipass_core::run::RunRequest;
use ipass_core::stage::Stage;
use ipass_core::usecase::PullRange;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::ApiState;
use super::super::acts::Caller;
use super::super::body::{Body, present};
use super::super::envelope::ApiError;
use super::super::query::{MAX_TEXT, Params, instant, text_problem};
use super::super::runs::Started;
use super::reason;
use crate::desk::{Fault, Page, Shared, audit};
use crate::pages::check::repair::{Repaired, Target, repair as repair_one, repair_many, told};
use crate::pages::runs::{FindingLine, RunView, look};

/// What is to be checked: one order, or what was created in a range.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckBody {
    route: String,
    #[serde(default, deserialize_with = "present")]
    po: Option<String>,
    #[serde(default, deserialize_with = "present")]
    start: Option<String>,
    #[serde(default, deserialize_with = "present")]
    end: Option<String>,
}

impl CheckBody {
    fn request(&self) -> Result<RunRequest, ApiError> {
        let time = |path: &str, text: &str| {
            instant(text).ok_or_else(|| ApiError::invalid_at(path, "expected a time as in 2026-01-31T08:00:00Z"))
        };
        let of_job = RunRequest::of(Job::CheckOrders, Trigger::Manual);
        match (&self.po, &self.start, &self.end) {
            (Some(po), None, None) => {
                let po = PoNumber::new(po.as_str()).filter(|_| text_problem(po, MAX_TEXT).is_none());
                let po = po.ok_or_else(|| ApiError::invalid_at("po", "it cannot be a PO number"))?;
                Ok(RunRequest { po: Some(po), ..of_job })
            }
            (None, Some(start), Some(end)) => {
                let range = PullRange { start: time("start", start)?, end: time("end", end)? };
                if range.start >= range.end {
                    return Err(ApiError::invalid_at("end", "it has to be after the start"));
                }
                Ok(RunRequest { range: Some(range), ..of_job })
            }
            _ => Err(ApiError::invalid_at("po", "give either po, or start and end")),
        }
    }
}

/// `POST /check`: 202 with the id of the run.
pub(super) async fn begin(
    State(state): State<ApiState>,
    caller: Caller,
    query: Params,
    Body(body): Body<CheckBody>,
) -> Result<(StatusCode, Json<Started>), ApiError> {
    query.finish()?;
    let route = state.route(&body.route)?;
    let request = body.request()?;
    let run_id = state.launcher.launch(&route.name, request).await?;
    caller.audit(&state, "run", Some(&route.name), Job::CheckOrders.name(), &run_id).await?;
    Ok((StatusCode::ACCEPTED, Json(Started { run_id })))
}

async fn found(page: &Page, run_id: &str) -> Result<RunView, Fault> {
    let run = look(page, run_id).await?;
    if run.job == Some(Job::CheckOrders) { Ok(run) } else { Err(Fault::NotFound) }
}

fn wire(finding: &FindingLine) -> Value {
    json!({
        "po_number": finding.po,
        "status": finding.stage.map(Stage::number),
        "kind": finding.kind,
        "channel_status": finding.detail,
        "repair": finding.repair,
        "repair_status": finding.to.map(Stage::number),
    })
}

/// `GET /check/{run_id}`: how it stands. `findings` is null while it runs, and when they are not kept any more: from
/// 15 minutes after the end, and on other instances.
pub(super) async fn show(page: Page, Path(run_id): Path<String>) -> Result<Json<Value>, Fault> {
    let run = found(&page, &run_id).await?;
    let findings = run.findings.as_ref().map(|findings| findings.iter().map(wire).collect::<Vec<_>>());
    Ok(Json(json!({
        "run_id": run_id,
        "route": run.route,
        "state": run.state,
        "complete": run.findings.as_ref().map(|_| run.incomplete.is_empty()),
        "incomplete": run.incomplete,
        "findings": findings,
        "error": run.error,
    })))
}

/// One order by its PO number, or all findings of a kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepairBody {
    #[serde(default, deserialize_with = "present")]
    po: Option<String>,
    #[serde(default, deserialize_with = "present")]
    kind: Option<String>,
    reason: String,
}

/// `POST /check/{run_id}/repair`: one order is repaired at once and answers `result` (`set`, `pulled`, `pull_failed`);
/// 409 if it has moved. A kind answers 202 with an `id` for `GET /steps/{id}`.
pub(super) async fn repair(
    State(desk): State<Shared>,
    page: Page,
    caller: Caller,
    Path(run_id): Path<String>,
    Body(body): Body<RepairBody>,
) -> Result<Response, Fault> {
    let reason = match reason(&body.reason) {
        Ok(reason) => reason.to_owned(),
        Err(error) => return Ok(error.into_response()),
    };
    let run = found(&page, &run_id).await?;
    let route = RouteName(run.route);
    let target = Target::of(run.findings, body.po.as_deref(), body.kind.as_deref())?;
    if body.po.is_none() {
        let id = repair_many(&desk, &route, target, &caller.0, &reason).await?;
        return Ok((StatusCode::ACCEPTED, Json(json!({"id": id}))).into_response());
    }
    let finding = target.findings.first().ok_or(Fault::NotFound)?;
    audit(&desk, &caller.0, "repair", Some(&route), &finding.po, &told(finding, &reason)).await?;
    let done = match repair_one(&desk, &route, finding, &caller.0, &reason).await? {
        Repaired::Set => json!({"result": "set"}),
        Repaired::Pulled(run_id) => json!({"result": "pulled", "run_id": run_id}),
        Repaired::PullFailed(run_id, error) => json!({"result": "pull_failed", "run_id": run_id, "error": error}),
        Repaired::Moved | Repaired::Look => {
            let message = "the order has moved since the check, and nothing was changed";
            return Ok(ApiError::new(StatusCode::CONFLICT, "moved", message).into_response());
        }
    };
    Ok(Json(done).into_response())
}
