//! A cron expression in words.

use chrono::{DateTime, Utc};
use ipass_core::settings::{next_runs, parse_cron};

use crate::desk::Page;
use crate::text::settings as t;

/// The common forms in words, any other as what it is; times of the day are UTC.
pub(super) fn words(p: &Page, cron: &str) -> String {
    if parse_cron(cron).is_err() {
        return p.t(t::CRON_UNREADABLE).to_owned();
    }
    match form(cron) {
        Form::EveryMinute => p.t(t::EVERY_MINUTE).to_owned(),
        Form::EveryMinutes(minutes) => p.t1(t::EVERY_MINUTES, minutes),
        Form::Hourly(minutes) => p.t1(t::HOURLY, minutes),
        Form::EveryHours(hours, minute) => p.t2(t::EVERY_HOURS, hours, minute),
        Form::Daily(times) => p.t1(t::DAILY, times),
        Form::Other => p.t(t::CRON_OTHER).to_owned(),
    }
}

/// The next three moments in the zone of the page.
pub(super) fn next_three(p: &Page, cron: &str, now: DateTime<Utc>) -> Vec<String> {
    next_runs(cron, now, 3).iter().map(|at| p.time(at)).collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Form {
    EveryMinute,
    EveryMinutes(u8),
    /// At these minutes of each hour: `:05, :35`.
    Hourly(String),
    EveryHours(u8, String),
    /// At these times: `01:30, 13:30`.
    Daily(String),
    Other,
}

fn form(cron: &str) -> Form {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let [second, minute, hour, day, month, weekday] = fields[..] else { return Form::Other };
    let all = |field: &str| field == "*" || field == "?";
    if numbers(second).is_none_or(|seconds| seconds.len() != 1) || !(all(day) && all(month) && all(weekday)) {
        return Form::Other;
    }
    let clock = |minutes: &[u8]| minutes.iter().map(|minute| format!(":{minute:02}")).collect::<Vec<_>>().join(", ");
    match (numbers(minute), numbers(hour)) {
        (None, None) if all(minute) && all(hour) => Form::EveryMinute,
        (None, None) if all(hour) => every(minute).map_or(Form::Other, Form::EveryMinutes),
        (Some(minutes), None) if all(hour) => Form::Hourly(clock(&minutes)),
        (Some(minutes), None) => every(hour).map_or(Form::Other, |hours| Form::EveryHours(hours, clock(&minutes))),
        (Some(minutes), Some(hours)) => {
            let times =
                hours.iter().flat_map(|hour| minutes.iter().map(move |minute| format!("{hour:02}:{minute:02}")));
            Form::Daily(times.collect::<Vec<_>>().join(", "))
        }
        (None, _) => Form::Other,
    }
}

/// `5` or `5,35`.
fn numbers(field: &str) -> Option<Vec<u8>> {
    field.split(',').map(|number| number.parse().ok()).collect()
}

/// `*/15`.
fn every(field: &str) -> Option<u8> {
    field.strip_prefix("*/").or_else(|| field.strip_prefix("0/"))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_forms_are_recognised_and_no_other() {
        assert_eq!(form("0 * * * * *"), Form::EveryMinute);
        assert_eq!(form("0 */15 * * * *"), Form::EveryMinutes(15));
        assert_eq!(form("0 5,35 * * * ?"), Form::Hourly(":05, :35".to_owned()));
        assert_eq!(form("0 5 */2 * * *"), Form::EveryHours(2, ":05".to_owned()));
        assert_eq!(form("0 30 1,13 * * *"), Form::Daily("01:30, 13:30".to_owned()));
        for other in ["*/10 * * * * *", "0 0 1 1 * *", "0 0 1 * * MON", "0 1-5 * * * *", "0 * 3 * * *"] {
            assert_eq!(form(other), Form::Other, "{other}");
        }
    }
}
