//! The bookmark of a window.
//!
//! The vendor's `scrollId` is the same on every page, so it cannot tell one place from the next.
//! The bookmark adds the page's number, which makes each one different, and a fingerprint of its
//! orders, by which a page that is served twice is recognised.

use ipass_core::ports::{Cursor, PortError, RawOrder};

use crate::convert::fingerprint;

/// A place between two pages of one search.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Number of the page before it; the first one is 1.
    pub(crate) page: u32,
    /// Fingerprint of that page's orders.
    pub(crate) fingerprint: String,
    /// The vendor's id of the search.
    pub(crate) scroll_id: String,
}

impl Place {
    /// The place behind a page.
    pub(crate) fn behind(page: u32, orders: &[RawOrder], scroll_id: String) -> Self {
        let fingerprint = fingerprint(orders.iter().map(|order| order.key.as_bytes()));
        Self { page, fingerprint, scroll_id }
    }

    pub(crate) fn to_cursor(&self) -> Cursor {
        Cursor(format!("{}.{}.{}", self.page, self.fingerprint, self.scroll_id))
    }

    pub(crate) fn read(cursor: &Cursor) -> Result<Self, PortError> {
        Self::parse(&cursor.0).ok_or_else(|| PortError::invalid("the cursor is none of this adapter's"))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let page = parts.next()?.parse().ok()?;
        let fingerprint = parts.next()?.to_owned();
        let scroll_id = parts.next().filter(|id| !id.is_empty())?.to_owned();
        Some(Self { page, fingerprint, scroll_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_text_whatever_the_scroll_id_holds() {
        let place = Place { page: 7, fingerprint: "ab".to_owned(), scroll_id: "c2Ny.b2xs+/==".to_owned() };
        assert_eq!(Place::read(&place.to_cursor()).unwrap(), place);
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        for text in ["", "x", "1.ab", "1.ab.", "x.ab.c"] {
            assert!(Place::read(&Cursor(text.to_owned())).is_err(), "{text}");
        }
    }
}
