use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use percent_encoding::percent_decode_str;

use super::fault::{Problem, Say};
use super::links::encode;
use super::{Fault, Shared};
use crate::text::common as c;

/// Characters of a field, unless more are asked for.
pub(crate) const MAX_TEXT: usize = 200;
/// Characters of the mark of a page of a list.
const MAX_CURSOR: usize = 4000;
/// Rows of a page that are offered; the first is meant if nothing is said.
pub(crate) const SIZES: [u32; 4] = [50, 20, 100, 200];

/// Names and values as they were sent, by a query or a form, and what was found to be wrong with them.
///
/// Empty values count as absent, because forms send every field. Unknown names are ignored: old bookmarks work.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    problems: Vec<Problem>,
}

impl Query {
    /// Reads `application/x-www-form-urlencoded`; what is not UTF-8 is replaced by marks.
    pub(crate) fn of(text: &str) -> Self {
        let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self { pairs: pairs.collect(), problems: Vec::new() }
    }

    /// The last value of a name, as it came.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The value for an input of a form: empty if there is none.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// All values of a name, as they came.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Whether a value is among those of a name, for check boxes and options.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|one| one == value)
    }

    /// Whether any of the names has a value: a list that is empty may only be hidden by its filters.
    pub(crate) fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }

    /// Says that something is wrong with a field.
    pub(crate) fn problem(&mut self, name: &str, problem: impl Into<Say>) {
        self.problems.push(Problem { path: name.to_owned(), problem: problem.into() });
    }

    /// What is wrong so far.
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Refuses if anything was wrong.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        if self.problems.is_empty() { Ok(()) } else { Err(Fault::Invalid(self.problems.clone())) }
    }

    /// A text without space around it, of at most `max` characters, without control characters.
    pub(crate) fn text(&mut self, name: &str, max: usize) -> Option<String> {
        let text = self.get(name)?.trim().to_owned();
        if text.is_empty() {
            return None;
        }
        if text.chars().count() > max {
            self.problem(name, Say::with(c::TOO_LONG, [max.to_string()]));
            return None;
        }
        if text.chars().any(char::is_control) {
            self.problem(name, c::CONTROL_CHARACTER);
            return None;
        }
        Some(text)
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, name: &str, max: usize) -> String {
        let before = self.problems.len();
        let text = self.text(name, max);
        if text.is_none() && self.problems.len() == before {
            self.problem(name, c::MISSING);
        }
        text.unwrap_or_default()
    }

    /// A text that `read` understands.
    pub(crate) fn read<T>(
        &mut self,
        name: &str,
        wrong: impl Into<Say>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name, MAX_TEXT)?;
        let value = read(&text);
        if value.is_none() {
            self.problem(name, wrong);
        }
        value
    }

    /// A moment: a day or a day and a time in `zone`, or RFC 3339. A day alone is its beginning.
    pub(crate) fn time(&mut self, name: &str, zone: Tz) -> Option<DateTime<Utc>> {
        self.read(name, c::BAD_TIME, |text| moment(text, zone, Duration::zero()))
    }

    /// The end of a range, which is left out of it: a day alone is included whole.
    pub(crate) fn until(&mut self, name: &str, zone: Tz) -> Option<DateTime<Utc>> {
        self.read(name, c::BAD_TIME, |text| moment(text, zone, Duration::days(1)))
    }

    /// Where the page of the list starts.
    pub(crate) fn cursor(&mut self) -> Option<String> {
        self.text("after", MAX_CURSOR)
    }

    /// Rows of the page.
    pub(crate) fn size(&mut self) -> u32 {
        let size = self.read("size", c::BAD_CHOICE, |text| text.parse().ok().filter(|size| SIZES.contains(size)));
        size.unwrap_or(SIZES[0])
    }

    /// The query with other values of a name (none to take it out), back on the first page of the list.
    pub(crate) fn with(&self, name: &str, values: &[&str]) -> String {
        let kept = self
            .pairs
            .iter()
            .filter(|(key, value)| !value.is_empty() && key != name && !["after", "back"].contains(&key.as_str()));
        let new = values.iter().map(|value| (name, *value));
        joined(kept.map(|(key, value)| (key.as_str(), value.as_str())).chain(new))
    }

    /// The query of the same list, as hidden inputs or links to its export need it.
    pub(crate) fn filters(&self) -> String {
        self.with("size", &[])
    }

    /// The query of the next page of the list.
    pub(crate) fn next(&self, after: &str) -> String {
        self.with("after", &[after])
    }

    /// Names and values that are not empty, for hidden inputs; without those of `except`.
    pub(crate) fn rest<'a>(&'a self, except: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let pairs = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(move |(name, value)| !value.is_empty() && !except.contains(name))
    }
}

/// A query of these names and values, with its question mark; empty without any.
fn joined<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn moment(text: &str, zone: Tz, of_a_day: Duration) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let local = match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(day) => day.checked_add_signed(of_a_day)?.and_hms_opt(0, 0, 0)?,
        Err(_) => ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
            .into_iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?,
    };
    // A time that the clocks skip is the moment at which they skip it, to the hour.
    let at = |local: NaiveDateTime| zone.from_local_datetime(&local).earliest();
    at(local).or_else(|| at(local.checked_add_signed(Duration::hours(1))?)).map(|time| time.to_utc())
}

impl FromRequestParts<Shared> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        moment(text, chrono_tz::Asia::Shanghai, Duration::days(1)).map(|time| time.to_rfc3339())
    }

    #[test]
    fn a_day_ends_where_the_operators_day_ends() {
        assert_eq!(read("2026-01-31").as_deref(), Some("2026-01-31T16:00:00+00:00"));
        assert_eq!(read("2026-01-31T08:30").as_deref(), Some("2026-01-31T00:30:00+00:00"));
        assert_eq!(read("2026-01-31T08:30:00-05:00").as_deref(), Some("2026-01-31T13:30:00+00:00"));
        for wrong in ["2026-02-30", "today", "31.1.2026", "2026-01-31T25:00"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_still_a_time() {
        let skipped = moment("2026-03-08T02:30", chrono_tz::America::New_York, Duration::zero());
        assert_eq!(skipped.map(|time| time.to_rfc3339()).as_deref(), Some("2026-03-08T07:30:00+00:00"));
    }

    #[test]
    fn a_changed_filter_leads_to_the_first_page_and_keeps_the_others() {
        let query = Query::of("who=A+B&what=&stage=1&stage=2&after=xyz&size=20");
        assert_eq!(query.with("stage", &["3", "4&"]), "?who=A%20B&size=20&stage=3&stage=4%26");
        assert_eq!(query.next("c=="), "?who=A%20B&stage=1&stage=2&size=20&after=c%3D%3D");
        assert_eq!(query.filters(), "?who=A%20B&stage=1&stage=2");
        assert_eq!(Query::of("after=x").filters(), "");
    }

    #[test]
    fn all_problems_of_a_form_are_found_together() {
        let mut query = Query::of("a=%00x&b=12345&size=7&from=x&empty=++");
        assert_eq!((query.text("a", 9), query.text("b", 4), query.text("empty", 4)), (None, None, None));
        assert_eq!((query.size(), query.time("from", Tz::UTC)), (50, None));
        query.required("empty", 9);
        let places: Vec<_> = query.problems().iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(places, ["a", "b", "size", "from", "empty"]);
        assert!(matches!(query.check(), Err(Fault::Invalid(problems)) if problems.len() == 5));
    }
}
