use std::time::Duration;

use crate::erp::{ErpOrder, ErpStatus};
use crate::order::{ChannelStatus, Order};
use crate::reason::{Cause, Reason};
use crate::stage::Event;

use super::worklist::{Proof, Worklist};

/// What the channel's cancellation means for an order, as far as the channel alone can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Go on.
    None,
    /// The retailer asks; nobody has cancelled yet.
    Requested,
    /// Cancelled.
    Cancelled,
}

/// Reads the channel's wish.
pub(super) fn wish(order: &Order) -> Wish {
    if order.status == ChannelStatus::Cancelled {
        Wish::Cancelled
    } else if order.cancel_requested {
        Wish::Requested
    } else {
        Wish::None
    }
}

/// Ends an order that the channel cancelled, by what the ERP holds of it. `left` is true when a
/// document shows that goods have left.
pub(super) fn end_cancelled(
    work: &mut Worklist<'_>,
    order: &Order,
    rows: &[ErpOrder],
    settles_within: Duration,
    left: bool,
) {
    let po = &order.po;
    let alive = || rows.iter().filter(|row| !row.deleted);
    if left || alive().any(|row| row.status == ErpStatus::Shipped) {
        work.stay(po, Cause::new(Reason::CancelledTooLate, po.as_str()));
    } else if alive().any(|row| row.status != ErpStatus::Cancelled) {
        work.stay(po, Cause::new(Reason::CancelNeedsDecision, po.as_str()));
    } else if rows.is_empty() && work.may_be_in_erp(po, settles_within) {
        work.stay(po, Cause::new(Reason::WriteUnconfirmed, "sent to the ERP, not visible there yet"));
    } else {
        work.advance(po, Event::Cancelled, Proof::default(), "cancelled at the channel");
    }
}
