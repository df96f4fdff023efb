//! How many orders are in each stage: what a transaction changes of it.

use std::collections::BTreeMap;

use ipass_core::stage::Stage;

/// What a transaction changes of the totals of a route.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<u8, i64>);

impl Tally {
    /// A new order.
    pub fn came(&mut self, to: Stage) {
        *self.0.entry(to.number()).or_default() += 1;
    }

    /// A known order.
    pub fn moved(&mut self, from: Stage, to: Stage) {
        *self.0.entry(from.number()).or_default() -= 1;
        self.came(to);
    }

    /// What another part of the transaction changed.
    pub fn add(&mut self, other: Self) {
        for (stage, change) in other.0 {
            *self.0.entry(stage).or_default() += change;
        }
    }

    /// Numbers of stages, ascending, each once, with how many orders more it has: never zero.
    pub fn changes(self) -> impl Iterator<Item = (u8, i64)> {
        self.0.into_iter().filter(|(_, change)| *change != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_is_no_change() {
        let mut tally = Tally::default();
        tally.came(Stage::AwaitingPush);
        tally.moved(Stage::AwaitingPush, Stage::AwaitingAck);
        let mut other = Tally::default();
        other.moved(Stage::AwaitingShipment, Stage::AwaitingAck);
        tally.add(other);
        assert_eq!(tally.changes().collect::<Vec<_>>(), [(2, 2), (3, -1)]);
    }
}
