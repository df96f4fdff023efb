//! Every fault on every remote call of the jobs, each with what is seen then and in the end.
//!
//! Each cell has a world of its own, on a clock of its own. A fault strikes one call (first pass) or
//! every call of one run (second pass); then it is over. Right after the run nothing may have been
//! sent that must never be sent, no order may be lost or have moved wrongly, and what stayed has a
//! reason of the fault's own kind. After sound runs everything is where it has to be, and every
//! write has taken place exactly once.
//!
//! What is seen is the table in `contract-tests/docs/fault-matrix.md`. `IPASS_UPDATE_DOCS=1` writes it
//! anew, `IPASS_MATRIX=text` plays only cells whose name holds the text.

#[path = "matrix/calls.rs"]
mod calls;
#[path = "matrix/cell.rs"]
mod cell;
#[path = "matrix/database.rs"]
mod database;
#[path = "matrix/elsewhere.rs"]
mod elsewhere;
#[path = "matrix/faults.rs"]
mod faults;
#[path = "matrix/route.rs"]
mod route;
#[path = "matrix/table.rs"]
mod table;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use self::calls::CALLS;
use self::cell::{Cell, Pass, Seen};
use self::elsewhere::ELSEWHERE;
use self::faults::{Fault, faults};
use self::table::{PATH, table};

/// Cells that wait for the network leave room for others.
const CELLS_PER_CORE: usize = 2;

/// What was seen, by call, fault and pass.
pub(crate) type Results = BTreeMap<(usize, usize, bool), Seen>;

fn cells(faults: &[Fault]) -> Vec<((usize, usize, bool), Cell<'_>)> {
    let mut cells = Vec::new();
    for (column, call) in CALLS.iter().enumerate() {
        for (row, fault) in faults.iter().enumerate() {
            if (fault.not_here)(call).is_some() {
                continue;
            }
            if fault.only_whole.is_none() {
                cells.push(((column, row, false), Cell { call, fault, pass: Pass::Once }));
            }
            if fault.only_once.is_none() {
                cells.push(((column, row, true), Cell { call, fault, pass: Pass::WholeRun }));
            }
        }
    }
    cells
}

/// Plays every cell; answers what was seen, and what is red.
fn play(cells: &[((usize, usize, bool), Cell<'_>)]) -> (Results, Vec<String>) {
    let (results, red, next) = (Mutex::new(Results::new()), Mutex::new(Vec::new()), AtomicUsize::new(0));
    let players = thread::available_parallelism().map_or(1, usize::from) * CELLS_PER_CORE;
    thread::scope(|scope| {
        for _ in 0..players {
            scope.spawn(|| {
                while let Some((at, cell)) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match catch_unwind(AssertUnwindSafe(|| on_its_own(cell))) {
                        Ok(seen) => drop(results.lock().expect("no panic here").insert(*at, seen)),
                        Err(panic) => {
                            let text = panic.downcast_ref::<String>().cloned();
                            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                            let line = format!("{}: {}", cell.name(), text.unwrap_or_default());
                            red.lock().expect("no panic here").push(line);
                        }
                    }
                }
            });
        }
    });
    (results.into_inner().expect("no panic"), red.into_inner().expect("no panic"))
}

fn on_its_own(cell: &Cell<'_>) -> Seen {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(cell.play())
}

#[test]
fn every_fault_on_every_call_ends_as_the_table_says() {
    let faults = faults();
    let only = std::env::var("IPASS_MATRIX").ok();
    let mut cells = cells(&faults);
    if let Some(only) = &only {
        cells.retain(|(_, cell)| cell.name().contains(only.as_str()));
    }
    let (results, red) = play(&cells);
    assert!(red.is_empty(), "{} red cells of {}:\n{}", red.len(), cells.len(), red.join("\n"));
    println!("counts: {} cells", cells.len());
    if only.is_some() {
        for ((column, row, whole), seen) in &results {
            println!("{}, {}, whole run {whole}: {seen:?}", CALLS[*column].kind, faults[*row].name);
        }
        return;
    }
    let new = table(&faults, &results);
    if std::env::var_os("IPASS_UPDATE_DOCS").is_some() {
        std::fs::write(PATH, &new).expect("the table is written");
        return;
    }
    let old = std::fs::read_to_string(PATH).unwrap_or_default();
    let changed: Vec<String> = new
        .lines()
        .zip(old.lines().chain(std::iter::repeat("")))
        .filter(|(new, old)| new != old)
        .map(|(new, old)| format!("- {old}\n+ {new}"))
        .take(20)
        .collect();
    assert!(changed.is_empty() && new == old, "{PATH} says otherwise (IPASS_UPDATE_DOCS=1):\n{}", changed.join("\n"));
}

#[test]
fn the_tests_that_cover_other_faults_are_there() {
    for elsewhere in &ELSEWHERE {
        assert_eq!(elsewhere.lacking(), Vec::<&str>::new(), "{}", elsewhere.fault);
    }
}
