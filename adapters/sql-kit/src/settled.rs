//! What is to be written about remote writes of which something became known.

use std::collections::{BTreeMap, HashMap};

use ipass_core::ports::RunRef;
use ipass_core::write::{WriteKey, WriteKind, WriteNote, WriteState};

use crate::event::NewEvent;
use crate::text::clean;

/// What is to be stored of one write; what is `None` stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Where it stands now.
    pub state: WriteState,
    /// What the remote gave for it.
    pub receipt: Option<String>,
    /// The remote's words.
    pub message: Option<String>,
}

/// What the notes change, by the writes' keys, and what a timeline says of it. `states` are those before.
///
/// What the remote did stays done: a later note that knows less does not undo it.
pub fn settled<'a>(
    run: &'a RunRef,
    notes: &[&'a WriteNote],
    states: Vec<(WriteKey, WriteState)>,
) -> (BTreeMap<&'a WriteKey, Settled>, Vec<NewEvent<'a>>) {
    let mut states: HashMap<WriteKey, WriteState> = states.into_iter().collect();
    let mut settled: BTreeMap<&WriteKey, Settled> = BTreeMap::new();
    let mut events = Vec::new();
    for note in notes {
        let before = states.get(&note.key).copied();
        if before == Some(WriteState::Applied)
            && matches!(note.state, WriteState::Intended | WriteState::Accepted | WriteState::Unknown)
        {
            continue;
        }
        states.insert(note.key.clone(), note.state);
        let message = note.message.as_deref().map(clean);
        // A person cares about ends and doubts. Stock is not about an order.
        if before != Some(note.state)
            && matches!(note.state, WriteState::Applied | WriteState::Rejected | WriteState::Unknown)
            && note.key.kind != WriteKind::Stock
        {
            let detail = [note.key.part.as_str(), message.as_deref().unwrap_or_default()];
            events.push(NewEvent {
                po: note.key.po.as_str(),
                kind: "write",
                by: &run.run_id,
                from: None,
                to: None,
                what: format!("{} {}", note.key.kind.as_str(), note.state.as_str()),
                detail: detail.iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>().join(": "),
            });
        }
        let earlier = settled.remove(&note.key);
        let (receipt, told) = earlier.map(|earlier| (earlier.receipt, earlier.message)).unwrap_or_default();
        let receipt = note.receipt.as_ref().map(|receipt| clean(&receipt.0)).or(receipt);
        settled.insert(&note.key, Settled { state: note.state, receipt, message: message.or(told) });
    }
    (settled, events)
}

#[cfg(test)]
mod tests {
    use ipass_core::order::PoNumber;
    use ipass_core::ports::{Receipt, RouteName};

    use super::*;

    fn note(kind: WriteKind, state: WriteState, receipt: Option<&str>, message: Option<&str>) -> WriteNote {
        let key = WriteKey { kind, po: PoNumber::new("P").unwrap(), part: String::new() };
        let receipt = receipt.map(|id| Receipt(id.to_owned()));
        WriteNote { key, state, receipt, message: message.map(str::to_owned) }
    }

    /// The one write after some notes, and its events.
    fn after(before: Option<WriteState>, notes: &[WriteNote]) -> (Option<Settled>, Vec<String>) {
        let run = RunRef { route: RouteName("r".to_owned()), run_id: "run".to_owned(), fence: 1 };
        let states = before.map(|state| (notes[0].key.clone(), state)).into_iter().collect();
        let notes: Vec<&WriteNote> = notes.iter().collect();
        let (settled, events) = settled(&run, &notes, states);
        (settled.into_values().next(), events.into_iter().map(|event| event.what).collect())
    }

    #[test]
    fn what_a_remote_did_is_not_undone_by_a_note_that_knows_less() {
        use WriteState::{Accepted, Applied, Rejected, Unknown};
        let ship = |state| note(WriteKind::Ship, state, None, None);
        let bare = |state| Some(Settled { state, receipt: None, message: None });
        assert_eq!(after(Some(Applied), &[ship(Unknown), ship(Accepted)]), (None, vec![]));
        assert_eq!(after(None, &[ship(Applied), ship(Unknown)]).0, bare(Applied));
        assert_eq!(after(Some(Applied), &[ship(Rejected)]).0, bare(Rejected));
    }

    #[test]
    fn later_notes_keep_what_earlier_ones_knew() {
        let first = note(WriteKind::Ship, WriteState::Accepted, Some("q1"), Some("said"));
        let second = note(WriteKind::Ship, WriteState::Applied, None, None);
        let (receipt, message) = (Some("q1".to_owned()), Some("said".to_owned()));
        let expected = Settled { state: WriteState::Applied, receipt, message };
        assert_eq!(after(None, &[first, second]), (Some(expected), vec!["ship applied".to_owned()]));
    }

    #[test]
    fn a_timeline_tells_ends_and_doubts_of_orders_once() {
        let told = |before, kind, state| after(before, &[note(kind, state, None, None)]).1;
        assert_eq!(told(None, WriteKind::Invoice, WriteState::Unknown), ["invoice unknown"]);
        assert!(told(Some(WriteState::Unknown), WriteKind::Invoice, WriteState::Unknown).is_empty());
        assert!(told(None, WriteKind::Invoice, WriteState::Accepted).is_empty());
        assert!(told(None, WriteKind::Stock, WriteState::Applied).is_empty());
    }
}
