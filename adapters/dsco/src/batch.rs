//! Batches of writes: built from elements, sent in pieces, one effect per item.

use ipass_core::ports::{Batch, Effect, ErrorKind, Outcome, PortError};
use ipass_core::write::WriteKey;
use ipass_http_kit::CallKind;

use crate::client::{Client, NotAccepted};

/// Most items of one request. The vendor publishes no number; a smaller batch is cheaper to repeat
/// when it is refused as a whole.
pub(crate) const MAX_ITEMS: usize = 250;

/// Largest request, in bytes; the vendor allows 5 MB.
const MAX_BYTES: usize = 4_000_000;

/// One element of a request, with the items that it carries.
pub(crate) struct Element {
    pub(crate) keys: Vec<WriteKey>,
    pub(crate) json: String,
}

/// One request.
#[derive(Default)]
struct Piece {
    keys: Vec<WriteKey>,
    json: String,
}

impl Client {
    /// Sends elements in as few requests as the limits allow.
    ///
    /// `Err` as long as the vendor has accepted nothing, and nobody has to doubt it; a refusal after
    /// that is the effect of its own items.
    pub(crate) async fn send_all(&self, kind: &CallKind, path: &str, elements: Vec<Element>) -> Batch<WriteKey> {
        let mut outcomes: Vec<Outcome<WriteKey>> = Vec::new();
        let mut stop: Option<PortError> = None;
        for piece in pieces(elements, MAX_ITEMS, MAX_BYTES) {
            let effect = match &stop {
                Some(error) => Effect::NotApplied(error.clone()),
                None => match self.send(kind, path, format!("[{}]", piece.json)).await {
                    Ok(receipt) => Effect::Accepted(receipt),
                    Err(NotAccepted::Unknown(error)) => Effect::Unknown(error),
                    Err(NotAccepted::Refused(error)) if outcomes.is_empty() => return Err(error),
                    Err(NotAccepted::Refused(error)) => {
                        stop = Some(error.clone()).filter(|error| concerns_all(error.kind()));
                        Effect::NotApplied(error)
                    }
                },
            };
            outcomes.extend(piece.keys.into_iter().map(|key| Outcome { key, effect: effect.clone() }));
        }
        Ok(outcomes)
    }
}

/// The next request would meet the same.
fn concerns_all(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::Retryable | ErrorKind::Throttled { .. } | ErrorKind::Auth | ErrorKind::Clock => true,
        ErrorKind::Rejected | ErrorKind::Invalid => false,
    }
}

/// Joins elements up to the limits; an element is never cut, so one that is too large stands alone.
fn pieces(elements: Vec<Element>, max_items: usize, max_bytes: usize) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for element in elements {
        let fits = |piece: &Piece| {
            piece.keys.len() + element.keys.len() <= max_items && piece.json.len() + element.json.len() + 3 <= max_bytes
        };
        match pieces.last_mut().filter(|piece| fits(piece)) {
            Some(piece) => {
                piece.json.push(',');
                piece.json.push_str(&element.json);
                piece.keys.extend(element.keys);
            }
            None => pieces.push(Piece { keys: element.keys, json: element.json }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use ipass_core::order::PoNumber;
    use ipass_core::write::WriteKind;

    use super::*;

    fn element(items: usize, bytes: usize) -> Element {
        let key = WriteKey::whole(WriteKind::Ship, PoNumber::new("1").unwrap());
        Element { keys: vec![key; items], json: "x".repeat(bytes) }
    }

    fn shape(elements: Vec<Element>) -> Vec<(usize, usize)> {
        pieces(elements, 5, 20).iter().map(|piece| (piece.keys.len(), piece.json.len())).collect()
    }

    #[test]
    fn elements_are_joined_up_to_the_limits_and_never_cut() {
        assert_eq!(shape(vec![]), []);
        assert_eq!(shape(vec![element(2, 1), element(3, 1), element(1, 1)]), [(5, 3), (1, 1)]);
        assert_eq!(shape(vec![element(1, 9), element(1, 8), element(1, 8)]), [(2, 18), (1, 8)]);
        assert_eq!(shape(vec![element(9, 1), element(1, 99), element(1, 1)]), [(9, 1), (1, 99), (1, 1)]);
    }
}
