//! The injected clock and the text forms of its instants.
//!
//! Each vendor writes instants in its own way, and each way is a place where a client can be
//! wrong by hours, so the forms live together here.

use std::sync::Arc;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, Timelike, Utc};

/// The sandbox's only source of time; tests hand in a clock that they move themselves.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Seconds by which Beijing is ahead of UTC, all year round.
const BEIJING_SECONDS: i32 = 8 * 3600;

fn beijing_offset() -> Option<FixedOffset> {
    FixedOffset::east_opt(BEIJING_SECONDS)
}

/// `2026-01-28T01:15:40+00:00`, the form of dates inside DSCO orders.
pub(crate) fn offset_form(at: DateTime<Utc>) -> String {
    text(at.naive_utc(), "T", "+00:00")
}

/// `2026-01-28T01:15:40.000Z`, the form of DSCO envelopes and change logs.
pub(crate) fn zulu_form(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// `2026-01-28 09:15:40`, Beijing time without a zone: Lingxing's form of every text date.
pub(crate) fn beijing_form(at: DateTime<Utc>) -> String {
    beijing_offset().map_or_else(String::new, |offset| blank_form(at.with_timezone(&offset).naive_local()))
}

/// `2026-01-28 09:15:40`, without a zone.
pub(crate) fn blank_form(at: NaiveDateTime) -> String {
    text(at, " ", "")
}

/// Date and time of day in whole seconds. Digit by digit: a page of orders holds thousands of dates,
/// and reading a format string costs ten times as much as writing what it says.
fn text(at: NaiveDateTime, between: &str, end: &str) -> String {
    let year = u32::try_from(at.year()).ok().filter(|year| *year <= 9999);
    let Some(year) = year.filter(|_| at.nanosecond() < 1_000_000_000) else {
        // A year with a sign or a leap second.
        return format!("{}{between}{}{end}", at.format("%Y-%m-%d"), at.format("%H:%M:%S"));
    };
    let mut out = String::with_capacity(25);
    let mut put = |number: u32, behind: &str| {
        out.extend([number / 10 % 10, number % 10].into_iter().filter_map(|digit| char::from_digit(digit, 10)));
        out.push_str(behind);
    };
    put(year / 100, "");
    put(year, "-");
    put(at.month(), "-");
    put(at.day(), between);
    put(at.hour(), ":");
    put(at.minute(), ":");
    put(at.second(), end);
    out
}

/// The Beijing calendar day of an instant, which is what Lingxing's day filters compare.
pub(crate) fn beijing_day(at: DateTime<Utc>) -> NaiveDate {
    beijing_offset().map_or_else(|| at.date_naive(), |offset| at.with_timezone(&offset).date_naive())
}

/// Any RFC 3339 text, as DSCO accepts it in requests.
pub(crate) fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lingxing_texts_are_eight_hours_ahead() {
        let at = parse_instant("2026-01-28T20:00:05Z").unwrap();
        assert_eq!(beijing_form(at), "2026-01-29 04:00:05");
        assert_eq!(beijing_day(at).to_string(), "2026-01-29");
        assert_eq!(offset_form(at), "2026-01-28T20:00:05+00:00");
        assert_eq!(zulu_form(at), "2026-01-28T20:00:05.000Z");
    }

    #[test]
    fn texts_are_what_the_format_says() {
        let odd = ["0007-01-02T03:04:05Z", "9999-12-31T23:59:59.999Z", "2016-12-31T23:59:60Z", "2024-02-29T10:20:30Z"];
        let odd = odd.into_iter().filter_map(parse_instant).chain([DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC]);
        for at in odd {
            assert_eq!(offset_form(at), at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string());
            assert_eq!(blank_form(at.naive_utc()), at.format("%Y-%m-%d %H:%M:%S").to_string());
        }
    }
}
