use crate::order::{ChannelStatus, Order};
use crate::reason::{Cause, Reason};
use crate::stage::{Event, Stage};

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

/// Ends an order that the channel cancelled. `in_erp` and `shipped` are what is known of the ERP;
/// `in_erp` is `false` only when the ERP certainly has nothing that could leave.
pub(super) fn end_cancelled(work: &mut Worklist<'_>, order: &Order, stage: Stage, in_erp: bool, shipped: bool) {
    let po = &order.po;
    if shipped || stage == Stage::AwaitingInvoice {
        work.stay(po, Cause::new(Reason::CancelledTooLate, po.as_str()));
    } else if in_erp {
        work.stay(po, Cause::new(Reason::CancelNeedsDecision, po.as_str()));
    } else {
        work.advance(po, Event::Cancelled, Proof::default(), "cancelled at the channel");
    }
}
