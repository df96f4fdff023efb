//! The real binary against simulated vendors: orders per second, processor time, remote calls and memory.
//!
//! `cargo bench -p ipass --bench whole` prints one Markdown table; `-- --json FILE` writes the figures beside it,
//! and words such as `-- life repull` pick what is measured; `-- soak` takes half an hour. Nothing here passes or
//! fails.

#[path = "whole/life.rs"]
mod life;
#[path = "whole/machine.rs"]
mod machine;
#[path = "whole/measured.rs"]
mod measured;
#[path = "whole/parts.rs"]
mod parts;
#[path = "whole/rest.rs"]
mod rest;
#[path = "whole/soak.rs"]
mod soak;
#[path = "whole/table.rs"]
mod table;
#[path = "whole/world.rs"]
mod world;

use table::Table;

fn main() {
    let mut picked = Vec::new();
    let mut json = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // Cargo itself adds this one.
            "--bench" => {}
            "--json" => json = arguments.next(),
            word => picked.push(word.to_owned()),
        }
    }
    // The soak takes half an hour, so it has to be asked for.
    let wanted = |name: &str| picked.iter().any(|word| word == name) || (picked.is_empty() && name != "soak");
    let mut table = Table::default();
    for (name, measure) in [
        ("start", rest::start as fn(&mut Table)),
        ("parts", parts::parts),
        ("life", life::without_latency),
        ("latency", life::with_latency_and_limits),
        ("ten_thousand", life::ten_thousand),
        ("repull", rest::repull),
        ("backfill", rest::backfill),
        ("soak", soak::soak),
    ] {
        if wanted(name) {
            measure(&mut table);
        }
    }
    println!("{}", table.markdown());
    if let Some(file) = json {
        std::fs::write(&file, table.json()).expect("the file can be written");
    }
}
