//! Query parameters: each read once, all problems told together.

use std::convert::Infallible;
use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use percent_encoding::percent_decode_str;

use super::envelope::{ApiError, Problem};

/// Rows of a page at most.
pub(super) const MAX_LIMIT: u32 = 500;
/// Rows of a page if nothing is said.
pub(super) const DEFAULT_LIMIT: u32 = 50;
/// Characters of a name or a number.
pub(super) const MAX_TEXT: usize = 200;
/// Characters of the mark of a page.
pub(super) const MAX_CURSOR: usize = 4000;

/// The query parameters of a request that nobody has read yet, and what was wrong with the others.
#[derive(Debug, Default)]
pub(super) struct Params {
    pairs: Vec<(String, String)>,
    problems: Vec<Problem>,
}

impl Params {
    pub(super) fn of(query: &str) -> Self {
        let mut params = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(value)) {
                (Some(name), Some(value)) => params.pairs.push((name, value)),
                (Some(name), None) => params.problem(&name, "it is not UTF-8"),
                (None, _) => params.problem("", "the name of a parameter is not UTF-8"),
            }
        }
        params
    }

    pub(super) fn problem(&mut self, name: &str, problem: impl Into<String>) {
        self.problems.push(Problem::new(name, problem));
    }

    /// All values of a parameter, as they came.
    pub(super) fn all(&mut self, name: &str) -> Vec<String> {
        self.pairs.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }

    fn one(&mut self, name: &str) -> Option<String> {
        let mut values = self.all(name);
        if values.len() > 1 {
            self.problem(name, "it may be given once");
        }
        values.pop()
    }

    /// A text of 1 to `max` characters without control characters.
    pub(super) fn text(&mut self, name: &str, max: usize) -> Option<String> {
        let text = self.one(name)?;
        match text_problem(&text, max) {
            None => Some(text),
            Some(problem) => {
                self.problem(name, problem);
                None
            }
        }
    }

    /// A text that `read` understands.
    pub(super) fn read<T>(&mut self, name: &str, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.one(name)?;
        let value = read(&text);
        if value.is_none() {
            self.problem(name, format!("expected {expected}"));
        }
        value
    }

    /// A whole number in its shortest form.
    pub(super) fn integer(&mut self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.read(name, &expected, |text| {
            text.parse().ok().filter(|number: &i64| number.to_string() == text && range.contains(number))
        })
    }

    /// Rows of the page.
    pub(super) fn limit(&mut self) -> u32 {
        let limit = self.integer("limit", 1..=MAX_LIMIT.into());
        limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT)
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, "true or false", |text| text.parse().ok())
    }

    /// An instant.
    pub(super) fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        self.read(name, "a time as in 2026-01-31T08:00:00Z, with + of a zone written as %2B", instant)
    }

    /// A day.
    pub(super) fn date(&mut self, name: &str) -> Option<NaiveDate> {
        self.read(name, "a day as in 2026-01-31", date)
    }

    /// A time zone.
    pub(super) fn zone(&mut self, name: &str) -> Option<Tz> {
        self.read(name, "a time zone of the IANA database, as in Asia/Shanghai", zone)
    }

    /// Refuses that a parameter is not there, unless something is known to be wrong with it.
    pub(super) fn required(&mut self, name: &str) {
        if !self.problems.iter().any(|problem| problem.path == name) {
            self.problem(name, "it is missing");
        }
    }

    /// Refuses unless all is well and nothing is left over.
    pub(super) fn finish(mut self) -> Result<(), ApiError> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            self.problem(&name, "there is no such parameter");
        }
        if self.problems.is_empty() { Ok(()) } else { Err(ApiError::invalid(self.problems)) }
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts.uri.query().unwrap_or_default()))
    }
}

fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// What is wrong with a text, if anything.
pub(super) fn text_problem(text: &str, max: usize) -> Option<String> {
    if text.is_empty() {
        return Some("it is empty".to_owned());
    }
    if text.chars().count() > max {
        return Some(format!("it has more than {max} characters"));
    }
    text.chars().any(|c| c.is_ascii_control()).then(|| "it has a control character".to_owned())
}

/// An RFC 3339 time, in UTC.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

/// A day in its one form: four digits, two, two.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (date.format("%Y-%m-%d").to_string() == text && text.len() == 10).then_some(date)
}

/// A time zone of the IANA database.
pub(super) fn zone(text: &str) -> Option<Tz> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(params: Params) -> Vec<String> {
        params.finish().err().map_or_else(Vec::new, |error| {
            error.problems().iter().map(|problem| format!("{}: {}", problem.path, problem.problem)).collect()
        })
    }

    #[test]
    fn what_nobody_reads_is_refused() {
        let mut params = Params::of("po=A+B%20C&&colour=red");
        assert_eq!(params.text("po", 10).as_deref(), Some("A B C"));
        assert_eq!(problems(params), ["colour: there is no such parameter"]);
    }

    #[test]
    fn all_problems_are_told_together() {
        let mut params =
            Params::of("po=%00&sku=&tracking_no=abc&limit=0&held=yes&created_from=today&a=%ff&po2=1&po2=2");
        assert_eq!(params.text("po", 10), None);
        assert_eq!(params.text("sku", 10), None);
        assert_eq!(params.text("tracking_no", 2), None);
        assert_eq!(params.limit(), DEFAULT_LIMIT);
        assert_eq!(params.flag("held"), None);
        assert_eq!(params.time("created_from"), None);
        let _ = params.text("po2", 10);
        let found = problems(params);
        for name in ["po:", "sku:", "tracking_no:", "limit:", "held:", "created_from:", "a:", "po2:"] {
            assert_eq!(found.iter().filter(|problem| problem.starts_with(name)).count(), 1, "{name} {found:?}");
        }
    }

    #[test]
    fn a_number_has_one_form() {
        for (text, expected) in
            [("7", Some(7)), ("-3", Some(-3)), ("07", None), ("+7", None), ("7.0", None), ("-0", None), ("99", None)]
        {
            let mut params = Params { pairs: vec![("n".to_owned(), text.to_owned())], problems: Vec::new() };
            assert_eq!(params.integer("n", -5..=9), expected, "{text}");
        }
    }

    #[test]
    fn a_day_has_one_form() {
        assert!(date("2026-02-28").is_some());
        for wrong in ["2026-02-30", "2026-2-3", "20260228", "+2026-02-28", "2026-02-28 ", "12026-02-28"] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
    }
}
