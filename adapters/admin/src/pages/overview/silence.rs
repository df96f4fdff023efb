//! Is it unusual that no order comes?

use chrono::{DateTime, Duration, Utc};

/// Gaps that are needed to speak of a habit.
const HABIT: usize = 5;
/// So many usual gaps without an order are a long silence.
const LONG: i32 = 6;

/// When orders come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// There is no order.
    NoOrder,
    /// Too few to speak of a habit.
    Last(DateTime<Utc>),
    /// The last one, and the usual gap.
    Usual {
        last: DateTime<Utc>,
        gap: Duration,
        /// It has been quiet for much longer than that.
        long: bool,
    },
}

/// From the creation times of the newest orders, in any order. The usual gap is the median, which a night
/// without orders does not move.
pub(super) fn silence(mut created: Vec<DateTime<Utc>>, now: DateTime<Utc>) -> Silence {
    created.sort_unstable();
    let Some(last) = created.last().copied() else { return Silence::NoOrder };
    let mut gaps: Vec<Duration> = created.windows(2).map(|pair| pair[1] - pair[0]).collect();
    if gaps.len() < HABIT {
        return Silence::Last(last);
    }
    gaps.sort_unstable();
    let gap = gaps[gaps.len() / 2];
    let quiet = now - last;
    Silence::Usual { last, gap, long: quiet > gap * LONG && quiet > Duration::hours(1) }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        Utc.timestamp_opt(1_769_590_800 + minute * 60, 0).unwrap()
    }

    #[test]
    fn a_night_without_orders_does_not_change_what_is_usual() {
        let created = vec![at(0), at(20), at(40), at(640), at(660), at(680), at(700)];
        let Silence::Usual { last, gap, long } = silence(created.clone(), at(720)) else { panic!() };
        assert_eq!((last, gap, long), (at(700), Duration::minutes(20), false));
        assert!(matches!(silence(created, at(700 + 180)), Silence::Usual { long: true, .. }));
    }

    #[test]
    fn orders_that_came_all_at_once_make_no_alarm_within_the_hour() {
        let created = vec![at(0); 10];
        assert!(matches!(silence(created.clone(), at(50)), Silence::Usual { long: false, .. }));
        assert!(matches!(silence(created, at(61)), Silence::Usual { long: true, .. }));
    }

    #[test]
    fn few_orders_are_no_habit() {
        assert_eq!(silence(Vec::new(), at(0)), Silence::NoOrder);
        assert_eq!(silence(vec![at(0), at(5), at(2)], at(9)), Silence::Last(at(5)));
    }
}
