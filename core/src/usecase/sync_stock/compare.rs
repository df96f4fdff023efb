//! Both sides, next to each other. Pure.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::figures::{ErpFigures, ErpItem};
use crate::ports::{PortError, StockLevel, StockRecord, StockResult, WarehouseLevel};
use crate::reason::{Cause, Reason};
use crate::run::RunContext;

/// One item in one warehouse.
#[derive(Debug, Clone)]
struct Figure {
    code: String,
    erp_warehouse_id: String,
    erp: Option<u32>,
    channel: Option<u32>,
    /// `None` while it is open: it differs, and nothing has been decided.
    result: Option<(StockResult, Option<Cause>)>,
}

impl Figure {
    fn differs(&self) -> bool {
        self.erp.is_some() && self.erp != self.channel
    }
}

/// One item, compared.
#[derive(Debug, Clone)]
struct Compared {
    sku: String,
    erp_sku: String,
    figures: Vec<Figure>,
    /// What would be written, and by how many units the channel offers too much.
    write: Option<(StockLevel, i64)>,
    /// Units that the channel offers now; `None` where they are not known.
    offered: Option<u64>,
}

/// All items, compared.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    items: Vec<Compared>,
    by_sku: HashMap<String, usize>,
}

/// Puts both sides next to each other. `busy` are SKUs whose last figure is still under way; `only`
/// are names of items, either side's of the channel's, to which the comparison is limited.
pub(super) fn compare(
    ctx: &RunContext<'_>,
    figures: &ErpFigures,
    mut levels: HashMap<String, Result<Option<StockLevel>, PortError>>,
    busy: &HashSet<String>,
    only: Option<&BTreeSet<String>>,
) -> Comparison {
    let owners = owners(ctx, figures, &levels);
    let mut comparison = Comparison::default();
    for item in &figures.items {
        let level = levels.remove(&item.sku);
        if let (Some(only), Some(Ok(Some(level)))) = (only, &level)
            && !only.contains(&level.sku)
            && !only.contains(&item.sku)
        {
            continue;
        }
        if only.is_some_and(|only| !matches!(level, Some(Ok(Some(_)))) && !only.contains(&item.sku)) {
            continue;
        }
        let compared = match level {
            Some(Ok(Some(level))) if owners.get(&level.sku) != Some(&Some(item.sku.as_str())) => {
                let cause = Cause::new(Reason::ItemUnreadable, format!("{} is named twice", level.sku));
                doubtful(ctx, figures, item, &cause)
            }
            Some(Ok(Some(level))) => side_by_side(ctx, figures, item, &level, busy),
            Some(Ok(None)) => {
                let cause = Cause::new(Reason::ItemNotInChannel, item.sku.as_str());
                doubtful(ctx, figures, item, &cause)
            }
            Some(Err(error)) => doubtful(ctx, figures, item, &Cause::of_read_error(&error, Reason::ItemUnreadable)),
            None => doubtful(ctx, figures, item, &Cause::new(Reason::ItemUnreadable, "no answer")),
        };
        // An item of which nothing is known belongs to whoever owns its name.
        if compared.offered.is_some() {
            comparison.by_sku.insert(compared.sku.clone(), comparison.items.len());
        }
        comparison.items.push(compared);
    }
    comparison
}

/// Which of our names speaks for a channel's item: the one of the mapping before one that is merely the
/// same; nobody, when two of a kind do.
fn owners<'a>(
    ctx: &RunContext<'_>,
    figures: &'a ErpFigures,
    levels: &HashMap<String, Result<Option<StockLevel>, PortError>>,
) -> HashMap<String, Option<&'a str>> {
    let mut owners: HashMap<String, (bool, Option<&str>)> = HashMap::new();
    for item in &figures.items {
        let Some(Ok(Some(level))) = levels.get(&item.sku) else { continue };
        let mapped = ctx.settings.mapping.sku.contains_key(&item.sku);
        let owner = owners.entry(level.sku.clone()).or_insert((mapped, Some(&item.sku)));
        if owner.1 != Some(&item.sku) && owner.0 == mapped {
            owner.1 = None;
        } else if mapped && !owner.0 {
            *owner = (true, Some(&item.sku));
        }
    }
    owners.into_iter().map(|(sku, (_, owner))| (sku, owner)).collect()
}

/// An item of which one side is not known: nothing is sent for it.
fn doubtful(ctx: &RunContext<'_>, figures: &ErpFigures, item: &ErpItem, cause: &Cause) -> Compared {
    let figures = item
        .units
        .iter()
        .map(|(code, units)| Figure {
            code: code.clone(),
            erp_warehouse_id: erp_id(ctx, figures, code),
            erp: Some(*units),
            channel: None,
            result: Some((StockResult::Skipped, Some(cause.clone()))),
        })
        .collect();
    Compared { sku: item.sku.clone(), erp_sku: item.erp_sku.clone(), figures, write: None, offered: None }
}

fn erp_id(ctx: &RunContext<'_>, figures: &ErpFigures, code: &str) -> String {
    figures.read.get(code).or_else(|| ctx.settings.mapping.warehouse.get(code)).cloned().unwrap_or_default()
}

fn side_by_side(
    ctx: &RunContext<'_>,
    figures: &ErpFigures,
    item: &ErpItem,
    level: &StockLevel,
    busy: &HashSet<String>,
) -> Compared {
    let shown: HashMap<&str, u32> =
        level.warehouses.iter().map(|of| (of.warehouse_code.as_str(), of.quantity)).collect();
    let mut rows = Vec::new();
    for code in ctx.settings.mapping.warehouse.keys() {
        let channel = shown.get(code.as_str()).copied();
        let listed = item.units.get(code).copied();
        if channel.is_none() && listed.is_none() {
            continue;
        }
        let doubt = figures.doubtful.get(code);
        // A warehouse that was read completely and lists nothing of the item has nothing of it; one that
        // the channel does not list has nothing there.
        let erp = if doubt.is_some() { None } else { Some(listed.unwrap_or(0)) };
        let channel = Some(channel.unwrap_or(0));
        let result = match doubt {
            Some(cause) => Some((StockResult::Skipped, Some(cause.clone()))),
            None if erp == channel => Some((StockResult::Equal, None)),
            None => None,
        };
        rows.push(Figure { code: code.clone(), erp_warehouse_id: erp_id(ctx, figures, code), erp, channel, result });
    }
    let mut compared = Compared {
        sku: level.sku.clone(),
        erp_sku: item.erp_sku.clone(),
        write: None,
        offered: Some(level.warehouses.iter().map(|of| u64::from(of.quantity)).sum()),
        figures: rows,
    };
    if !compared.figures.iter().any(Figure::differs) {
        return compared;
    }
    let doubt = compared.figures.iter().find_map(|figure| match &figure.result {
        Some((StockResult::Skipped, cause)) => cause.clone(),
        _ => None,
    });
    if let Some(cause) = doubt {
        // All warehouses of an item travel together, so one that is in doubt holds the others.
        stay(&mut compared, StockResult::Skipped, Some(&cause));
    } else if busy.contains(&level.sku) {
        let cause = Cause::new(Reason::WriteUnconfirmed, "an earlier figure is still under way");
        stay(&mut compared, StockResult::Unconfirmed, Some(&cause));
    } else {
        compared.write = Some(wanted(&compared, level));
    }
    compared
}

/// The whole item as it should be. Warehouses that are not ours keep what they have.
fn wanted(compared: &Compared, level: &StockLevel) -> (StockLevel, i64) {
    let ours = |code: &str| compared.figures.iter().any(|figure| figure.code == code);
    let kept = level.warehouses.iter().filter(|of| !ours(&of.warehouse_code)).cloned();
    let warehouses: Vec<WarehouseLevel> = compared
        .figures
        .iter()
        .map(|figure| WarehouseLevel { warehouse_code: figure.code.clone(), quantity: figure.erp.unwrap_or(0) })
        .chain(kept)
        .collect();
    let surplus = compared
        .figures
        .iter()
        .map(|figure| i64::from(figure.channel.unwrap_or(0)) - i64::from(figure.erp.unwrap_or(0)))
        .filter(|surplus| *surplus > 0)
        .sum();
    (StockLevel { sku: compared.sku.clone(), warehouses }, surplus)
}

fn stay(compared: &mut Compared, result: StockResult, cause: Option<&Cause>) {
    for figure in compared.figures.iter_mut().filter(|figure| figure.result.is_none()) {
        figure.result = Some((result, cause.cloned()));
    }
}

impl Comparison {
    /// How many of how many items would be set to zero, if that is more than allowed; they all stay
    /// then. `known` figures there are on the route: a few chosen items are judged against all.
    pub(super) fn guard(&mut self, max_per_mille: u32, known: u64) -> Option<(u64, u64)> {
        let compared = (self.items.iter().filter(|item| item.offered.is_some()).count() as u64).max(known);
        let zeroed = self
            .items
            .iter()
            .filter(|item| {
                let after = item.write.as_ref().map(|(level, _)| level.warehouses.iter().all(|of| of.quantity == 0));
                item.offered.is_some_and(|units| units > 0) && after == Some(true)
            })
            .count() as u64;
        if zeroed * 1000 <= u64::from(max_per_mille) * compared {
            return None;
        }
        self.stay_all(Reason::ZeroGuard, Some(&format!("{zeroed}/{compared}")));
        Some((zeroed, compared))
    }

    /// Items, and those of them that differ.
    pub(super) fn counts(&self) -> [usize; 2] {
        let differ = |item: &&Compared| item.figures.iter().any(Figure::differs);
        [self.items.len(), self.items.iter().filter(differ).count()]
    }

    /// What has to be written, and by how many units the channel offers too much.
    pub(super) fn to_write(&self) -> Vec<(StockLevel, i64)> {
        self.items.iter().filter_map(|item| item.write.clone()).collect()
    }

    /// How the writing of an item ended.
    pub(super) fn end(&mut self, sku: &str, result: StockResult, cause: Option<&Cause>) {
        if let Some(index) = self.by_sku.get(sku)
            && let Some(item) = self.items.get_mut(*index)
        {
            stay(item, result, cause);
        }
    }

    /// Leaves all that is still open as it is; the detail is the item's name unless another is given.
    pub(super) fn stay_all(&mut self, reason: Reason, detail: Option<&str>) {
        for item in &mut self.items {
            let cause = Cause::new(reason, detail.unwrap_or(&item.sku));
            let result = if reason == Reason::ZeroGuard { StockResult::Skipped } else { StockResult::Different };
            stay(item, result, Some(&cause));
        }
    }

    /// One record for each item and warehouse.
    pub(super) fn records(self, ctx: &RunContext<'_>) -> Vec<StockRecord> {
        let at = ctx.clock.now();
        let record = |item: &Compared, figure: Figure| {
            let (result, cause) = figure.result.unwrap_or((StockResult::Different, None));
            StockRecord {
                route: ctx.run.route.clone(),
                run_id: ctx.run.run_id.clone(),
                at,
                warehouse_code: figure.code,
                erp_warehouse_id: figure.erp_warehouse_id,
                sku: item.sku.clone(),
                erp_sku: item.erp_sku.clone(),
                erp_quantity: figure.erp,
                channel_quantity: figure.channel,
                result,
                cause,
            }
        };
        self.items
            .into_iter()
            .flat_map(|mut item| {
                let figures = std::mem::take(&mut item.figures);
                figures.into_iter().map(|figure| record(&item, figure)).collect::<Vec<_>>()
            })
            .collect()
    }
}
