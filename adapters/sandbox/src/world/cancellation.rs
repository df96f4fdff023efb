//! Retailers that change their minds, and what the ERP then gives back.

use chrono::{DateTime, Duration, Utc};

use super::World;
use super::erp::{DocumentState, Recall};
use crate::catalog::wid_position;
use crate::config::Timing;
use crate::kinds::Kind;

/// What a request to give goods back meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecallAnswer {
    /// The warehouse will answer.
    Asked,
    /// An earlier request has no answer yet.
    Running,
    /// Not in a state for it.
    NotNow,
}

/// A cancellation comes so much before the event that would race with it: a client that reads both
/// ends one after the other meets them in the same order.
fn lead(timing: &Timing) -> Duration {
    timing.recall_after / 2
}

impl World {
    /// Plans what the retailer does once the ERP holds the order, by the story of the order.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only some stories differ here")]
    pub(super) fn plan_cancellation(&mut self, number: u64, kind: Kind, timing: &Timing, now: DateTime<Utc>) {
        let at = match kind {
            Kind::CancelledInReview => now + timing.review_after / 2,
            Kind::CancelledWhenReleased | Kind::RecallRefused => (now + timing.review_after - lead(timing)).max(now),
            _ => return,
        };
        let system = self.systems.iter().rev().find(|system| system.number == number);
        let po = system.and_then(|system| system.pos.first().cloned());
        if let Some(&order) = po.and_then(|po| self.by_po(&po).first()) {
            self.cancellations.insert((at, order));
        }
    }

    /// The story of an order goes on when it is acknowledged: some are cancelled a while later, one
    /// kind of them as the parcel leaves.
    pub(crate) fn acknowledged(&mut self, order: usize, timing: &Timing, now: DateTime<Utc>) {
        let kind = self.order(order).kind;
        if !matches!(kind, Kind::CancelledAfterAck | Kind::CancelledTooLate) {
            return;
        }
        let at = now + timing.cancel_after_ack;
        self.cancellations.insert((at, order));
        if kind == Kind::CancelledTooLate {
            let po = self.order(order).po.clone();
            for position in self.systems_of(&po).to_vec() {
                for document in &mut self.systems[position].documents {
                    document.shipped_at = Some(at + lead(timing));
                }
            }
        }
    }

    /// Cancels what was due by now.
    pub(crate) fn settle_cancellations(&mut self, now: DateTime<Utc>) {
        while let Some(&(at, order)) = self.cancellations.first().filter(|(at, _)| *at <= now) {
            self.cancellations.pop_first();
            self.change(order, at, |order| order.cancel(at));
        }
    }

    /// Ends a system order; its units come back, but for those that have left.
    pub(crate) fn cancel_system(&mut self, position: usize, now: DateTime<Utc>) {
        self.give_back(position, now);
        self.systems[position].cancelled_at = Some(now);
        // Parts that would follow a split end with the order.
        let pos = self.systems[position].pos.clone();
        let later: Vec<usize> = pos.iter().flat_map(|po| self.systems_of(po)).copied().collect();
        for part in later {
            if self.systems[part].split_type == 3 && self.systems[part].created > now {
                self.give_back(part, now);
                self.systems[part].cancelled_at = Some(now);
            }
        }
    }

    pub(crate) fn delete_system(&mut self, position: usize, now: DateTime<Utc>) {
        self.give_back(position, now);
        self.systems[position].deleted = true;
    }

    fn give_back(&mut self, position: usize, now: DateTime<Utc>) {
        let system = &mut self.systems[position];
        if !std::mem::take(&mut system.holds) {
            return;
        }
        let warehouse = system.wid.and_then(wid_position).unwrap_or(0);
        for (position, item) in system.items.iter().enumerate() {
            let kept = item.quantity.saturating_sub(system.shipped_units(position, now));
            self.stock.lock(warehouse, item.product, -i64::from(kept), now);
        }
    }

    /// Asks the warehouse to give the goods back; the answer comes after the recall time. A parcel
    /// that leaves meanwhile is an answer, too.
    pub(crate) fn recall(&mut self, position: usize, timing: &Timing, now: DateTime<Utc>) -> RecallAnswer {
        let system = &mut self.systems[position];
        if system.recall.is_some_and(|recall| recall.ends > now) {
            return RecallAnswer::Running;
        }
        let left =
            |at: DateTime<Utc>| system.documents.iter().any(|document| document.state(at) == DocumentState::Shipped);
        if system.status(now) != 5 || left(now) {
            return RecallAnswer::NotNow;
        }
        let ends = now + timing.recall_after;
        let refused = system.refuses_recall || left(ends);
        system.recall = Some(Recall { ends, refused });
        if !refused {
            for document in system.documents.iter_mut().filter(|document| document.cut_at.is_none()) {
                document.cut_at = Some(ends);
            }
        }
        RecallAnswer::Asked
    }
}
