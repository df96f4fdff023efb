//! Which conditions people are to be told of.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ipass_core::ports::{Condition, Notice, RouteName, Stored};

use crate::text::clean;
use crate::values::{SqlRow, Values};

/// A condition as it is stored.
#[derive(Debug, Clone)]
pub struct Known {
    detail: String,
    since: DateTime<Utc>,
    told: bool,
    ended: bool,
    claimed_until: Option<DateTime<Utc>>,
}

impl Known {
    /// Reads `key, detail, since, told_at, ended_at, claimed_until`; answers the key, too.
    pub fn read(row: &impl SqlRow) -> Stored<(String, Self)> {
        let values = Values::keyed(row, "alert", &["key"]);
        let known = Self {
            detail: values.text("detail")?,
            since: values.time("since")?,
            told: values.time_or_none("told_at")?.is_some(),
            ended: values.time_or_none("ended_at")?.is_some(),
            claimed_until: values.time_or_none("claimed_until")?,
        };
        Ok((values.text("key")?, known))
    }

    /// Nobody is sending its message.
    fn free(&self, now: DateTime<Utc>) -> bool {
        self.claimed_until.is_none_or(|until| until <= now)
    }
}

/// What is to be written about one condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which one.
    pub key: String,
    /// What becomes of it.
    pub to: State,
}

/// What becomes of a condition. Whoever claims it has its message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is new, with this detail, and claimed.
    New(String),
    /// It lasts, with this detail.
    Lasting(String),
    /// It lasts, with this detail, and is claimed.
    Claimed(String),
    /// It is over, and claimed.
    Over,
    /// It is over, and nobody was ever told of it.
    Forgotten,
}

/// What is to be written, and what people are to be told.
pub fn changes(
    route: &RouteName,
    conditions: &[Condition],
    known: BTreeMap<String, Known>,
    now: DateTime<Utc>,
) -> (Vec<Change>, Vec<Notice>) {
    let conditions: BTreeMap<String, String> =
        conditions.iter().map(|condition| (clean(&condition.key), clean(&condition.detail))).collect();
    let mut changes = Vec::new();
    let mut notices = Vec::new();
    for (key, detail) in &conditions {
        let (key, detail) = (key.clone(), detail.clone());
        let known = known.get(&key);
        let due = known.is_none_or(|known| !known.told && known.free(now));
        let to = match known {
            None => Some(State::New(detail.clone())),
            Some(_) if due => Some(State::Claimed(detail.clone())),
            Some(known) if known.ended || known.detail != detail => Some(State::Lasting(detail.clone())),
            Some(_) => None,
        };
        changes.extend(to.map(|to| Change { key: key.clone(), to }));
        if due {
            let since = known.map_or(now, |known| known.since);
            notices.push(Notice { route: route.clone(), key, detail, since, recovered: false });
        }
    }
    for (key, known) in known.into_iter().filter(|(key, _)| !conditions.contains_key(key)) {
        if !known.told {
            changes.push(Change { key, to: State::Forgotten });
        } else if known.free(now) || !known.ended {
            changes.push(Change { key: key.clone(), to: State::Over });
            let Known { detail, since, .. } = known;
            notices.push(Notice { route: route.clone(), key, detail, since, recovered: true });
        }
    }
    (changes, notices)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-01-28T03:00:00Z".parse().unwrap()
    }

    fn known(told: bool, ended: bool, claimed_for: Option<i64>) -> Known {
        let claimed_until = claimed_for.map(|seconds| now() + TimeDelta::seconds(seconds));
        Known { detail: "d".to_owned(), since: now() - TimeDelta::hours(1), told, ended, claimed_until }
    }

    /// What is done about one condition: the change, and whether somebody is told.
    fn done(lasts: Option<&str>, known: Option<Known>) -> (Option<State>, bool) {
        let conditions: Vec<Condition> =
            lasts.iter().map(|detail| Condition { key: "k".to_owned(), detail: (*detail).to_owned() }).collect();
        let known = known.into_iter().map(|known| ("k".to_owned(), known)).collect();
        let (mut changes, notices) = changes(&RouteName("r".to_owned()), &conditions, known, now());
        assert!(changes.len() <= 1 && notices.len() <= 1);
        (changes.pop().map(|change| change.to), !notices.is_empty())
    }

    #[test]
    fn people_are_told_once_of_what_begins_and_once_of_what_ends() {
        use State::{Claimed, Forgotten, Lasting, New, Over};
        let (d, e) = (|| "d".to_owned(), || "e".to_owned());
        for (lasts, known, expected) in [
            (Some("d"), None, (Some(New(d())), true)),
            (Some("d"), Some(known(false, false, Some(5))), (None, false)),
            (Some("d"), Some(known(false, false, Some(-5))), (Some(Claimed(d())), true)),
            (Some("d"), Some(known(true, false, None)), (None, false)),
            (Some("e"), Some(known(true, false, None)), (Some(Lasting(e())), false)),
            (Some("d"), Some(known(true, true, None)), (Some(Lasting(d())), false)),
            (None, Some(known(false, false, None)), (Some(Forgotten), false)),
            (None, Some(known(true, false, Some(5))), (Some(Over), true)),
            (None, Some(known(true, true, Some(5))), (None, false)),
            (None, Some(known(true, true, Some(-5))), (Some(Over), true)),
        ] {
            assert_eq!(done(lasts, known.clone()), expected, "{lasts:?} {known:?}");
        }
    }
}
