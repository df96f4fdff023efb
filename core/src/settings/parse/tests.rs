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
    let two_of_one = r#"{"jobs": {"sync_stock": {"enabled": true}}, "mapping": {"warehouse": {"A": "1", "B": "1"}}}"#;
    let problem = parse(two_of_one, ALIASES).unwrap_err().remove(0);
    assert_eq!(problem.path, "mapping.warehouse");
    assert!(problem.problem.contains("1 ← A, B"), "{}", problem.problem);
    assert!(parse(&two_of_one.replace("true", "false"), ALIASES).is_ok(), "nobody needs the way back");
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

/// The problem of a document with one value at this path of names.
fn value_at(path: &str, value: &str) -> Result<Settings, Vec<Problem>> {
    let document = path.rsplit('.').fold(value.to_owned(), |inner, name| format!("{{\"{name}\": {inner}}}"));
    parse(&document, ALIASES)
}

#[test]
fn every_key_of_a_job_changes_its_own_setting_and_nothing_else() {
    type Change = fn(&mut Settings);
    let keys: [(&str, &str, Change); 19] = [
        ("pull_orders.lookback_minutes", "7", |to| to.lookback = Duration::minutes(7)),
        ("pull_orders.shipment_pending_enters", "1", |to| to.shipment_pending_enters = Stage::AwaitingPush),
        ("pull_orders.shipment_pending_enters", "3", |to| to.shipment_pending_enters = Stage::AwaitingShipment),
        ("push_orders.require_warehouse", "false", |to| to.require_warehouse = false),
        ("ack_orders.multi_ban", "true", |to| to.ack_multi_ban = true),
        ("ship_orders.multi_ban", "true", |to| to.ship_multi_ban = true),
        ("ship_orders.partial", "\"wait_all\"", |to| to.partial = Partial::WaitAll),
        ("ship_orders.partial", "\"as_shipped\"", |to| to.partial = Partial::AsShipped),
        ("invoice_orders.multi_ban", "true", |to| to.invoice_multi_ban = true),
        ("invoice_orders.price", "\"consumer_first\"", |to| to.invoice_price = PriceOrder::ConsumerFirst),
        ("invoice_orders.price", "\"cost_first\"", |to| to.invoice_price = PriceOrder::CostFirst),
        ("invoice_orders.price", "\"expected_cost_first\"", |to| to.invoice_price = PriceOrder::CostFirst),
        ("sync_stock.sync", "false", |to| to.stock_sync = false),
        ("sync_stock.sync", "true", |to| to.stock_sync = true),
        ("sync_stock.max_zero_ratio", "0.0014", |to| to.max_zero_per_mille = 1),
        ("sync_stock.max_zero_ratio", "0", |to| to.max_zero_per_mille = 0),
        ("sync_stock.max_zero_ratio", "1", |to| to.max_zero_per_mille = 1000),
        ("sync_stock.retention_days", "1", |to| to.stock_retention = Duration::days(1)),
        ("sync_stock.retention_days", "3650", |to| to.stock_retention = Duration::days(3650)),
    ];
    for (path, value, change) in keys {
        let mut read = value_at(&format!("jobs.{path}"), value).unwrap();
        // A job that is named is kept with its common settings, which are the defaults here.
        read.jobs.clear();
        let mut expected = Settings { jobs: BTreeMap::new(), ..Settings::default() };
        change(&mut expected);
        assert_eq!(read, expected, "{path}: {value}");
    }
}

#[test]
fn the_other_keys_change_what_they_name() {
    type Change = fn(&mut Settings);
    let keys: [(&str, &str, Change); 11] = [
        ("cancel.in_erp", "\"ask\"", |to| to.cancel_in_erp = CancelInErp::Ask),
        ("cancel.in_erp", "\"auto\"", |to| to.cancel_in_erp = CancelInErp::Auto),
        ("sku_key", "\"sku_first\"", |to| to.sku_key = SkuKey::SkuFirst),
        ("sku_key", "\"partner_sku_first\"", |to| to.sku_key = SkuKey::PartnerSkuFirst),
        ("attention.slow_hours", "0.5", |to| to.attention.slow = Duration::minutes(30)),
        ("attention.stuck_hours", "87600", |to| to.attention.stuck = Duration::hours(87_600)),
        ("attention.quiet_hours", "5", |to| to.attention.quiet = Duration::hours(5)),
        ("attention.failed_runs", "1", |to| to.attention.failed_runs = 1),
        ("attention.failed_runs", "100", |to| to.attention.failed_runs = 100),
        ("attention.stages.4.slow_hours", "2", |to| {
            to.attention.stages.insert(Stage::AwaitingInvoice, (Duration::hours(2), to.attention.stuck));
        }),
        ("attention.stages.1.stuck_hours", "2000", |to| {
            to.attention.stages.insert(Stage::AwaitingPush, (to.attention.slow, Duration::hours(2000)));
        }),
    ];
    for (path, value, change) in keys {
        let mut expected = Settings::default();
        change(&mut expected);
        assert_eq!(value_at(path, value).unwrap(), expected, "{path}: {value}");
    }
    let slow_as_stuck = r#"{"attention": {"slow_hours": 9, "stuck_hours": 9}}"#;
    assert!(parse(slow_as_stuck, ALIASES).is_ok(), "slow may be as late as stuck");
}

#[test]
fn a_value_beyond_its_borders_is_refused_at_its_place() {
    for (path, values) in [
        ("jobs.pull_orders.lookback_minutes", &["-1", "525601", "1.5", "\"20\""][..]),
        ("jobs.pull_orders.start_from", &["\"2026-01-01\"", "5"]),
        ("jobs.pull_orders.shipment_pending_enters", &["2", "4", "\"1\""]),
        ("jobs.push_orders.size", &["-1", "4294967296", "null"]),
        ("jobs.push_orders.multi_ban", &["true"]),
        ("jobs.ship_orders.partial", &["\"some\"", "true"]),
        ("jobs.sync_stock.max_zero_ratio", &["-0.1", "1.1", "\"0.5\""]),
        ("jobs.sync_stock.retention_days", &["0", "3651", "1.5"]),
        ("cancel.in_erp", &["\"never\"", "true"]),
        ("cancel.in_channel", &["\"ask\""]),
        ("attention.slow_hours", &["0", "-1", "87601", "\"5\""]),
        ("attention.failed_runs", &["0", "101", "-1", "4294967297"]),
        ("attention.loud_hours", &["1"]),
        ("attention.stages.5", &["{}"]),
        ("attention.stages.0", &["{}"]),
        ("attention.stages.2.quiet_hours", &["1"]),
    ] {
        for value in values {
            let problems: Vec<String> =
                value_at(path, value).unwrap_err().into_iter().map(|problem| problem.path).collect();
            assert_eq!(problems, [path], "{value}");
        }
    }
    for path in ["jobs", "jobs.pull_orders", "mapping", "mapping.shop", "cancel", "attention", "attention.stages"] {
        let problems = value_at(path, "[]").unwrap_err();
        assert_eq!((problems.len(), problems[0].path.as_str()), (1, path));
        assert_eq!(problems[0].problem, "expected an object, found a list");
    }
}

#[test]
fn a_problem_shows_a_number_and_of_anything_else_its_kind() {
    for (value, shown) in [
        ("0", "0"),
        ("-3", "-3"),
        ("null", "null"),
        ("true", "true or false"),
        ("\"a secret\"", "text"),
        ("[1]", "a list"),
        ("{}", "an object"),
    ] {
        let problems = value_at("jobs.push_orders.size", value).unwrap_err();
        assert_eq!(problems[0].problem, format!("expected a whole number above 0, found {shown}"));
    }
}
