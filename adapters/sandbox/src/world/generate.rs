//! The orders of a fresh world.

use chrono::{DateTime, Duration, Utc};

use super::World;
use super::draft::NewOrder;
use crate::config::SandboxConfig;
use crate::kinds::Kind;
use crate::rng::Rng;

/// Orders from which on every kind occurs.
const ALL_KINDS_FROM: usize = 60;

/// The newest generated order is so old at the start.
const NEWEST_AGE: Duration = Duration::minutes(2);

/// The order that becomes visible late is so much older than the newest one.
const LATE_BY: Duration = Duration::minutes(10);

impl World {
    /// Fills the world with `config.orders` orders of the last three days.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only some stories differ here")]
    pub(crate) fn generate(&mut self, config: &SandboxConfig, rng: &mut Rng, now: DateTime<Utc>) {
        let kinds = draw_kinds(config.orders, rng);
        let newest = now - NEWEST_AGE;
        let seconds = i64::try_from(kinds.len().max(1)).map_or(1, |n| 259_200 / n).clamp(1, 600);
        let mut open_merge: Option<String> = None;
        let last = kinds.len().saturating_sub(1);
        for (position, kind) in kinds.into_iter().enumerate() {
            let age = i64::try_from(last - position).unwrap_or(0) * seconds;
            let po = po_number(config.seed, position + 1);
            let mut draft = NewOrder::new(&po).kind(kind).created_at(newest - Duration::seconds(age));
            match kind {
                Kind::LateVisible => {
                    draft.created_at = Some(newest - LATE_BY);
                    draft.visible_at = Some(now + config.timing.late_visible_after);
                }
                Kind::Merged => match open_merge.take() {
                    Some(sibling) => draft.merge_with = Some(sibling),
                    None => open_merge = Some(po),
                },
                _ => {}
            }
            self.plant(&draft, rng, now);
        }
    }
}

/// The number of the n-th order of a seed, counted from 1.
pub(crate) fn po_number(seed: u64, n: usize) -> String {
    format!("PO{:04}{n:08}", seed % 10_000)
}

/// Each kind as often as its weight says.
fn bag() -> Vec<Kind> {
    Kind::ALL.iter().flat_map(|&kind| std::iter::repeat_n(kind, kind.weight())).collect()
}

/// The kind of an order that arrives alone: merged ones need a partner.
pub(crate) fn arriving_kind(rng: &mut Rng) -> Kind {
    let kind = rng.pick(&bag()).copied().unwrap_or_default();
    if kind == Kind::Merged { Kind::Single } else { kind }
}

/// Every kind once, the rest by weight, in random order; merged ones stand as neighbours.
fn draw_kinds(orders: usize, rng: &mut Rng) -> Vec<Kind> {
    let mut drawn: Vec<Kind> = Vec::with_capacity(orders);
    if orders >= ALL_KINDS_FROM {
        drawn.extend(Kind::ALL);
    }
    let pairs = |drawn: &[Kind]| drawn.iter().filter(|kind| **kind == Kind::Merged).count();
    let mut count = drawn.len() + pairs(&drawn);
    let bag = bag();
    while count < orders {
        let kind = rng.pick(&bag).copied().unwrap_or_default();
        let takes = if kind == Kind::Merged { 2 } else { 1 };
        if count + takes <= orders {
            drawn.push(kind);
            count += takes;
        }
    }
    rng.shuffle(&mut drawn);
    drawn.into_iter().flat_map(|kind| std::iter::repeat_n(kind, if kind == Kind::Merged { 2 } else { 1 })).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn world(seed: u64, orders: usize) -> World {
        let config = SandboxConfig { seed, orders, ..SandboxConfig::default() };
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let mut world = World::new(&config, now);
        world.generate(&config, &mut Rng::new(seed), now);
        world
    }

    #[test]
    fn sixty_orders_hold_every_kind() {
        let world = world(7, 60);
        let mut count: BTreeMap<Kind, usize> = BTreeMap::new();
        for order in world.orders() {
            *count.entry(order.kind).or_default() += 1;
        }
        assert_eq!(world.orders().len(), 60);
        assert_eq!(count.len(), Kind::ALL.len());
        assert_eq!(count[&Kind::Merged] % 2, 0);
    }

    #[test]
    fn a_seed_gives_the_same_world() {
        let show = |world: &World| format!("{:?}", world.orders());
        assert_eq!(show(&world(3, 100)), show(&world(3, 100)));
        assert_ne!(show(&world(3, 100)), show(&world(4, 100)));
    }

    #[test]
    fn most_orders_are_plain_and_ten_thousand_are_quick() {
        let start = std::time::Instant::now();
        let world = world(1, 10_000);
        assert!(start.elapsed().as_secs() < 3, "{:?}", start.elapsed());
        let plain = world.orders().iter().filter(|order| order.kind == Kind::Single).count();
        assert!(plain > 5_000, "{plain}");
    }
}
