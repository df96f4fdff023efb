//! Logging in and out.

use std::net::SocketAddr;

use askama::Template;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::header::RETRY_AFTER;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ipass_core::ports::AdminSession;
use secrecy::SecretString;
use serde_json::json;

use super::cookies::{Cookie, login_cookie, read};
use super::gate::token_hash;
use super::throttle::counted;
use super::{Answer, Desk, Flash, Form, Page, Shared, audit, local_path};
use crate::text::login as t;

/// Characters of a name.
const LONGEST_NAME: usize = 60;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    p: &'a Page,
    next: &'a str,
    who: &'a str,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "switched_off.html")]
struct SwitchedOff<'a> {
    p: &'a Page,
}

/// The address that tries are counted by. Behind a proxy it is the last one that `X-Forwarded-For` names: the
/// earlier ones are the client's own words.
pub(super) struct Client(String);

impl FromRequestParts<Shared> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, desk: &Shared) -> Result<Self, Self::Rejection> {
        let last = parts.headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
        let proxied = last.and_then(|text| text.rsplit(',').next()?.trim().parse().ok());
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let address = proxied.filter(|_| desk.behind_tls).or(peer);
        Ok(Self(address.map_or_else(|| "unknown".to_owned(), counted)))
    }
}

/// `GET /admin/login`.
pub(super) async fn show(State(desk): State<Shared>, page: Page) -> Answer {
    if desk.passwords.switched_off() {
        return page.show_as(StatusCode::SERVICE_UNAVAILABLE, &SwitchedOff { p: &page });
    }
    let next = page.query.get("next").and_then(local_path).unwrap_or_default();
    page.show(&LoginPage { p: &page, next, who: "", problem: None })
}

/// `POST /admin/login` with `who`, `password` and `next`. Whoever accepts JSON gets `{"csrf"}` instead of a page:
/// that is the dialog of a page whose login has expired.
pub(super) async fn log_in(
    State(desk): State<Shared>,
    page: Page,
    Client(address): Client,
    headers: HeaderMap,
    Form(mut form): Form,
) -> Answer {
    if desk.passwords.switched_off() {
        return page.show_as(StatusCode::SERVICE_UNAVAILABLE, &SwitchedOff { p: &page });
    }
    let json = headers.get("accept").is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"));
    let next = form.get("next").and_then(local_path).unwrap_or_default().to_owned();
    let again = |status: StatusCode, who: &str, problem: String| {
        if json {
            let body = json!({"error": {"code": "login_refused", "message": problem, "detail": null}});
            return Ok((status, axum::Json(body)).into_response());
        }
        page.show_as(status, &LoginPage { p: &page, next: &next, who, problem: Some(problem) })
    };
    let Some(who) = form.text("who", LONGEST_NAME) else {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "", page.t(t::NO_NAME).to_owned());
    };
    if let Err(seconds) = desk.throttle.begin(&address, page.now) {
        let mut answer = again(StatusCode::TOO_MANY_REQUESTS, &who, page.t1(t::TOO_OFTEN, seconds))?;
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(answer);
    }
    let password = SecretString::from(form.get("password").unwrap_or_default());
    if !desk.passwords.is_right(password).await {
        // The name is left out: it may be a password in the wrong field.
        audit(&desk, "-", "login_refused", None, &address, "").await?;
        return again(StatusCode::UNAUTHORIZED, &who, page.t(t::WRONG).to_owned());
    }
    desk.throttle.forget(&address);
    let (token, csrf) = open(&desk, &headers, &who).await?;
    audit(&desk, &who, "login", None, &address, "").await?;
    let mut answer = if json {
        axum::Json(json!({"csrf": csrf})).into_response()
    } else {
        page.go(if next.is_empty() { "/admin" } else { &next }, None)
    };
    let secure = desk.behind_tls;
    let age = desk.absolute.num_seconds();
    Cookie { name: login_cookie(secure), value: &token, max_age: Some(age), secure }.set(answer.headers_mut());
    Ok(answer)
}

/// A new login; the one that the browser still had ends.
async fn open(desk: &Desk, headers: &HeaderMap, who: &str) -> Result<(String, String), super::Fault> {
    if let Some(old) = read(headers, login_cookie(desk.behind_tls)) {
        desk.store.close_session(&token_hash(&old)).await?;
    }
    let (token, csrf, now) = (desk.token(), desk.token(), desk.now());
    let session = AdminSession {
        token_hash: token_hash(&token),
        csrf: csrf.clone(),
        who: who.to_owned(),
        created_at: now,
        seen_at: now,
    };
    desk.store.open_session(&session).await?;
    Ok((token, csrf))
}

/// `POST /admin/logout`.
pub(super) async fn log_out(State(desk): State<Shared>, page: Page, headers: HeaderMap) -> Answer {
    let secure = desk.behind_tls;
    if let Some(token) = read(&headers, login_cookie(secure)) {
        desk.store.close_session(&token_hash(&token)).await?;
    }
    audit(&desk, page.who(), "logout", None, "", "").await?;
    let mut answer: Response = page.go("/admin/login", Some(&Flash::good(page.t(t::LOGGED_OUT))));
    Cookie { name: login_cookie(secure), value: "", max_age: Some(0), secure }.set(answer.headers_mut());
    Ok(answer)
}
