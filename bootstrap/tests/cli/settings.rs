//! `ipass settings`: a bad document is refused as a whole, and the old one stays live.

use serde_json::{Value, json};

use crate::common::database::Kind;
use crate::common::world::{World, quick};

/// Bad documents, with the path of each problem and a word of its remedy.
fn bad() -> Vec<(Value, &'static str, &'static str)> {
    let conflict = json!({"LX-1": "ERP-1", "LX-2": "ERP-1"});
    vec![
        (json!({"jobs": {"push_everything": {}}}), "jobs.push_everything", "push_orders"),
        (json!({"jobs": {"push_orders": {"cron": "0 5 * * *"}}}), "jobs.push_orders.cron", "six fields"),
        (json!({"jobs": {"push_orders": {"cron": "0 99 * * * *"}}}), "jobs.push_orders.cron", "cron"),
        (json!({"jobs": {"push_orders": {"size": 0}}}), "jobs.push_orders.size", "above 0"),
        (json!({"jobs": {"push_orders": {"enabled": "yes"}}}), "jobs.push_orders.enabled", "true or false"),
        (json!({"jobs": {"push_orders": {"sise": 5}}}), "jobs.push_orders.sise", "unknown key"),
        (json!({"mapping": {"shop": {"": "1"}}}), "mapping.shop", "empty key"),
        (json!({"mapping": {"shop": {"1000011436": ""}}}), "mapping.shop.1000011436", "empty value"),
        (json!({"mapping": {"shop": {"1000011436": 110_658}}}), "mapping.shop.1000011436", "quotes"),
        (
            json!({"jobs": {"ship_orders": {"enabled": true}}, "mapping": {"sku": conflict}}),
            "mapping.sku",
            "LX-1, LX-2",
        ),
        (json!({"jobs": {"sync_stock": {"enabled": true}}}), "mapping.warehouse", "at least one"),
        (json!({"sku_key": "any"}), "sku_key", "partner_sku_first"),
        (json!([]), "(document)", "object"),
    ]
}

#[test]
fn a_bad_document_is_refused_and_the_old_one_stays_live() {
    let world = World::new(quick(), Kind::Sqlite);
    let before = world.ipass(&["settings", "show"]).code(0).stdout;
    for (document, path, remedy) in bad() {
        let refused = world.import(&document).code(2);
        assert!(refused.stderr.contains(path) && refused.stderr.contains(remedy), "{path}, {remedy}: {refused:?}");
        assert_eq!(refused.stdout, "");
        assert_eq!(world.ipass(&["settings", "show"]).code(0).stdout, before, "after {document}");
    }
    let file = world.write("settings.json", "{ this is no JSON");
    let refused = world.ipass(&["settings", "import", &file.display().to_string()]).code(2);
    assert!(refused.stderr.contains("line 1"), "{refused:?}");
    world.ipass(&["settings", "import", "not-there.json"]).code(2);
    assert_eq!(world.ipass(&["settings", "show"]).code(0).stdout, before);
}

#[test]
fn every_problem_is_told_at_once() {
    let world = World::bare(quick(), Kind::Sqlite);
    let document = json!({
        "jobs": {"push_orders": {"size": 0, "cron": "often"}, "nothing": {}},
        "mapping": {"shop": {" ": "1"}, "colour": {}},
    });
    let refused = world.import(&document).code(2);
    let paths = ["jobs.push_orders.size", "jobs.push_orders.cron", "jobs.nothing", "mapping.shop", "mapping.colour"];
    assert!(paths.iter().all(|path| refused.stderr.contains(path)), "{refused:?}");
    let file = world.path().join("settings.json").display().to_string();
    let told = world.ipass(&["settings", "import", &file, "--json"]).code(2).json();
    assert_eq!(told["problems"].as_array().map(Vec::len), Some(paths.len()), "{told}");
    assert!(told["problems"][0]["path"].is_string() && told["problems"][0]["problem"].is_string(), "{told}");
}

#[test]
fn a_good_document_is_live_as_it_was_written() {
    let world = World::bare(quick(), Kind::Sqlite);
    assert_eq!(world.ipass(&["settings", "show", "--json"]).code(0).json(), json!({}));
    // The seeds' names of jobs and switch are taken.
    let document = json!({"jobs": {"pull_dsco_orders": {"enable": true, "cron": "0 5 * * * *", "size": 7}}});
    let told = world.import(&document).code(0);
    assert!(told.stdout.contains("version 1"), "{told:?}");
    for command in ["show", "export"] {
        assert_eq!(world.ipass(&["settings", command]).code(0).json(), document);
    }
    world.import(&json!({})).code(0);
    assert_eq!(world.ipass(&["settings", "show"]).code(0).json(), json!({}));
}
