//! How fast the pages are with a million orders: every list, filter, order and depth, over HTTP to the last byte.
//!
//! `.ci/bench-pages` builds what this needs and starts it. A goal that is missed makes it fail.
//!
//! A new database is vacuumed and analysed once it is filled: autovacuum does that on a server that filled over a
//! year. The server has its default settings, with 128 MB of shared buffers. Each page is asked once before it is
//! measured, so what a list is walked along is known, as it is to whoever turns pages or lets the list renew itself.

#[path = "pages/ask.rs"]
mod ask;
#[path = "pages/depth.rs"]
mod depth;
#[path = "pages/lists.rs"]
mod lists;
#[path = "pages/options.rs"]
mod options;
#[path = "pages/report.rs"]
mod report;
#[path = "pages/world.rs"]
mod world;

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use ask::{Asked, Browser};
use lists::requests;
use options::Options;
use world::World;

/// Longer than a reading of the overview serves everybody.
const STALE: Duration = Duration::from_millis(5200);
const OVERVIEW: &str = "/admin/overview?route=dsco_lingxing";

fn main() -> ExitCode {
    let options = Options::read();
    let world = World::new(&options);
    let browser = Browser::log_in(&world);
    let wanted = |name: &str| options.only.iter().all(|part| name.contains(part.as_str()));
    let requests: Vec<_> = requests(&world).into_iter().filter(|request| wanted(&request.name)).collect();
    eprintln!("{} requests", requests.len());
    let mut asked: Vec<Asked> = Vec::new();
    for request in &requests {
        asked.extend(browser.ask(request, options.repeat));
    }
    if wanted("overview") {
        let fresh = lists::Request::plain("overview", "fresh", OVERVIEW);
        for _ in 0..options.repeat.min(5) {
            thread::sleep(STALE);
            asked.push(browser.once(&fresh));
        }
    }
    report::tell(&options, &asked)
}
