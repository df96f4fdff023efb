//! A database that stands still: whoever needs it waits, nothing is sent meanwhile, and all of it goes on afterwards.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::common::database::Kind;
use crate::common::ledger::assert_done_once;
use crate::common::process::{start, until};
use crate::common::world::{JOBS, World};
use crate::query::query;
use crate::service::STOP;

use super::api::Api;

/// Connections of our pool.
const POOL: usize = 10;

/// A table that nobody else may touch, until this is dropped.
struct Locked(Child);

impl Locked {
    fn table(world: &World, table: &str) -> Self {
        let mut psql = Command::new("psql");
        psql.args(["-qXAt", "-v", "ON_ERROR_STOP=1", "-d", &world.store_url]);
        let mut psql = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("psql is installed");
        let statements = format!("BEGIN;\nLOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;\nSELECT 'locked';\n");
        psql.stdin.as_mut().expect("a pipe").write_all(statements.as_bytes()).expect("psql reads");
        let mut line = String::new();
        BufReader::new(psql.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("psql answers");
        assert_eq!(line.trim(), "locked");
        Self(psql)
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // The end of its input ends psql, and its transaction with it.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Statements of ours that wait for a lock.
fn waiting(world: &World) -> usize {
    let rows = query(
        world,
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name = 'ipass'",
    );
    rows[0][0].parse().expect("a number")
}

#[test]
fn a_run_whose_database_stands_still_sends_nothing_and_goes_on_afterwards() {
    let world = World::with_orders(Kind::Postgres);
    world.job("pull_orders");
    let locked = Locked::table(&world, "remote_write");
    let run = start(&mut world.command(&["run", "push_orders", "--json"]));
    until("the run waits for the database", 15, || (waiting(&world) > 0).then_some(()));
    assert!(world.sandbox.ledger().creates.is_empty(), "an order was sent before its intent was committed");
    drop(locked);
    run.wait(STOP).code(0);
    for _ in 0..3 {
        for job in JOBS {
            world.job(job);
        }
    }
    assert_done_once(&world);
}

#[test]
fn a_used_up_pool_is_told_as_a_store_that_does_not_answer_and_recovers() {
    let world = World::with_orders(Kind::Postgres);
    world.job("pull_orders");
    let api = Api::start(&world);
    let locked = Locked::table(&world, "order_sync");
    let statuses = thread::scope(|scope| {
        let ask = || scope.spawn(|| api.status("/orders?route=dsco_lingxing"));
        let held: Vec<_> = (0..POOL).map(|_| ask()).collect();
        until("the pool is used up", 15, || (waiting(&world) >= POOL).then_some(()));
        let late = ask().join().expect("an answer");
        drop(locked);
        let held: Vec<u16> = held.into_iter().map(|asked| asked.join().expect("an answer")).collect();
        (late, held)
    });
    assert_eq!(statuses, (503, vec![200; POOL]));
    assert_eq!(api.status("/orders?route=dsco_lingxing"), 200);
}
