//! Places in a list: the mark where its next page starts.

use chrono::{DateTime, Datelike as _, Utc};
use ipass_core::ports::{StoreError, Stored};

/// Letters, digits and hyphens only, so that it fits anywhere in a URL.
pub fn write<const N: usize>(parts: [&str; N]) -> String {
    let digit = |four_bits: u8| char::from_digit(four_bits.into(), 16);
    let hex =
        |text: &str| text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten().collect::<String>();
    parts.map(hex).join("-")
}

/// The parts of a written place.
pub fn read<const N: usize>(text: &str) -> Stored<[String; N]> {
    let parts: Option<Vec<String>> = text.split('-').map(unhex).collect();
    parts.and_then(|parts| parts.try_into().ok()).ok_or_else(unreadable)
}

/// A time of a place, in microseconds; years that `PostgreSQL` does not know are refused.
pub fn time(micros: &str) -> Stored<DateTime<Utc>> {
    let time = micros.parse().ok().and_then(DateTime::from_timestamp_micros);
    time.filter(|time| (1..=9999).contains(&time.year())).ok_or_else(unreadable)
}

/// The error of a mark that nobody wrote.
pub fn unreadable() -> StoreError {
    StoreError::Conflict("the mark of the next page cannot be read".to_owned())
}

fn unhex(text: &str) -> Option<String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    // A place that we wrote holds no control characters, and a server refuses some of them.
    String::from_utf8(bytes?).ok().filter(|text| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_and_nonsense_is_refused() {
        let parts = ["-5", "PO-1 é", ""];
        assert_eq!(read::<3>(&write(parts)).unwrap(), parts);
        for nonsense in ["", "-", "zz-zz-zz", "1-2-3", "31-31-31-31", "c3-31-31", "31-00-31"] {
            assert!(read::<3>(nonsense).is_err(), "{nonsense}");
        }
    }
}
