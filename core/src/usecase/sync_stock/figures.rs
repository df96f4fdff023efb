//! The ERP's side: what every warehouse holds of every item.

use std::collections::{BTreeMap, HashMap};

use crate::ports::{ErpSink, KnownStock, PortError, complete_answers};
use crate::reason::{Cause, Reason};
use crate::run::{Fact, RunContext, RunError};
use crate::settings::Settings;

/// One item, by both names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ErpItem {
    /// The channel's name.
    pub(super) sku: String,
    /// The ERP's name.
    pub(super) erp_sku: String,
    /// Units per warehouse code, in every warehouse that lists the item or once did.
    pub(super) units: BTreeMap<String, u32>,
}

/// What the ERP says.
#[derive(Debug, Clone, Default)]
pub(super) struct ErpFigures {
    /// The items, by the channel's name.
    pub(super) items: Vec<ErpItem>,
    /// Codes of the warehouses that were read completely, with the ERP's id of each.
    pub(super) read: BTreeMap<String, String>,
    /// Codes of the others, and why nothing is sent for them.
    pub(super) doubtful: BTreeMap<String, Cause>,
    /// The first failure, if any warehouse could not be read.
    pub(super) unread: Option<PortError>,
}

/// Reads all mapped warehouses. Items that the ERP lists no more have no units: those of the mapping,
/// and those that an earlier run saw.
pub(super) async fn erp_figures(
    ctx: &RunContext<'_>,
    erp: &dyn ErpSink,
    known: &[KnownStock],
) -> Result<ErpFigures, RunError> {
    let warehouses: Vec<(String, String)> =
        ctx.settings.mapping.warehouse.iter().map(|(code, id)| (code.clone(), id.clone())).collect();
    let ids: Vec<String> = warehouses.iter().map(|(_, id)| id.clone()).collect();
    let mut answers = complete_answers(&ids, erp.stock(&ids).await?);
    let mut figures = ErpFigures::default();
    let mut units: HashMap<String, BTreeMap<String, i64>> = HashMap::new();
    for (code, id) in &warehouses {
        match answers.remove(id) {
            Some(Ok(rows)) if rows.is_empty() => {
                let error = PortError::rejected(format!("the ERP lists nothing in warehouse {id} ({code})"));
                figures.unread.get_or_insert(error);
                let why = Cause::new(Reason::WarehouseEmpty, id.as_str());
                tell_doubt(ctx, code, &why);
                figures.doubtful.insert(code.clone(), why);
            }
            Some(Ok(rows)) => {
                ctx.log(Fact::Warehouse, [code.clone(), rows.len().to_string()]);
                for row in rows {
                    let sum = units.entry(row.sku).or_default().entry(code.clone()).or_default();
                    *sum = sum.saturating_add(row.available);
                }
                figures.read.insert(code.clone(), id.clone());
            }
            Some(Err(error)) => {
                let why = Cause::of_read_error(&error, Reason::WarehouseUnreadable);
                tell_doubt(ctx, code, &why);
                figures.doubtful.insert(code.clone(), why);
                figures.unread.get_or_insert(error);
            }
            None => {}
        }
    }
    if figures.read.is_empty() {
        let error = figures.unread.take();
        return Err(RunError::Port(error.unwrap_or_else(|| PortError::retryable("no warehouse could be read"))));
    }
    let gone = |known: &&KnownStock| known.has_units && figures.read.contains_key(&known.warehouse_code);
    for known in known.iter().filter(gone) {
        units.entry(known.erp_sku.clone()).or_default().entry(known.warehouse_code.clone()).or_default();
    }
    for erp_sku in ctx.settings.mapping.sku.values() {
        units.entry(erp_sku.clone()).or_default();
    }
    figures.items = named(units, ctx.settings);
    figures.items.sort_by(|a, b| a.sku.cmp(&b.sku));
    Ok(figures)
}

fn tell_doubt(ctx: &RunContext<'_>, code: &str, why: &Cause) {
    ctx.log(Fact::Doubtful, [code.to_owned(), why.reason.code().to_owned(), why.detail.clone()]);
}

/// The channel's names of items that are known before the ERP was asked: those of the mapping, and
/// those that an earlier run saw.
pub(super) fn names(settings: &Settings, known: &[KnownStock]) -> Vec<String> {
    let mut units: HashMap<String, BTreeMap<String, i64>> = HashMap::new();
    for erp_sku in settings.mapping.sku.values().chain(known.iter().map(|known| &known.erp_sku)) {
        units.entry(erp_sku.clone()).or_default();
    }
    let mut names: Vec<String> = named(units, settings).into_iter().map(|item| item.sku).collect();
    names.sort_unstable();
    names
}

/// Gives items the channel's names. An ERP SKU without a mapping has the same name there, unless that
/// name is mapped to another ERP SKU: then it is not the channel's item.
fn named(units: HashMap<String, BTreeMap<String, i64>>, settings: &Settings) -> Vec<ErpItem> {
    let back: HashMap<&str, &str> =
        settings.mapping.sku.iter().map(|(ours, theirs)| (theirs.as_str(), ours.as_str())).collect();
    units
        .into_iter()
        .filter_map(|(erp_sku, units)| {
            let sku = match back.get(erp_sku.as_str()) {
                Some(sku) => (*sku).to_owned(),
                None if settings.mapping.sku.contains_key(&erp_sku) => return None,
                None => erp_sku.clone(),
            };
            let floor = |units: i64| u32::try_from(units.max(0)).unwrap_or(u32::MAX);
            let units = units.into_iter().map(|(code, units)| (code, floor(units))).collect();
            Some(ErpItem { sku, erp_sku, units })
        })
        .collect()
}
