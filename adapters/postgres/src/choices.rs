//! What is known of how many orders have something: a list is walked by it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// An answer is good for so long. One that is out of date costs time, and never an order of a list.
const KEPT: Duration = Duration::from_mins(1);
/// Answers that are kept; all are forgotten when there are more.
const MOST: usize = 1000;

/// The last looks: whether few have what was looked for, and when that was seen.
#[derive(Debug, Default)]
pub(crate) struct Choices(Mutex<HashMap<String, (Instant, bool)>>);

impl Choices {
    /// Whether few have it, if that was seen lately.
    pub(crate) fn few(&self, look: &str, now: Instant) -> Option<bool> {
        let seen = self.seen().get(look).copied();
        seen.filter(|(at, _)| now.duration_since(*at) < KEPT).map(|(_, few)| few)
    }

    pub(crate) fn keep(&self, look: String, few: bool, now: Instant) {
        let mut seen = self.seen();
        if seen.len() >= MOST {
            seen.clear();
        }
        seen.insert(look, (now, few));
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, (Instant, bool)>> {
        // Each answer is whole by itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_good_for_a_while_and_there_are_never_too_many() {
        let (choices, now) = (Choices::default(), Instant::now());
        choices.keep("a".to_owned(), true, now);
        assert_eq!(choices.few("a", now), Some(true));
        assert_eq!(choices.few("a", now + KEPT), None);
        assert_eq!(choices.few("b", now), None);
        for name in 0..=MOST {
            choices.keep(name.to_string(), false, now);
        }
        assert!(choices.seen().len() <= MOST);
        assert_eq!(choices.few(&MOST.to_string(), now), Some(false));
    }
}
