//! Stock, SKU pairs and the check of the demo, each with its proof from the simulated vendors' ledger.

use std::collections::BTreeMap;

use ipass_core::job::Job;
use ipass_core::ports::{Clock as _, Trigger};
use ipass_core::run::{CheckReport, RunReport, RunRequest, StockCounts, Unwatched};
use ipass_core::usecase::PullRange;
use ipass_http_kit::metered;
use ipass_sandbox::{Effect, Fault, WorldAction};

use super::World;
use super::once::run;
use crate::commands::End;

const READ: &str = "POST /erp/sc/routing/data/local_inventory/inventoryDetails";
const WRITE: &str = "POST /inventory/batch/small";
/// The warehouse that is emptied by mistake.
const WAREHOUSE: u32 = 33330;

/// What the stock runs did, by their own words and by the vendors' ledger.
#[derive(Debug, Default)]
pub(super) struct StockProof {
    /// The first run.
    pub(super) first: StockCounts,
    /// Items whose figure was not the ERP's sum after it.
    pub(super) still_different: u64,
    /// Inventory writes of the second run, when nothing had changed.
    pub(super) second_writes: u64,
    /// Inventory writes while the ERP could not be read.
    pub(super) unread_writes: u64,
    /// Inventory writes while the ERP listed an empty warehouse.
    pub(super) empty_writes: u64,
    /// Inventory writes when half of the stock had gone.
    pub(super) guarded_writes: u64,
    /// Items that the guard kept from zero; none means that it did not speak.
    pub(super) guarded: u64,
}

impl StockProof {
    /// What is not as it has to be.
    pub(super) fn problems(&self) -> Vec<String> {
        let writes = [
            ("nothing had changed", self.second_writes),
            ("the ERP could not be read", self.unread_writes),
            ("a warehouse was empty", self.empty_writes),
            ("half of the stock had gone", self.guarded_writes),
        ];
        let mut problems: Vec<String> = writes
            .iter()
            .filter(|(_, writes)| *writes > 0)
            .map(|(when, writes)| format!("{writes} inventory writes although {when}"))
            .collect();
        if self.still_different > 0 {
            problems.push(format!("{} items differ from the ERP's sum", self.still_different));
        }
        if self.guarded == 0 {
            problems.push("the zero guard did not speak".to_owned());
        }
        problems
    }
}

/// Runs a job and adds its calls; a run that fails is noted.
pub(super) async fn counted(
    world: &World,
    job: Job,
    calls: &mut BTreeMap<String, u64>,
    failed_runs: &mut Vec<String>,
) -> Result<RunReport, End> {
    let report = run(world, job).await?;
    for (call, count) in &report.calls {
        *calls.entry(call.clone()).or_default() += count;
    }
    if let Some(error) = &report.error {
        failed_runs.push(format!("{job}: {error}"));
    }
    Ok(report)
}

/// Makes stock equal, and shows that nothing is written when nothing differs or anything is in doubt.
pub(super) async fn prove(world: &World, calls: &mut BTreeMap<String, u64>) -> Result<StockProof, End> {
    let written = || world.sandbox.ledger().calls_of(WRITE);
    let mut failed = Vec::new();
    let first = counted(world, Job::SyncStock, calls, &mut failed).await?;
    let mut proof = StockProof {
        first: first.done.stock.unwrap_or_default(),
        still_different: world.sandbox.stock_differences().len() as u64,
        ..StockProof::default()
    };
    let before = written();
    counted(world, Job::SyncStock, calls, &mut failed).await?;
    proof.second_writes = written() - before;
    if let Some(error) = failed.first() {
        return Err(End::failed(format!("the stock run failed: {error}")));
    }

    // From here on the vendors are broken, and every run has to fail without a write.
    world.sandbox.fault(Fault::random(READ, 1.0, u64::MAX, Effect::Status(500, String::new())));
    let before = written();
    run(world, Job::SyncStock).await?;
    proof.unread_writes = written() - before;
    world.sandbox.clear_faults();

    let act = |act: WorldAction| world.sandbox.advance_erp(act).map_err(End::failed);
    act(WorldAction::ZeroStock { per_mille: 500 })?;
    let before = written();
    let guarded = run(world, Job::SyncStock).await?;
    proof.guarded = guarded.done.stock.unwrap_or_default().guarded;
    proof.guarded_writes = written() - before;

    act(WorldAction::EmptyWarehouse { wid: WAREHOUSE })?;
    let before = written();
    run(world, Job::SyncStock).await?;
    proof.empty_writes = written() - before;
    Ok(proof)
}

/// Checks all orders against both sides.
pub(super) async fn check(world: &World, calls: &mut BTreeMap<String, u64>) -> Result<CheckReport, End> {
    let now = world.clock.now();
    let range = PullRange { start: now - chrono::Duration::days(30), end: now };
    let request = RunRequest { range: Some(range), ..RunRequest::of(Job::CheckOrders, Trigger::Manual) };
    let report =
        metered(world.runner.run(&world.route, request, &Unwatched)).await.map_err(|refused| End::refused(&refused))?;
    for (call, count) in &report.calls {
        *calls.entry(call.clone()).or_default() += count;
    }
    report.done.check.ok_or_else(|| End::failed(report.error.unwrap_or_default()))
}
