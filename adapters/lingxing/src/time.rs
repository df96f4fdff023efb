//! Lingxing's texts without a zone, and the days that its filters take.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use ipass_core::ports::PortError;

/// Longest span of one question for documents. The vendor documents none; about a month is what it
/// looks at by default, so a month is what is known to work.
const SPAN_DAYS: u64 = 31;

/// Years of real times; the epoch is before them.
const YEARS: std::ops::Range<i32> = 1971..2200;

/// The zone of an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Zone(Tz);

impl Zone {
    /// A zone by its IANA name; `place` is named in the error.
    pub(crate) fn parse(name: &str, place: &str) -> Result<Self, PortError> {
        let unknown = |_| PortError::invalid(format!("{place}: timezone {name:?} is not an IANA name"));
        name.trim().parse().map(Self).map_err(unknown)
    }

    /// Reads `Y-m-d H:i:s` in this zone. `None` for what the vendor writes when it has no time: an
    /// empty text, zeros, the epoch (`1970-01-01 08:00:00`).
    pub(crate) fn instant(self, text: &str) -> Option<DateTime<Utc>> {
        let local = NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%d %H:%M:%S").ok()?;
        if !YEARS.contains(&local.year()) {
            return None;
        }
        // A clock that is put back shows an hour twice: the first is taken. One that is put forward
        // leaves an hour out: such a text means the hour after.
        let after_gap = || self.0.from_local_datetime(&(local + TimeDelta::hours(1))).earliest();
        let at = self.0.from_local_datetime(&local).earliest().or_else(after_gap)?;
        Some(at.with_timezone(&Utc))
    }

    /// Pairs of days, both inside, that cover everything from a day before `since` to a day after
    /// `now`: the vendor's days may be another zone's.
    pub(crate) fn spans(self, since: DateTime<Utc>, now: DateTime<Utc>) -> Vec<(NaiveDate, NaiveDate)> {
        let last = self.day(now).checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        let mut first = self.day(since.min(now)).checked_sub_days(Days::new(1)).unwrap_or(NaiveDate::MIN);
        let mut spans = Vec::new();
        while first <= last {
            let Some(next) = first.checked_add_days(Days::new(SPAN_DAYS)) else { break };
            spans.push((first, next.pred_opt().unwrap_or(next).min(last)));
            first = next;
        }
        spans
    }

    fn day(self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.0).date_naive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name, "test").unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
    }

    #[test]
    fn texts_are_read_in_the_zone_of_the_account() {
        for (zone_name, text, expected) in [
            ("Asia/Shanghai", "2025-12-04 12:00:00", Some("2025-12-04T04:00:00Z")),
            ("Asia/Shanghai", " 2025-12-04 07:59:59 ", Some("2025-12-03T23:59:59Z")),
            ("America/New_York", "2025-07-01 00:00:00", Some("2025-07-01T04:00:00Z")),
            ("America/New_York", "2025-11-02 01:30:00", Some("2025-11-02T05:30:00Z")),
            ("America/New_York", "2025-03-09 02:30:00", Some("2025-03-09T07:30:00Z")),
            ("Asia/Shanghai", "", None),
            ("Asia/Shanghai", "0", None),
            ("Asia/Shanghai", "0000-00-00 00:00:00", None),
            ("Asia/Shanghai", "1970-01-01 08:00:00", None),
            ("Asia/Shanghai", "9999-12-31 23:59:59", None),
            ("Asia/Shanghai", "262142-12-31 23:59:59", None),
            ("Asia/Shanghai", "yesterday", None),
        ] {
            assert_eq!(zone(zone_name).instant(text), expected.map(utc), "{zone_name} {text}");
        }
    }

    #[test]
    fn an_unknown_zone_is_refused_with_its_place() {
        let error = Zone::parse("Asia/Peking", "routes.main.erp").unwrap_err();
        assert_eq!(error.message(), "routes.main.erp: timezone \"Asia/Peking\" is not an IANA name");
    }

    #[test]
    fn a_young_order_needs_one_span() {
        let spans = zone("Asia/Shanghai").spans(utc("2025-12-01T20:00:00Z"), utc("2025-12-20T17:00:00Z"));
        let days: Vec<String> = spans.iter().map(|(first, last)| format!("{first} {last}")).collect();
        assert_eq!(days, ["2025-12-01 2025-12-22"]);
    }

    #[test]
    fn spans_of_an_old_order_touch_and_reach_from_a_day_before_to_a_day_after() {
        let spans = zone("Asia/Shanghai").spans(utc("2025-01-15T00:00:00Z"), utc("2025-06-01T00:00:00Z"));
        assert_eq!(spans.first().unwrap().0.to_string(), "2025-01-14");
        assert_eq!(spans.last().unwrap().1.to_string(), "2025-06-02");
        for pair in spans.windows(2) {
            assert_eq!((pair[1].0 - pair[0].1).num_days(), 1);
            assert_eq!((pair[0].1 - pair[0].0).num_days(), 30);
        }
    }

    #[test]
    fn an_order_of_tomorrow_still_has_a_span() {
        let spans = zone("Asia/Shanghai").spans(utc("2025-06-05T00:00:00Z"), utc("2025-06-01T00:00:00Z"));
        assert_eq!(spans.len(), 1);
    }
}
