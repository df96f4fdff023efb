//! What people may write: settings, schedules, cells of a table.

use ipass_core::job::JobAliases;
use ipass_core::settings::{next_runs, parse};
use rand::prelude::*;
use serde_json::{Value, json};

use crate::mutate::answer_like;
use crate::{NOW, random, seeds};

const ALIASES: &JobAliases = &[];

fn settings() -> Value {
    json!({
        "jobs": {
            "pull_orders": {"enabled": true, "cron": "0 5 * * * *", "size": 200, "lookback_minutes": 15,
                "start_from": "2025-01-01T00:00:00Z", "shipment_pending_enters": 3},
            "push_orders": {"enabled": true, "cron": "0 10 * * * *", "size": 200, "require_warehouse": true},
            "ship_orders": {"enabled": true, "cron": "0 20 * * * *", "multi_ban": false, "partial": "wait_all"},
            "sync_stock": {"enabled": true, "cron": "0 30 1 * * *", "size": 500, "sync": false, "max_zero_ratio": 0.2},
        },
        "sku_key": "partner_sku_first",
        "cancel": {"in_erp": "ask"},
        "mapping": {"shop": {"1000011436": "110658143132021760"}, "warehouse": {"WH-CA": "33328"}, "sku": {},
            "shipment": {"WH-CA-FEHD": "203662740883276800"}},
    })
}

#[test]
fn settings_are_taken_or_refused_with_the_places_named() {
    let good = settings();
    assert!(parse(&good.to_string(), ALIASES).is_ok());
    let (mut taken, mut refused) = (0, 0);
    for seed in seeds(3_000) {
        let bytes = answer_like(&good, &mut random(seed));
        let text = String::from_utf8_lossy(&bytes);
        match parse(&text, ALIASES) {
            Ok(_) => taken += 1,
            Err(problems) => {
                refused += 1;
                assert!(!problems.is_empty(), "seed {seed}");
                for problem in &problems {
                    assert!(!problem.path.is_empty() && !problem.problem.is_empty(), "seed {seed}: {problem:?}");
                    assert!(problem.problem.len() < 500, "seed {seed}: a problem is a sentence: {problem:?}");
                }
            }
        }
    }
    assert!(taken > 50 && refused > 500, "both happen: {taken} taken, {refused} refused");
}

#[test]
fn a_schedule_is_read_or_has_no_next_runs() {
    let after = NOW.parse().expect("a time");
    let parts = [
        "*",
        "0",
        "59",
        "60",
        "*/5",
        "*/0",
        "1-5",
        "5-1",
        "L",
        "?",
        "W",
        "#",
        "MON",
        "JAN",
        "-1",
        "99999999999",
        "a",
        "1,2,",
        "",
    ];
    for seed in seeds(2_000) {
        let mut random = random(seed);
        let fields: Vec<&str> =
            (0..random.random_range(4..=7)).filter_map(|_| parts.choose(&mut random).copied()).collect();
        let cron = fields.join(" ");
        let runs = next_runs(&cron, after, 3);
        assert!(runs.windows(2).all(|pair| pair[0] < pair[1]), "{cron}: {runs:?}");
        assert!(runs.iter().all(|at| *at > after), "{cron}: {runs:?}");
    }
}
