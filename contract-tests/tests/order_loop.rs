//! The whole loop: the service's runner on a real store, with the real adapters over real HTTP,
//! against the simulated vendors, all on one simulated clock.

#[path = "order_loop/another_channel.rs"]
mod another_channel;
#[path = "order_loop/another_store.rs"]
mod another_store;
#[path = "order_loop/calls.rs"]
mod calls;
#[path = "order_loop/cancellation.rs"]
mod cancellation;
#[path = "order_loop/chaos.rs"]
mod chaos;
#[path = "order_loop/check.rs"]
mod check;
#[path = "order_loop/every_kind.rs"]
mod every_kind;
#[path = "order_loop/fairness.rs"]
mod fairness;
#[path = "order_loop/log.rs"]
mod log;
#[path = "order_loop/lost_answers.rs"]
mod lost_answers;
#[path = "order_loop/matrix.rs"]
mod matrix;
#[path = "order_loop/others_work.rs"]
mod others_work;
#[path = "order_loop/pairs.rs"]
mod pairs;
#[path = "order_loop/parcels.rs"]
mod parcels;
#[path = "order_loop/pull_faults.rs"]
mod pull_faults;
#[path = "order_loop/read_faults.rs"]
mod read_faults;
#[path = "order_loop/repull.rs"]
mod repull;
#[path = "order_loop/runs.rs"]
mod runs;
#[path = "order_loop/stock.rs"]
mod stock;
#[path = "order_loop/time.rs"]
mod time;
#[path = "order_loop/world.rs"]
mod world;
