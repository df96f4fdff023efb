//! Half an hour of far more work than a busy day's, in changing weather: nothing may pile up.

use std::net::TcpListener;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use ipass_sandbox::{Effect, Fault, SandboxConfig, Timing};

use crate::life::megabytes;
use crate::measured;
use crate::table::{Table, number};
use crate::world::{Store, World, sql};

/// A busy day has 2,000 orders; ten times that is one in little more than four seconds.
const ARRIVALS: TimeDelta = TimeDelta::milliseconds(4_320);

/// What is looked at every minute.
struct Sample {
    memory: u64,
    files: usize,
    threads: usize,
    connections: u64,
}

/// `IPASS_SOAK_MINUTES` shortens it.
pub(crate) fn soak(table: &mut Table) {
    let minutes: u64 = std::env::var("IPASS_SOAK_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(30);
    let timing = Timing {
        review_after: TimeDelta::seconds(20),
        ship_after: TimeDelta::seconds(40),
        second_parcel_after: TimeDelta::seconds(50),
        ..Timing::default()
    };
    let config = SandboxConfig {
        orders: 0,
        arrivals_every: Some(ARRIVALS),
        latency: Duration::from_millis(20),
        stock_items: 500,
        timing,
        ..SandboxConfig::default()
    };
    let world = World::of(&config, Store::Postgres);
    for effect in [
        Effect::Status(500, String::new()),
        Effect::ResetBeforeCommit,
        Effect::ResetAfterCommit,
        Effect::Truncated,
        Effect::RetryAfter(1),
    ] {
        // Five kinds of faults, each at one call in five hundred: one call in a hundred.
        world.sandbox.fault(Fault::random("*", 0.002, u64::MAX, effect));
    }
    let mut settings = world.sandbox.settings_json();
    for job in ["pull_orders", "push_orders", "ack_orders", "ship_orders", "invoice_orders"] {
        settings["jobs"][job]["cron"] = "*/10 * * * * *".into();
    }
    settings["jobs"]["sync_stock"]["cron"] = "30 * * * * *".into();
    std::fs::write(world.path().join("settings.json"), settings.to_string()).expect("the folder can be written");
    world.ipass(&["settings", "import", "settings.json"]);

    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut command = world.command(&["serve"]);
    command.env("IPASS__SERVER__LISTEN", free.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the binary starts");
    let url = world.postgres.clone().expect("it is PostgreSQL");
    let begun = Instant::now();
    let mut samples = Vec::new();
    for minute in 1..=minutes {
        thread::sleep(Duration::from_secs(minute * 60).saturating_sub(begun.elapsed()));
        let of = |folder: &str| std::fs::read_dir(format!("/proc/{}/{folder}", child.id())).map_or(0, Iterator::count);
        let connections = sql(&url, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ipass'");
        let sample = Sample {
            memory: measured::resident(child.id()).expect("it lives"),
            files: of("fd"),
            threads: of("task"),
            connections: connections.parse().expect("a number"),
        };
        eprintln!(
            "minute {minute}: {:.1} MB, {} files, {} threads, {} connections",
            megabytes(sample.memory),
            sample.files,
            sample.threads,
            sample.connections
        );
        samples.push(sample);
    }
    // Whatever waits for its next try is given the time to get it.
    world.sandbox.clear_faults();
    let cpu = measured::cpu(child.id()).unwrap_or_default();
    let stages = sql(
        &url,
        "SELECT string_agg(stage || ': ' || n, ', ' ORDER BY stage)
                            FROM (SELECT stage, count(*) AS n FROM order_sync GROUP BY stage) s",
    );
    let sizes = sql(
        &url,
        "SELECT string_agg(relname || ' ' || n_live_tup, ', ' ORDER BY n_live_tup DESC)
                           FROM pg_stat_user_tables WHERE n_live_tup > 0",
    );
    eprintln!("orders by stage: {stages}\nrows: {sizes}");
    let ledger = world.sandbox.ledger();
    // It is of no further use.
    let _ = child.kill();
    let _ = child.wait();
    let calls: u64 = ledger.calls.values().sum();
    let faults: u64 = ledger.faults.values().sum();
    let what = format!("soak of {minutes} minutes, PostgreSQL, ten times a busy day");
    table.row(format!("{what}: orders completed"), count(&stages, "5: "), "");
    table.row("… remote calls", number(calls), "");
    table.row("… of these met a fault", number(faults), "");
    table.goal("… broken invariants", number(ledger.violations().len() as u64), "", "0");
    table.row("… our processor time", cpu.as_secs_f64(), "s");
    let third = (samples.len() / 3).max(1);
    let most = |part: &[Sample], of: fn(&Sample) -> u64| part.iter().map(of).max().unwrap_or_default();
    let (early, late) = (&samples[..third.min(samples.len())], &samples[samples.len() - third..]);
    table.row("… memory, first third at most", megabytes(most(early, |one| one.memory)), "MB");
    table.goal("… memory, last third at most", megabytes(most(late, |one| one.memory)), "MB", "as before");
    for (what, of) in [
        ("… open files, first third at most", (|one: &Sample| one.files as u64) as fn(&Sample) -> u64),
        ("… threads, first third at most", |one| one.threads as u64),
        ("… database connections, first third at most", |one| one.connections),
    ] {
        table.row(what, number(most(early, of)), "");
        table.goal(what.replace("first", "last"), number(most(late, of)), "", "as before");
    }
}

fn count(stages: &str, stage: &str) -> f64 {
    stages.split(", ").find_map(|part| part.strip_prefix(stage)?.parse().ok()).unwrap_or_default()
}
