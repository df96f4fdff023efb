//! What changed from one payload of an order to the next.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ipass_core::ports::EarlierPayload;
use serde_json::value::RawValue;

/// Members that one step shows.
const SHOWN: usize = 100;
/// Characters of a value.
const LONGEST: usize = 200;

/// A payload that was replaced, and what the next one has instead.
pub(super) struct Version {
    pub(super) replaced_at: DateTime<Utc>,
    pub(super) changes: Vec<Change>,
    /// Members that changed, of which `changes` may be the first.
    pub(super) in_all: usize,
}

/// One member of the payload.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// `lineItems[0].quantity`.
    pub(super) path: String,
    /// As it was written; `None` where there was none.
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// The steps from the oldest kept payload to the present one, the newest step first.
pub(super) fn versions(earlier: &[EarlierPayload], present: &[u8]) -> Vec<Version> {
    let next = std::iter::once(present).chain(earlier.iter().map(|payload| payload.raw.as_slice()));
    earlier
        .iter()
        .zip(next)
        .map(|(payload, next)| {
            let mut changes = changes(&payload.raw, next);
            let in_all = changes.len();
            changes.truncate(SHOWN);
            Version { replaced_at: payload.replaced_at, changes, in_all }
        })
        .collect()
}

fn changes(before: &[u8], after: &[u8]) -> Vec<Change> {
    let (before, after) = (members(before), members(after));
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| Change {
            path: path.clone(),
            before: before.get(path).map(|value| short(value)),
            after: after.get(path).map(|value| short(value)),
        })
        .collect()
}

/// The leaves of a payload by their paths, as they were written: numbers are not read. What is not JSON is one
/// leaf without a path.
fn members(raw: &[u8]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let text = String::from_utf8_lossy(raw);
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(value) => walk(value.get(), String::new(), &mut found),
        Err(_) => {
            found.insert(String::new(), text.into_owned());
        }
    }
    found
}

fn walk(json: &str, path: String, found: &mut BTreeMap<String, String>) {
    if let Ok(object) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json)
        && !object.is_empty()
    {
        for (name, value) in object {
            let path = if path.is_empty() { name } else { format!("{path}.{name}") };
            walk(value.get(), path, found);
        }
    } else if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(json)
        && !list.is_empty()
    {
        for (at, value) in list.into_iter().enumerate() {
            walk(value.get(), format!("{path}[{at}]"), found);
        }
    } else {
        found.insert(path, json.trim().to_owned());
    }
}

fn short(value: &str) -> String {
    match value.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &value[..at]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, before: Option<&str>, after: Option<&str>) -> Change {
        Change { path: path.to_owned(), before: before.map(str::to_owned), after: after.map(str::to_owned) }
    }

    #[test]
    fn members_are_compared_as_they_were_written() {
        let before = br#"{"id":9007199254740993123,"a":{"b":1.50,"gone":null},"l":[{"q":1},{"q":2}],"same":"x"}"#;
        let after = br#"{"same": "x", "id":9007199254740993124,"a":{"b":1.5},"l":[{"q":1},{"q":3},"new"]}"#;
        assert_eq!(
            changes(before, after),
            [
                change("a.b", Some("1.50"), Some("1.5")),
                change("a.gone", Some("null"), None),
                change("id", Some("9007199254740993123"), Some("9007199254740993124")),
                change("l[1].q", Some("2"), Some("3")),
                change("l[2]", None, Some("\"new\"")),
            ]
        );
        assert_eq!(changes(before, before), []);
    }

    #[test]
    fn what_is_no_json_is_one_value_and_a_long_one_is_cut() {
        let long = "x".repeat(300);
        let found = changes(long.as_bytes(), b"{\"a\":[]}");
        assert_eq!(found[0].before.as_ref().unwrap().chars().count(), LONGEST + 1);
        assert_eq!(found[1], change("a", None, Some("[]")));
    }

    #[test]
    fn each_step_leads_to_the_next_payload() {
        let payload = |raw: &[u8]| EarlierPayload { replaced_at: DateTime::UNIX_EPOCH, raw: raw.to_vec() };
        let steps = versions(&[payload(br#"{"v":2}"#), payload(br#"{"v":1}"#)], br#"{"v":3}"#);
        let told: Vec<_> =
            steps.iter().map(|step| (step.changes[0].before.clone(), step.changes[0].after.clone())).collect();
        let value = |text: &str| Some(text.to_owned());
        assert_eq!(told, [(value("2"), value("3")), (value("1"), value("2"))]);
    }
}
