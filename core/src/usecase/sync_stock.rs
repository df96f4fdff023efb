//! ERP stock to channel: compares, and writes what differs.

mod compare;
mod figures;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::ack_orders::without_proof;
use super::ship_orders::unambiguous;
use crate::ports::{
    Answer, Batch, ErpSink, InventorySink, ItemName, KnownStock, PendingWrite, PortError, Settlement, StockLevel,
    StockRecord, StockResult, StockStore, WriteLedger, complete_answers, stock_key,
};
use crate::reason::{Cause, Reason};
use crate::run::{Fact, RunContext, RunError, StockCounts, StockRequest};
use crate::settings::reverse_warehouse_conflicts;
use crate::write::{Item, Presence, RemoteWriter, Verdict, WriteKey, WriteKind, WriteState, carry_out};
use compare::{Comparison, compare};
use figures::{ErpFigures, erp_figures, names};

/// The log has had its time with an earlier figure; whatever it says, the next figure replaces it.
const LOG_HAS_SPOKEN: chrono::Duration = chrono::Duration::hours(1);

/// Records stored in one transaction.
const RECORDS_AT_ONCE: usize = 1000;

/// ERP stock to channel: reads both sides whole, records what it sees, and writes only differences.
///
/// Nothing is written on doubt: not for a warehouse that could not be read completely or is empty, not
/// for an item of which an earlier figure is still under way, and nothing at all when too many items
/// would be set to zero.
pub async fn sync_stock(
    ctx: &RunContext<'_>,
    erp: &dyn ErpSink,
    inventory: &dyn InventorySink,
    store: &dyn StockStore,
    ledger: &dyn WriteLedger,
    request: &StockRequest,
) -> Result<(), RunError> {
    ctx.tell(|report| report.stock = Some(StockCounts::default()));
    unambiguous(ctx.settings)?;
    if ctx.settings.mapping.warehouse.is_empty() {
        return Err(RunError::Settings(
            "mapping.warehouse is empty: name the warehouses whose stock is sent".to_owned(),
        ));
    }
    let conflicts = reverse_warehouse_conflicts(&ctx.settings.mapping);
    if !conflicts.is_empty() {
        let conflicts = conflicts.join("; ");
        return Err(RunError::Settings(format!(
            "mapping.warehouse maps several codes to one ERP warehouse: {conflicts}"
        )));
    }
    // Before anything is compared: what was sent earlier changes what the channel shows.
    let busy = settle_earlier(ctx, inventory, ledger).await?;
    let known = store.known_stock(&ctx.run.route).await?;
    let (figures, levels) = read_both(ctx, erp, inventory, &known).await?;
    let mut comparison = compare(ctx, &figures, levels, &busy, request.skus.as_ref());
    // A dry run shows what would be sent, whatever the switch says.
    let write = ctx.dry_run || request.write.unwrap_or(ctx.settings.stock_sync);
    ctx.log(Fact::Compared, comparison.counts().map(|count| count.to_string()));
    let guarded = if write { comparison.guard(ctx.settings.max_zero_per_mille, items_of(&known)) } else { None };
    if guarded.is_none() {
        if write {
            write_differences(ctx, inventory, ledger, &mut comparison).await?;
        } else {
            comparison.stay_all(Reason::SyncOff, None);
        }
    }
    let records = comparison.records(ctx);
    tell(ctx, &records, guarded.as_ref());
    if !ctx.dry_run {
        for chunk in records.chunks(RECORDS_AT_ONCE) {
            store.save_stock(&ctx.run, chunk).await?;
        }
        ctx.point("recorded");
        store.forget_stock(&ctx.run.route, ctx.clock.now() - ctx.settings.stock_retention).await?;
    }
    if let Some((zeroed, compared)) = guarded {
        return Err(RunError::Guard(format!(
            "{zeroed} of {compared} items would be set to zero, and nothing was sent. Check the ERP's stock; if it is right, raise jobs.sync_stock.max_zero_ratio for one run"
        )));
    }
    match figures.unread {
        // What could be read was done; that something could not is the run's failure.
        Some(error) if !ctx.dry_run => Err(RunError::Port(error)),
        _ => Ok(()),
    }
}

/// How many items there are on the route.
fn items_of(known: &[KnownStock]) -> u64 {
    known.iter().map(|known| known.erp_sku.as_str()).collect::<BTreeSet<_>>().len() as u64
}

type Levels = HashMap<String, Result<Option<StockLevel>, PortError>>;

/// Reads the channel, then the ERP. An order that comes in between has taken its units at the channel
/// already; read the other way round, an ERP figure from before it would give them back.
///
/// Only the ERP can name the items of a first run, and new ones: those are asked for at the channel
/// afterwards.
async fn read_both(
    ctx: &RunContext<'_>,
    erp: &dyn ErpSink,
    inventory: &dyn InventorySink,
    known: &[KnownStock],
) -> Result<(ErpFigures, Levels), RunError> {
    let names = if known.is_empty() { Vec::new() } else { names(ctx.settings, known) };
    let mut levels = channel_levels(ctx, inventory, &names).await?;
    let figures = erp_figures(ctx, erp, known).await?;
    ctx.point("erp_read");
    let new: Vec<String> =
        figures.items.iter().map(|item| &item.sku).filter(|sku| !levels.contains_key(*sku)).cloned().collect();
    levels.extend(channel_levels(ctx, inventory, &new).await?);
    ctx.point("channel_read");
    Ok((figures, levels))
}

async fn channel_levels(
    ctx: &RunContext<'_>,
    inventory: &dyn InventorySink,
    skus: &[String],
) -> Result<Levels, RunError> {
    if skus.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(complete_answers(skus, inventory.levels(&asked(ctx, skus)).await?))
}

/// Names of the mapping are those of order lines, which may be the retailers' own.
fn asked(ctx: &RunContext<'_>, skus: &[String]) -> Vec<ItemName> {
    let mapping = &ctx.settings.mapping;
    let retailers: Vec<String> = mapping.shop.keys().cloned().collect();
    let name = |sku: &String| {
        let retailers = if mapping.sku.contains_key(sku) { retailers.clone() } else { Vec::new() };
        ItemName { name: sku.clone(), retailers, anew: ctx.manual }
    };
    skus.iter().map(name).collect()
}

/// Settles figures that earlier runs sent; answers the SKUs whose last figure is still under way.
async fn settle_earlier(
    ctx: &RunContext<'_>,
    inventory: &dyn InventorySink,
    ledger: &dyn WriteLedger,
) -> Result<HashSet<String>, RunError> {
    let open = ledger.open_writes(&ctx.run.route, WriteKind::Stock).await?;
    if open.is_empty() {
        return Ok(HashSet::new());
    }
    let items = open
        .iter()
        .map(|write| {
            let level = StockLevel { sku: write.key.po.as_str().to_owned(), warehouses: Vec::new() };
            Item::to_settle(write.key.clone(), level)
        })
        .collect();
    let verdicts =
        carry_out(ctx, ledger, &Figures { inventory, earlier_at: Some(ctx.clock.now()) }, &open, items).await?;
    note(ctx, ledger, &verdicts).await?;
    let still = |key: &WriteKey| verdicts.get(key).is_none_or(|verdict| matches!(verdict, Verdict::Unconfirmed(_)));
    Ok(open.iter().filter(|write| still(&write.key)).map(|write| write.key.po.as_str().to_owned()).collect())
}

async fn note(
    ctx: &RunContext<'_>,
    ledger: &dyn WriteLedger,
    verdicts: &HashMap<WriteKey, Verdict>,
) -> Result<(), RunError> {
    let notes: Vec<_> = verdicts.iter().filter_map(|(key, verdict)| verdict.note(key)).collect();
    if !notes.is_empty() && !ctx.dry_run {
        ledger.note(&ctx.run, &notes, ctx.clock.now()).await?;
    }
    Ok(())
}

/// Writes what differs, as much as one run may: what oversells first, what the channel refused last
/// time last.
async fn write_differences(
    ctx: &RunContext<'_>,
    inventory: &dyn InventorySink,
    ledger: &dyn WriteLedger,
    comparison: &mut Comparison,
) -> Result<(), RunError> {
    let mut levels = comparison.to_write();
    let keys: Vec<_> = levels.iter().filter_map(|(level, _)| Some(stock_key(&level.sku)?.po)).collect();
    let refused: HashSet<WriteKey> = ledger
        .writes_of(&ctx.run.route, &keys)
        .await?
        .into_iter()
        .filter(|write| write.key.kind == WriteKind::Stock && write.state == WriteState::Rejected)
        .map(|write| write.key)
        .collect();
    levels.sort_by_cached_key(|(level, surplus)| {
        let refused = stock_key(&level.sku).is_some_and(|key| refused.contains(&key));
        (refused, std::cmp::Reverse(*surplus), level.sku.clone())
    });
    let size = usize::try_from(ctx.size).unwrap_or(usize::MAX);
    let items: Vec<Item<StockLevel>> =
        levels.into_iter().take(size).filter_map(|(level, _)| Some(Item::new(stock_key(&level.sku)?, level))).collect();
    ctx.tell(|report| report.selected = items.len() as u64);
    let writer = Figures { inventory, earlier_at: None };
    let verdicts = carry_out(ctx, ledger, &writer, &[], items).await?;
    note(ctx, ledger, &verdicts).await?;
    for (key, verdict) in &verdicts {
        let (result, cause) = match verdict {
            Verdict::Applied(_) => (StockResult::Written, None),
            Verdict::Rejected(error) | Verdict::NotSent(error) => {
                (StockResult::Failed, Some(Cause::of_error(error, Reason::ChannelRejected)))
            }
            Verdict::Unconfirmed(hint) => {
                (StockResult::Unconfirmed, Some(Cause::new(Reason::WriteUnconfirmed, hint.as_str())))
            }
            Verdict::WouldSend => (StockResult::Different, None),
        };
        comparison.end(key.po.as_str(), result, cause.as_ref());
    }
    if ctx.watch.stopping() {
        comparison.stay_all(Reason::RunStopped, None);
    }
    comparison.stay_all(Reason::OverSize, Some(&ctx.size.to_string()));
    Ok(())
}

fn tell(ctx: &RunContext<'_>, records: &[StockRecord], guarded: Option<&(u64, u64)>) {
    let count = |result: StockResult| records.iter().filter(|record| record.result == result).count() as u64;
    let skus = |result: StockResult| {
        let of: BTreeSet<&str> =
            records.iter().filter(|record| record.result == result).map(|record| record.sku.as_str()).collect();
        of.len() as u64
    };
    let counts = StockCounts {
        compared: records.len() as u64,
        different: records.iter().filter(|record| record.difference().is_some_and(|units| units != 0)).count() as u64,
        written: count(StockResult::Written),
        items_written: skus(StockResult::Written),
        unconfirmed: count(StockResult::Unconfirmed),
        skipped: count(StockResult::Skipped),
        failed: count(StockResult::Failed),
        guarded: guarded.map_or(0, |(zeroed, _)| *zeroed),
    };
    for record in records.iter().filter(|record| record.result != StockResult::Equal) {
        tracing::info!(
            sku = record.sku,
            warehouse = record.warehouse_code,
            erp = record.erp_quantity,
            channel = record.channel_quantity,
            result = record.result.as_str(),
            reason = record.cause.as_ref().map_or("", |cause| cause.reason.code()),
            "stock done"
        );
    }
    let shown: Vec<StockRecord> =
        records.iter().filter(|record| record.result != StockResult::Equal).take(1000).cloned().collect();
    ctx.tell(|report| {
        report.stock = Some(counts);
        report.stock_records = shown;
    });
}

/// The channel's stock, as the write protocol sees it.
struct Figures<'a> {
    inventory: &'a dyn InventorySink,
    /// Now, when it is about figures of earlier runs: what they sent is not known any more, and orders
    /// may have changed it since, so that the channel's present figures prove nothing.
    earlier_at: Option<DateTime<Utc>>,
}

#[async_trait]
impl RemoteWriter<StockLevel> for Figures<'_> {
    async fn send(&self, items: &[&Item<StockLevel>]) -> Batch<WriteKey, Option<String>> {
        let levels: Vec<StockLevel> = items.iter().map(|item| item.payload.clone()).collect();
        Ok(without_proof(self.inventory.write(&levels).await?))
    }

    async fn settle(&self, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        let mut answers = self.inventory.settle(writes).await;
        let Some(now) = self.earlier_at else { return answers };
        for answer in &mut answers {
            let sent_at = writes.iter().find(|write| write.key == answer.key).map(|write| write.sent_at);
            let old = sent_at.is_some_and(|sent_at| now - sent_at > LOG_HAS_SPOKEN);
            if old && matches!(answer.result, Ok(Settlement::Pending)) {
                answer.result = Ok(Settlement::Silent);
            }
        }
        answers
    }

    async fn read_back(&self, items: &[&Item<StockLevel>]) -> Vec<Answer<WriteKey, Presence>> {
        if self.earlier_at.is_some() {
            // A figure that the log does not know any more is over: sending the next one replaces it.
            return items.iter().map(|item| Answer { key: item.key.clone(), result: Ok(Presence::Absent) }).collect();
        }
        let skus: Vec<String> = items.iter().map(|item| item.payload.sku.clone()).collect();
        let asked: Vec<ItemName> = skus.iter().map(ItemName::own).collect();
        let mut levels = match self.inventory.levels(&asked).await {
            Ok(answers) => complete_answers(&skus, answers),
            Err(error) => skus.iter().map(|sku| (sku.clone(), Err(error.clone()))).collect(),
        };
        items
            .iter()
            .map(|item| {
                let result = levels
                    .remove(&item.payload.sku)
                    .unwrap_or_else(|| Err(PortError::retryable("the answer says nothing about this item")));
                Answer { key: item.key.clone(), result: result.map(|level| presence(&item.payload, level)) }
            })
            .collect()
    }

    fn max_batch(&self) -> usize {
        self.inventory.capabilities().max_batch
    }

    fn settles_within(&self) -> Duration {
        self.inventory.capabilities().settles_within
    }
}

/// Present only if every figure is there.
fn presence(sent: &StockLevel, level: Option<StockLevel>) -> Presence {
    let Some(level) = level else { return Presence::Absent };
    let shown = |code: &str| level.warehouses.iter().find(|of| of.warehouse_code == code).map_or(0, |of| of.quantity);
    let all = sent.warehouses.iter().all(|warehouse| shown(&warehouse.warehouse_code) == warehouse.quantity);
    if all { Presence::Present(None) } else { Presence::Absent }
}

#[cfg(test)]
mod tests;
