//! The whole life of every order, as fast as it goes.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use ipass_core::job::Job;
use ipass_core::order::PoNumber;
use ipass_core::ports::{OrderFilter, OrderRow, Trigger};
use ipass_core::run::{CheckReport, PairCounts, Refused, RunReport, RunRequest, Unwatched};
use ipass_http_kit::metered;
use ipass_sandbox::Expectation;

use super::stock::{self, StockProof};
use super::{World, start_of_world, table};
use crate::cli::DemoArgs;
use crate::clock::SimulatedClock;
use crate::commands::{End, print};
use crate::telemetry::{self, Console};

/// The jobs of a cycle, in stage order.
const CYCLE: [Job; 5] = [Job::PullOrders, Job::PushOrders, Job::AckOrders, Job::ShipOrders, Job::InvoiceOrders];
/// Simulated time between cycles.
const BETWEEN_CYCLES: Duration = Duration::from_mins(2);
/// Cycles after which a world that still moves is given up on.
const MAX_CYCLES: u32 = 60;
/// Quiet cycles after which the world has come to rest.
const QUIET_CYCLES: u32 = 3;

/// What the demo found out.
pub(super) struct Findings {
    pub(super) orders: u32,
    pub(super) rows: Vec<OrderRow>,
    pub(super) unreadable: Vec<String>,
    pub(super) calls: BTreeMap<String, u64>,
    pub(super) throttled: u64,
    pub(super) cycles: u32,
    pub(super) seconds: f64,
    pub(super) violations: Vec<String>,
    pub(super) misplaced: Vec<String>,
    pub(super) failed_runs: Vec<String>,
    /// What pulling the ERP's SKU pairs found.
    pub(super) pairs: PairCounts,
    /// The stock side, proven.
    pub(super) stock: StockProof,
    /// What the check said at the end.
    pub(super) check: CheckReport,
    /// Orders that the channel cancelled and we cancelled in the ERP.
    pub(super) cancelled_in_erp: u64,
}

impl Findings {
    /// Everything is as it has to be.
    pub(super) fn is_fine(&self) -> bool {
        self.violations.is_empty()
            && self.misplaced.is_empty()
            && self.failed_runs.is_empty()
            && self.check.incomplete.is_empty()
            && self.stock.problems().is_empty()
    }
}

pub(super) async fn once(args: &DemoArgs, json: bool) -> Result<(), End> {
    let _telemetry = telemetry::start(None, Console::Silent, "").map_err(End::failed)?;
    let started = Instant::now();
    let world = World::build(args, SimulatedClock::jumping(start_of_world()), None).await?;
    let bar = progress(u64::from(args.orders), json);
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    let mut failed_runs = Vec::new();
    let (mut cycles, mut quiet) = (0, 0);
    let pairs = stock::counted(&world, Job::PullSkuPairs, &mut calls, &mut failed_runs).await?;
    while cycles < MAX_CYCLES && quiet < QUIET_CYCLES {
        cycles += 1;
        let moved = cycle(&world, &mut calls, &mut failed_runs).await?;
        quiet = if moved == 0 { quiet + 1 } else { 0 };
        bar.set_position(settled(&world).await?);
        world.clock.advance(BETWEEN_CYCLES);
    }
    bar.finish_and_clear();
    // The world rests: what was done to the orders is judged before the vendors are broken on purpose.
    let check = stock::check(&world, &mut calls).await?;
    let proof = stock::prove(&world, &mut calls).await?;
    let mut findings = find(&world, args, calls, failed_runs, cycles, started).await?;
    findings.pairs = pairs.done.pairs.unwrap_or_default();
    findings.check = check;
    findings.stock = proof;
    print(&if json { table::json(&findings).to_string() } else { table::text(&findings) });
    world.store.close().await;
    world.sandbox.stop().await;
    if findings.is_fine() {
        Ok(())
    } else {
        Err(End { code: 1, message: Some("not every order ended where it should".to_owned()) })
    }
}

fn progress(orders: u64, json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(orders);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} orders settled, {elapsed}") {
        bar.set_style(style);
    }
    bar
}

/// Every job once, each until it moves nothing more. Answers how many orders moved or came in.
async fn cycle(world: &World, calls: &mut BTreeMap<String, u64>, failed_runs: &mut Vec<String>) -> Result<u64, End> {
    let mut moved = 0;
    for job in CYCLE {
        loop {
            let report = run(world, job).await?;
            for (call, count) in &report.calls {
                *calls.entry(call.clone()).or_default() += count;
            }
            if let Some(error) = &report.error {
                failed_runs.push(format!("{job}: {error}"));
                break;
            }
            let advanced = match &report.done.pulled {
                Some(pulled) => pulled.saved.stored,
                None => report.done.outcomes.iter().filter(|outcome| outcome.after != outcome.before).count() as u64,
            };
            moved += advanced;
            if job == Job::PullOrders || advanced == 0 {
                break;
            }
        }
    }
    Ok(moved)
}

pub(super) async fn run(world: &World, job: Job) -> Result<RunReport, End> {
    let request = RunRequest::of(job, Trigger::Schedule);
    metered(world.runner.run(&world.route, request, &Unwatched))
        .await
        .map_err(|refused: Refused| End::refused(&refused))
}

/// Orders that came to an end, or have a reason to stay.
async fn settled(world: &World) -> Result<u64, End> {
    let counts = world.store.counts(&world.route.name).await.map_err(End::failed)?;
    Ok(counts.iter().filter(|count| count.stage.is_final()).map(|count| count.orders).sum())
}

async fn find(
    world: &World,
    args: &DemoArgs,
    calls: BTreeMap<String, u64>,
    failed_runs: Vec<String>,
    cycles: u32,
    started: Instant,
) -> Result<Findings, End> {
    let rows = all_rows(world).await?;
    let unreadable: Vec<String> = world
        .store
        .unreadable(&world.route.name, u32::MAX)
        .await
        .map_err(End::failed)?
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    let ledger = world.sandbox.ledger();
    let misplaced = misplaced(&world.sandbox.expectations(), &rows, unreadable.len());
    Ok(Findings {
        orders: args.orders,
        rows,
        unreadable,
        calls,
        throttled: ledger.throttled_total(),
        cycles,
        seconds: started.elapsed().as_secs_f64(),
        violations: ledger.violations(),
        misplaced,
        failed_runs,
        pairs: PairCounts::default(),
        stock: StockProof::default(),
        check: CheckReport::default(),
        cancelled_in_erp: ledger.cancels.values().map(|cancel| cancel.applied).sum(),
    })
}

async fn all_rows(world: &World) -> Result<Vec<OrderRow>, End> {
    let mut rows = Vec::new();
    let mut cursor = None;
    loop {
        let page = world
            .store
            .search(Some(&world.route.name), &OrderFilter::default(), cursor.as_deref(), 1000)
            .await
            .map_err(End::failed)?;
        rows.extend(page.rows);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(rows);
        }
    }
}

/// Orders that did not end where the world says that they have to.
fn misplaced(expectations: &[Expectation], rows: &[OrderRow], unreadable: usize) -> Vec<String> {
    let by_po: BTreeMap<&PoNumber, &OrderRow> = rows.iter().map(|row| (&row.po, row)).collect();
    let mut found = Vec::new();
    let invalid = expectations.iter().filter(|expectation| expectation.invalid).count();
    if invalid != unreadable {
        found.push(format!("{unreadable} orders were kept unread, {invalid} should have been"));
    }
    for expectation in expectations.iter().filter(|expectation| !expectation.invalid) {
        let row = PoNumber::new(expectation.po.as_str()).and_then(|po| by_po.get(&po).copied());
        let Some(row) = row else {
            found.push(format!("{} ({:?}) was never pulled", expectation.po, expectation.kind));
            continue;
        };
        let cause = row.last_outcome.as_ref().and_then(|last| last.cause.as_ref());
        let reason = if row.stage.is_final() { None } else { cause.map(|cause| cause.reason.code()) };
        if row.stage.number() != expectation.stage || reason != expectation.reason.as_deref() {
            found.push(format!(
                "{} ({:?}) is in stage {} with {}, and should be in stage {} with {}",
                expectation.po,
                expectation.kind,
                row.stage,
                cause.map_or_else(|| "no reason".to_owned(), |cause| format!("{} ({})", cause.reason, cause.detail)),
                expectation.stage,
                expectation.reason.as_deref().unwrap_or("no reason"),
            ));
        }
    }
    found
}
