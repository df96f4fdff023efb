//! Segments of a path.

use std::fmt::Write;

/// A text as one segment of a path, percent-encoded exactly once: all but the unreserved characters
/// of RFC 3986. Ids of events contain slashes, and some come encoded already.
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in decoded(text.as_bytes()) {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Two ids of one event, whether they came encoded or not.
pub(crate) fn same(a: &str, b: &str) -> bool {
    decoded(a.as_bytes()) == decoded(b.as_bytes())
}

/// Percent-decoded once; a `%` that begins no pair of hex digits stays.
fn decoded(mut text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    while let Some((first, rest)) = text.split_first() {
        text = match (first, rest) {
            (b'%', [high, low, behind @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(nibble(*high) << 4 | nibble(*low));
                behind
            }
            _ => {
                bytes.push(*first);
                rest
            }
        };
    }
    bytes
}

/// Of a hex digit.
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_encoded_exactly_once() {
        for (text, encoded) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00%3A00%3A00Z"),
            ("z/2026/01/1769-01", "z%2F2026%2F01%2F1769-01"),
            ("z%2F2026%2f01%2F1769-01", "z%2F2026%2F01%2F1769-01"),
            ("50%/a%2", "50%25%2Fa%252"),
            ("é %zz+", "%C3%A9%20%25zz%2B"),
            ("", ""),
        ] {
            assert_eq!(segment(text), encoded, "{text}");
        }
        assert!(same("z/1", "z%2f1"));
        assert!(!same("z/1", "z/2"));
    }
}
