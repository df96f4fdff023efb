//! The write protocol: every remote write goes through here, and through here only.
//!
//! 1. The intent is committed before anything is sent.
//! 2. If an earlier write of the same key is open, it is read back first: present settles it without
//!    sending, "cannot tell" leaves it for later, only "absent beyond doubt" allows a resend.
//! 3. What the remote answered is committed with the order's step; a receipt is committed at once.
//! 4. Accepted and unknown writes are settled by reading: the channel's log, then the object itself.

mod protocol;

pub(crate) use protocol::ABSENT;
pub use protocol::*;

use std::fmt;

use chrono::{DateTime, Utc};

use crate::order::PoNumber;
use crate::ports::Receipt;

/// What kind of thing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WriteKind {
    /// An order in the ERP.
    Create,
    /// An order's end in the ERP.
    Cancel,
    /// An acknowledgement at the channel.
    Acknowledge,
    /// A parcel at the channel.
    Ship,
    /// An invoice at the channel.
    Invoice,
    /// A stock figure at the channel.
    Stock,
}

impl WriteKind {
    /// The text that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Cancel => "cancel",
            Self::Acknowledge => "acknowledge",
            Self::Ship => "ship",
            Self::Invoice => "invoice",
            Self::Stock => "stock",
        }
    }

    /// English and Chinese name.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Create => ("order in the ERP", "ERP 订单"),
            Self::Cancel => ("cancellation in the ERP", "ERP 取消"),
            Self::Acknowledge => ("acknowledgement", "ACK"),
            Self::Ship => ("shipment", "回传物流"),
            Self::Invoice => ("invoice", "发票"),
            Self::Stock => ("stock figure", "库存"),
        }
    }

    /// A new write of the same key may follow one that was applied: figures are replaced, orders are not.
    pub const fn repeats(self) -> bool {
        matches!(self, Self::Stock)
    }

    /// Reads the stored text.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Create, Self::Cancel, Self::Acknowledge, Self::Ship, Self::Invoice, Self::Stock]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// The natural key of a remote write within a route: the same thing has the same key for ever.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WriteKey {
    /// What is written.
    pub kind: WriteKind,
    /// For which order; a stock figure has its SKU here.
    pub po: PoNumber,
    /// Which part of it: the tracking number of a parcel; empty for the whole order.
    pub part: String,
}

impl WriteKey {
    /// The key of a write about the whole order.
    pub fn whole(kind: WriteKind, po: PoNumber) -> Self {
        Self { kind, po, part: String::new() }
    }
}

impl fmt::Display for WriteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.po)?;
        if self.part.is_empty() { Ok(()) } else { write!(f, " {}", self.part) }
    }
}

/// Where a remote write stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriteState {
    /// Committed, perhaps sent.
    Intended,
    /// The remote queued it.
    Accepted,
    /// Sent; the answer was lost or said nothing.
    Unknown,
    /// The remote did it.
    Applied,
    /// The remote refused it.
    Rejected,
    /// It never took place: not sent at all, or absent beyond doubt.
    Void,
}

impl WriteState {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Intended, Self::Accepted, Self::Unknown, Self::Applied, Self::Rejected, Self::Void];

    /// The text that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Accepted => "accepted",
            Self::Unknown => "unknown",
            Self::Applied => "applied",
            Self::Rejected => "rejected",
            Self::Void => "void",
        }
    }

    /// Reads the stored text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Nothing may be sent for its key before it has been read back.
    pub const fn must_be_read_back(self) -> bool {
        matches!(self, Self::Intended | Self::Accepted | Self::Unknown | Self::Applied)
    }
}

/// A write about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// What.
    pub key: WriteKey,
    /// SHA-256 of what is sent, 64 hex digits.
    pub request_hash: String,
}

/// A remote write as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteWrite {
    /// What.
    pub key: WriteKey,
    /// Where it stands.
    pub state: WriteState,
    /// SHA-256 of what was sent last, 64 hex digits.
    pub request_hash: String,
    /// What the remote gave for it.
    pub receipt: Option<Receipt>,
    /// When it was last intended, UTC.
    pub intended_at: DateTime<Utc>,
    /// When something became known of it, UTC; `None` since it was last intended.
    pub noted_at: Option<DateTime<Utc>>,
    /// How often it was intended.
    pub attempts: u32,
    /// The remote's words.
    pub message: Option<String>,
}

/// What became known of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteNote {
    /// What.
    pub key: WriteKey,
    /// Where it stands now.
    pub state: WriteState,
    /// What the remote gave for it; `None` keeps an earlier one.
    pub receipt: Option<Receipt>,
    /// The remote's words, never anything personal; `None` keeps earlier ones.
    pub message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_states_are_read_as_they_are_written() {
        for kind in [
            WriteKind::Create,
            WriteKind::Cancel,
            WriteKind::Acknowledge,
            WriteKind::Ship,
            WriteKind::Invoice,
            WriteKind::Stock,
        ] {
            assert_eq!(WriteKind::parse(kind.as_str()), Some(kind));
        }
        for state in WriteState::ALL {
            assert_eq!(WriteState::parse(state.as_str()), Some(state));
        }
        assert_eq!((WriteKind::parse("APPLIED"), WriteState::parse("")), (None, None));
    }

    #[test]
    fn only_what_the_remote_certainly_lacks_is_sent_without_a_look() {
        let sent_at_once: Vec<&str> =
            WriteState::ALL.iter().filter(|state| !state.must_be_read_back()).map(|state| state.as_str()).collect();
        assert_eq!(sent_at_once, ["rejected", "void"]);
    }

    #[test]
    fn figures_are_replaced_and_orders_are_not() {
        assert!(WriteKind::Stock.repeats());
        assert!(!WriteKind::Create.repeats() && !WriteKind::Ship.repeats() && !WriteKind::Invoice.repeats());
    }

    #[test]
    fn a_key_shows_its_kind_its_order_and_its_part() {
        let po = PoNumber::new("PO-1").unwrap();
        assert_eq!(WriteKey::whole(WriteKind::Invoice, po.clone()).to_string(), "invoice PO-1");
        assert_eq!(WriteKey { kind: WriteKind::Ship, po, part: "1Z9".to_owned() }.to_string(), "ship PO-1 1Z9");
    }
}
