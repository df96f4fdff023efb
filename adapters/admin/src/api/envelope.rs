//! Every refusal has one shape.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse, Response};
use ipass_core::ports::StoreError;
use ipass_core::run::Refused;
use serde::Serialize;
use utoipa::ToSchema;

/// A refusal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorBody {
    /// What is wrong.
    error: ErrorContent,
}

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorContent {
    /// A stable code, for programs.
    #[schema(example = "invalid_request")]
    code: &'static str,
    /// A sentence, for people.
    message: String,
    /// The single problems, where there are any.
    detail: Option<Vec<Problem>>,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Where: a query parameter, or the way to a member of the body.
    #[schema(example = "source.items[3].sku")]
    pub(super) path: String,
    /// What is wrong there.
    pub(super) problem: String,
}

impl Problem {
    pub(super) fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into() }
    }
}

/// A refusal on its way out.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    detail: Vec<Problem>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), detail: Vec::new() }
    }

    pub(super) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// The request is well formed and cannot be done; each problem is named.
    pub(super) fn invalid(problems: Vec<Problem>) -> Self {
        let error =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", "the request cannot be done as asked");
        Self { detail: problems, ..error }
    }

    /// The same for one problem.
    pub(super) fn invalid_at(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::invalid(vec![Problem::new(path, problem)])
    }

    /// The remote systems or the store do not answer in time.
    pub(super) fn unavailable(message: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
    }

    /// A refusal of a list: the only conflict that a list has is the mark of its page.
    pub(super) fn of_list(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(what) => Self::invalid_at("cursor", what),
            other @ (StoreError::Unavailable(_) | StoreError::FenceLost | StoreError::Corrupt { .. }) => other.into(),
        }
    }

    #[cfg(test)]
    pub(super) fn problems(&self) -> &[Problem] {
        &self.detail
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            // What the database says is for the log: it may name hosts and files.
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "the store did not answer the API");
                Self::unavailable("the store does not answer; try again later")
            }
            StoreError::Corrupt { .. } => {
                tracing::error!(%error, "the API met a stored value that cannot be read");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unreadable_record", error.to_string())
            }
            StoreError::FenceLost | StoreError::Conflict(_) => {
                Self::new(StatusCode::CONFLICT, "conflict", error.to_string())
            }
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::AlreadyRunning => Self::new(StatusCode::CONFLICT, "already_running", refused.to_string()),
            Refused::Usage(what) => Self::invalid_at("job", what),
            Refused::Store(error) => error.into(),
            Refused::Settings(problems) => {
                let error = Self::new(
                    StatusCode::CONFLICT,
                    "invalid_settings",
                    "the stored settings of the route are not valid",
                );
                let detail = problems.into_iter().map(|problem| Problem::new(problem.path, problem.problem)).collect();
                Self { detail, ..error }
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let detail = (!self.detail.is_empty()).then_some(self.detail);
        let body = ErrorBody { error: ErrorContent { code: self.code, message: self.message, detail } };
        if self.status == StatusCode::UNAUTHORIZED {
            return (self.status, [(WWW_AUTHENTICATE, "Bearer")], Json(body)).into_response();
        }
        (self.status, Json(body)).into_response()
    }
}
