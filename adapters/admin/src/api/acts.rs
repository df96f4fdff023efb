//! What a caller decides about one order.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use ipass_core::ports::{AdminSession, AuditEntry, RouteName};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ApiState;
use super::body::Body;
use super::envelope::ApiError;
use super::orders::OrderPath;
use super::query::{Params, text_problem};

/// Who did it, as an order's history and the audit name him, unless somebody is logged in.
const ACTOR: &str = "api";
/// Characters of a reason.
const MAX_REASON: usize = 500;

/// Who acts: the person who is logged in, or the open API.
#[derive(Debug, Clone)]
pub(super) struct Caller(pub(super) String);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let session = parts.extensions.get::<Arc<AdminSession>>();
        Ok(Self(session.map_or(ACTOR, |session| &session.who).to_owned()))
    }
}

impl Caller {
    /// Adds an act to the audit.
    pub(super) async fn audit(
        &self,
        state: &ApiState,
        what: &str,
        route: Option<&RouteName>,
        subject: &str,
        detail: &str,
    ) -> Result<(), ApiError> {
        let entry = AuditEntry {
            at: state.runner.clock.now(),
            who: self.0.clone(),
            what: what.to_owned(),
            route: route.cloned(),
            subject: subject.to_owned(),
            detail: detail.to_owned(),
        };
        Ok(state.store.audit(&entry).await?)
    }
}

/// Why an order is held back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldRequest {
    /// Shown to everybody who looks at the order, and kept in its history.
    #[schema(
        min_length = 1,
        max_length = 500,
        pattern = r"^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$",
        example = "retailer asked to wait"
    )]
    reason: String,
}

/// Hold an order back
///
/// The schedule leaves it alone until it is released.
#[utoipa::path(
    post,
    path = "/orders/{route}/{po}/hold",
    tag = "orders",
    params(OrderPath),
    request_body = HoldRequest,
    responses((status = 204, description = "held"))
)]
pub(super) async fn hold_order(
    State(state): State<ApiState>,
    caller: Caller,
    path: OrderPath,
    query: Params,
    Body(body): Body<HoldRequest>,
) -> Result<StatusCode, ApiError> {
    query.finish()?;
    if let Some(problem) = text_problem(&body.reason, MAX_REASON) {
        return Err(ApiError::invalid_at("reason", problem));
    }
    if body.reason.trim().is_empty() {
        return Err(ApiError::invalid_at("reason", "say why; it is kept in the order's history"));
    }
    let (route, order) = path.find(&state).await?;
    let now = state.runner.clock.now();
    state.store.set_hold(&route.name, &order.row.po, Some(&body.reason), &caller.0, now).await?;
    caller.audit(&state, "hold", Some(&route.name), order.row.po.as_str(), &body.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Release an order
///
/// Ends a hold and makes the order due.
#[utoipa::path(post, path = "/orders/{route}/{po}/release", tag = "orders", params(OrderPath), responses((status = 204, description = "released")))]
pub(super) async fn release_order(
    State(state): State<ApiState>,
    caller: Caller,
    path: OrderPath,
    query: Params,
) -> Result<StatusCode, ApiError> {
    query.finish()?;
    let (route, order) = path.find(&state).await?;
    state.store.set_hold(&route.name, &order.row.po, None, &caller.0, state.runner.clock.now()).await?;
    caller.audit(&state, "release", Some(&route.name), order.row.po.as_str(), "").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make an order due
///
/// The next run of its job looks at it, whatever its next try was. A finished order stays as it is.
#[utoipa::path(post, path = "/orders/{route}/{po}/retry", tag = "orders", params(OrderPath), responses((status = 204, description = "due")))]
pub(super) async fn retry_order(
    State(state): State<ApiState>,
    caller: Caller,
    path: OrderPath,
    query: Params,
) -> Result<StatusCode, ApiError> {
    query.finish()?;
    let (route, order) = path.find(&state).await?;
    state.store.retry(&route.name, Some(&order.row.po), state.runner.clock.now()).await?;
    caller.audit(&state, "retry", Some(&route.name), order.row.po.as_str(), "").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let an order be cancelled in the ERP
///
/// The service asks the ERP to cancel it once the channel has cancelled it and nothing has shipped. 409 for
/// an order that is completed or cancelled.
#[utoipa::path(post, path = "/orders/{route}/{po}/cancel-in-erp", tag = "orders", params(OrderPath), responses((status = 204, description = "approved")))]
pub(super) async fn cancel_in_erp(
    State(state): State<ApiState>,
    caller: Caller,
    path: OrderPath,
    query: Params,
) -> Result<StatusCode, ApiError> {
    query.finish()?;
    let (route, order) = path.find(&state).await?;
    if order.row.stage.is_final() {
        let message = format!("the order is {}; nothing is left to cancel", order.row.stage.names().0);
        return Err(ApiError::new(StatusCode::CONFLICT, "finished", message));
    }
    state.store.approve_cancel(&route.name, &order.row.po, &caller.0, state.runner.clock.now()).await?;
    caller.audit(&state, "cancel_in_erp", Some(&route.name), order.row.po.as_str(), "").await?;
    Ok(StatusCode::NO_CONTENT)
}
