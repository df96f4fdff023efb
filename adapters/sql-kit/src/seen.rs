//! What is to be written about orders that were seen at the channel.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{RunRef, SaveCounts, SaveOrder, Stored, UnreadableOrder};
use ipass_core::reason::{Cause, Reason};
use ipass_core::stage::Stage;

use crate::event::NewEvent;
use crate::tally::Tally;
use crate::text::clean;
use crate::values::{SqlRow, Values};

/// Parts a page so that a PO number is in each part once: a page may repeat an order, or hold two
/// with one number, and the later one has to meet the earlier one as a stored order.
pub fn rounds<'a>(orders: impl IntoIterator<Item = &'a SaveOrder>) -> Vec<Vec<&'a SaveOrder>> {
    let mut rounds: Vec<Vec<&SaveOrder>> = Vec::new();
    let mut seen: HashMap<&PoNumber, usize> = HashMap::new();
    for order in orders {
        let round = seen.entry(&order.order.po).and_modify(|round| *round += 1).or_insert(0);
        if rounds.len() <= *round {
            rounds.push(Vec::new());
        }
        rounds[*round].push(order);
    }
    rounds
}

/// The orders of which the PO number can be stored, and the others: no statement could name them again, and one such
/// order would fail its whole page.
pub fn storable<'a>(orders: &[&'a SaveOrder]) -> (Vec<&'a SaveOrder>, Vec<UnreadableOrder>) {
    let (bad, good): (Vec<&SaveOrder>, Vec<&SaveOrder>) =
        orders.iter().partition(|save| save.order.po.as_str().contains('\0'));
    let unreadable = bad.into_iter().map(|save| UnreadableOrder {
        key: clean(&save.order.channel_order_id),
        raw: save.raw.clone(),
        cause: Cause::new(Reason::InvalidPayload, "the PO number holds a zero character"),
    });
    (good, unreadable.collect())
}

/// What is stored of an order that is seen again.
#[derive(Debug, Clone)]
pub struct Known {
    /// The row of the order.
    pub id: i64,
    channel_order_id: String,
    updated_at: Option<DateTime<Utc>>,
    channel_status: String,
    stage: Stage,
    /// The run that works on it.
    claimed_by: Option<i64>,
    /// A create of it is open or applied.
    in_erp: bool,
    /// The payload is the one that is stored.
    same: bool,
}

impl Known {
    /// Reads `po, id, channel_order_id, updated_at, channel_status, stage, claimed_by, in_erp, same`; answers the PO
    /// number, too.
    pub fn read(row: &impl SqlRow) -> Stored<(String, Self)> {
        let values = Values::keyed(row, "order_sync", &["po"]);
        let known = Self {
            id: values.whole("id")?,
            channel_order_id: values.text("channel_order_id")?,
            updated_at: values.time_or_none("updated_at")?,
            channel_status: values.text("channel_status")?,
            stage: values.stage("stage")?,
            claimed_by: values.whole_or_none("claimed_by")?,
            in_erp: values.flag("in_erp")?,
            same: values.flag("same")?,
        };
        Ok((values.text("po")?, known))
    }

    /// Whether a seen order is one to be written down, as a change or as a second one of its number.
    pub fn is_news(&self, save: &SaveOrder) -> bool {
        let outdated = save.order.updated_at.zip(self.updated_at).is_some_and(|(new, old)| {
            // The store keeps microseconds.
            new.timestamp_micros() < old.timestamp_micros()
        });
        self.is_another(save) || !(self.same || outdated)
    }

    /// Whether a seen order is another one with the same number.
    fn is_another(&self, save: &SaveOrder) -> bool {
        let (old, new) = (&self.channel_order_id, clean(&save.order.channel_order_id));
        !old.is_empty() && !new.is_empty() && *old != new
    }

    /// The orders that are not second ones of their numbers. `known` is what is stored, by PO number.
    pub fn its_own<'a>(orders: &[&'a SaveOrder], known: &HashMap<String, Self>) -> Vec<&'a SaveOrder> {
        let is_another =
            |save: &SaveOrder| known.get(save.order.po.as_str()).is_some_and(|known| known.is_another(save));
        orders.iter().copied().filter(|save| !is_another(save)).collect()
    }

    /// Where the order goes because of what was seen.
    ///
    /// Work in progress decides by what it read; it looks at the channel itself before it writes. An order that the
    /// ERP may hold is push's to end: it asks the ERP first.
    fn goes_to(&self, save: &SaveOrder, run: &RunRef) -> Option<Stage> {
        let free = !self.in_erp && self.claimed_by.is_none_or(|fence| fence == run.fence);
        save.at_push.filter(|to| self.stage == Stage::AwaitingPush && *to != self.stage && free)
    }
}

/// A stored order that is to be written anew.
#[derive(Debug, Clone, Copy)]
pub struct Changed<'a> {
    /// As it was seen.
    pub save: &'a SaveOrder,
    /// The row of the order.
    pub id: i64,
    /// The stage that it has now.
    pub stage: Stage,
}

/// What saving a page has come to so far.
#[derive(Debug, Default)]
pub struct Saved {
    /// What became of the orders; of those that cannot be read, [`Saved::unreadable`] tells.
    pub counts: SaveCounts,
    /// To be kept unread.
    pub unreadable: Vec<UnreadableOrder>,
    /// What it changes of the totals.
    pub tally: Tally,
}

impl Saved {
    /// Takes over what the sorted orders add to it, where so many of them were stored as new.
    pub fn add(&mut self, sorted: &mut Sorted<'_>, new: usize) {
        self.unreadable.append(&mut sorted.others);
        self.tally.add(std::mem::take(&mut sorted.tally));
        self.counts.stored += new as u64;
        self.counts.updated += sorted.changed.len() as u64;
        self.counts.unchanged += sorted.unchanged;
    }
}

/// What is to be written about orders, each PO number once.
#[derive(Debug, Default)]
pub struct Sorted<'a> {
    /// Not stored yet. Their events and totals are told by [`Sorted::came`], once they are.
    pub new: Vec<&'a SaveOrder>,
    /// Stored, and not as they were seen.
    pub changed: Vec<Changed<'a>>,
    /// Another order has the number.
    pub others: Vec<UnreadableOrder>,
    /// How many are as they are stored, or were seen too late.
    pub unchanged: u64,
    /// Ids of the orders of which a run that holds them has to be told.
    pub told: Vec<i64>,
    /// New facts of timelines.
    pub events: Vec<NewEvent<'a>>,
    /// What it changes of the totals.
    pub tally: Tally,
}

impl<'a> Sorted<'a> {
    /// `known` is what is stored, by PO number.
    pub fn of(run: &'a RunRef, orders: &[&'a SaveOrder], known: &HashMap<String, Known>) -> Self {
        let mut sorted = Self::default();
        for save in orders {
            match known.get(save.order.po.as_str()) {
                None => sorted.new.push(save),
                Some(known) if known.is_another(save) => sorted.others.push(UnreadableOrder {
                    key: save.order.channel_order_id.clone(),
                    raw: save.raw.clone(),
                    cause: Cause::new(Reason::DuplicatePo, save.order.po.as_str()),
                }),
                Some(known) if known.is_news(save) => sorted.change(run, save, known),
                Some(_) => sorted.unchanged += 1,
            }
        }
        sorted
    }

    fn change(&mut self, run: &'a RunRef, save: &'a SaveOrder, known: &Known) {
        let to = known.goes_to(save, run);
        let status = clean(save.order.status.as_str());
        if known.channel_status != status {
            self.told.push(known.id);
        }
        if to.is_some() || known.channel_status != status {
            self.events.push(NewEvent {
                po: save.order.po.as_str(),
                kind: "changed",
                by: &run.run_id,
                from: to.map(|_| known.stage),
                to,
                detail: format!("{} -> {status}", known.channel_status),
                what: status,
            });
        }
        let stage = to.unwrap_or(known.stage);
        self.tally.moved(known.stage, stage);
        self.changed.push(Changed { save, id: known.id, stage });
    }

    /// A new order was stored.
    pub fn came(&mut self, run: &'a RunRef, save: &'a SaveOrder) {
        self.tally.came(save.first_stage);
        self.events.push(NewEvent {
            po: save.order.po.as_str(),
            kind: "pulled",
            by: &run.run_id,
            from: None,
            to: Some(save.first_stage),
            what: save.order.status.as_str().to_owned(),
            detail: String::new(),
        });
    }
}

#[cfg(test)]
mod tests {
    use ipass_core::order::ChannelStatus;
    use ipass_core::ports::RouteName;
    use ipass_core::testing::order;

    use super::*;

    const FENCE: i64 = 7;

    fn run() -> RunRef {
        RunRef { route: RouteName("r".to_owned()), run_id: "run".to_owned(), fence: FENCE }
    }

    /// An order of this number that is cancelled at the channel now.
    fn cancelled(number: &str) -> SaveOrder {
        let order = ipass_core::order::Order { status: ChannelStatus::Cancelled, ..order(number) };
        SaveOrder {
            sku_list: String::new(),
            sku_names: Vec::new(),
            first_stage: Stage::Cancelled,
            at_push: Some(Stage::Cancelled),
            raw: Vec::new(),
            order,
        }
    }

    /// The same order as it is stored: open, awaiting its push.
    fn stored(save: &SaveOrder) -> Known {
        Known {
            id: 1,
            channel_order_id: save.order.channel_order_id.clone(),
            updated_at: save.order.updated_at,
            channel_status: "created".to_owned(),
            stage: Stage::AwaitingPush,
            claimed_by: None,
            in_erp: false,
            same: false,
        }
    }

    #[test]
    fn a_cancelled_order_ends_unless_somebody_works_on_it_or_the_erp_may_have_it() {
        let save = cancelled("P");
        for (change, stage) in [
            ((|_| {}) as fn(&mut Known), Stage::Cancelled),
            (|known| known.claimed_by = Some(FENCE), Stage::Cancelled),
            (|known| known.claimed_by = Some(FENCE + 1), Stage::AwaitingPush),
            (|known| known.in_erp = true, Stage::AwaitingPush),
            (|known| known.stage = Stage::AwaitingAck, Stage::AwaitingAck),
        ] {
            let mut known = stored(&save);
            change(&mut known);
            let (run, by_number) = (run(), HashMap::from([("P".to_owned(), known.clone())]));
            let sorted = Sorted::of(&run, &[&save], &by_number);
            let changed: Vec<Stage> = sorted.changed.iter().map(|changed| changed.stage).collect();
            assert_eq!((changed, sorted.told), (vec![stage], vec![1]), "{known:?}");
            assert_eq!(sorted.events.len(), 1, "the new status is told: {known:?}");
            assert_eq!(sorted.tally.changes().count(), if stage == known.stage { 0 } else { 2 }, "{known:?}");
        }
    }

    #[test]
    fn each_order_is_new_changed_unchanged_or_another_one() {
        let saves = ["new", "changed", "same", "late", "other"].map(cancelled);
        let known = |save: &SaveOrder| {
            let mut known = stored(save);
            match save.order.po.as_str() {
                "same" => known.same = true,
                "late" => known.updated_at = save.order.updated_at.map(|at| at + chrono::TimeDelta::microseconds(1)),
                "other" => "another".clone_into(&mut known.channel_order_id),
                _ => {}
            }
            (save.order.po.as_str().to_owned(), known)
        };
        let known: HashMap<String, Known> = saves.iter().skip(1).map(known).collect();
        let (run, saves): (RunRef, Vec<&SaveOrder>) = (run(), saves.iter().collect());
        let sorted = Sorted::of(&run, &saves, &known);
        let names = |orders: Vec<&SaveOrder>| orders.iter().map(|save| save.order.po.to_string()).collect::<Vec<_>>();
        assert_eq!(names(sorted.new.clone()), ["new"]);
        assert_eq!(names(sorted.changed.iter().map(|changed| changed.save).collect()), ["changed"]);
        assert_eq!(sorted.unchanged, 2);
        let others: Vec<Reason> = sorted.others.iter().map(|other| other.cause.reason).collect();
        assert_eq!(others, [Reason::DuplicatePo]);
    }

    #[test]
    fn a_number_that_comes_twice_is_in_two_rounds_and_one_that_cannot_be_stored_in_none() {
        let page = ["a", "b", "a", "c\0"].map(cancelled);
        let names = |round: &Vec<&SaveOrder>| round.iter().map(|save| save.order.po.to_string()).collect::<Vec<_>>();
        let rounds = rounds(&page);
        assert_eq!(rounds.iter().map(names).collect::<Vec<_>>(), [vec!["a", "b", "c\0"], vec!["a"]]);
        let (good, bad) = storable(&rounds[0]);
        assert_eq!((names(&good), bad.len()), (vec!["a".to_owned(), "b".to_owned()], 1));
    }
}
