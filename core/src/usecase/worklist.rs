use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};

use crate::order::PoNumber;
use crate::ports::{
    ChannelCapabilities, Evidence, OrderRef, OrderRow, OrderStore, Selection, Step, StepOutcome, WriteLedger,
};
use crate::reason::{Cause, OutcomeKind};
use crate::run::{Fact, OrderOutcome, RunContext, RunError, told};
use crate::stage::{Event, Stage};
use crate::write::{RemoteWrite, Verdict, WriteKey, WriteKind, WriteNote};

/// The orders of a run: each is taken once, and ends in exactly one outcome.
pub(super) struct Worklist<'a> {
    ctx: &'a RunContext<'a>,
    channel: ChannelCapabilities,
    /// Taken, not ended yet, by their places in the selection.
    open: BTreeMap<usize, OrderRow>,
    places: HashMap<PoNumber, usize>,
    steps: Vec<Step>,
    /// Told once they are recorded.
    outcomes: Vec<OrderOutcome>,
    earlier: HashMap<PoNumber, Vec<RemoteWrite>>,
}

impl<'a> Worklist<'a> {
    /// Claims what is due in `stage`, and what the ledger knows of it.
    pub(super) async fn claim(
        ctx: &'a RunContext<'a>,
        store: &dyn OrderStore,
        ledger: &dyn WriteLedger,
        channel: ChannelCapabilities,
        stage: Stage,
    ) -> Result<Self, RunError> {
        let selection = Selection {
            stage,
            limit: ctx.size,
            ignore_next_try: ctx.manual,
            po: ctx.po.clone(),
            peek: ctx.dry_run,
            now: ctx.clock.now(),
        };
        let claimed = store.claim(&ctx.run, &selection).await?;
        ctx.point("claimed");
        let pos: Vec<PoNumber> = claimed.iter().map(|order| order.po.clone()).collect();
        let mut earlier: HashMap<PoNumber, Vec<RemoteWrite>> = HashMap::new();
        if !pos.is_empty() {
            for write in ledger.writes_of(&ctx.run.route, &pos).await? {
                earlier.entry(write.key.po.clone()).or_default().push(write);
            }
        }
        ctx.tell(|report| report.selected = claimed.len() as u64);
        if claimed.is_empty() {
            ctx.log(Fact::NothingDue, []);
        } else {
            ctx.log(Fact::Chosen, [claimed.len().to_string()]);
        }
        let places = pos.into_iter().enumerate().map(|(place, po)| (po, place)).collect();
        let open = claimed.into_iter().enumerate().collect();
        Ok(Self { ctx, channel, open, places, steps: Vec::new(), outcomes: Vec::new(), earlier })
    }

    /// Orders that have not ended yet, in the order of the selection.
    pub(super) fn open(&self) -> impl Iterator<Item = &OrderRow> {
        self.open.values()
    }

    /// The same, of their own: they may be ended while they are walked.
    pub(super) fn still_open(&self) -> Vec<OrderRow> {
        self.open.values().cloned().collect()
    }

    /// References of the orders that have not ended yet.
    pub(super) fn refs(&self) -> Vec<OrderRef> {
        self.open.values().map(OrderRow::reference).collect()
    }

    /// Earlier remote writes of an order.
    pub(super) fn writes(&self, po: &PoNumber) -> &[RemoteWrite] {
        self.earlier.get(po).map_or(&[], Vec::as_slice)
    }

    /// Earlier remote writes of all orders.
    pub(super) fn all_writes(&self) -> Vec<RemoteWrite> {
        self.earlier.values().flatten().cloned().collect()
    }

    /// The ERP's store that is mapped for an order that has not ended yet.
    pub(super) fn store_id(&self, po: &PoNumber) -> Option<&'a str> {
        let order = self.open.get(self.places.get(po)?)?;
        self.ctx.settings.mapping.shop.get(order.retailer_id.as_ref()?).map(String::as_str)
    }

    /// We have sent the order to the ERP ourselves.
    pub(super) fn is_ours_in_erp(&self, po: &PoNumber) -> bool {
        self.writes(po).iter().any(|write| write.key.kind == WriteKind::Create)
    }

    /// The ERP may hold the order without showing it yet: a create of it is open, or just applied.
    pub(super) fn may_be_in_erp(&self, po: &PoNumber, settles_within: std::time::Duration) -> bool {
        let now = self.ctx.clock.now();
        self.writes(po).iter().any(|write| {
            let since = write.noted_at.unwrap_or(write.intended_at);
            write.key.kind == WriteKind::Create
                && write.state.must_be_read_back()
                && now.signed_duration_since(since).to_std().is_ok_and(|age| age < settles_within)
        })
    }

    /// The order moves on.
    pub(super) fn advance(&mut self, po: &PoNumber, event: Event, proof: Proof, note: impl Into<String>) {
        let Some(order) = self.take(po) else { return };
        let from = order.stage;
        let (to, note) = match from.on(event) {
            Ok(next) => {
                let to = next.past_missing_stages(&self.channel);
                let mut note = note.into();
                if to != next && note.is_empty() {
                    "the channel has no such stage".clone_into(&mut note);
                }
                (to, note)
            }
            // The claim was made for one stage and its events; a move outside of the table is a defect,
            // and the safe end of a defect is that the order stays where it is.
            Err(illegal) => {
                tracing::error!(po_number = %po, error = %illegal, "an order stays because its move is not in the table");
                (from, illegal.to_string())
            }
        };
        self.end(&order, StepOutcome::Advanced { to, note }, proof, None);
    }

    /// The order stays.
    pub(super) fn stay(&mut self, po: &PoNumber, cause: Cause) {
        self.stay_with(po, cause, Proof::default());
    }

    /// The order stays, but something became known.
    pub(super) fn stay_with(&mut self, po: &PoNumber, cause: Cause, proof: Proof) {
        let Some(order) = self.take(po) else { return };
        let next_try = next_try(self.ctx.clock.now(), order.attempts, cause.reason.kind());
        self.end(&order, StepOutcome::Stayed(cause), proof, Some(next_try));
    }

    /// A dry run would send something for the order.
    pub(super) fn would_send(&mut self, po: &PoNumber) {
        let Some(order) = self.take(po) else { return };
        let stage = order.stage;
        self.tell(OrderOutcome { po: po.clone(), kind: None, cause: None, before: stage, after: stage });
    }

    /// Commits the ended steps, and tells their outcomes.
    pub(super) async fn record(&mut self, store: &dyn OrderStore) -> Result<(), RunError> {
        let steps = std::mem::take(&mut self.steps);
        let mut outcomes = std::mem::take(&mut self.outcomes);
        if !steps.is_empty() && !self.ctx.dry_run {
            let lost = store.record(&self.ctx.run, &steps, self.ctx.clock.now()).await?;
            for po in &lost {
                tracing::warn!(po_number = %po, "the order had moved on meanwhile; this look at it was not recorded");
                self.ctx.log(Fact::Lost, [po.as_str().to_owned()]);
            }
            outcomes.retain(|outcome| !lost.contains(&outcome.po));
            self.ctx.point("recorded");
        }
        for outcome in &outcomes {
            log(outcome);
            self.ctx.watch.order_done(outcome);
        }
        if !outcomes.is_empty() {
            for (fact, values) in told(&outcomes) {
                self.ctx.log(fact, values);
            }
        }
        self.ctx.tell(|report| report.outcomes.extend(outcomes));
        Ok(())
    }

    fn take(&mut self, po: &PoNumber) -> Option<OrderRow> {
        self.open.remove(self.places.get(po)?)
    }

    fn end(&mut self, order: &OrderRow, outcome: StepOutcome, proof: Proof, next_try_at: Option<DateTime<Utc>>) {
        let (kind, cause, after) = match &outcome {
            StepOutcome::Advanced { to, .. } => (OutcomeKind::Advanced, None, *to),
            StepOutcome::Stayed(cause) => (cause.reason.kind(), Some(cause.clone()), order.stage),
        };
        self.tell(OrderOutcome { po: order.po.clone(), kind: Some(kind), cause, before: order.stage, after });
        self.steps.push(Step {
            po: order.po.clone(),
            expected: order.stage,
            outcome,
            evidence: proof.evidence,
            writes: proof.writes,
            next_try_at,
        });
    }

    fn tell(&mut self, outcome: OrderOutcome) {
        self.outcomes.push(outcome);
    }
}

fn log(outcome: &OrderOutcome) {
    tracing::info!(
        po_number = %outcome.po,
        outcome = outcome.kind.map_or("would_send", OutcomeKind::as_str),
        reason = outcome.cause.as_ref().map_or("", |cause| cause.reason.code()),
        detail = outcome.cause.as_ref().map_or("", |cause| cause.detail.as_str()),
        stage_before = outcome.before.number(),
        stage_after = outcome.after.number(),
        "order done"
    );
}

/// What a step adds to what is known of an order.
#[derive(Debug, Clone, Default)]
pub(super) struct Proof {
    /// Proof for the order.
    pub(super) evidence: Evidence,
    /// Ends of remote writes.
    pub(super) writes: Vec<WriteNote>,
}

impl Proof {
    /// Proof from the verdict of one write.
    pub(super) fn of(key: &WriteKey, verdict: &Verdict) -> Self {
        Self { evidence: Evidence::default(), writes: verdict.note(key).into_iter().collect() }
    }
}

/// When the schedule looks again: soon at first, then ever more rarely.
///
/// A failed call is looked at again after five seconds at first and a quarter of an hour at last; an
/// order that waits for people, after an hour at last. Whoever saves settings or asks for a retry
/// makes it due at once.
fn next_try(now: DateTime<Utc>, attempts: u32, kind: OutcomeKind) -> DateTime<Utc> {
    let ceiling = match kind {
        OutcomeKind::Blocked => 3600,
        OutcomeKind::Waiting | OutcomeKind::Failed | OutcomeKind::Advanced => 900,
    };
    let seconds = 5_i64.saturating_mul(1 << attempts.min(12)).min(ceiling);
    now + Duration::seconds(seconds)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn looks_become_rarer_and_stop_becoming_rarer() {
        let now = Utc.timestamp_opt(1_000_000, 0).unwrap();
        let after = |attempts, kind| (next_try(now, attempts, kind) - now).num_seconds();
        assert_eq!(after(0, OutcomeKind::Waiting), 5);
        assert_eq!(after(3, OutcomeKind::Failed), 40);
        assert_eq!(after(500, OutcomeKind::Waiting), 900);
        assert_eq!(after(500, OutcomeKind::Blocked), 3600);
    }
}
