use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join;

use super::ack_orders::{unreadable, without_proof};
use super::cancellation::{Wish, cancel_in_erp, end_cancelled, wish};
use super::documents::{ask_documents, document_queries, known_documents};
use super::look::{Look, fresh_look};
use super::parcels::{Packed, pack};
use super::privacy::redacted;
use super::push_orders::{elsewhere, find_in_erp};
use super::worklist::{Proof, Worklist};
use crate::erp::{DocumentStatus, OutboundDocument};
use crate::order::{ChannelStatus, Order, PoNumber};
use crate::parcel::Shipment;
use crate::ports::{
    Answer, Batch, ErpCancel, ErpSink, Evidence, OrderRef, OrderRow, OrderSource, OrderStore, PendingWrite, PortError,
    Settlement, WriteLedger, complete_answers,
};
use crate::reason::{Cause, Reason};
use crate::run::{RunContext, RunError};
use crate::settings::{Partial, Settings, reverse_sku_conflicts};
use crate::stage::{Event, Stage};
use crate::write::{Item, Presence, RemoteWrite, RemoteWriter, Verdict, WriteKey, WriteKind, WriteState, carry_out};

/// ERP shipments to channel: reports parcels, each once, and moves an order on when the channel
/// knows every unit that was to be shipped.
pub async fn ship_orders(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    erp: &dyn ErpSink,
    store: &dyn OrderStore,
    ledger: &dyn WriteLedger,
) -> Result<(), RunError> {
    unambiguous(ctx.settings)?;
    let mut work = Worklist::claim(ctx, store, ledger, source.capabilities(), Stage::AwaitingShipment).await?;
    // Two remotes that know nothing of each other: both are asked at once.
    let queries = document_queries(ctx.settings, &work, |_| true);
    let (look, answers) = join(fresh_look(ctx, source, store, &mut work), ask_documents(erp, &queries)).await;
    let mut look = look?;
    settle_by_channel(ctx, source, &mut work, &look);
    work.record(store).await?;

    let documents = known_documents(&mut work, answers);
    if look.is_old(ctx) {
        look = fresh_look(ctx, source, store, &mut work).await?;
        settle_by_channel(ctx, source, &mut work, &look);
    }
    let fresh = &look.orders;
    let mut packed: HashMap<PoNumber, Packed> = HashMap::new();
    let mut doubtful: HashSet<PoNumber> = HashSet::new();
    let mut unshipped: HashSet<PoNumber> = HashSet::new();
    let mut items = Vec::new();
    for claimed in work.still_open() {
        let po = claimed.po.clone();
        let (Some(order), Some(documents)) = (fresh.get(&po), documents.get(&po)) else {
            continue;
        };
        let shipped = documents.iter().any(|document| document.status == DocumentStatus::Shipped);
        if !shipped {
            unshipped.insert(po); // The ERP's order tells why: see `explain_unshipped`.
            continue;
        }
        if wish(order) == Wish::Cancelled {
            end_cancelled(ctx, &mut work, erp, order, &[], true);
            continue;
        }
        match ready(order, documents, ctx.settings) {
            Ok(pack) => {
                let stale = stale_parcels(ctx, source, order, &pack, work.writes(&po));
                if stale.is_empty() {
                    items.extend(pack.parcels.iter().map(|shipment| Item::new(key(shipment), shipment.clone())));
                    packed.insert(po, pack);
                } else {
                    items.extend(stale);
                    doubtful.insert(po);
                }
            }
            Err(cause) => work.stay(&po, cause),
        }
    }
    let cancels = explain_unshipped(ctx, erp, fresh, &unshipped, &documents, &mut work).await;
    work.record(store).await?;

    let writer = Shipments { source, orders: work.refs() };
    let verdicts = redacted(carry_out(ctx, ledger, &writer, &work.all_writes(), items).await?, fresh);
    let mut by_order: BTreeMap<PoNumber, Vec<(WriteKey, Verdict)>> = BTreeMap::new();
    for (key, verdict) in verdicts {
        by_order.entry(key.po.clone()).or_default().push((key, verdict));
    }
    for claimed in work.still_open() {
        let po = claimed.po.clone();
        let verdicts = by_order.remove(&po).unwrap_or_default();
        if doubtful.contains(&po) {
            let parts: Vec<&str> = verdicts.iter().map(|(key, _)| key.part.as_str()).collect();
            let notes = verdicts.iter().filter_map(|(key, verdict)| verdict.note(key)).collect();
            let cause = Cause::new(Reason::WriteUnconfirmed, format!("earlier parcel {}", parts.join(",")));
            work.stay_with(&po, cause, Proof { writes: notes, ..Proof::default() });
            continue;
        }
        let (Some(order), Some(pack)) = (fresh.get(&po), packed.get(&po)) else {
            continue;
        };
        // A run that is stopped leaves parcels unsent, and the order to the next run.
        if verdicts.len() == pack.parcels.len() {
            end(&mut work, &claimed, order, pack, &verdicts);
        }
    }
    work.record(store).await?;
    // Last, because it takes its time: nothing may be sent on a look that has grown old.
    cancel_in_erp(ctx, erp, store, ledger, &mut work, fresh, cancels).await
}

/// Ends the orders that the channel's state alone decides about.
fn settle_by_channel(ctx: &RunContext<'_>, source: &dyn OrderSource, work: &mut Worklist<'_>, look: &Look) {
    for claimed in work.still_open() {
        let po = &claimed.po;
        let Some(order) = look.orders.get(po) else { continue };
        if wish(order) != Wish::Cancelled && order.fully_shipped_at_channel() {
            let proof = seen_at_channel(&claimed, order, work);
            work.advance(po, Event::ShipmentReported, proof, "the channel already knows every unit as shipped");
            continue;
        }
        match &order.status {
            ChannelStatus::Cancelled
            | ChannelStatus::ShipmentPending
            | ChannelStatus::Shipped
            | ChannelStatus::Completed => {
                if wish(order) != Wish::Cancelled && ctx.settings.ship_multi_ban && order.is_multi() {
                    work.stay(po, Cause::new(Reason::MultiBan, order.sku_list(ctx.settings.sku_key)));
                }
            }
            // Where nobody acknowledges, a new order is ready to be shipped.
            ChannelStatus::Created if !source.capabilities().acknowledges => {}
            ChannelStatus::Created => work.stay(po, Cause::new(Reason::ChannelNotReady, "created")),
            ChannelStatus::Other(text) => {
                work.stay(po, Cause::new(Reason::ChannelNotReady, text.as_str()));
            }
        }
    }
}

/// The way back from ERP SKUs must be unambiguous, or parcels would name the wrong goods.
pub(super) fn unambiguous(settings: &Settings) -> Result<(), RunError> {
    let conflicts = reverse_sku_conflicts(&settings.mapping);
    if conflicts.is_empty() {
        return Ok(());
    }
    Err(RunError::Settings(format!("mapping.sku maps several names to one ERP SKU: {}", conflicts.join("; "))))
}

/// The parcels to be reported now, or why there are none.
fn ready(order: &Order, documents: &[OutboundDocument], settings: &Settings) -> Result<Packed, Cause> {
    let pack = pack(order, documents, settings)?;
    if settings.partial == Partial::WaitAll && !pack.is_complete() {
        return Err(still_open(&pack));
    }
    if pack.parcels.is_empty() && !pack.is_complete() {
        return Err(still_open(&pack));
    }
    Ok(pack)
}

fn still_open(pack: &Packed) -> Cause {
    pack.obstacle.clone().unwrap_or_else(|| Cause::new(Reason::NotFullyShipped, pack.progress()))
}

/// Ends orders without a shipped document: the ERP's own order tells whether that is waiting, a gap,
/// or the end of a cancelled one. Answers those that are to be cancelled in the ERP.
async fn explain_unshipped(
    ctx: &RunContext<'_>,
    erp: &dyn ErpSink,
    fresh: &HashMap<PoNumber, Order>,
    unshipped: &HashSet<PoNumber>,
    documents: &HashMap<PoNumber, Vec<OutboundDocument>>,
    work: &mut Worklist<'_>,
) -> Vec<ErpCancel> {
    let mut cancels = Vec::new();
    let unexplained = |order: &OrderRow| unshipped.contains(&order.po);
    if !work.open().any(unexplained) {
        return cancels;
    }
    let settles_within = erp.capabilities().settles_within;
    let held = find_in_erp(erp, work, unexplained).await;
    for claimed in work.still_open() {
        let po = &claimed.po;
        if !unshipped.contains(po) {
            continue;
        }
        let (Some(order), Some(rows)) = (fresh.get(po), held.get(po)) else {
            continue;
        };
        let alive: Vec<_> = rows.iter().filter(|row| !row.deleted).collect();
        let leaving = alive.iter().any(|row| row.status != crate::erp::ErpStatus::Cancelled);
        let known: Vec<&str> =
            documents.get(po).into_iter().flatten().map(|document| document.number.as_str()).collect();
        match wish(order) {
            Wish::Cancelled => cancels.extend(end_cancelled(ctx, work, erp, order, rows, false)),
            Wish::Requested => work.stay(po, Cause::new(Reason::CancelRequested, po.as_str())),
            Wish::None if rows.is_empty() && work.may_be_in_erp(po, settles_within) => {
                work.stay(po, Cause::new(Reason::WriteUnconfirmed, "created, not visible in the ERP yet"));
            }
            Wish::None if rows.is_empty() => {
                work.stay(po, Cause::new(Reason::NotInErp, po.as_str()));
            }
            Wish::None if !leaving => {
                work.stay(po, Cause::new(Reason::ErpOrderCancelled, rows[0].number.as_str()));
            }
            Wish::None => {
                // Its documents are asked for in the mapped store only.
                let place = if known.is_empty() { elsewhere(rows, work.store_id(po)) } else { None };
                let detail = if known.is_empty() { alive[0].number.clone() } else { known.join(",") };
                let waits = Cause::new(Reason::ErpNotShipped, detail);
                work.stay(po, place.map_or(waits, |place| Cause::new(Reason::ErpOtherStore, place)));
            }
        }
    }
    cancels
}

/// Parcels that were sent under numbers which the documents do not have any more, and of which nobody
/// knows whether the channel will show them. Until that is settled, the same units under another
/// number could be reported twice.
fn stale_parcels(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    order: &Order,
    pack: &Packed,
    writes: &[RemoteWrite],
) -> Vec<Item<Shipment>> {
    let settles_within = source.capabilities().settles_within;
    let shown = |part: &str| {
        order.packages.iter().any(|package| package.tracking == part)
            || pack.parcels.iter().any(|parcel| parcel.tracking == part)
    };
    let open = |write: &&RemoteWrite| match write.state {
        WriteState::Intended | WriteState::Accepted | WriteState::Unknown => true,
        WriteState::Applied => {
            let since = write.noted_at.unwrap_or(write.intended_at);
            ctx.clock.now().signed_duration_since(since).to_std().is_ok_and(|age| age < settles_within)
        }
        WriteState::Rejected | WriteState::Void => false,
    };
    writes
        .iter()
        .filter(|write| write.key.kind == WriteKind::Ship && !shown(&write.key.part))
        .filter(open)
        .map(|write| {
            let nothing = Shipment {
                po: order.po.clone(),
                channel_order_id: order.channel_order_id.clone(),
                tracking: write.key.part.clone(),
                shipped_at: write.intended_at,
                carrier: None,
                method: None,
                service_level: None,
                warehouse_code: None,
                lines: Vec::new(),
            };
            Item::to_settle(write.key.clone(), nothing)
        })
        .collect()
}

fn key(shipment: &Shipment) -> WriteKey {
    WriteKey { kind: WriteKind::Ship, po: shipment.po.clone(), part: shipment.tracking.clone() }
}

/// Proof that the channel holds parcels; settles earlier writes of these that were left open.
fn seen_at_channel(claimed: &OrderRow, order: &Order, work: &Worklist<'_>) -> Proof {
    let writes = work
        .writes(&order.po)
        .iter()
        .filter(|write| write.key.kind == WriteKind::Ship)
        .filter(|write| order.packages.iter().any(|package| package.tracking == write.key.part))
        .filter_map(|write| Verdict::Applied(None).note(&write.key))
        .collect();
    Proof { evidence: tracking(claimed, order, std::iter::empty()), writes }
}

/// Tracking numbers known so far: stored ones first, so that evidence only grows.
fn tracking<'a>(claimed: &'a OrderRow, order: &'a Order, sent: impl Iterator<Item = &'a str>) -> Evidence {
    let stored = claimed.evidence.tracking.as_deref().unwrap_or_default();
    let mut numbers: Vec<&str> = stored.split(',').filter(|number| !number.is_empty()).collect();
    for number in order.packages.iter().map(|package| package.tracking.as_str()).chain(sent) {
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    let tracking = if numbers.is_empty() { None } else { Some(numbers.join(",")) };
    Evidence { tracking, ..Evidence::default() }
}

/// Ends an order whose parcels were carried out.
fn end(work: &mut Worklist<'_>, claimed: &OrderRow, order: &Order, pack: &Packed, verdicts: &[(WriteKey, Verdict)]) {
    let po = &order.po;
    let applied =
        verdicts.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Applied(_))).map(|(key, _)| key.part.as_str());
    let evidence = tracking(claimed, order, applied);
    let writes = verdicts.iter().filter_map(|(key, verdict)| verdict.note(key)).collect();
    let proof = Proof { evidence, writes };
    let mut cause: Option<Cause> = None;
    for (_, verdict) in verdicts {
        match verdict {
            Verdict::Applied(_) => {}
            Verdict::Rejected(error) => {
                cause = Some(Cause::of_error(error, Reason::ChannelRejected));
            }
            Verdict::NotSent(error) => {
                cause.get_or_insert(Cause::of_error(error, Reason::ChannelRejected));
            }
            Verdict::Unconfirmed(hint) => {
                cause.get_or_insert(Cause::new(Reason::WriteUnconfirmed, hint.as_str()));
            }
            Verdict::WouldSend => return work.would_send(po),
        }
    }
    match cause {
        Some(cause) => work.stay_with(po, cause, proof),
        None if pack.is_complete() => {
            let note = if pack.surplus > 0 {
                format!("the ERP shipped {} units more than ordered; they were not reported", pack.surplus)
            } else {
                String::new()
            };
            work.advance(po, Event::ShipmentReported, proof, note);
        }
        None => work.stay_with(po, still_open(pack), proof),
    }
}

struct Shipments<'a> {
    source: &'a dyn OrderSource,
    orders: Vec<OrderRef>,
}

#[async_trait]
impl RemoteWriter<Shipment> for Shipments<'_> {
    async fn send(&self, items: &[&Item<Shipment>]) -> Batch<WriteKey, Option<String>> {
        let shipments: Vec<Shipment> = items.iter().map(|item| item.payload.clone()).collect();
        Ok(without_proof(self.source.ship(&shipments).await?))
    }

    async fn settle(&self, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        self.source.settle(WriteKind::Ship, writes).await
    }

    async fn read_back(&self, items: &[&Item<Shipment>]) -> Vec<Answer<WriteKey, Presence>> {
        let asked: Vec<OrderRef> =
            self.orders.iter().filter(|order| items.iter().any(|item| item.key.po == order.po)).cloned().collect();
        let pos: Vec<PoNumber> = asked.iter().map(|order| order.po.clone()).collect();
        let mut answers = match self.source.fetch(&asked).await {
            Ok(answers) => complete_answers(&pos, answers),
            Err(error) => return unreadable(items, &error),
        };
        // One order answers for all of its parcels.
        let orders: HashMap<PoNumber, Result<Option<Order>, PortError>> = answers
            .drain()
            .map(|(po, result)| (po, result.and_then(|pulled| pulled.map(|pulled| pulled.order).transpose())))
            .collect();
        items
            .iter()
            .map(|item| {
                let result = match orders.get(&item.key.po) {
                    Some(Ok(Some(order))) => {
                        let there = order.packages.iter().any(|package| package.tracking == item.key.part);
                        Ok(if there { Presence::Present(None) } else { Presence::Absent })
                    }
                    Some(Err(error)) => Err(error.clone()),
                    Some(Ok(None)) | None => Err(PortError::retryable("the channel does not show the order")),
                };
                Answer { key: item.key.clone(), result }
            })
            .collect()
    }

    fn max_batch(&self) -> usize {
        self.source.capabilities().max_batch
    }

    /// Longer than for anything else: a channel refuses a second invoice of one number, but may take a parcel that is
    /// reported again for another one.
    fn settles_within(&self) -> Duration {
        self.source.capabilities().settles_within * 3
    }
}
