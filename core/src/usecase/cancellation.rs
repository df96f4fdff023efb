use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;

use super::privacy::redacted;
use super::push_orders::{ask_erp, elsewhere};
use super::worklist::{Proof, Worklist};
use crate::erp::{ErpOrder, ErpStatus};
use crate::order::{ChannelStatus, Order, PoNumber};
use crate::ports::{
    Answer, Batch, Effect, ErpCancel, ErpSink, OrderStore, Outcome, PendingWrite, PortError, Settlement, WriteLedger,
};
use crate::reason::{Cause, Reason};
use crate::run::{RunContext, RunError};
use crate::settings::CancelInErp;
use crate::stage::Event;
use crate::write::{
    ABSENT, Item, Presence, RemoteWrite, RemoteWriter, Verdict, WriteKey, WriteKind, WriteState, carry_out,
};

/// A warehouse that has let so many recalls pass will not give the order back.
const RECALLS: u32 = 3;

/// What the channel's cancellation means for an order, as far as the channel alone can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Go on.
    None,
    /// The retailer asks; nobody has cancelled yet.
    Requested,
    /// Cancelled.
    Cancelled,
}

/// Reads the channel's wish.
pub(super) fn wish(order: &Order) -> Wish {
    if order.status == ChannelStatus::Cancelled {
        Wish::Cancelled
    } else if order.cancel_requested {
        Wish::Requested
    } else {
        Wish::None
    }
}

/// Ends an order that the channel cancelled, by what the ERP holds of it. `left` is true when a
/// document shows that goods have left. An order that we may cancel in the ERP stays open and is
/// answered, for [`cancel_in_erp`].
pub(super) fn end_cancelled(
    ctx: &RunContext<'_>,
    work: &mut Worklist<'_>,
    erp: &dyn ErpSink,
    order: &Order,
    rows: &[ErpOrder],
    left: bool,
) -> Option<ErpCancel> {
    let po = &order.po;
    let alive = || rows.iter().filter(|row| !row.deleted);
    if left || alive().any(|row| row.status == ErpStatus::Shipped) {
        work.stay(po, Cause::new(Reason::CancelledTooLate, po.as_str()));
    } else if alive().any(|row| row.status != ErpStatus::Cancelled) {
        let approved = work.open().any(|row| row.po == *po && row.cancel_by.is_some());
        // What somebody else created in another store may be another order with the same number.
        let certain = work.is_ours_in_erp(po) || elsewhere(rows, work.store_id(po)).is_none();
        let auto = ctx.settings.cancel_in_erp == CancelInErp::Auto && certain;
        if erp.capabilities().cancels && (approved || auto) {
            let orders = alive().filter(|row| row.status != ErpStatus::Cancelled).cloned().collect();
            return Some(ErpCancel { po: po.clone(), orders });
        }
        work.stay(po, Cause::new(Reason::CancelNeedsDecision, po.as_str()));
    } else if rows.is_empty() && work.may_be_in_erp(po, erp.capabilities().settles_within) {
        work.stay(po, Cause::new(Reason::WriteUnconfirmed, "sent to the ERP, not visible there yet"));
    } else {
        // A cancellation of ours may have been left open; what was read settles it.
        let writes = [part(po, ""), part(po, RECALL)]
            .iter()
            .filter(|key| work.writes(po).iter().any(|write| write.key == **key && write.state.must_be_read_back()))
            .filter_map(|key| Verdict::Applied(None).note(key))
            .collect();
        work.advance(po, Event::Cancelled, Proof { writes, ..Proof::default() }, "cancelled at the channel");
    }
    None
}

/// The part of the key of a recall; a cancellation is about the whole order.
const RECALL: &str = "recall";

fn part(po: &PoNumber, part: &str) -> WriteKey {
    WriteKey { kind: WriteKind::Cancel, po: po.clone(), part: part.to_owned() }
}

/// Cancels orders in the ERP: takes them back from the warehouse where it has them, then cancels, and
/// believes neither before it has read it.
pub(super) async fn cancel_in_erp(
    ctx: &RunContext<'_>,
    erp: &dyn ErpSink,
    store: &dyn OrderStore,
    ledger: &dyn WriteLedger,
    work: &mut Worklist<'_>,
    orders: &HashMap<PoNumber, Order>,
    cancels: Vec<ErpCancel>,
) -> Result<(), RunError> {
    if cancels.is_empty() {
        return Ok(());
    }
    let mut proofs: HashMap<PoNumber, Proof> = HashMap::new();
    let (recalls, mut ready): (Vec<ErpCancel>, Vec<ErpCancel>) = cancels.into_iter().partition(|cancel| {
        erp.capabilities().recalls && cancel.orders.iter().any(|row| row.status == ErpStatus::ToShip)
    });
    let mut items = Vec::new();
    for recall in recalls {
        let key = part(&recall.po, RECALL);
        if work.writes(&recall.po).iter().any(|write| write.key == key && is_refused(ctx, erp, write)) {
            work.stay(&recall.po, Cause::new(Reason::CancelRefused, numbers(&recall.orders, &ErpStatus::ToShip)));
        } else {
            items.push(Item::new(key, recall));
        }
    }
    let writer = Cancels { erp, recall: true };
    let verdicts = redacted(carry_out(ctx, ledger, &writer, &work.all_writes(), items.clone()).await?, orders);
    for item in items {
        let po = item.key.po.clone();
        let Some(verdict) = verdicts.get(&item.key) else { continue };
        let proof = Proof::of(&item.key, verdict);
        if let Verdict::Applied(_) = verdict {
            proofs.insert(po, proof);
            ready.push(taken_back(item.payload));
        } else {
            stay(work, &po, verdict, proof);
        }
    }

    let items: Vec<Item<ErpCancel>> = ready.into_iter().map(|cancel| Item::new(part(&cancel.po, ""), cancel)).collect();
    let writer = Cancels { erp, recall: false };
    let verdicts = redacted(carry_out(ctx, ledger, &writer, &work.all_writes(), items).await?, orders);
    for (key, verdict) in verdicts {
        let mut proof = proofs.remove(&key.po).unwrap_or_default();
        proof.writes.extend(verdict.note(&key));
        if let Verdict::Applied(_) = verdict {
            work.advance(&key.po, Event::Cancelled, proof, "cancelled at the channel, and by us in the ERP");
        } else {
            stay(work, &key.po, &verdict, proof);
        }
    }
    work.record(store).await
}

/// The warehouse was asked often enough, and has had its time with the last request. An attempt that was
/// never sent says nothing about it.
fn is_refused(ctx: &RunContext<'_>, erp: &dyn ErpSink, write: &RemoteWrite) -> bool {
    let since = ctx.clock.now().signed_duration_since(write.noted_at.unwrap_or(write.intended_at));
    let had_its_time = since.to_std().is_ok_and(|since| since >= erp.capabilities().settles_within);
    let unsent = write.state == WriteState::Void && write.message.as_deref() != Some(ABSENT);
    write.attempts >= RECALLS && had_its_time && !unsent
}

fn stay(work: &mut Worklist<'_>, po: &PoNumber, verdict: &Verdict, proof: Proof) {
    let cause = match verdict {
        Verdict::Rejected(error) | Verdict::NotSent(error) => Cause::of_error(error, Reason::CancelRefused),
        Verdict::Unconfirmed(hint) => Cause::new(Reason::WriteUnconfirmed, hint.as_str()),
        Verdict::WouldSend | Verdict::Applied(_) => return work.would_send(po),
    };
    work.stay_with(po, cause, proof);
}

fn numbers(rows: &[ErpOrder], status: &ErpStatus) -> String {
    let numbers: Vec<&str> = rows.iter().filter(|row| row.status == *status).map(|row| row.number.as_str()).collect();
    numbers.join(",")
}

/// The order after a recall that was read to have worked.
fn taken_back(cancel: ErpCancel) -> ErpCancel {
    let open = |row: ErpOrder| match row.status {
        ErpStatus::ToShip => ErpOrder { status: ErpStatus::Open, ..row },
        ErpStatus::Open | ErpStatus::Shipped | ErpStatus::Cancelled | ErpStatus::Other(_) => row,
    };
    ErpCancel { orders: cancel.orders.into_iter().map(open).collect(), ..cancel }
}

struct Cancels<'a> {
    erp: &'a dyn ErpSink,
    recall: bool,
}

impl Cancels<'_> {
    fn key(&self, po: &PoNumber) -> WriteKey {
        part(po, if self.recall { RECALL } else { "" })
    }

    /// A recall has worked when the warehouse has nothing of the order, a cancellation when nothing of
    /// it lives.
    fn presence(&self, rows: &[ErpOrder]) -> Presence {
        let mut alive = rows.iter().filter(|row| !row.deleted && !row.resent);
        let done = if self.recall {
            alive.all(|row| !matches!(row.status, ErpStatus::ToShip | ErpStatus::Shipped))
        } else {
            alive.all(|row| row.status == ErpStatus::Cancelled)
        };
        match rows {
            [] => Presence::CannotTell(PortError::retryable("the ERP does not show the order")),
            _ if done => Presence::Present(None),
            _ => Presence::Absent,
        }
    }
}

#[async_trait]
impl RemoteWriter<ErpCancel> for Cancels<'_> {
    async fn send(&self, items: &[&Item<ErpCancel>]) -> Batch<WriteKey, Option<String>> {
        let orders: Vec<ErpCancel> = items.iter().map(|item| item.payload.clone()).collect();
        let outcomes = if self.recall { self.erp.recall(&orders).await? } else { self.erp.cancel(&orders).await? };
        Ok(outcomes
            .into_iter()
            .map(|outcome| Outcome {
                key: self.key(&outcome.key),
                effect: match outcome.effect {
                    // A word of the ERP is not the fact: an order of ours ends on it for good.
                    Effect::Applied(()) => Effect::Unknown(PortError::retryable("said to be done, not read yet")),
                    Effect::Accepted(receipt) => Effect::Accepted(receipt),
                    Effect::NotApplied(error) => Effect::NotApplied(error),
                    Effect::Unknown(error) => Effect::Unknown(error),
                },
            })
            .collect())
    }

    async fn settle(&self, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        writes.iter().map(|write| Answer { key: write.key.clone(), result: Ok(Settlement::Silent) }).collect()
    }

    async fn read_back(&self, items: &[&Item<ErpCancel>]) -> Vec<Answer<WriteKey, Presence>> {
        let pos: Vec<PoNumber> = items.iter().map(|item| item.key.po.clone()).collect();
        let mut held = ask_erp(self.erp, &pos).await;
        let answer = |item: &&Item<ErpCancel>| {
            let result = held.remove(&item.key.po)?.map(|mut rows| {
                // Another store may hold another order with the same number.
                rows.retain(|row| item.payload.may_be_in(row));
                self.presence(&rows)
            });
            Some(Answer { key: item.key.clone(), result })
        };
        items.iter().filter_map(answer).collect()
    }

    fn max_batch(&self) -> usize {
        self.erp.capabilities().max_create
    }

    fn settles_within(&self) -> Duration {
        self.erp.capabilities().settles_within
    }
}
