use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join;

use super::cancellation::{Wish, cancel_in_erp, end_cancelled, wish};
use super::look::{Look, fresh_look};
use super::privacy::redacted;
use super::push_orders::{ask_erp, held_by_erp};
use super::worklist::{Proof, Worklist};
use crate::erp::{ErpOrder, ErpStatus};
use crate::order::{ChannelStatus, PoNumber};
use crate::ports::{
    Answer, Batch, Effect, ErpSink, OrderRef, OrderSource, OrderStore, Outcome, PendingWrite, PortError, Settlement,
    WriteLedger,
};
use crate::reason::{Cause, Reason};
use crate::run::{RunContext, RunError};
use crate::stage::{Event, Stage};
use crate::write::{Item, Presence, RemoteWriter, Verdict, WriteKey, WriteKind, carry_out};

/// ERP state to channel: acknowledges orders of which the ERP has released every part.
pub async fn ack_orders(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    erp: &dyn ErpSink,
    store: &dyn OrderStore,
    ledger: &dyn WriteLedger,
) -> Result<(), RunError> {
    let mut work = Worklist::claim(ctx, store, ledger, source.capabilities(), Stage::AwaitingAck).await?;
    // Two remotes that know nothing of each other: both are asked at once.
    let pos: Vec<PoNumber> = work.open().map(|order| order.po.clone()).collect();
    let (look, answers) = join(fresh_look(ctx, source, store, &mut work), ask_erp(erp, &pos)).await;
    let mut look = look?;
    settle_by_channel(ctx, &mut work, &look);
    work.record(store).await?;

    let held = held_by_erp(&mut work, answers);
    if look.is_old(ctx) {
        look = fresh_look(ctx, source, store, &mut work).await?;
        settle_by_channel(ctx, &mut work, &look);
    }
    let fresh = &look.orders;
    let settles_within = erp.capabilities().settles_within;
    let shared =
        if work.open().next().is_some() { store.shared_numbers(&ctx.run.route).await? } else { HashSet::new() };
    let mut items = Vec::new();
    let mut cancels = Vec::new();
    for claimed in work.still_open() {
        let po = claimed.po.clone();
        let (Some(order), Some(rows)) = (fresh.get(&po), held.get(&po)) else {
            continue;
        };
        if order.status == ChannelStatus::Cancelled {
            cancels.extend(end_cancelled(ctx, &mut work, erp, order, rows, false));
            continue;
        }
        if rows.is_empty() && work.may_be_in_erp(&po, settles_within) {
            work.stay(&po, Cause::new(Reason::WriteUnconfirmed, "created, not visible in the ERP yet"));
            continue;
        }
        match released(rows, po.as_str()) {
            Ok(()) => {
                let order = OrderRef { shared: shared.contains(&po), ..claimed.reference() };
                items.push(Item::new(WriteKey::whole(WriteKind::Acknowledge, po), order));
            }
            Err(cause) => work.stay(&po, cause),
        }
    }
    work.record(store).await?;

    let ids = items.iter().map(|item| (item.key.po.clone(), item.payload.channel_order_id.clone())).collect();
    let writer = Acks { source, ids };
    let verdicts = redacted(carry_out(ctx, ledger, &writer, &work.all_writes(), items).await?, fresh);
    for (key, verdict) in verdicts {
        let proof = Proof::of(&key, &verdict);
        match verdict {
            Verdict::Applied(_) => work.advance(&key.po, Event::Acknowledged, proof, ""),
            Verdict::Rejected(error) | Verdict::NotSent(error) => {
                work.stay_with(&key.po, Cause::of_error(&error, Reason::ChannelRejected), proof);
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

/// Ends the orders that the channel's state alone decides about.
fn settle_by_channel(ctx: &RunContext<'_>, work: &mut Worklist<'_>, look: &Look) {
    for claimed in work.still_open() {
        let po = claimed.po;
        let Some(order) = look.orders.get(&po) else {
            continue;
        };
        match (wish(order), &order.status) {
            (Wish::Cancelled, _) => {}
            (_, ChannelStatus::ShipmentPending | ChannelStatus::Shipped | ChannelStatus::Completed) => {
                let key = WriteKey::whole(WriteKind::Acknowledge, po.clone());
                let proof = if work.writes(&po).iter().any(|write| write.key == key) {
                    Proof::of(&key, &Verdict::Applied(None))
                } else {
                    Proof::default()
                };
                work.advance(&po, Event::Acknowledged, proof, "the channel already shows it as accepted");
            }
            (Wish::Requested, _) => {
                work.stay(&po, Cause::new(Reason::CancelRequested, po.as_str()));
            }
            // A state that nobody knows is none of those that forbid it: the channel itself decides.
            (Wish::None, ChannelStatus::Created | ChannelStatus::Other(_))
                if ctx.settings.ack_multi_ban && order.is_multi() =>
            {
                work.stay(&po, Cause::new(Reason::MultiBan, order.sku_list(ctx.settings.sku_key)));
            }
            (Wish::None, ChannelStatus::Created | ChannelStatus::Cancelled | ChannelStatus::Other(_)) => {}
        }
    }
}

/// Every part of the order is released to the warehouse, and there is at least one.
fn released(rows: &[ErpOrder], po: &str) -> Result<(), Cause> {
    if rows.is_empty() {
        return Err(Cause::new(Reason::NotInErp, po));
    }
    // Deleted parts are no parts any more; an order of which every part is deleted can be restored.
    if rows.iter().all(|row| row.deleted || row.status == ErpStatus::Cancelled) {
        return Err(Cause::new(Reason::ErpOrderCancelled, rows[0].number.as_str()));
    }
    let waiting: Vec<&str> = rows
        .iter()
        .filter(|row| !row.deleted && !matches!(row.status, ErpStatus::ToShip | ErpStatus::Shipped))
        .map(|row| row.number.as_str())
        .collect();
    if waiting.is_empty() { Ok(()) } else { Err(Cause::new(Reason::ErpNotReviewed, waiting.join(","))) }
}

struct Acks<'a> {
    source: &'a dyn OrderSource,
    /// The channel's keys of the orders.
    ids: HashMap<PoNumber, String>,
}

#[async_trait]
impl RemoteWriter<OrderRef> for Acks<'_> {
    async fn send(&self, items: &[&Item<OrderRef>]) -> Batch<WriteKey, Option<String>> {
        let orders: Vec<OrderRef> = items.iter().map(|item| item.payload.clone()).collect();
        Ok(without_proof(self.source.acknowledge(&orders).await?))
    }

    async fn settle(&self, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        let with_id = |write: &PendingWrite| PendingWrite {
            channel_order_id: self.ids.get(&write.key.po).cloned().unwrap_or_default(),
            ..write.clone()
        };
        let writes: Vec<PendingWrite> = writes.iter().map(with_id).collect();
        self.source.settle(WriteKind::Acknowledge, &writes).await
    }

    async fn read_back(&self, items: &[&Item<OrderRef>]) -> Vec<Answer<WriteKey, Presence>> {
        let orders: Vec<OrderRef> = items.iter().map(|item| item.payload.clone()).collect();
        match self.source.fetch(&orders).await {
            Ok(answers) => answers
                .into_iter()
                .map(|answer| Answer {
                    key: WriteKey::whole(WriteKind::Acknowledge, answer.key),
                    result: answer.result.and_then(acknowledged),
                })
                .collect(),
            Err(error) => unreadable(items, &error),
        }
    }

    fn max_batch(&self) -> usize {
        self.source.capabilities().max_batch
    }

    fn settles_within(&self) -> Duration {
        self.source.capabilities().settles_within
    }
}

fn acknowledged(pulled: Option<crate::ports::PulledOrder>) -> Result<Presence, PortError> {
    let Some(pulled) = pulled else {
        return Err(PortError::retryable("the channel does not show the order"));
    };
    Ok(match pulled.order?.status {
        ChannelStatus::ShipmentPending | ChannelStatus::Shipped | ChannelStatus::Completed => Presence::Present(None),
        ChannelStatus::Created => Presence::Absent,
        ChannelStatus::Cancelled | ChannelStatus::Other(_) => {
            return Err(PortError::retryable("the channel shows a state that says nothing about the acknowledgement"));
        }
    })
}

/// Outcomes of a channel that gives no proof of its own.
pub(super) fn without_proof(outcomes: Vec<Outcome<WriteKey>>) -> Vec<Outcome<WriteKey, Option<String>>> {
    outcomes
        .into_iter()
        .map(|outcome| Outcome {
            key: outcome.key,
            effect: match outcome.effect {
                Effect::Applied(()) => Effect::Applied(None),
                Effect::Accepted(receipt) => Effect::Accepted(receipt),
                Effect::NotApplied(error) => Effect::NotApplied(error),
                Effect::Unknown(error) => Effect::Unknown(error),
            },
        })
        .collect()
}

/// A read-back that failed as a whole: nothing is known of any item.
pub(super) fn unreadable<P>(items: &[&Item<P>], error: &PortError) -> Vec<Answer<WriteKey, Presence>> {
    items.iter().map(|item| Answer { key: item.key.clone(), result: Err(error.clone()) }).collect()
}
