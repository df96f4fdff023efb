//! Settings saved while jobs run: each run works with one whole version, and a bad document changes nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use ipass_core::ports::{RouteName, SettingsStore as _, SyncStore as _};
use ipass_postgres::PostgresStore;
use ipass_sandbox::{SandboxConfig, WorldAction};
use serde_json::{Value, json};

use crate::common::database::Kind;
use crate::common::process::until;
use crate::common::world::{JOBS, World, now, quick, runtime};
use crate::query::{query, rfc3339};
use crate::service::Service;

/// Saves, and those of them that are refused and that go through the command line.
const SAVES: usize = 100;
const INVALID_EVERY: usize = 5;

/// Settings in one of four shapes. They differ in two places that a stock run's report shows: the mapping of
/// items whose names differ, which no order needs, and whether figures are sent, which the guard refuses to
/// do in this world.
fn document(world: &World, renamed: bool, sync: bool) -> Value {
    let mut settings = world.sandbox.settings_json();
    for job in JOBS {
        settings["jobs"][job]["cron"] = "* * * * * *".into();
    }
    settings["jobs"]["sync_stock"]["cron"] = "* * * * * *".into();
    settings["jobs"]["sync_stock"]["sync"] = sync.into();
    let mapped = settings["mapping"]["sku"].as_object_mut().expect("a mapping");
    mapped.retain(|sku, _| renamed || !sku.starts_with("STK-"));
    settings
}

/// The two shapes that are saved; what mixes them was never saved.
fn shape(world: &World, wide: bool) -> Value {
    document(world, wide, wide)
}

/// What a stock run says about the settings that it worked with: records of items that the channel does not
/// know, and whether the guard spoke.
fn seen(report: &Value) -> (u64, bool) {
    let count = |name: &str| report["counts"][name].as_u64().expect("a count");
    (count("skipped"), count("guarded") > 0)
}

/// A document that is refused, each with another mistake.
fn broken(good: &Value, index: usize) -> Value {
    let mut settings = good.clone();
    match index % 4 {
        0 => settings["jobs"]["sync_stock"]["size"] = 0.into(),
        1 => settings["jobs"]["push_orders"]["cron"] = "never".into(),
        2 => settings["mapping"]["warehouse"] = json!({"WH-CA": ""}),
        _ => settings["jobs"]["make_coffee"] = json!({}),
    }
    settings
}

/// State, version, start and report of the runs of a job that have ended.
fn ended(world: &World, job: &str) -> Vec<(i64, DateTime<Utc>, Value)> {
    let rows = query(
        world,
        &format!(
            "SELECT settings_version, {}, report FROM job_run WHERE job = '{job}' AND state <> 'running' ORDER BY run_no",
            rfc3339("started_at")
        ),
    );
    rows.iter()
        .map(|row| {
            let report = serde_json::from_str(&row[2]).expect("a report");
            (row[0].parse().expect("a version"), row[1].parse().expect("a time"), report)
        })
        .collect()
}

#[track_caller]
fn live(world: &World) -> (i64, Value) {
    let history = world.ipass(&["settings", "history", "--limit", "1", "--json"]).code(0).json();
    let version = history["versions"][0]["version"].as_i64().expect("a version");
    (version, world.ipass(&["settings", "show"]).code(0).json())
}

fn world() -> World {
    World::bare(SandboxConfig { stock_items: 60, ..quick() }, Kind::Postgres)
}

#[test]
fn a_hundred_saves_leave_each_run_with_one_whole_version() {
    let world = world();
    world.add_orders();
    world.sandbox.advance_erp(WorldAction::ZeroStock { per_mille: 600 }).expect("there is stock");
    // What each shape, and each mixture of both, looks like.
    let mut looks = BTreeMap::new();
    for (renamed, sync) in [(false, false), (true, true), (false, true), (true, false)] {
        world.import(&document(&world, renamed, sync)).code(0);
        let report = world.ipass(&["run", "sync_stock", "--json"]).json();
        let known = looks.insert(seen(&report), (renamed, sync));
        assert_eq!(known, None, "all can be told apart: {looks:?}");
    }
    let look_of = |wide: bool| *looks.iter().find(|(_, of)| **of == (wide, wide)).expect("it was measured").0;

    let store = runtime().block_on(PostgresStore::connect(&world.store_url)).expect("the store answers");
    let route = RouteName("dsco_lingxing".to_owned());
    world.import(&shape(&world, true)).code(0);
    // Which shape each version has; the first four were those of the measurement.
    let mut versions = BTreeMap::from([(5, true)]);
    let before = ended(&world, "sync_stock").len();
    let service = Service::start(&world);
    for save in 0..SAVES {
        let wide = save % 2 == 0;
        let good = shape(&world, wide);
        if save % INVALID_EVERY == 3 {
            let (version, document) = live(&world);
            let refused = world.import(&broken(&good, save)).code(2);
            assert!(refused.stderr.contains("nothing was changed"), "{refused:?}");
            assert_eq!(live(&world), (version, document));
        } else if save % INVALID_EVERY == 0 {
            let told = world.import(&good).code(0);
            let (version, document) = live(&world);
            assert!(told.stdout.contains(&format!("version {version}.")) && document == good, "{told:?}");
            versions.insert(version, wide);
        } else {
            let text = good.to_string();
            let saved = runtime().block_on(store.save_settings(&route, &text, "test", None, now()));
            versions.insert(saved.expect("it is saved"), wide);
        }
        if save % 10 == 9 {
            let runs = ended(&world, "sync_stock").len();
            until("the schedule goes on", 30, || (ended(&world, "sync_stock").len() > runs).then_some(()));
        }
    }
    until("the orders are done meanwhile", 60, || world.is_finished().then_some(()));
    service.stop();
    runtime().block_on(store.close());

    assert_eq!(versions.keys().copied().collect::<Vec<_>>(), (5..=85).collect::<Vec<_>>(), "20 of 100 were refused");
    let runs = ended(&world, "sync_stock").split_off(before);
    assert!(runs.len() >= 10, "{}", runs.len());
    for (version, started, report) in &runs {
        let wide = versions.get(version).unwrap_or_else(|| panic!("version {version} was never valid"));
        assert_eq!(seen(report), look_of(*wide), "version {version} at {started}: {report}");
    }
    let known: Vec<i64> = runs.iter().map(|run| run.0).collect();
    assert!(known.is_sorted() && known.first() < known.last(), "later runs follow later versions: {known:?}");
    for job in JOBS {
        assert!(ended(&world, job).iter().all(|run| versions.contains_key(&run.0)), "{job}");
    }
    // The stop may have met a pull between two pages.
    let odd = "SELECT job, state, error FROM job_run
               WHERE state <> 'done' AND NOT (job = 'sync_stock' AND state = 'failed')
                 AND NOT (job = 'pull_orders' AND state = 'interrupted' AND error LIKE 'stopped before%')";
    assert_eq!(query(&world, odd), Vec::<Vec<String>>::new());
    assert!(world.sandbox.ledger().stock.is_empty(), "the guard let nothing pass");
    assert_eq!(world.sandbox.ledger().violations(), Vec::<String>::new());
    println!("{SAVES} saves, {} stock runs on {} versions", runs.len(), versions.len());
}

/// By a job that waits for no other one.
#[test]
fn a_saved_cron_counts_within_two_seconds() {
    let world = world();
    let save = |cron: &str| {
        let mut settings = shape(&world, false);
        settings["jobs"]["ack_orders"]["cron"] = cron.into();
        world.import(&settings).code(0);
        now()
    };
    save("0 0 0 1 1 *");
    let service = Service::start(&world);
    until("the schedule runs", 30, || (!ended(&world, "pull_orders").is_empty()).then_some(()));
    assert!(ended(&world, "ack_orders").is_empty(), "its moment is new year");
    for _ in 0..3 {
        let (runs, saved) = (ended(&world, "ack_orders").len(), save("* * * * * *"));
        let first = until("it runs", 30, || ended(&world, "ack_orders").get(runs).cloned());
        assert!(first.1 - saved <= Duration::seconds(2), "{} after the save", first.1 - saved);

        let saved = save("0 0 0 1 1 *");
        let others = ended(&world, "pull_orders").len();
        until("others have run a while", 30, || (ended(&world, "pull_orders").len() > others + 4).then_some(()));
        let late = ended(&world, "ack_orders").into_iter().filter(|run| run.1 > saved + Duration::seconds(2));
        assert_eq!(late.count(), 0, "it stopped when that was saved");
    }
    service.stop();
}
