//! SKU pairs of the ERP into the mapping.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::erp::SkuPair;
use crate::job::JobAliases;
use crate::ports::{ErpSink, FileArea, PortError, SettingsStore, SettingsVersion};
use crate::run::{Fact, PairCounts, RunContext, RunError};
use crate::settings::{listed, parse};

/// Who the versions that this job saves are by.
const AUTHOR: &str = "pull_sku_pairs";

/// Versions looked at to tell our own entries from those that a person made.
const HISTORY: u32 = 100;

/// Reads the ERP's pairs of the mapped stores and adds them to `mapping.sku`, as a new version of the
/// settings. Conflicts stop it, and so does an answer that is empty or much smaller than before; what a
/// person entered is never changed.
pub async fn pull_sku_pairs(
    ctx: &RunContext<'_>,
    erp: &dyn ErpSink,
    settings: &dyn SettingsStore,
    files: &dyn FileArea,
    aliases: &JobAliases,
) -> Result<(), RunError> {
    ctx.tell(|report| report.pairs = Some(PairCounts::default()));
    let stores: BTreeSet<String> = ctx.settings.mapping.shop.values().cloned().collect();
    if stores.is_empty() {
        return Err(RunError::Settings("mapping.shop is empty: pairs are read per store".to_owned()));
    }
    let stores: Vec<String> = stores.into_iter().collect();
    let pairs = erp.sku_pairs(&stores).await?;
    ctx.tell(|report| report.selected = pairs.len() as u64);
    ctx.log(Fact::Pairs, [pairs.len(), stores.len()].map(|count| count.to_string()));
    if pairs.is_empty() {
        return Err(RunError::Port(PortError::rejected("the ERP lists no SKU pair at all; nothing was changed")));
    }
    let conflicts = conflicts(&pairs);
    let history = settings.settings_history(&ctx.run.route, HISTORY).await?;
    let live = history.first();
    let old = live.map_or_else(BTreeMap::new, |version| sku_mapping(&version.document));
    let plan = plan(&pairs, &old, &automatic(&history));
    let counts = PairCounts {
        read: pairs.len() as u64,
        added: plan.added.len() as u64,
        changed: plan.changed.len() as u64,
        kept: plan.kept.len() as u64,
        conflicts: conflicts.len() as u64,
    };
    ctx.tell(|report| report.pairs = Some(counts));
    if !conflicts.is_empty() {
        let shown: Vec<&str> = conflicts.iter().take(20).map(String::as_str).collect();
        let more = conflicts.len().saturating_sub(shown.len());
        let more = if more > 0 { format!("; … +{more}") } else { String::new() };
        return Err(RunError::Settings(format!(
            "the ERP's SKU pairs contradict each other (stores in brackets), nothing was changed: {}{more}. Correct the pairs in the ERP",
            shown.join("; ")
        )));
    }
    if let Some(known) = plan.shrunk_from {
        return Err(RunError::Port(PortError::rejected(format!(
            "the ERP lists {} SKU pairs, much fewer than the {known} that came from it before; nothing was changed",
            pairs.len()
        ))));
    }
    if (plan.added.is_empty() && plan.changed.is_empty()) || ctx.dry_run {
        return Ok(());
    }
    let new = plan.merged(&old);
    let document = with_sku_mapping(live.map_or("{}", |version| version.document.as_str()), &new)?;
    if let Err(problems) = parse(&document, aliases) {
        let problems = listed(&problems);
        return Err(RunError::Settings(format!("with the ERP's pairs the settings would be invalid: {problems}")));
    }
    let version = live.map_or(0, |version| version.version);
    settings.save_settings(&ctx.run.route, &document, AUTHOR, Some(version), ctx.clock.now()).await?;
    ctx.point("saved");
    ctx.log(Fact::PairsSaved, [plan.added.len(), plan.changed.len()].map(|count| count.to_string()));
    audit(ctx, files, &old, &new, &plan).await
}

/// Names that stand for several, on either side, across all stores.
fn conflicts(pairs: &[SkuPair]) -> Vec<String> {
    type Sides<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<&'a str>>>;
    let (mut skus, mut mskus): (Sides<'_>, Sides<'_>) = (BTreeMap::new(), BTreeMap::new());
    for pair in pairs {
        skus.entry(&pair.msku).or_default().entry(&pair.sku).or_default().insert(&pair.store_id);
        mskus.entry(&pair.sku).or_default().entry(&pair.msku).or_default().insert(&pair.store_id);
    }
    let told = |what: &str, sides: &Sides<'_>| {
        sides
            .iter()
            .filter(|(_, others)| others.len() > 1)
            .map(|(name, others)| {
                let others: Vec<String> = others
                    .iter()
                    .map(|(other, stores)| {
                        format!("{other} ({})", stores.iter().copied().collect::<Vec<_>>().join(", "))
                    })
                    .collect();
                format!("{what} {name} ↔ {}", others.join(" / "))
            })
            .collect::<Vec<_>>()
    };
    let mut found = told("MSKU", &skus);
    found.extend(told("SKU", &mskus));
    found
}

/// What would be changed, by MSKU.
#[derive(Debug, Default)]
struct Plan {
    added: BTreeMap<String, String>,
    /// Old and new SKU of entries that came from the ERP.
    changed: BTreeMap<String, (String, String)>,
    /// Ours and the ERP's SKU where a person's entry differs, which wins.
    kept: BTreeMap<String, (String, String)>,
    /// SKUs of entries that came from the ERP and gave way: it lists the SKU under another name now.
    removed: BTreeMap<String, String>,
    /// So many entries came from the ERP before, and this answer is much smaller.
    shrunk_from: Option<usize>,
}

impl Plan {
    fn merged(&self, old: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut new = old.clone();
        new.retain(|msku, _| !self.removed.contains_key(msku));
        new.extend(self.added.iter().map(|(msku, sku)| (msku.clone(), sku.clone())));
        new.extend(self.changed.iter().map(|(msku, (_, sku))| (msku.clone(), sku.clone())));
        new
    }
}

fn plan(pairs: &[SkuPair], old: &BTreeMap<String, String>, automatic: &BTreeMap<String, String>) -> Plan {
    let mut plan = Plan::default();
    if pairs.len() * 2 < automatic.len() {
        plan.shrunk_from = Some(automatic.len());
    }
    let is_ours = |msku: &str| automatic.get(msku).is_some_and(|sku| old.get(msku) == Some(sku));
    // A SKU that a person gave another name keeps that name: two would make the way back ambiguous.
    let taken: BTreeMap<&str, &str> =
        old.iter().filter(|(msku, _)| !is_ours(msku)).map(|(msku, sku)| (sku.as_str(), msku.as_str())).collect();
    for pair in pairs {
        let by_hand = taken.get(pair.sku.as_str()).is_some_and(|msku| *msku != pair.msku);
        match old.get(&pair.msku) {
            Some(sku) if *sku == pair.sku => {}
            Some(sku) if by_hand || !is_ours(&pair.msku) => {
                plan.kept.insert(pair.msku.clone(), (sku.clone(), pair.sku.clone()));
            }
            Some(sku) => {
                plan.changed.insert(pair.msku.clone(), (sku.clone(), pair.sku.clone()));
            }
            None if by_hand => {
                plan.kept.insert(pair.msku.clone(), (String::new(), pair.sku.clone()));
            }
            None => {
                plan.added.insert(pair.msku.clone(), pair.sku.clone());
            }
        }
    }
    let listed: BTreeSet<&str> = pairs.iter().map(|pair| pair.msku.as_str()).collect();
    let given: BTreeSet<&String> = plan.added.values().chain(plan.changed.values().map(|(_, sku)| sku)).collect();
    plan.removed = old
        .iter()
        .filter(|(msku, sku)| is_ours(msku) && !listed.contains(msku.as_str()) && given.contains(sku))
        .map(|(msku, sku)| (msku.clone(), sku.clone()))
        .collect();
    plan
}

/// Entries that this job made and nobody has touched since; `history` is newest first. What was there
/// before the oldest known version counts as a person's.
fn automatic(history: &[SettingsVersion]) -> BTreeMap<String, String> {
    let mut ours = BTreeMap::new();
    let mut before: Option<BTreeMap<String, String>> = None;
    for version in history.iter().rev() {
        let now = sku_mapping(&version.document);
        let first = version.version == 1;
        if let Some(before) = before.take().or(first.then(BTreeMap::new)) {
            ours.retain(|msku, sku| now.get(msku) == Some(sku));
            if version.author == AUTHOR {
                let new = now.iter().filter(|(msku, sku)| before.get(*msku) != Some(*sku));
                ours.extend(new.map(|(msku, sku)| (msku.clone(), sku.clone())));
            }
        }
        before = Some(now);
    }
    ours
}

fn sku_mapping(document: &str) -> BTreeMap<String, String> {
    let value: Value = serde_json::from_str(document).unwrap_or_default();
    let entries = value.pointer("/mapping/sku").and_then(Value::as_object);
    let text = |(msku, sku): (&String, &Value)| Some((msku.trim().to_owned(), sku.as_str()?.trim().to_owned()));
    entries.map(|entries| entries.iter().filter_map(text).collect()).unwrap_or_default()
}

fn with_sku_mapping(document: &str, new: &BTreeMap<String, String>) -> Result<String, RunError> {
    let unreadable = || RunError::Settings("the stored settings are not an object".to_owned());
    let mut value: Value = serde_json::from_str(document).map_err(|_| unreadable())?;
    let root = value.as_object_mut().ok_or_else(unreadable)?;
    let mapping = root.entry("mapping").or_insert_with(|| Value::Object(Map::new()));
    mapping.as_object_mut().ok_or_else(unreadable)?.insert("sku".to_owned(), json!(new));
    serde_json::to_string_pretty(&value).map_err(|_| unreadable())
}

/// Old, new and what changed, as files that people can read later.
async fn audit(
    ctx: &RunContext<'_>,
    files: &dyn FileArea,
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
    plan: &Plan,
) -> Result<(), RunError> {
    let folder = format!("sku-mapping-pull/{}", ctx.clock.now().format("%Y-%m-%d"));
    let pair = |(msku, (old, new)): (&String, &(String, String))| json!({"msku": msku, "old": old, "new": new});
    let diff = json!({
        "run_id": ctx.run.run_id,
        "route": ctx.run.route.0,
        "added": plan.added,
        "changed": plan.changed.iter().map(pair).collect::<Vec<_>>(),
        "kept": plan.kept.iter().map(pair).collect::<Vec<_>>(),
        "removed": plan.removed,
    });
    for (name, content) in [("old", json!(old)), ("new", json!(new)), ("diff", diff)] {
        let name = format!("{}-{}-{name}.json", ctx.run.route, ctx.run.run_id);
        let content = serde_json::to_vec_pretty(&content).unwrap_or_default();
        files.save(&folder, &name, &content).await.map_err(|error| RunError::Files(error.0))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
