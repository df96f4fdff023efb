use std::collections::HashMap;
use std::hash::Hash;

use super::PortError;

/// Proof that a remote took a request without having done it yet, for example a request id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receipt(pub String);

/// Did the remote change? Answered per item, because a batch half-succeeds.
#[derive(Debug, Clone)]
pub enum Effect<T = ()> {
    /// The remote did it.
    Applied(T),
    /// The remote queued it; the receipt tells later.
    Accepted(Receipt),
    /// The remote did not do it, and will not.
    NotApplied(PortError),
    /// Nobody can tell yet: look before sending again.
    Unknown(PortError),
}

/// The effect of one item of a batch.
#[derive(Debug, Clone)]
pub struct Outcome<K, T = ()> {
    /// The item.
    pub key: K,
    /// What became of it.
    pub effect: Effect<T>,
}

/// Effects of a batch. The outer `Err` promises that nothing was sent, or that the remote refused
/// the batch as a whole.
pub type Batch<K, T = ()> = Result<Vec<Outcome<K, T>>, PortError>;

/// The answer to a question about one item.
#[derive(Debug, Clone)]
pub struct Answer<K, T> {
    /// The item.
    pub key: K,
    /// What the remote said about it; an `Err` means unknown, never absent.
    pub result: Result<T, PortError>,
}

/// Gives every asked key exactly one effect: a forgotten one is unknown, a repeated one counts once.
pub fn complete_effects<K, T>(keys: &[K], outcomes: Vec<Outcome<K, T>>) -> HashMap<K, Effect<T>>
where
    K: Clone + Eq + Hash,
{
    let mut effects: HashMap<K, Effect<T>> = outcomes.into_iter().map(|o| (o.key, o.effect)).collect();
    effects.retain(|key, _| keys.contains(key));
    for key in keys {
        effects.entry(key.clone()).or_insert_with(|| {
            Effect::Unknown(PortError::retryable("the answer names neither success nor error for this item"))
        });
    }
    effects
}

/// Gives every asked key exactly one answer: a forgotten one is unknown.
pub fn complete_answers<K, T>(keys: &[K], answers: Vec<Answer<K, T>>) -> HashMap<K, Result<T, PortError>>
where
    K: Clone + Eq + Hash,
{
    let mut by_key: HashMap<K, Result<T, PortError>> = answers.into_iter().map(|a| (a.key, a.result)).collect();
    for key in keys {
        by_key
            .entry(key.clone())
            .or_insert_with(|| Err(PortError::retryable("the answer says nothing about this item")));
    }
    by_key
}
