//! The outermost layer: headers on every answer, and faults in words.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use ipass_core::ports::StoreError;
use serde_json::json;

use super::cookies::{self, Cookie};
use super::fault::Problem;
use super::links::encode;
use super::page::{FLASH, go, wants_fragment};
use super::{Fault, Flash, Page, Shared, gate, local_path};
use crate::text::common as c;

/// Everything is ours and from here; nothing is inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
];

/// With the head line, for somebody who is logged in.
#[derive(Template)]
#[template(path = "fault.html")]
struct FaultPage<'a> {
    p: &'a Page,
    f: Words<'a>,
}

/// For everybody else.
#[derive(Template)]
#[template(path = "fault_bare.html")]
struct BareFaultPage<'a> {
    p: &'a Page,
    f: Words<'a>,
}

/// What a page of a fault says.
struct Words<'a> {
    status: u16,
    title: &'a str,
    help: &'a str,
    problems: Vec<(String, String)>,
    link: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "fault_notice.html")]
struct FaultNotice<'a> {
    title: &'a str,
    help: &'a str,
    problems: Vec<(String, String)>,
    link: Option<(String, String)>,
}

pub(super) async fn faults(State(desk): State<Shared>, request: Request, next: Next) -> Response {
    // The parts of the request that the words depend on; the body goes on to the page.
    let (mut asked, ()) = Request::builder()
        .method(request.method().clone())
        .uri(request.uri().clone())
        .body(())
        .unwrap_or_default()
        .into_parts();
    asked.headers = request.headers().clone();
    let mut answer = next.run(request).await;
    let fault = answer.extensions_mut().remove::<Arc<Fault>>().or_else(|| foreign_fault(&answer).map(Arc::new));
    if let Some(fault) = fault {
        answer = told(&desk, &mut asked, &fault).await;
    } else {
        forget_flash(&asked, &mut answer, desk.behind_tls);
    }
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if desk.behind_tls {
        headers.insert("strict-transport-security", HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

/// What the web framework refuses by itself has no words of ours.
fn foreign_fault(answer: &Response) -> Option<Fault> {
    let status = answer.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("text/plain");
    if !kind.starts_with("text/plain") {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => Fault::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Fault::NoMethod,
        StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Fault::WrongKind,
        status if status.is_client_error() => Fault::Invalid(Vec::new()),
        status => Fault::with_status(status, "internal", c::INTERNAL, c::INTERNAL_HELP),
    })
}

/// A fault in the language and the form of the request.
async fn told(desk: &Shared, asked: &mut Parts, fault: &Fault) -> Response {
    if let Fault::Store(error @ (StoreError::Unavailable(_) | StoreError::Corrupt { .. })) = fault {
        tracing::warn!(path = asked.uri.path(), %error, "a page was refused");
    }
    let page_wanted = !wants_json(&asked.headers, asked.uri.path()) && !wants_fragment(&asked.headers);
    if page_wanted
        && has_head_line(fault)
        && let Some(session) = gate::reader(desk, &asked.headers).await
    {
        asked.extensions.insert(session);
    }
    let Some(page) = page_of(desk, asked).await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let words = fault.told();
    let (title, help) = (page.t(words.title), page.say(&words.help));
    let (problems, link): (&[Problem], _) = match fault {
        Fault::Invalid(problems) => (problems, None),
        Fault::Refused(why) => (&[], why.link.as_ref()),
        Fault::NotFound
        | Fault::NoMethod
        | Fault::TooLarge
        | Fault::WrongKind
        | Fault::ForeignPage
        | Fault::Expired
        | Fault::DoneAlready
        | Fault::Store(_) => (&[], None),
    };
    let problems: Vec<(String, String)> =
        problems.iter().map(|problem| (problem.path.clone(), page.say(&problem.problem))).collect();
    let link = link.map(|(href, text)| (page.href(href), page.t(*text).to_owned()));
    if wants_json(&asked.headers, asked.uri.path()) {
        let each = |(path, problem): &(String, String)| json!({"path": path, "problem": problem});
        let detail = if problems.is_empty() { json!(help) } else { problems.iter().map(each).collect() };
        let body = json!({"error": {"code": words.code, "message": title, "detail": detail}}).to_string();
        return (words.status, [(CONTENT_TYPE, "application/json")], body).into_response();
    }
    if page.htmx {
        return notice(&page, words.status, title, &help, problems, link);
    }
    match fault {
        Fault::Expired => {
            let wanted = asked.uri.path_and_query().map(axum::http::uri::PathAndQuery::as_str).and_then(local_path);
            let wanted = wanted.filter(|_| asked.method == Method::GET);
            let next = wanted.map(|next| format!("?next={}", encode(next))).unwrap_or_default();
            go(&format!("/admin/login{next}"), None, false, desk.behind_tls)
        }
        Fault::DoneAlready => {
            go(page.came_from.as_deref().unwrap_or("/admin"), Some(&Flash::bad(title)), false, desk.behind_tls)
        }
        Fault::NotFound
        | Fault::NoMethod
        | Fault::TooLarge
        | Fault::WrongKind
        | Fault::ForeignPage
        | Fault::Invalid(_)
        | Fault::Store(_)
        | Fault::Refused(_) => {
            let (p, status) = (&page, words.status);
            let f = Words { status: status.as_u16(), title, help: &help, problems, link };
            let shown = if p.who().is_empty() {
                p.show_as(status, &BareFaultPage { p, f })
            } else {
                p.show_as(status, &FaultPage { p, f })
            };
            shown.unwrap_or_else(|_| status.into_response())
        }
    }
}

/// Its page tells where else to go, which takes a look at the login. A store that is silent is not asked again,
/// and a request that may be another site's is answered without the secret of the forms.
fn has_head_line(fault: &Fault) -> bool {
    !matches!(
        fault,
        Fault::Expired | Fault::DoneAlready | Fault::ForeignPage | Fault::Store(StoreError::Unavailable(_))
    )
}

/// What the words of a fault are shown with. A query that names an unknown route may be what is wrong: the
/// words do not depend on it.
async fn page_of(desk: &Shared, asked: &mut Parts) -> Option<Page> {
    if let Ok(page) = Page::from_request_parts(asked, desk).await {
        return Some(page);
    }
    let whole = std::mem::take(&mut asked.uri);
    asked.uri = whole.path().parse().unwrap_or_default();
    let page = Page::from_request_parts(asked, desk).await;
    asked.uri = whole;
    page.ok()
}

/// The page stays; the notice goes to its place above it.
fn notice(
    page: &Page,
    status: StatusCode,
    title: &str,
    help: &str,
    problems: Vec<(String, String)>,
    link: Option<(String, String)>,
) -> Response {
    let template = FaultNotice { title, help, problems, link };
    let mut answer = page.show_as(status, &template).unwrap_or_else(|_| status.into_response());
    let headers = answer.headers_mut();
    headers.insert("hx-retarget", HeaderValue::from_static("#notices"));
    headers.insert("hx-reswap", HeaderValue::from_static("innerHTML"));
    answer
}

fn wants_json(headers: &HeaderMap, path: &str) -> bool {
    let accepts = headers.get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
    path.starts_with("/admin/api/") || accepts.starts_with("application/json")
}

/// What was said on a page is not said again.
fn forget_flash(asked: &Parts, answer: &mut Response, secure: bool) {
    let shown = asked.method == Method::GET
        && !wants_fragment(&asked.headers)
        && answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if shown && cookies::read(&asked.headers, FLASH).is_some() {
        Cookie { name: FLASH, value: "", max_age: Some(0), secure }.set(answer.headers_mut());
    }
}
