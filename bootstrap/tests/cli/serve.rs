//! `ipass serve`: health, readiness, metrics, the schedule, the stop.

use std::net::TcpListener;
use std::time::Duration;

use ipass_core::ports::{RouteName, SettingsStore as _, SyncStore as _};
use ipass_sandbox::{Effect, Fault};
use ipass_sqlite::SqliteStore;
use serde_json::Value;

use crate::common::database::{Kind, administer};
use crate::common::ledger::assert_done_once;
use crate::common::process::{start, until};
use crate::common::world::{JOBS, World, now, runtime};
use crate::service::{STOP, Service};

/// Every job of the world, each second.
fn every_second(world: &World) -> Value {
    let mut settings = world.sandbox.settings_json();
    for job in JOBS {
        settings["jobs"][job]["cron"] = "* * * * * *".into();
    }
    settings
}

fn the_schedule_moves_orders_to_their_end(store: Kind) {
    let world = World::with_orders(store);
    world.import(&every_second(&world)).code(0);
    let service = Service::start(&world);
    assert_eq!(service.ready(200), Vec::<String>::new());
    let completed = r#"ipass_orders{route="dsco_lingxing",stage="5"} 6"#;
    let text = until("all orders are completed by the schedule", 60, || {
        service.get("/metrics").map(|(_, text)| text).filter(|text| text.contains(completed))
    });
    for series in ["ipass_remote_calls_total{", "ipass_runs_total{", "ipass_oldest_order_seconds{"] {
        assert!(text.contains(series), "{series} in {text}");
    }
    service.stop();
    assert_done_once(&world);
}

#[test]
fn the_schedule_moves_orders_to_their_end_on_sqlite() {
    the_schedule_moves_orders_to_their_end(Kind::Sqlite);
}

#[test]
fn the_schedule_moves_orders_to_their_end_on_postgres() {
    the_schedule_moves_orders_to_their_end(Kind::Postgres);
}

#[test]
fn a_disabled_job_is_not_scheduled_and_saved_settings_count_at_once() {
    let world = World::with_orders(Kind::Sqlite);
    let mut settings = every_second(&world);
    settings["jobs"]["push_orders"]["enabled"] = false.into();
    world.import(&settings).code(0);
    let service = Service::start(&world);
    until("the orders are pulled", 30, || (world.stages().len() == 6).then_some(()));
    // The acknowledgement has had its turn after the pull, and the push has not.
    until("other jobs run", 30, || {
        let (_, text) = service.get("/metrics")?;
        text.contains(r#"ipass_runs_total{route="dsco_lingxing",job="ack_orders""#).then_some(())
    });
    assert!(world.stages().values().all(|stage| *stage == 1));
    settings["jobs"]["push_orders"]["enabled"] = true.into();
    world.import(&settings).code(0);
    until("the saved settings count", 60, || world.is_finished().then_some(()));
    service.stop();
}

#[test]
fn readiness_names_broken_settings() {
    let world = World::with_orders(Kind::Sqlite);
    let service = Service::start(&world);
    assert_eq!(service.ready(200), Vec::<String>::new());
    let save = |document: &str| {
        runtime().block_on(async {
            let store = SqliteStore::open(&world.store_url).await.unwrap();
            let route = RouteName("dsco_lingxing".to_owned());
            store.save_settings(&route, document, "an older version", None, now()).await.unwrap();
            store.close().await;
        });
    };
    save(r#"{"jobs": {"push_orders": {"size": 0}}}"#);
    assert_eq!(service.ready(503), ["settings"]);
    assert_eq!(service.get("/healthz").map(|(status, _)| status), Some(200), "the process itself is well");
    let refused = world.ipass(&["run", "push_orders"]).code(2);
    assert!(refused.stderr.contains("jobs.push_orders.size"), "{refused:?}");
    save("{}");
    assert_eq!(service.ready(200), Vec::<String>::new());
    service.stop();
}

#[test]
fn readiness_names_a_lost_store_and_the_service_outlives_it() {
    let world = World::with_orders(Kind::Postgres);
    world.import(&every_second(&world)).code(0);
    let service = Service::start(&world);
    assert_eq!(service.ready(200), Vec::<String>::new());
    let name = world.store_url.split('?').next().and_then(|url| url.rsplit('/').next()).unwrap();
    administer(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    administer(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
    assert_eq!(service.ready(503), ["store"]);
    assert_eq!(service.get("/healthz").map(|(status, _)| status), Some(200), "the process itself is well");
    assert_eq!(service.get("/metrics").map(|(status, _)| status), Some(200));
    administer(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    assert_eq!(service.ready(200), Vec::<String>::new());
    until("the schedule goes on", 60, || world.is_finished().then_some(()));
    service.stop();
    assert_done_once(&world);
}

/// The stop comes while the answer to a write is under way.
fn a_stop_during_a_job_leaves_nothing_half_done(store: Kind) {
    for call in ["POST /pb/mp/order/v2/create", "POST /order/shipment/batch/small", "POST /invoice/batch/small"] {
        let world = World::with_orders(store);
        world.import(&every_second(&world)).code(0);
        world.sandbox.fault(Fault::next(call, Effect::Late(Duration::from_secs(2))));
        let service = Service::start(&world);
        until("the write is under way", 60, || world.sandbox.ledger().faults.contains_key(call).then_some(()));
        service.stop();
        assert_eq!(world.sandbox.ledger().violations(), Vec::<String>::new());
        let service = Service::start(&world);
        until("the new start has gone on", 60, || world.is_finished().then_some(()));
        service.stop();
        assert_done_once(&world);
    }
}

#[test]
fn a_stop_during_a_job_leaves_nothing_half_done_on_sqlite() {
    a_stop_during_a_job_leaves_nothing_half_done(Kind::Sqlite);
}

#[test]
fn a_stop_during_a_job_leaves_nothing_half_done_on_postgres() {
    a_stop_during_a_job_leaves_nothing_half_done(Kind::Postgres);
}

#[test]
fn a_manual_run_stops_in_order_too() {
    let world = World::with_orders(Kind::Sqlite);
    world.job("pull_orders");
    let call = "POST /pb/mp/order/v2/create";
    world.sandbox.fault(Fault::next(call, Effect::Late(Duration::from_secs(2))));
    let run = start(&mut world.command(&["run", "push_orders", "--json"]));
    until("the write is under way", 30, || world.sandbox.ledger().faults.contains_key(call).then_some(()));
    run.signal("TERM");
    let report = run.wait(STOP).code(0).json();
    assert_eq!(report["counts"]["selected"], 6, "{report}");
    for job in JOBS.into_iter().chain(JOBS) {
        world.job(job);
    }
    assert_done_once(&world);
}

#[test]
fn a_taken_address_is_refused() {
    let world = World::with_orders(Kind::Sqlite);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = world.command(&["serve"]);
    let ended = start(command.env("IPASS__SERVER__LISTEN", &address)).wait(STOP).code(2);
    assert!(ended.stderr.contains("server.listen") && ended.stderr.contains("free port"), "{ended:?}");
}
