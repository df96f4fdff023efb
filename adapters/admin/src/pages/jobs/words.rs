//! Names of jobs, and schedules in words.

use ipass_core::job::Job;

use crate::desk::Page;
use crate::text::{Text, jobs as t};

/// What people call a job.
pub(crate) const fn name(job: Job) -> Text {
    match job {
        Job::PullOrders => t::PULL_ORDERS,
        Job::PushOrders => t::PUSH_ORDERS,
        Job::AckOrders => t::ACK_ORDERS,
        Job::ShipOrders => t::SHIP_ORDERS,
        Job::InvoiceOrders => t::INVOICE_ORDERS,
        Job::SyncStock => t::SYNC_STOCK,
        Job::PullSkuPairs => t::PULL_SKU_PAIRS,
        Job::CheckOrders => t::CHECK_ORDERS,
        Job::CleanupExports => t::CLEANUP_EXPORTS,
    }
}

/// What it does, in one sentence.
pub(super) const fn does(job: Job) -> Text {
    match job {
        Job::PullOrders => t::PULL_ORDERS_DOES,
        Job::PushOrders => t::PUSH_ORDERS_DOES,
        Job::AckOrders => t::ACK_ORDERS_DOES,
        Job::ShipOrders => t::SHIP_ORDERS_DOES,
        Job::InvoiceOrders => t::INVOICE_ORDERS_DOES,
        Job::SyncStock => t::SYNC_STOCK_DOES,
        Job::PullSkuPairs => t::PULL_SKU_PAIRS_DOES,
        Job::CheckOrders => t::CHECK_ORDERS_DOES,
        Job::CleanupExports => t::CLEANUP_EXPORTS_DOES,
    }
}

/// A job by its canonical name, as runs and links carry it.
pub(crate) fn job(name: &str) -> Option<Job> {
    Job::parse(name, &[])
}

/// A sentence for the schedules that people use; other ones speak by their next runs.
#[derive(Debug, PartialEq, Eq)]
enum Schedule<'a> {
    EveryMinute,
    Minutes(u32),
    Hourly(&'a str),
    Hours(u32, u32),
    Daily(String),
    Weekly(String, Text),
    Other,
}

fn schedule(cron: &str) -> Schedule<'_> {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let [_, minute, hour, "*", "*", weekday] = fields[..] else { return Schedule::Other };
    let whole = |text: &str| text.parse::<u32>().ok();
    let every = |text: &str| whole(text.strip_prefix("*/")?);
    let clock = |hour: u32, minute: u32| format!("{hour:02}:{minute:02}");
    let minutes_listed = !minute.is_empty() && minute.split(',').all(|one| whole(one).is_some());
    match (weekday, hour, minute) {
        ("*", "*", "*") => Schedule::EveryMinute,
        ("*", "*", _) if every(minute).is_some_and(|n| n > 0 && 60 % n == 0) => {
            every(minute).map_or(Schedule::Other, Schedule::Minutes)
        }
        ("*", "*", _) if minutes_listed => Schedule::Hourly(minute),
        _ => match (weekday, whole(hour), every(hour), whole(minute)) {
            ("*", Some(hour), _, Some(minute)) => Schedule::Daily(clock(hour, minute)),
            ("*", None, Some(hours), Some(minute)) if hours > 0 && 24 % hours == 0 => Schedule::Hours(hours, minute),
            (day, Some(hour), _, Some(minute)) => match weekday_name(day) {
                Some(day) => Schedule::Weekly(clock(hour, minute), day),
                None => Schedule::Other,
            },
            _ => Schedule::Other,
        },
    }
}

fn weekday_name(day: &str) -> Option<Text> {
    Some(match day.to_ascii_uppercase().as_str() {
        "1" | "MON" => t::MONDAY,
        "2" | "TUE" => t::TUESDAY,
        "3" | "WED" => t::WEDNESDAY,
        "4" | "THU" => t::THURSDAY,
        "5" | "FRI" => t::FRIDAY,
        "6" | "SAT" => t::SATURDAY,
        "0" | "7" | "SUN" => t::SUNDAY,
        _ => return None,
    })
}

/// A cron expression in words.
pub(crate) fn in_words(page: &Page, cron: &str) -> String {
    match schedule(cron) {
        Schedule::EveryMinute => page.t(t::EVERY_MINUTE).to_owned(),
        Schedule::Minutes(minutes) => page.t1(t::EVERY_MINUTES, minutes),
        Schedule::Hourly(minute) => page.t1(t::HOURLY, minute),
        Schedule::Hours(hours, minute) => page.t2(t::HOURS, hours, minute),
        Schedule::Daily(time) => page.t1(t::DAILY, time),
        Schedule::Weekly(time, day) => page.t2(t::WEEKLY, time, page.t(day)),
        Schedule::Other => page.t(t::OTHER_SCHEDULE).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_schedules_have_words_and_unusual_ones_are_not_guessed() {
        assert_eq!(schedule("0 5 * * * *"), Schedule::Hourly("5"));
        assert_eq!(schedule("0 5,35 * * * *"), Schedule::Hourly("5,35"));
        assert_eq!(schedule("0 */15 * * * *"), Schedule::Minutes(15));
        assert_eq!(schedule("0 30 1 * * *"), Schedule::Daily("01:30".to_owned()));
        assert_eq!(schedule("0 0 */6 * * *"), Schedule::Hours(6, 0));
        assert_eq!(schedule("0 0 3 * * mon"), Schedule::Weekly("03:00".to_owned(), t::MONDAY));
        for other in
            ["0 */7 * * * *", "0 0 3 1 * *", "0 0 3 * 2 *", "0 1-5 * * * *", "0 0 */5 * * *", "0 0 3 * * 1-5", ""]
        {
            assert_eq!(schedule(other), Schedule::Other, "{other}");
        }
    }
}
