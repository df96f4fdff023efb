//! Cached searches that a constant `scrollId` pages through.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};

/// A scroll dies when the next page is not fetched within this time.
const IDLE: Duration = Duration::minutes(5);

#[derive(Debug)]
struct Scroll {
    /// Positions of the found objects, fixed at the first call.
    found: Vec<usize>,
    next: usize,
    /// Start of the page before.
    last: usize,
    size: usize,
    endless: bool,
    used: DateTime<Utc>,
}

/// How a page is disturbed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Turn {
    #[default]
    Whole,
    Half,
    Again,
    Empty,
    Endless,
    /// What has not been served comes in the opposite order.
    Reversed,
}

#[derive(Debug, Default)]
pub(crate) struct Scrolls {
    open: HashMap<String, Scroll>,
    made: u64,
}

impl Scrolls {
    /// First page of a new search. There is an id only if there are more pages.
    pub(crate) fn start(
        &mut self,
        found: Vec<usize>,
        size: usize,
        turn: Turn,
        now: DateTime<Utc>,
    ) -> (Option<String>, Vec<usize>) {
        self.open.retain(|_, scroll| now - scroll.used <= IDLE);
        if found.len() <= size {
            match turn {
                Turn::Whole | Turn::Again => return (None, found),
                Turn::Reversed => return (None, found.into_iter().rev().collect()),
                Turn::Half | Turn::Empty | Turn::Endless => {}
            }
        }
        self.made += 1;
        // Looks like the vendor's: base64 with padding, which a query has to encode.
        let id = format!("c2Nyb2xs+{:08}/{:04}==", self.made, found.len());
        let endless = turn == Turn::Endless;
        let scroll = Scroll { found, next: 0, last: 0, size, endless, used: now };
        self.open.insert(id.clone(), scroll);
        let page = self.turn(&id, turn, now).unwrap_or_default();
        (Some(id), page)
    }

    /// The next page; `None` when the id is unknown or has died.
    pub(crate) fn turn(&mut self, id: &str, turn: Turn, now: DateTime<Utc>) -> Option<Vec<usize>> {
        let scroll = self.open.get_mut(id)?;
        if now - scroll.used > IDLE {
            self.open.remove(id);
            return None;
        }
        scroll.used = now;
        scroll.endless |= turn == Turn::Endless;
        if turn == Turn::Reversed {
            scroll.found[scroll.next..].reverse();
        }
        let rest = scroll.found.len() - scroll.next;
        let (start, count) = match turn {
            Turn::Empty => return Some(Vec::new()),
            Turn::Again => (scroll.last, scroll.size),
            Turn::Half => (scroll.next, (scroll.size / 2).max(1)),
            Turn::Whole | Turn::Endless | Turn::Reversed if rest == 0 && scroll.endless => (scroll.last, scroll.size),
            Turn::Whole | Turn::Endless | Turn::Reversed => (scroll.next, scroll.size),
        };
        let end = (start + count).min(scroll.found.len());
        if turn != Turn::Again && rest > 0 {
            scroll.last = start;
            scroll.next = end;
        }
        Some(scroll.found[start..end].to_vec())
    }

    pub(crate) fn forget(&mut self, id: &str) {
        self.open.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_scroll_ends_by_an_empty_page_and_keeps_its_id() {
        let mut scrolls = Scrolls::default();
        let (id, page) = scrolls.start((0..25).collect(), 10, Turn::Whole, at(0));
        let id = id.unwrap();
        assert_eq!(page, (0..10).collect::<Vec<_>>());
        let second = scrolls.turn(&id, Turn::Whole, at(1)).unwrap();
        assert_eq!(second, (10..20).collect::<Vec<_>>());
        assert_eq!(scrolls.turn(&id, Turn::Whole, at(2)).unwrap().len(), 5);
        assert!(scrolls.turn(&id, Turn::Whole, at(3)).unwrap().is_empty());
        assert!(scrolls.turn(&id, Turn::Whole, at(4)).unwrap().is_empty());
    }

    #[test]
    fn one_page_has_no_id_and_idle_scrolls_die() {
        let mut scrolls = Scrolls::default();
        assert_eq!(scrolls.start(vec![1, 2], 10, Turn::Whole, at(0)), (None, vec![1, 2]));
        let (id, _) = scrolls.start((0..25).collect(), 10, Turn::Whole, at(0));
        let id = id.unwrap();
        assert!(scrolls.turn(&id, Turn::Whole, at(300)).is_some());
        assert!(scrolls.turn(&id, Turn::Whole, at(601)).is_none());
        assert!(scrolls.turn(&id, Turn::Whole, at(601)).is_none());
    }

    #[test]
    fn disturbed_pages_lose_nothing_but_the_empty_and_the_endless_one() {
        let mut scrolls = Scrolls::default();
        let (id, page) = scrolls.start((0..25).collect(), 10, Turn::Half, at(0));
        let id = id.unwrap();
        assert_eq!(page.len(), 5);
        assert_eq!(scrolls.turn(&id, Turn::Again, at(1)).unwrap(), (0..10).collect::<Vec<_>>());
        assert_eq!(scrolls.turn(&id, Turn::Whole, at(1)).unwrap()[0], 5);
        assert!(scrolls.turn(&id, Turn::Empty, at(1)).unwrap().is_empty());
        assert_eq!(scrolls.turn(&id, Turn::Endless, at(1)).unwrap()[0], 15);
        for second in 2..5 {
            assert_eq!(scrolls.turn(&id, Turn::Whole, at(second)).unwrap()[0], 15);
        }
    }
}
