//! Problems of a settings document in the reader's language.

use ipass_core::reason::phrase;
use ipass_core::settings::Problem;

use crate::desk::Page;

/// Path and sentence.
pub(super) fn told(p: &Page, problems: &[Problem]) -> Vec<(String, String)> {
    problems.iter().map(|one| (one.path.clone(), phrase(p.language(), &one.problem).into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use ipass_core::job::Job;
    use ipass_core::reason::is_ours;
    use ipass_core::settings::parse;

    /// Every kind of mistake that the core knows.
    const WRONG: &[&str] = &[
        "{",
        "[]",
        r#"{"job": 1, "jobs": 1, "mapping": [], "cancel": "x", "attention": null, "sku_key": 1}"#,
        r#"{"jobs": {"push": {}, "push_orders": {"enable": 1, "cron": 5, "size": 0, "x": 1, "require_warehouse": "y"},
            "pull_orders": {"lookback_minutes": -1, "start_from": "today", "shipment_pending_enters": 2, "cron": "* *"},
            "pull_everything": {}, "ship_orders": {"partial": "x", "cron": "0 99 * * * *"},
            "sync_stock": {"enabled": true, "max_zero_ratio": 7, "retention_days": 0}}}"#,
        r#"{"mapping": {"shop": {" ": "1", "a": "", "b": 7}, "store": {}, "sku": []}}"#,
        r#"{"mapping": {"sku": {"a": "1", "b": "1"}, "warehouse": {"a": "1", "b": "1"}},
            "jobs": {"sync_stock": {"enabled": true}}}"#,
        r#"{"cancel": {"x": 1, "in_erp": "y"}, "attention": {"slow_hours": 0, "failed_runs": 0, "x": 1,
            "stages": {"5": {}, "1": {"slow_hours": 99, "stuck_hours": 1, "y": 1}, "2": 3}}}"#,
    ];

    #[test]
    fn every_problem_that_the_core_finds_is_told_in_chinese() {
        let mut seen = 0;
        for document in WRONG {
            let problems = parse(document, &[("pull_everything", Job::PullOrders)]).unwrap_err();
            for one in problems {
                assert!(is_ours(&one.problem), "{}: {}", one.path, one.problem);
                seen += 1;
            }
        }
        assert!(seen > 30, "{seen}");
    }
}
