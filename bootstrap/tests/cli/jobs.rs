//! `ipass run` of the jobs that are about no order: SKU pairs, the clean-up, the check.

use std::fs;
use std::path::PathBuf;

use ipass_sandbox::WorldAction;
use serde_json::{Value, json};

use crate::common::database::Kind;
use crate::common::process::run;
use crate::common::world::{World, quick};

const SHOP: &str = "110658143132021760";

fn pair(world: &World, msku: &str, sku: &str) {
    let act = WorldAction::PairSku { store: SHOP.to_owned(), msku: msku.to_owned(), sku: sku.to_owned() };
    world.sandbox.advance_erp(act).expect("the store is there");
}

#[track_caller]
fn mapping(world: &World) -> Value {
    world.ipass(&["settings", "show"]).code(0).json()["mapping"]["sku"].clone()
}

#[track_caller]
fn versions(world: &World) -> Vec<Value> {
    let history = world.ipass(&["settings", "history", "--json"]).code(0).json();
    history["versions"].as_array().expect("versions").clone()
}

/// Every file below the export directory.
fn exports(world: &World) -> Vec<PathBuf> {
    fn walk(folder: PathBuf, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() { walk(path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(world.path().join("exports"), &mut found);
    found.sort();
    found
}

fn new_pairs_become_a_version_of_the_settings(store: Kind) {
    let world = World::new(quick(), store);
    let before = mapping(&world);
    pair(&world, "MSKU-NEW", "LX-NEW");
    let report = world.job("pull_sku_pairs");
    assert_eq!((&report["counts"]["added"], &report["counts"]["conflicts"]), (&json!(1), &json!(0)), "{report}");
    let mut expected = before.clone();
    expected["MSKU-NEW"] = "LX-NEW".into();
    assert_eq!(mapping(&world), expected);
    let history = versions(&world);
    assert_eq!((&history[0]["version"], &history[0]["author"]), (&json!(2), &json!("pull_sku_pairs")), "{history:?}");

    let run_id = report["run_id"].as_str().expect("an id");
    let files = exports(&world);
    assert_eq!(files.len(), 3, "{files:?}");
    for (kind, content) in [("old", before), ("new", expected)] {
        let name = format!("{run_id}-{kind}.json");
        let file = files.iter().find(|path| path.display().to_string().ends_with(&name)).expect("the audit");
        let saved: Value = serde_json::from_str(&fs::read_to_string(file).expect("a text")).expect("JSON");
        assert_eq!(saved, content, "{kind}");
    }
    let again = world.job("pull_sku_pairs");
    assert_eq!((&again["counts"]["added"], &again["counts"]["changed"]), (&json!(0), &json!(0)), "{again}");
    assert_eq!((versions(&world).len(), exports(&world).len()), (2, 3), "nothing new, nothing saved");

    pair(&world, "MSKU-OTHER", "LX-NEW");
    let failed = world.ipass(&["run", "pull_sku_pairs", "--json"]).code(1).json();
    let error = failed["error"].as_str().expect("why");
    assert!(error.contains("MSKU-NEW") && error.contains("MSKU-OTHER") && error.contains("LX-NEW"), "{error}");
    assert_eq!(failed["counts"]["conflicts"], 1);
    assert_eq!(versions(&world).len(), 2);
}

#[test]
fn new_pairs_become_a_version_of_the_settings_on_sqlite() {
    new_pairs_become_a_version_of_the_settings(Kind::Sqlite);
}

#[test]
fn new_pairs_become_a_version_of_the_settings_on_postgres() {
    new_pairs_become_a_version_of_the_settings(Kind::Postgres);
}

#[test]
fn a_dry_run_of_pairs_saves_nothing() {
    let world = World::new(quick(), Kind::Sqlite);
    pair(&world, "MSKU-NEW", "LX-NEW");
    let report = world.ipass(&["run", "pull_sku_pairs", "--dry-run", "--json"]).code(0).json();
    assert_eq!(report["counts"]["added"], 1, "{report}");
    assert_eq!((versions(&world).len(), exports(&world).len()), (1, 0));
}

#[test]
fn the_clean_up_removes_the_oldest_of_its_own_files_and_no_others() {
    let world = World::new(quick(), Kind::Sqlite);
    pair(&world, "MSKU-NEW", "LX-NEW");
    world.job("pull_sku_pairs");
    let report = world.job("cleanup_exports");
    assert_eq!((&report["counts"]["files"], &report["counts"]["removed"]), (&json!(3), &json!(0)), "{report}");
    let clean = |arguments: &[&str]| {
        let arguments = [&["run", "cleanup_exports", "--json"], arguments].concat();
        run(world.command(&arguments).env("IPASS__ADMIN__EXPORT_CLEANUP_BYTES", "1"))
    };
    assert_eq!(clean(&["--dry-run"]).code(0).json()["counts"]["removed"], 3);
    assert_eq!(exports(&world).len(), 3, "a dry run removes nothing");
    let mine = world.path().join("exports").join("family.jpg");
    fs::write(&mine, "precious").expect("the folder is there");
    let refused = clean(&[]).code(1).json();
    assert!(refused["error"].as_str().is_some_and(|error| error.contains("family.jpg")), "{refused}");
    assert_eq!(exports(&world).len(), 4, "a folder that is not the service's alone is left as it is");
    fs::remove_file(mine).expect("it is there");
    let report = clean(&[]).code(0).json();
    assert_eq!((&report["counts"]["removed"], &report["error"]), (&json!(3), &json!(null)), "{report}");
    assert_eq!(exports(&world).len(), 0);
}

#[test]
fn a_check_is_run_like_any_job() {
    let world = World::with_orders(Kind::Sqlite);
    world.job("pull_orders");
    let range = ["--start", "2020-01-01T00:00:00Z", "--end", "2100-01-01T00:00:00Z"];
    let report = world.ipass(&[&["run", "check_orders", "--json"], &range[..]].concat()).code(0).json();
    // What awaits its push has nothing to be compared with.
    assert_eq!(report["counts"], json!({"checked": 6, "skipped": 6, "findings": 0, "incomplete": 0}));
    assert_eq!((&report["findings"], &report["incomplete"]), (&json!([]), &json!([])));
    let report = world.ipass(&["run", "check_orders", "--po", "PO-UNKNOWN", "--json"]).code(0).json();
    assert_eq!(report["counts"]["checked"], 0, "{report}");
    let runs = world.ipass(&["run", "sync_stock", "--po", "PO-PLAIN"]).code(2);
    assert!(runs.stderr.contains("PO number"), "{runs:?}");
    world.ipass(&[&["run", "push_orders"], &range[..]].concat()).code(2);
}
