//! A day of a time zone as a window of instants.

use chrono::{DateTime, Days, Duration, MappedLocalTime, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;

/// The first instant of the day and the first of the next. Empty for a day that the zone left out.
pub(super) fn window(date: NaiveDate, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    Some((start(date, zone), start(date.checked_add_days(Days::new(1))?, zone)))
}

fn start(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN);
    match zone.from_local_datetime(&midnight) {
        MappedLocalTime::Single(time) | MappedLocalTime::Ambiguous(time, _) => time.to_utc(),
        MappedLocalTime::None => {
            // The clocks jump over midnight: the day begins where they jump, found by halving.
            let reached = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local() >= midnight;
            let (mut before, mut after) =
                (midnight.and_utc() - Duration::days(2), midnight.and_utc() + Duration::days(2));
            while after - before > Duration::seconds(1) {
                let middle = before + Duration::seconds((after - before).num_seconds() / 2);
                if reached(middle) { after = middle } else { before = middle }
            }
            after
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(date: &str, zone: &str) -> (String, String) {
        let (from, until) = window(date.parse().unwrap(), zone.parse().unwrap()).unwrap();
        (from.to_rfc3339(), until.to_rfc3339())
    }

    fn expected(from: &str, until: &str) -> (String, String) {
        (format!("{from}+00:00"), format!("{until}+00:00"))
    }

    #[test]
    fn a_day_follows_its_zone() {
        assert_eq!(of("2026-01-31", "UTC"), expected("2026-01-31T00:00:00", "2026-02-01T00:00:00"));
        assert_eq!(of("2026-01-31", "Asia/Shanghai"), expected("2026-01-30T16:00:00", "2026-01-31T16:00:00"));
        assert_eq!(of("2026-01-31", "Asia/Kathmandu"), expected("2026-01-30T18:15:00", "2026-01-31T18:15:00"));
    }

    #[test]
    fn a_day_with_a_change_of_clocks_is_shorter_or_longer() {
        assert_eq!(of("2026-03-08", "America/Los_Angeles"), expected("2026-03-08T08:00:00", "2026-03-09T07:00:00"));
        assert_eq!(of("2026-11-01", "America/Los_Angeles"), expected("2026-11-01T07:00:00", "2026-11-02T08:00:00"));
    }

    #[test]
    fn a_day_without_midnight_begins_at_the_jump() {
        assert_eq!(of("2018-11-04", "America/Sao_Paulo"), expected("2018-11-04T03:00:00", "2018-11-05T02:00:00"));
        assert_eq!(of("2018-11-03", "America/Sao_Paulo").1, of("2018-11-04", "America/Sao_Paulo").0);
    }

    #[test]
    fn a_midnight_that_comes_twice_counts_once_from_the_first() {
        assert_eq!(of("2018-10-28", "Asia/Beirut").1, of("2018-10-29", "Asia/Beirut").0);
        assert_eq!(of("2025-11-02", "America/Havana"), expected("2025-11-02T04:00:00", "2025-11-03T05:00:00"));
    }

    #[test]
    fn a_day_that_a_zone_left_out_is_empty() {
        assert_eq!(of("2011-12-30", "Pacific/Apia"), expected("2011-12-30T10:00:00", "2011-12-30T10:00:00"));
    }

    #[test]
    fn the_ends_of_the_calendar_are_no_fault() {
        assert!(window(NaiveDate::from_ymd_opt(9999, 12, 31).unwrap(), Tz::Pacific__Kiritimati).is_some());
        assert!(window(NaiveDate::from_ymd_opt(1, 1, 1).unwrap(), Tz::America__New_York).is_some());
        assert!(window(NaiveDate::MAX, Tz::UTC).is_none());
    }
}
