//! Who did what: list, filters, CSV.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::routing::{get, post};
use ipass_core::ports::{AUDIT_COLUMNS, AuditEntry, AuditFilter};

use crate::desk::{Answer, Form, Page, Query, Shared, audit, begin_export, download};
use crate::text::{Text, audit as t, common as c};

const LIST: &str = "/admin/audit";
const MAX_TEXT: usize = 200;
/// Fields that hide rows.
const FILTERS: [&str; 6] = ["from", "until", "who", "what", "of_route", "subject"];
/// Fields that the form shows by itself, and what starts the list over.
const HIDDEN: &[&str] = &["from", "until", "who", "what", "of_route", "subject", "after"];
/// Acts that can be asked for.
const ACTS: [(&str, Text); 12] = [
    ("login", t::LOGIN),
    ("login_refused", t::LOGIN_REFUSED),
    ("logout", t::LOGOUT),
    ("settings", t::SETTINGS),
    ("stage", t::STAGE),
    ("hold", t::HOLD),
    ("release", t::RELEASE),
    ("retry", t::RETRY),
    ("cancel_in_erp", t::CANCEL_IN_ERP),
    ("run", t::RUN),
    ("export", t::EXPORT),
    ("repair", t::REPAIR),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new().route(LIST, get(list)).route("/admin/audit/csv", post(csv))
}

#[derive(Template)]
#[template(path = "audit.html")]
struct ListPage<'a> {
    p: &'a Page,
    entries: Vec<AuditEntry>,
    next: Option<String>,
    filtered: bool,
    problems: Vec<(String, String)>,
}

impl ListPage<'_> {
    fn act(&self, what: &str) -> String {
        ACTS.iter().find(|(code, _)| *code == what).map_or_else(|| what.to_owned(), |(_, text)| self.p.t(*text).into())
    }
}

/// The filters of a query; what is wrong with them is kept there.
fn filter(query: &mut Query, page: &Page) -> AuditFilter {
    AuditFilter {
        from: query.time("from", page.zone()),
        until: query.until("until", page.zone()),
        who: query.text("who", MAX_TEXT),
        what: query.text("what", MAX_TEXT),
        route: query.read("of_route", c::BAD_CHOICE, |name| {
            page.desk.routes.iter().find(|route| route.name.0 == name).map(|route| route.name.clone())
        }),
        subject: query.text("subject", MAX_TEXT),
    }
}

async fn list(State(desk): State<Shared>, page: Page, mut query: Query) -> Answer {
    let filter = filter(&mut query, &page);
    let (after, size) = (query.cursor(), query.size());
    let p = &page;
    let filtered = query.any(&FILTERS);
    let problems: Vec<_> =
        query.problems().iter().map(|problem| (problem.path.clone(), page.say(&problem.problem))).collect();
    if !problems.is_empty() {
        let template = ListPage { p, entries: Vec::new(), next: None, filtered, problems };
        return page.show_as(StatusCode::UNPROCESSABLE_ENTITY, &template);
    }
    let found = desk.store.audit_list(&filter, after.as_deref(), size).await?;
    page.show(&ListPage { p, entries: found.entries, next: found.next, filtered, problems })
}

/// `POST /admin/audit/csv?<filters>`: the list as a file.
async fn csv(State(desk): State<Shared>, page: Page, uri: Uri, mut query: Query, form: Form) -> Answer {
    let filter = filter(&mut query, &page);
    query.check()?;
    form.once(&desk, &uri).await?;
    let mut file = begin_export(&desk, "audit", &AUDIT_COLUMNS)?;
    audit(&desk, page.who(), "export", filter.route.as_ref(), "audit", uri.query().unwrap_or_default()).await?;
    desk.store.export_audit(&filter, &mut *file).await?;
    download(file).await
}
