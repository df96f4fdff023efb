use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join;

use super::cancellation::{Wish, cancel_in_erp, end_cancelled, wish};
use super::look::fresh_look;
use super::privacy::redacted;
use super::worklist::{Proof, Worklist};
use crate::erp::{DraftLine, ErpOrder, ErpOrderDraft, Routing};
use crate::order::PriceOrder;
use crate::order::{ChannelStatus, Order, PoNumber};
use crate::ports::{
    Answer, Batch, ErpSink, Evidence, OrderRow, OrderSource, OrderStore, Outcome, PendingWrite, PortError, Settlement,
    WriteLedger, complete_answers,
};
use crate::reason::{Cause, Reason};
use crate::run::{RunContext, RunError};
use crate::settings::Settings;
use crate::stage::{Event, Stage};
use crate::write::{Item, Presence, RemoteWriter, Verdict, WriteKey, WriteKind, carry_out};

/// Store to ERP: looks at the channel, adopts what the ERP already holds, creates the rest.
pub async fn push_orders(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    erp: &dyn ErpSink,
    store: &dyn OrderStore,
    ledger: &dyn WriteLedger,
) -> Result<(), RunError> {
    let mut work = Worklist::claim(ctx, store, ledger, source.capabilities(), Stage::AwaitingPush).await?;
    // Two remotes that know nothing of each other: both are asked at once.
    let pos: Vec<PoNumber> = work.open().map(|order| order.po.clone()).collect();
    let (look, answers) = join(fresh_look(ctx, source, store, &mut work), ask_erp(erp, &pos)).await;
    let mut look = look?;
    let held = held_by_erp(&mut work, answers);
    if look.is_old(ctx) {
        look = fresh_look(ctx, source, store, &mut work).await?;
    }
    let fresh = &look.orders;
    let settles_within = erp.capabilities().settles_within;
    let mut drafts = Vec::new();
    let mut cancels = Vec::new();
    for claimed in work.still_open() {
        let po = claimed.po;
        let (Some(order), Some(rows)) = (fresh.get(&po), held.get(&po)) else {
            continue;
        };
        match wish(order) {
            Wish::Cancelled => {
                cancels.extend(end_cancelled(ctx, &mut work, erp, order, rows, false));
                continue;
            }
            Wish::Requested if rows.is_empty() => {
                work.stay(&po, Cause::new(Reason::CancelRequested, po.as_str()));
                continue;
            }
            Wish::Requested | Wish::None => {}
        }
        if Stage::when_seen_again_at_push(&order.status) == Some(Stage::Completed) {
            if rows.is_empty() && work.may_be_in_erp(&po, settles_within) {
                work.stay(&po, Cause::new(Reason::WriteUnconfirmed, "sent to the ERP, not visible there yet"));
                continue;
            }
            work.advance(&po, Event::ClosedAtChannel, Proof::default(), "the channel already shows it as shipped");
            continue;
        }
        // A deleted order still holds the number, and the ERP would refuse a second one.
        if let Some(first) = rows.first().filter(|_| rows.iter().all(|row| row.deleted)) {
            work.stay(&po, Cause::new(Reason::ErpOrderCancelled, first.number.as_str()));
            continue;
        }
        if !rows.is_empty() {
            let key = WriteKey::whole(WriteKind::Create, po.clone());
            let proof = adopted(rows, &key, work.writes(&po).iter().any(|write| write.key == key));
            let note = elsewhere(rows, work.store_id(&po));
            let note = note.map(|place| format!("the ERP already held it, in {place}"));
            work.advance(&po, Event::InErp, proof, note.unwrap_or_else(|| "the ERP already held it".to_owned()));
            continue;
        }
        if let ChannelStatus::Other(text) = &order.status {
            // It may be shipped or cancelled by a name that nobody knows: sent again, its goods would leave twice.
            work.stay(&po, Cause::new(Reason::ChannelNotReady, text.as_str()));
            continue;
        }
        match draft(order, ctx.settings) {
            Ok(draft) => drafts.push(Item::new(WriteKey::whole(WriteKind::Create, po.clone()), draft)),
            Err(cause) => work.stay(&po, cause),
        }
    }
    work.record(store).await?;

    // A call holds orders of one store: neighbours share it.
    drafts.sort_by(|a, b| a.payload.store_id.cmp(&b.payload.store_id));
    let writer = Creates { erp };
    let verdicts = redacted(carry_out(ctx, ledger, &writer, &work.all_writes(), drafts).await?, fresh);
    for (key, verdict) in verdicts {
        let mut proof = Proof::of(&key, &verdict);
        match verdict {
            Verdict::Applied(number) => {
                proof.evidence.erp_order_no = number;
                work.advance(&key.po, Event::InErp, proof, "");
            }
            Verdict::Rejected(error) | Verdict::NotSent(error) => {
                work.stay_with(&key.po, Cause::of_error(&error, Reason::ErpRejected), proof);
            }
            Verdict::Unconfirmed(hint) => {
                work.stay_with(&key.po, Cause::new(Reason::WriteUnconfirmed, hint), proof);
            }
            Verdict::WouldSend => work.would_send(&key.po),
        }
    }
    work.record(store).await?;
    // Last, because it takes its time: nothing may be sent on a look that has grown old.
    cancel_in_erp(ctx, erp, store, ledger, &mut work, fresh, cancels).await
}

/// Asks the ERP for those of the open orders that `wanted` picks; ends those of which it cannot tell.
pub(super) async fn find_in_erp(
    erp: &dyn ErpSink,
    work: &mut Worklist<'_>,
    wanted: impl Fn(&OrderRow) -> bool,
) -> HashMap<PoNumber, Vec<ErpOrder>> {
    let pos: Vec<PoNumber> = work.open().filter(|order| wanted(order)).map(|order| order.po.clone()).collect();
    let answers = ask_erp(erp, &pos).await;
    held_by_erp(work, answers)
}

/// What the ERP holds of each order; ends those of which it cannot tell.
pub(super) fn held_by_erp(
    work: &mut Worklist<'_>,
    answers: HashMap<PoNumber, Result<Vec<ErpOrder>, PortError>>,
) -> HashMap<PoNumber, Vec<ErpOrder>> {
    let mut held = HashMap::new();
    for (po, result) in answers {
        match result {
            Ok(mut rows) => {
                // A second sending of goods is no part of the order.
                rows.retain(|row| !row.resent);
                let store_id = work.store_id(&po);
                held.insert(po, own(rows, store_id));
            }
            Err(error) => work.stay(&po, Cause::of_read_error(&error, Reason::ErpUnreadable)),
        }
    }
    held
}

/// A PO number is unique in one store only. What another store holds under it is taken for the order, so that
/// its goods never leave twice, until the order's own store holds it as well.
fn own(mut rows: Vec<ErpOrder>, store_id: Option<&str>) -> Vec<ErpOrder> {
    let Some(store_id) = store_id else { return rows };
    if rows.iter().any(|row| !row.deleted && !row.is_outside(store_id)) {
        rows.retain(|row| !row.is_outside(store_id));
    }
    rows
}

/// Where the order is, if every part of it that lives is in another store than the mapped one.
pub(super) fn elsewhere(rows: &[ErpOrder], store_id: Option<&str>) -> Option<String> {
    let store_id = store_id?;
    let alive: Vec<&ErpOrder> = rows.iter().filter(|row| !row.deleted).collect();
    if alive.is_empty() || !alive.iter().all(|row| row.is_outside(store_id)) {
        return None;
    }
    let stores: BTreeSet<&str> = alive.iter().filter_map(|row| row.store_id.as_deref()).collect();
    Some(format!("store {} instead of {store_id}", stores.into_iter().collect::<Vec<_>>().join(",")))
}

pub(super) async fn ask_erp(
    erp: &dyn ErpSink,
    pos: &[PoNumber],
) -> HashMap<PoNumber, Result<Vec<ErpOrder>, PortError>> {
    if pos.is_empty() {
        return HashMap::new();
    }
    match erp.find(pos).await {
        Ok(answers) => complete_answers(pos, answers),
        Err(error) => pos.iter().map(|po| (po.clone(), Err(error.clone()))).collect(),
    }
}

/// Proof that the ERP holds the order; settles an earlier create that was left open.
fn adopted(rows: &[ErpOrder], key: &WriteKey, intended_before: bool) -> Proof {
    let number = numbers(rows);
    let verdict = Verdict::Applied(number.clone());
    let mut proof = if intended_before { Proof::of(key, &verdict) } else { Proof::default() };
    proof.evidence = Evidence { erp_order_no: number, ..Evidence::default() };
    proof
}

fn numbers(rows: &[ErpOrder]) -> Option<String> {
    let mut numbers: Vec<&str> = rows.iter().map(|row| row.number.as_str()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() { None } else { Some(numbers.join(",")) }
}

struct Creates<'a> {
    erp: &'a dyn ErpSink,
}

#[async_trait]
impl RemoteWriter<ErpOrderDraft> for Creates<'_> {
    async fn send(&self, items: &[&Item<ErpOrderDraft>]) -> Batch<WriteKey, Option<String>> {
        let drafts: Vec<ErpOrderDraft> = items.iter().map(|item| item.payload.clone()).collect();
        let outcomes = self.erp.create(&drafts).await?;
        Ok(outcomes
            .into_iter()
            .map(|outcome| Outcome {
                key: WriteKey::whole(WriteKind::Create, outcome.key),
                effect: with_proof(outcome.effect),
            })
            .collect())
    }

    async fn settle(&self, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        writes.iter().map(|write| Answer { key: write.key.clone(), result: Ok(Settlement::Silent) }).collect()
    }

    async fn read_back(&self, items: &[&Item<ErpOrderDraft>]) -> Vec<Answer<WriteKey, Presence>> {
        let pos: Vec<PoNumber> = items.iter().map(|item| item.key.po.clone()).collect();
        ask_erp(self.erp, &pos)
            .await
            .into_iter()
            .map(|(po, result)| Answer {
                key: WriteKey::whole(WriteKind::Create, po),
                result: result.map(
                    |rows| {
                        if rows.is_empty() { Presence::Absent } else { Presence::Present(numbers(&rows)) }
                    },
                ),
            })
            .collect()
    }

    fn max_batch(&self) -> usize {
        self.erp.capabilities().max_create
    }

    fn settles_within(&self) -> Duration {
        self.erp.capabilities().settles_within
    }
}

/// The same effect, with the remote's number as optional proof.
fn with_proof(effect: crate::ports::Effect<String>) -> crate::ports::Effect<Option<String>> {
    use crate::ports::Effect;
    match effect {
        Effect::Applied(number) => Effect::Applied(Some(number)),
        Effect::Accepted(receipt) => Effect::Accepted(receipt),
        Effect::NotApplied(error) => Effect::NotApplied(error),
        Effect::Unknown(error) => Effect::Unknown(error),
    }
}

/// The ERP's order for a channel order, or the first thing that is missing for it.
pub(super) fn draft(order: &Order, settings: &Settings) -> Result<ErpOrderDraft, Cause> {
    let po = &order.po;
    if order.test {
        return Err(Cause::new(Reason::TestOrder, po.as_str()));
    }
    let retailer = order.retailer_id.as_deref().unwrap_or("-");
    let store_id =
        settings.mapping.shop.get(retailer).ok_or_else(|| Cause::new(Reason::MissingShopMapping, retailer))?.clone();
    let routing = routing(order, settings)?;
    let address = &order.address;
    let required = [
        ("name", &address.name),
        ("country", &address.country),
        ("city", &address.city),
        ("address line 1", &address.line1),
    ];
    if let Some((field, _)) = required.iter().find(|(_, value)| value.is_none()) {
        return Err(Cause::new(Reason::MissingAddress, *field));
    }
    if address.country.as_deref().is_some_and(|country| country.chars().count() != 2) {
        return Err(Cause::new(Reason::MissingAddress, "country (two letters)"));
    }
    let mut lines = Vec::with_capacity(order.lines.len());
    for (index, line) in order.lines.iter().enumerate() {
        let name = line.line_number.map_or_else(|| (index + 1).to_string(), |number| number.to_string());
        let key = line.key(settings.sku_key).ok_or_else(|| Cause::new(Reason::MissingSku, &name))?;
        let unit_price =
            line.prices.first(PriceOrder::ConsumerFirst).ok_or_else(|| Cause::new(Reason::MissingPrice, &name))?;
        if line.expected() == 0 {
            continue;
        }
        lines.push(DraftLine {
            msku: key.to_owned(),
            sku: settings.mapping.sku.get(key).cloned(),
            quantity: line.expected(),
            unit_price,
        });
    }
    if lines.is_empty() {
        return Err(Cause::new(Reason::NothingToShip, po.as_str()));
    }
    Ok(ErpOrderDraft {
        po: po.clone(),
        store_id,
        address: address.clone(),
        note: order.note.clone(),
        routing,
        currency: order.currency.clone(),
        purchased_at: order.created_at,
        lines,
    })
}

/// Warehouse and logistics type, or the mapping that is missing.
fn routing(order: &Order, settings: &Settings) -> Result<Option<Routing>, Cause> {
    let Some(code) = order.warehouse_code.as_deref() else {
        return Ok(None);
    };
    let Some(warehouse_id) = settings.mapping.warehouse.get(code) else {
        if settings.require_warehouse {
            return Err(Cause::new(Reason::MissingWarehouseMapping, code));
        }
        return Ok(None);
    };
    let key = format!("{code}-{}", order.service_level.as_deref().unwrap_or(""));
    let logistics_type_id =
        settings.mapping.shipment.get(&key).ok_or_else(|| Cause::new(Reason::MissingShipmentMapping, &key))?;
    Ok(Some(Routing { warehouse_id: warehouse_id.clone(), logistics_type_id: logistics_type_id.clone() }))
}

#[cfg(test)]
mod tests;
