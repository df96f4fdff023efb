//! Facts of a timeline.

use ipass_core::stage::Stage;

/// A fact about an order, to be appended to its timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent<'a> {
    /// The order's number.
    pub po: &'a str,
    /// `pulled`, `changed`, `outcome`, `write` or `operator`.
    pub kind: &'static str,
    /// A run's id, or a person.
    pub by: &'a str,
    /// Stage before, if the fact is about stages.
    pub from: Option<Stage>,
    /// Stage after.
    pub to: Option<Stage>,
    /// A code, a state, or the name of an act.
    pub what: String,
    /// What else there is to say; may be empty.
    pub detail: String,
}
