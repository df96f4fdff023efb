//! The database is set back to an earlier state while the vendors have moved on.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::common::database::{Kind, administer};
use crate::common::ledger::assert_done_once;
use crate::common::process::until;
use crate::common::world::{JOBS, World};
use ipass_contract_tests::postgres_server::PostgresServer;

#[test]
fn a_database_set_back_in_time_learns_the_stages_again_and_repeats_nothing_on_sqlite() {
    for taken in 0..JOBS.len() {
        set_back(Kind::Sqlite, taken);
    }
    println!("counts: {} restores", JOBS.len());
}

#[test]
fn a_database_set_back_in_time_learns_the_stages_again_and_repeats_nothing_on_postgres() {
    for taken in 0..JOBS.len() {
        set_back(Kind::Postgres, taken);
    }
    println!("counts: {} restores", JOBS.len());
}

/// The backup is taken after the first `taken` jobs; the rest runs to its end, then the backup comes back.
fn set_back(store: Kind, taken: usize) {
    let world = World::with_orders(store);
    for job in &JOBS[..taken] {
        world.job(job);
    }
    let backup = Backup::take(&world, store);
    for job in &JOBS[taken..] {
        world.job(job);
    }
    assert!(world.is_finished());
    if taken == 4 {
        // Orders that the backup knows as shipped by us are looked up in the log of invoices, which shows what
        // is older than ten seconds; so is whatever a restore forgets.
        let begun = Instant::now();
        until("the log shows it", 30, || (begun.elapsed() > Duration::from_secs(11)).then_some(()));
    }
    backup.restore(&world);
    assert!(!world.is_finished(), "the backup is older");
    let mut cycles = 0;
    while !world.is_finished() {
        assert!(cycles < crate::CYCLES, "after {taken} jobs: {:?}", world.orders());
        cycles += 1;
        for job in JOBS {
            world.job(job);
        }
    }
    if taken > 1 {
        // Evidence too is as if nothing had happened, and each write was sent exactly once.
        assert_done_once(&world);
    } else {
        // What is found finished before it was pushed has no evidence here.
        let ledger = world.sandbox.ledger();
        assert_eq!(ledger.violations(), Vec::<String>::new());
        assert!(ledger.invoices.values().all(|invoice| (invoice.attempts, invoice.applied) == (1, 1)), "{ledger:?}");
    }
}

/// The rules take an order that was shipped before it was first seen for finished. After a restore that may be
/// one of ours without its invoice: the comparison finds it, and its repair finishes it.
#[test]
fn an_order_that_was_shipped_and_forgotten_before_its_invoice_is_found_and_repaired() {
    let world = World::with_orders(Kind::Sqlite);
    let backup = Backup::take(&world, Kind::Sqlite);
    for job in &JOBS[..4] {
        world.job(job);
    }
    backup.restore(&world);
    for job in JOBS {
        world.job(job);
    }
    assert!(world.sandbox.ledger().invoices.is_empty(), "nothing says that they are ours");
    until("the comparison finds what is old enough to be judged", 30, || {
        let everything = ["--start", "2020-01-01T00:00:00Z", "--end", "2100-01-01T00:00:00Z"];
        world.ipass(&[&["check", "--repair"], &everything[..]].concat()).code(0);
        world.stages().values().all(|stage| *stage == 4).then_some(())
    });
    world.job("invoice_orders");
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.violations(), Vec::<String>::new());
    assert_eq!(ledger.invoices.len(), 6, "{ledger:?}");
    assert!(world.is_finished());
}

/// All that a store holds.
enum Backup {
    File(std::path::PathBuf),
    Database(String),
}

impl Backup {
    fn take(world: &World, store: Kind) -> Self {
        match store {
            Kind::Sqlite => {
                let file = world.path().join("backup.db");
                copy_all(&world.path().join("ipass.db"), &file);
                Self::File(file)
            }
            Kind::Postgres => {
                let name = PostgresServer::database_name();
                administer(&format!("CREATE DATABASE {name} TEMPLATE {}", database(world)));
                Self::Database(name)
            }
        }
    }

    fn restore(self, world: &World) {
        match self {
            Self::File(file) => {
                copy_all(&file, &world.path().join("ipass.db"));
            }
            Self::Database(name) => {
                let old = database(world);
                administer(&format!("DROP DATABASE {old} WITH (FORCE)"));
                administer(&format!("ALTER DATABASE {name} RENAME TO {old}"));
            }
        }
    }
}

/// The database with its write-ahead log, which may still hold a part of it; what is not there is removed.
fn copy_all(from: &Path, to: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let [from, to] = [from, to].map(|path| format!("{}{suffix}", path.display()));
        // It may not be there, which is as good.
        let _ = std::fs::remove_file(&to);
        if Path::new(&from).exists() {
            std::fs::copy(&from, &to).expect("the file can be copied");
        }
    }
}

/// The name at the end of the store's URL.
fn database(world: &World) -> &str {
    let url = world.store_url.split('?').next().unwrap_or_default();
    url.rsplit('/').next().expect("a URL has a path")
}
