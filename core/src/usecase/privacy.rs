use std::collections::HashMap;

use crate::order::{Order, PoNumber};
use crate::ports::PortError;
use crate::write::{Verdict, WriteKey};

/// A shorter text says nothing about a person, and is part of too many words.
const TELLING: usize = 4;

/// The same verdicts, without what a remote's words repeat of the order's address: causes are stored,
/// shown and logged.
pub(super) fn redacted(
    verdicts: HashMap<WriteKey, Verdict>,
    orders: &HashMap<PoNumber, Order>,
) -> HashMap<WriteKey, Verdict> {
    let error = |order: &Order, error: PortError| {
        let words = without_address(order, error.message());
        if words == error.message() { error } else { PortError::new(error.kind(), words) }
    };
    verdicts
        .into_iter()
        .map(|(key, verdict)| {
            let Some(order) = orders.get(&key.po) else { return (key, verdict) };
            let verdict = match verdict {
                Verdict::Rejected(why) => Verdict::Rejected(error(order, why)),
                Verdict::NotSent(why) => Verdict::NotSent(error(order, why)),
                Verdict::Unconfirmed(hint) => Verdict::Unconfirmed(without_address(order, &hint)),
                Verdict::Applied(_) | Verdict::WouldSend => verdict,
            };
            (key, verdict)
        })
        .collect()
}

fn without_address(order: &Order, words: &str) -> String {
    let address = &order.address;
    let personal = [
        &address.name,
        &address.company,
        &address.line1,
        &address.line2,
        &address.city,
        &address.postal_code,
        &address.phone,
        &address.email,
    ];
    personal
        .into_iter()
        .flatten()
        .filter(|text| text.chars().count() >= TELLING)
        .fold(words.to_owned(), |words, text| words.replace(text.as_str(), "***"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::order;

    #[test]
    fn a_refusal_does_not_tell_who_lives_where() {
        let words = "Testy McTestface of 100 Example St, Springfield 00501 is unknown";
        assert_eq!(without_address(&order("1"), words), "*** of ***, *** *** is unknown");
    }
}
