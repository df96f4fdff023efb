use super::*;

const ALIASES: &JobAliases = &[("push_to_erp", Job::PushOrders)];

fn problems(document: &str) -> Vec<String> {
    parse(document, ALIASES).unwrap_err().into_iter().map(|problem| problem.path).collect()
}

#[test]
fn an_empty_document_is_all_defaults() {
    let settings = parse("{}", ALIASES).unwrap();
    assert_eq!(settings, Settings::default());
    assert_eq!(settings.job(Job::PullOrders).cron, "0 5 * * * *");
    assert!(!settings.job(Job::PushOrders).enabled);
    assert!(settings.job(Job::CleanupExports).enabled);
}

#[test]
fn the_whole_shape_is_read() {
    let settings = parse(
        r#"{"jobs": {
            "pull_orders": {"enabled": true, "cron": "0 5 * * * *", "size": 200, "lookback_minutes": 20,
                            "start_from": "2026-01-01T08:00:00+08:00", "shipment_pending_enters": 1},
            "push_to_erp": {"enable": true, "require_warehouse": false},
            "ship_orders": {"multi_ban": true, "partial": "as_shipped"},
            "invoice_orders": {"price": "cost_first"},
            "sync_stock": {"max_zero_ratio": 0.25}},
          "sku_key": "sku_first", "cancel": {"in_erp": "auto"},
          "mapping": {"shop": {"1000011436": "110658143132021760"}, "shipment": {"WH-CA-FEHD": "203662740883276800"}}}"#,
        ALIASES,
    )
    .unwrap();
    assert_eq!(settings.lookback, Duration::minutes(20));
    assert_eq!(settings.start_from.to_rfc3339(), "2026-01-01T00:00:00+00:00");
    assert_eq!(settings.shipment_pending_enters, Stage::AwaitingPush);
    assert!(settings.job(Job::PushOrders).enabled && !settings.require_warehouse);
    assert!(settings.ship_multi_ban && settings.partial == Partial::AsShipped);
    assert_eq!(settings.invoice_price, PriceOrder::CostFirst);
    assert_eq!(settings.max_zero_per_mille, 250);
    assert_eq!(settings.mapping.shop["1000011436"], "110658143132021760");
}

#[test]
fn every_problem_is_listed_with_its_path() {
    let found = problems(
        r#"{"jobs": {"pull_order": {}, "push_orders": {"cron": "5 * * * *", "size": 0, "enabled": "yes", "sice": 1}},
            "mapping": {"shop": {"": "1", "2": ""}, "warehouse": {"WH": 33328}, "colour": {}},
            "sku_key": "any", "extra": 1}"#,
    );
    for path in [
        "jobs.pull_order",
        "jobs.push_orders.cron",
        "jobs.push_orders.size",
        "jobs.push_orders.enabled",
        "jobs.push_orders.sice",
        "mapping.shop.\"\"",
        "mapping.shop.2",
        "mapping.warehouse.WH",
        "mapping.colour",
        "sku_key",
        "extra",
    ] {
        assert!(found.iter().any(|known| known == path), "{path} in {found:?}");
    }
    assert_eq!(found.len(), 11);
}

#[test]
fn a_document_that_is_not_json_says_where() {
    let problem = parse("{\n  \"jobs\": oops}", ALIASES).unwrap_err().remove(0);
    assert!(problem.problem.contains("line 2"), "{}", problem.problem);
}

#[test]
fn a_reverse_conflict_is_refused_only_for_the_jobs_that_need_the_way_back() {
    let mapping = r#""mapping": {"sku": {"A": "LX", "B": "LX"}, "warehouse": {"W": "1"}}"#;
    assert!(parse(&format!(r#"{{"jobs": {{"push_orders": {{"enabled": true}}}}, {mapping}}}"#), ALIASES).is_ok());
    let refused = parse(&format!(r#"{{"jobs": {{"ship_orders": {{"enabled": true}}}}, {mapping}}}"#), ALIASES);
    let problem = refused.unwrap_err().remove(0);
    assert!(problem.problem.contains("LX ← A, B"), "{}", problem.problem);
}

#[test]
fn stock_needs_warehouses() {
    assert_eq!(problems(r#"{"jobs": {"sync_stock": {"enabled": true}}}"#), ["mapping.warehouse"]);
}

#[test]
fn one_job_under_two_names_is_refused() {
    assert_eq!(problems(r#"{"jobs": {"push_orders": {}, "push_to_erp": {}}}"#), ["jobs.push_to_erp"]);
}

#[test]
fn the_next_runs_are_told_in_order() {
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc);
    let runs = next_runs("0 30 1 * * *", at("2026-01-28T01:30:00Z"), 2);
    assert_eq!(runs, [at("2026-01-29T01:30:00Z"), at("2026-01-30T01:30:00Z")]);
    assert!(next_runs("0 0 0 30 2 *", at("2026-01-28T01:30:00Z"), 2).is_empty(), "30 February never comes");
}

#[test]
fn attention_has_limits_for_all_stages_and_for_one() {
    let settings =
        parse(r#"{"attention": {"slow_hours": 2, "stuck_hours": 8.5, "stages": {"3": {"stuck_hours": 96}}}}"#, ALIASES)
            .unwrap();
    assert_eq!(settings.attention.limits(Stage::AwaitingAck), (Duration::hours(2), Duration::minutes(510)));
    assert_eq!(settings.attention.limits(Stage::AwaitingShipment), (Duration::hours(2), Duration::hours(96)));
    assert_eq!(
        problems(r#"{"attention": {"slow_hours": 0, "stages": {"5": {}, "1": {"slow_hours": 100}}, "x": 1}}"#),
        ["attention.slow_hours", "attention.x", "attention.stages.5", "attention"]
    );
}
