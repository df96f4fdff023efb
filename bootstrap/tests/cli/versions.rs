//! `ipass settings history` and `rollback`.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::common::database::Kind;
use crate::common::process::run;
use crate::common::world::{World, now, quick};

/// Saves a document in the name of somebody.
#[track_caller]
fn save(world: &World, document: &Value, by: &str) {
    let file = world.write("settings.json", &document.to_string()).display().to_string();
    world.ipass(&["settings", "import", &file, "--by", by]).code(0);
}

fn an_earlier_version_becomes_live_again_as_a_new_one(store: Kind) {
    let world = World::bare(quick(), store);
    let empty = world.ipass(&["settings", "history"]).code(0).stdout;
    assert!(empty.contains("Nothing is saved"), "{empty}");
    assert_eq!(world.ipass(&["settings", "history", "--json"]).code(0).json()["versions"], json!([]));

    let document = |size: u32| json!({"jobs": {"push_orders": {"size": size}}});
    let before = now();
    save(&world, &document(1), "mia");
    save(&world, &document(2), "tom");
    let told = world.ipass(&["settings", "rollback", "1", "--by", "ada"]).code(0);
    assert!(told.stdout.contains("version 3"), "{told:?}");
    assert_eq!(world.ipass(&["settings", "show"]).code(0).json(), document(1));

    let history = world.ipass(&["settings", "history", "--json"]).code(0).json();
    assert_eq!(history["route"], "dsco_lingxing");
    let rows = history["versions"].as_array().expect("versions");
    let who: Vec<(i64, &str)> =
        rows.iter().filter_map(|row| Some((row["version"].as_i64()?, row["author"].as_str()?))).collect();
    assert_eq!(who, [(3, "ada"), (2, "tom"), (1, "mia")]);
    for row in rows {
        let at: DateTime<Utc> = row["saved_at"].as_str().and_then(|text| text.parse().ok()).expect("a time");
        assert!(at >= before - chrono::Duration::seconds(1) && at <= now(), "{row}");
    }
    let text = world.ipass(&["settings", "history", "--limit", "2"]).code(0).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].contains("ada") && lines[0].ends_with("live") && !lines[1].contains("live"), "{text}");
}

#[test]
fn an_earlier_version_becomes_live_again_as_a_new_one_on_sqlite() {
    an_earlier_version_becomes_live_again_as_a_new_one(Kind::Sqlite);
}

#[test]
fn an_earlier_version_becomes_live_again_as_a_new_one_on_postgres() {
    an_earlier_version_becomes_live_again_as_a_new_one(Kind::Postgres);
}

#[test]
fn what_cannot_be_rolled_back_to_is_refused() {
    let world = World::bare(quick(), Kind::Sqlite);
    save(&world, &json!({}), "mia");
    let refused = world.ipass(&["settings", "rollback", "7"]).code(2);
    assert!(refused.stderr.contains("version 7") && refused.stderr.contains("settings history"), "{refused:?}");
    world.ipass(&["settings", "rollback", "first"]).code(2);
    world.ipass(&["settings", "rollback"]).code(2);
    world.ipass(&["settings", "history", "--limit", "0"]).code(2);
    let versions = world.ipass(&["settings", "history", "--json"]).code(0).json()["versions"].clone();
    assert_eq!(versions.as_array().map(Vec::len), Some(1), "{versions}");
}

#[test]
fn a_document_may_come_from_stdin() {
    let world = World::bare(quick(), Kind::Sqlite);
    let file = world.write("settings.json", r#"{"sku_key": "sku_first"}"#);
    let mut command = std::process::Command::new("sh");
    command.current_dir(world.path()).env("IPASS", env!("CARGO_BIN_EXE_ipass")).env("FILE", file);
    let told = run(command.args(["-c", "cat \"$FILE\" | \"$IPASS\" settings import -"])).code(0);
    assert!(told.stdout.contains("version 1"), "{told:?}");
    assert_eq!(world.ipass(&["settings", "show"]).code(0).json(), json!({"sku_key": "sku_first"}));
}
