//! Pulling what was created in a range: first the range in UTC, then the run.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use chrono_tz::Tz;
use ipass_core::job::Job;
use ipass_core::ports::Trigger;
use ipass_core::run::RunRequest;
use ipass_core::usecase::PullRange;

use crate::desk::{Answer, Fault, Flash, Form, Page, Query, Shared};
use crate::pages::runs::{run_path, start};
use crate::text::{Text, common as c, jobs as t};

#[derive(Template)]
#[template(path = "jobs_pull.html")]
struct PullPage<'a> {
    p: &'a Page,
    range: Option<PullRange>,
    /// Ranges that are asked for often: words, first and last day.
    presets: Vec<(Text, String, String)>,
    problems: Vec<(String, String)>,
}

/// The range of `from` and `until`, in the zone of the page; what is wrong is kept in the query.
pub(in crate::pages) fn range(query: &mut Query, zone: Tz) -> Option<PullRange> {
    let known = query.problems().len();
    let (start, end) = (query.time("from", zone), query.until("until", zone));
    if query.problems().len() > known {
        return None;
    }
    match (start, end) {
        (Some(start), Some(end)) if start < end => Some(PullRange { start, end }),
        (Some(_), Some(_)) => {
            query.problem("until", t::RANGE_EMPTY);
            None
        }
        (Some(_), None) => {
            query.problem("until", c::MISSING);
            None
        }
        (None, Some(_)) => {
            query.problem("from", c::MISSING);
            None
        }
        (None, None) => None,
    }
}

/// A moment in UTC, for people and for forms.
pub(in crate::pages) fn utc(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Days that are asked for often, as the operator's calendar has them.
pub(in crate::pages) fn presets(page: &Page) -> Vec<(Text, String, String)> {
    let today = page.now.with_timezone(&page.zone()).date_naive();
    let back = |days: i64| (today - Duration::days(days)).to_string();
    vec![(t::TODAY, back(0), back(0)), (t::YESTERDAY, back(1), back(1)), (t::SEVEN_DAYS, back(6), back(0))]
}

/// `GET /admin/jobs/pull?from=…&until=…`.
pub(super) async fn show(page: Page, mut query: Query) -> Answer {
    let range = range(&mut query, page.zone());
    let problems: Vec<_> =
        query.problems().iter().map(|problem| (problem.path.clone(), page.say(&problem.problem))).collect();
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page.show_as(status, &PullPage { p: &page, range, presets: presets(&page), problems })
}

/// `POST /admin/jobs/pull`: `from`, `until`.
pub(super) async fn pull(State(desk): State<Shared>, page: Page, uri: Uri, Form(mut form): Form) -> Answer {
    let range = range(&mut form, page.zone());
    if range.is_none() && form.problems().is_empty() {
        form.problem("from", c::MISSING);
    }
    form.check()?;
    let range = Some(range.ok_or(Fault::NotFound)?);
    Form(form).once(&desk, &uri).await?;
    let run_id = start(&page, RunRequest { range, ..RunRequest::of(Job::PullOrders, Trigger::Manual) }).await?;
    Ok(page.go(&page.href(&run_path(&run_id)), Some(&Flash::good(page.t(t::STARTED_FLASH)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_in_the_operators_zone_and_needs_both_ends() {
        let read = |text: &str| {
            let mut query = Query::of(text);
            let found = range(&mut query, chrono_tz::Asia::Shanghai);
            let wrong: Vec<_> = query.problems().iter().map(|problem| problem.path.clone()).collect();
            (found.map(|range| (utc(&range.start), utc(&range.end))), wrong)
        };
        let day = ("2026-01-30T16:00:00Z".to_owned(), "2026-01-31T16:00:00Z".to_owned());
        assert_eq!(read("from=2026-01-31&until=2026-01-31"), (Some(day), vec![]));
        assert_eq!(read("from=2026-01-31"), (None, vec!["until".to_owned()]));
        assert_eq!(read("until=2026-01-31"), (None, vec!["from".to_owned()]));
        assert_eq!(read("from=2026-02-01&until=2026-01-31").1, ["until"]);
        assert_eq!(read("from=x&until=2026-01-31").1, ["from"]);
        assert_eq!(read(""), (None, vec![]));
    }
}
