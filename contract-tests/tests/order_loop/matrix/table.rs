//! The table as a document.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Results;
use super::calls::{CALLS, Call, Deed, NEVER_MADE, Scene};
use super::elsewhere::ELSEWHERE;
use super::faults::Fault;

pub(crate) const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fault-matrix.md");

const HEAD: &str = "\
# Fault matrix

Written by `cargo test -p ipass-contract-tests --test order_loop matrix` with `IPASS_UPDATE_DOCS=1`; the same test
fails when this page says something else than what happens.

Each fault strikes one call (*once*), and in another world every such call of one run (*whole run*). A cell tells
what is seen right after that run: `done`, the reason codes of what stayed, or that the run failed as a whole.
In every cell:

- nothing was sent that must never be sent: nothing twice, early, after a cancellation, with wrong units or sums;
- no order is lost, and none moved by more than its step;
- a reason is of the fault's own kind: a fault that passes is never told as a refusal or as a mistake in the order;
- after the fault, at most six sound runs bring everything to the end that stands under the call's name, and each
  write has taken place exactly once.
";

pub(crate) fn table(faults: &[Fault], results: &Results) -> String {
    let mut text = HEAD.to_owned();
    for (column, call) in CALLS.iter().enumerate() {
        let purpose = if call.purpose.is_empty() { String::new() } else { format!(", {}", call.purpose) };
        let _ = write!(text, "\n## `{}`{purpose}\n\nIn the end: {}.\n\n", call.kind, end(call));
        text.push_str("| fault | once | whole run |\n|---|---|---|\n");
        let mut absent: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (row, fault) in faults.iter().enumerate() {
            if let Some(why) = (fault.not_here)(call) {
                absent.entry(why).or_default().push(fault.name);
                continue;
            }
            let once = told(results, (column, row, false), fault.only_whole);
            let whole = told(results, (column, row, true), fault.only_once);
            let _ = writeln!(text, "| {} | {once} | {whole} |", fault.name);
        }
        if !absent.is_empty() {
            text.push_str("\nCannot happen here:\n\n");
            for (why, names) in absent {
                let _ = writeln!(text, "- {}: {why}", names.join(", "));
            }
        }
    }
    text.push_str("\n## Calls that the service never makes\n\n");
    for (call, why) in NEVER_MADE {
        let _ = writeln!(text, "- `{call}`: {why}");
    }
    text.push_str("\n## Faults that are no call's\n\n| fault | end | test |\n|---|---|---|\n");
    for elsewhere in &ELSEWHERE {
        let tests: Vec<String> = elsewhere.tests.iter().map(|(file, name)| format!("`{name}` in `{file}`")).collect();
        let tests = if tests.is_empty() { "none yet".to_owned() } else { tests.join(", ") };
        let _ = writeln!(text, "| {} | {} | {tests} |", elsewhere.fault, elsewhere.end);
    }
    text
}

fn told(results: &Results, at: (usize, usize, bool), absent: Option<&'static str>) -> String {
    match (absent, results.get(&at)) {
        (Some(why), _) => format!("– ({why})"),
        (None, Some(seen)) => seen.iter().cloned().collect::<Vec<_>>().join(", "),
        (None, None) => "?".to_owned(),
    }
}

fn end(call: &Call) -> String {
    match call.scene {
        Scene::Pull => "every order is stored".to_owned(),
        Scene::Stage(job, _) => {
            let next = job.stage().map_or(0, |stage| stage.number() + 1);
            format!("every order is at stage {next}, written once")
        }
        Scene::Cancel => "every order is cancelled in the ERP, once, and at stage 6".to_owned(),
        Scene::Stock { .. } if call.deed == Deed::Scratch => {
            "both sides show equal figures; a stream that was left behind is deleted by the next reading".to_owned()
        }
        Scene::Stock { .. } => "both sides show equal figures".to_owned(),
        Scene::Pairs => "the mapping is the ERP's pairs, saved once; a failed reading changes nothing".to_owned(),
        Scene::ChannelWarehouses | Scene::Master(_) => "the next reading is complete".to_owned(),
    }
}
