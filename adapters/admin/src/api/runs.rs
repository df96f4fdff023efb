//! Runs, and starting one.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use ipass_core::job::Job;
use ipass_core::order::PoNumber;
use ipass_core::ports::Trigger;
use ipass_core::run::RunRequest;
use ipass_core::usecase::PullRange;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ApiState;
use super::acts::Caller;
use super::body::{Body, present};
use super::envelope::{ApiError, Problem};
use super::query::{MAX_TEXT, Params, instant, text_problem};
use super::wire::Run;

/// Filters of the history.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the description of what `list_runs` reads")]
struct RunQuery {
    /// Only this route.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    route: Option<String>,
    /// Only this job, by its canonical name or a route's alias.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$", example = "push_orders")]
    job: Option<String>,
    /// Runs at most.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// Runs, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunList {
    runs: Vec<Run>,
}

/// Runs
///
/// The newest runs first. A job that no route knows has no runs.
#[utoipa::path(get, path = "/runs", tag = "runs", params(RunQuery), responses((status = 200, body = RunList)))]
pub(super) async fn list_runs(State(state): State<ApiState>, mut query: Params) -> Result<Json<RunList>, ApiError> {
    let route = query.text("route", MAX_TEXT);
    let job = query.text("job", MAX_TEXT);
    let limit = query.limit();
    query.finish()?;
    let route = state.filter_route(route.as_deref())?;
    let job = match job {
        None => None,
        Some(name) => {
            let mut known = state.routes.iter().filter(|of| route.is_none_or(|route| route.name == of.name));
            match known.find_map(|of| Job::parse(&name, of.aliases())) {
                Some(job) => Some(job.name()),
                None => return Ok(Json(RunList { runs: Vec::new() })),
            }
        }
    };
    let runs = state.store.runs(route.map(|route| &route.name), job, limit).await?;
    Ok(Json(RunList { runs: runs.into_iter().map(Run::of).collect() }))
}

/// One run
#[utoipa::path(
    get,
    path = "/runs/{run_id}",
    tag = "runs",
    params(("run_id" = String, Path, description = "Its id.", min_length = 1, max_length = 200)),
    responses((status = 200, body = Run))
)]
pub(super) async fn show_run(
    State(state): State<ApiState>,
    run_id: Result<Path<String>, PathRejection>,
    query: Params,
) -> Result<Json<Run>, ApiError> {
    query.finish()?;
    let absent = || ApiError::not_found("unknown_run", "there is no run of this id");
    let Path(run_id) = run_id.map_err(|_| absent())?;
    if text_problem(&run_id, MAX_TEXT).is_some() {
        return Err(absent());
    }
    let run = state.store.run(&run_id).await?.ok_or_else(absent)?;
    Ok(Json(Run::of(run)))
}

/// What is to be run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunBody {
    /// The route.
    #[schema(min_length = 1, max_length = 200, example = "dsco_lingxing")]
    route: String,
    /// The job, by its canonical name or the route's alias.
    #[schema(min_length = 1, max_length = 200, example = "pull_orders")]
    job: String,
    /// Only this order, for jobs that work on orders; even if it is held or not due.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$")]
    po: Option<String>,
    /// First creation time, for `pull_orders` and `check_orders`; together with `end`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, format = DateTime)]
    start: Option<String>,
    /// First creation time that is left out.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, format = DateTime)]
    end: Option<String>,
    /// Orders, SKUs or rows at most, instead of the setting.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 100_000)]
    size: Option<u32>,
    /// Nothing is sent and nothing is stored.
    #[serde(default)]
    #[schema(default = false)]
    dry_run: bool,
}

impl RunBody {
    /// The request, with all problems told together.
    fn request(&self, job: Option<Job>) -> Result<RunRequest, ApiError> {
        let mut problems = Vec::new();
        let mut problem = |path: &str, text: &str| problems.push(Problem::new(path, text));
        if job.is_none() {
            let known: Vec<&str> = Job::ALL.iter().map(|job| job.name()).collect();
            problem("job", &format!("there is no such job; known are {}", known.join(", ")));
        }
        let mut po = None;
        if let Some(text) = &self.po {
            po = PoNumber::new(text.as_str()).filter(|_| text_problem(text, MAX_TEXT).is_none());
            if po.is_none() {
                problem("po", "it cannot be a PO number");
            }
        }
        let mut time = |path: &str, text: Option<&str>| {
            let time = text.map(instant);
            if time == Some(None) {
                problem(path, "expected a time as in 2026-01-31T08:00:00Z");
            }
            time.flatten()
        };
        let (start, end) = (time("start", self.start.as_deref()), time("end", self.end.as_deref()));
        match (&self.start, &self.end) {
            (Some(_), None) => problem("end", "a range needs its end"),
            (None, Some(_)) => problem("start", "a range needs its start"),
            (Some(_), Some(_)) | (None, None) => {}
        }
        if self.size.is_some_and(|size| !(1..=100_000).contains(&size)) {
            problem("size", "expected a whole number from 1 to 100000");
        }
        match job {
            Some(job) if problems.is_empty() => Ok(RunRequest {
                po,
                range: start.zip(end).map(|(start, end)| PullRange { start, end }),
                size: self.size,
                dry_run: self.dry_run,
                ..RunRequest::of(job, Trigger::Manual)
            }),
            Some(_) | None => Err(ApiError::invalid(problems)),
        }
    }
}

/// A run has begun.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Started {
    /// Ask for it below `/runs`.
    pub(super) run_id: String,
}

/// Start a run
///
/// It works on a disabled job and ignores next-try times, and it goes on whether or not the caller waits.
/// 409 while the same work is being done.
#[utoipa::path(
    post,
    path = "/runs",
    tag = "runs",
    request_body = RunBody,
    responses((status = 202, description = "it runs", body = Started))
)]
pub(super) async fn start_run(
    State(state): State<ApiState>,
    caller: Caller,
    query: Params,
    Body(body): Body<RunBody>,
) -> Result<(StatusCode, Json<Started>), ApiError> {
    query.finish()?;
    let route = state.route(&body.route)?;
    let request = body.request(Job::parse(&body.job, route.aliases()))?;
    let subject = request.po.as_ref().map_or(request.job.name(), PoNumber::as_str).to_owned();
    let mut detail = request.job.name().to_owned();
    if request.dry_run {
        detail.push_str(" dry_run");
    }
    let run_id = state.launcher.launch(&route.name, request).await?;
    caller.audit(&state, "run", Some(&route.name), &subject, &format!("{detail} {run_id}")).await?;
    Ok((StatusCode::ACCEPTED, Json(Started { run_id })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(json: &str) -> RunBody {
        serde_json::from_str(json).unwrap()
    }

    fn places(json: &str, job: Option<Job>) -> Vec<String> {
        let error = body(json).request(job).unwrap_err();
        error.problems().iter().map(|problem| problem.path.clone()).collect()
    }

    #[test]
    fn a_run_is_asked_for_as_on_the_command_line() {
        let json = r#"{"route":"r","job":"pull_orders","start":"2026-01-31T08:00:00+08:00","end":"2026-01-31T08:00:00Z","size":7,"dry_run":true}"#;
        let request = body(json).request(Some(Job::PullOrders)).unwrap();
        let range = request.range.unwrap();
        assert_eq!((range.end - range.start).num_hours(), 8);
        assert_eq!((request.size, request.dry_run, request.trigger), (Some(7), true, Trigger::Manual));
    }

    #[test]
    fn all_problems_of_a_run_are_told_together() {
        let json = r#"{"route":"r","job":"x","po":" ","start":"today","size":0}"#;
        assert_eq!(places(json, None), ["job", "po", "start", "end", "size"]);
    }

    #[test]
    fn half_a_range_is_none() {
        assert_eq!(places(r#"{"route":"r","job":"x","end":"2026-01-31T08:00:00Z"}"#, Some(Job::PullOrders)), ["start"]);
    }
}
