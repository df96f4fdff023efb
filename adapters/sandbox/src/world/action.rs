//! What people do in this world when a test asks them to.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::World;
use super::order::Status;

/// An act of staff, retailer or portal on one purchase order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum WorldAction {
    /// ERP: every system order of the number is reviewed now.
    Review {
        /// Purchase order number.
        po: String,
    },
    /// ERP: every document of the number that is not cut off leaves now, reviewed if need be.
    Ship {
        /// Purchase order number.
        po: String,
    },
    /// ERP: the next document that has not left leaves now.
    ShipNext {
        /// Purchase order number.
        po: String,
    },
    /// ERP: the tracking field of every document of the number becomes this text.
    SetTracking {
        /// Purchase order number.
        po: String,
        /// New text, also `A,B`.
        tracking: String,
    },
    /// ERP: every system order of the number is marked "do not ship" now.
    CancelInErp {
        /// Purchase order number.
        po: String,
    },
    /// ERP: every system order of the number is deleted; the number stays taken.
    DeleteInErp {
        /// Purchase order number.
        po: String,
    },
    /// ERP: staff enter the order by hand; its documents leave at once.
    EnterByHand {
        /// Purchase order number.
        po: String,
    },
    /// Channel: the retailer cancels all quantity.
    CancelAtChannel {
        /// Purchase order number.
        po: String,
    },
    /// Channel: the retailer asks to cancel; the status stays.
    RequestCancel {
        /// Purchase order number.
        po: String,
    },
    /// Channel: the request is withdrawn.
    WithdrawCancelRequest {
        /// Purchase order number.
        po: String,
    },
    /// Channel: units of a line are cancelled; the order turns `cancelled` when none is left.
    PartlyCancel {
        /// Purchase order number.
        po: String,
        /// Line number.
        line: u32,
        /// Units.
        quantity: u32,
    },
    /// Channel: somebody acknowledges in the portal.
    AcknowledgeByPortal {
        /// Purchase order number.
        po: String,
    },
    /// Channel: somebody reports one package with every open unit in the portal.
    ShipByPortal {
        /// Purchase order number.
        po: String,
    },
    /// Channel: an invoice over all shipped units exists from now on.
    PlantInvoice {
        /// Purchase order number.
        po: String,
        /// Invoice id.
        id: String,
    },
    /// Channel: the order changes in no visible way, its `dscoLastUpdate` rises.
    Touch {
        /// Purchase order number.
        po: String,
    },
}

impl WorldAction {
    /// The purchase order that the act is about.
    #[must_use]
    pub fn po(&self) -> &str {
        match self {
            Self::Review { po }
            | Self::Ship { po }
            | Self::ShipNext { po }
            | Self::SetTracking { po, .. }
            | Self::CancelInErp { po }
            | Self::DeleteInErp { po }
            | Self::EnterByHand { po }
            | Self::CancelAtChannel { po }
            | Self::RequestCancel { po }
            | Self::WithdrawCancelRequest { po }
            | Self::PartlyCancel { po, .. }
            | Self::AcknowledgeByPortal { po }
            | Self::ShipByPortal { po }
            | Self::PlantInvoice { po, .. }
            | Self::Touch { po } => po,
        }
    }
}

/// The act names a purchase order that the end in question does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownOrder(pub String);

impl fmt::Display for UnknownOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no such order: {}", self.0)
    }
}

impl std::error::Error for UnknownOrder {}

impl World {
    /// Does everything but [`WorldAction::PlantInvoice`], which the invoice book does.
    pub(crate) fn act(&mut self, act: &WorldAction, now: DateTime<Utc>) -> Result<(), UnknownOrder> {
        let unknown = || UnknownOrder(act.po().to_owned());
        match act {
            WorldAction::Review { po }
            | WorldAction::Ship { po }
            | WorldAction::ShipNext { po }
            | WorldAction::CancelInErp { po }
            | WorldAction::DeleteInErp { po }
            | WorldAction::SetTracking { po, .. } => {
                let positions = self.systems_of(po).to_vec();
                if positions.is_empty() {
                    return Err(unknown());
                }
                for position in positions {
                    if self.act_on_system(act, position, now) {
                        break;
                    }
                }
            }
            WorldAction::EnterByHand { po } => {
                let position = self.by_po(po).first().copied().ok_or_else(unknown)?;
                self.enter_by_hand(position);
            }
            WorldAction::CancelAtChannel { po }
            | WorldAction::RequestCancel { po }
            | WorldAction::WithdrawCancelRequest { po }
            | WorldAction::PartlyCancel { po, .. }
            | WorldAction::AcknowledgeByPortal { po }
            | WorldAction::ShipByPortal { po }
            | WorldAction::PlantInvoice { po, .. }
            | WorldAction::Touch { po } => {
                let position = self.by_po(po).first().copied().ok_or_else(unknown)?;
                self.act_on_order(act, position, now);
            }
        }
        Ok(())
    }

    /// Returns whether the act is used up by this system order.
    fn act_on_system(&mut self, act: &WorldAction, position: usize, now: DateTime<Utc>) -> bool {
        let system = &mut self.systems[position];
        if !system.exists(now) || system.deleted {
            return false;
        }
        let review = |at: Option<DateTime<Utc>>| Some(at.map_or(now, |at| at.min(now)));
        match act {
            WorldAction::Review { .. } => system.reviewed_at = review(system.reviewed_at),
            WorldAction::Ship { .. } => {
                system.reviewed_at = review(system.reviewed_at);
                for document in system.documents.iter_mut().filter(|d| d.cut_at.is_none()) {
                    document.shipped_at = review(document.shipped_at);
                }
            }
            WorldAction::ShipNext { .. } => {
                system.reviewed_at = review(system.reviewed_at);
                let waiting = system
                    .documents
                    .iter_mut()
                    .find(|document| document.cut_at.is_none() && document.shipped_at.is_none_or(|at| at > now));
                if let Some(document) = waiting {
                    document.shipped_at = Some(now);
                    return true;
                }
            }
            WorldAction::SetTracking { tracking, .. } => {
                for document in &mut system.documents {
                    document.tracking = tracking.as_str().into();
                }
            }
            WorldAction::CancelInErp { .. } => system.cancelled_at = Some(now),
            WorldAction::DeleteInErp { .. } => system.deleted = true,
            WorldAction::EnterByHand { .. }
            | WorldAction::CancelAtChannel { .. }
            | WorldAction::RequestCancel { .. }
            | WorldAction::WithdrawCancelRequest { .. }
            | WorldAction::PartlyCancel { .. }
            | WorldAction::AcknowledgeByPortal { .. }
            | WorldAction::ShipByPortal { .. }
            | WorldAction::PlantInvoice { .. }
            | WorldAction::Touch { .. } => {}
        }
        false
    }

    fn act_on_order(&mut self, act: &WorldAction, position: usize, now: DateTime<Utc>) {
        if matches!(act, WorldAction::ShipByPortal { .. }) {
            let order = self.order(position).clone();
            let package = self.portal_package(&order, now);
            self.change(position, now, |order| order.add_package(package));
            return;
        }
        self.change(position, now, |order| match act {
            WorldAction::CancelAtChannel { .. } => order.cancel(now),
            WorldAction::RequestCancel { .. } => order.cancel_requested = true,
            WorldAction::WithdrawCancelRequest { .. } => order.cancel_requested = false,
            WorldAction::PartlyCancel { line, quantity, .. } => {
                let found = order.lines.iter_mut().find(|candidate| candidate.number == *line);
                if let Some(line) = found {
                    line.cancelled = (line.cancelled + quantity).min(line.quantity);
                }
                if order.lines.iter().all(|line| line.expected() == 0) {
                    order.cancel(now);
                }
            }
            WorldAction::AcknowledgeByPortal { .. } => {
                order.acknowledged = true;
                if order.status == Status::Created {
                    order.status = Status::ShipmentPending;
                }
            }
            WorldAction::Review { .. }
            | WorldAction::Ship { .. }
            | WorldAction::ShipNext { .. }
            | WorldAction::SetTracking { .. }
            | WorldAction::CancelInErp { .. }
            | WorldAction::DeleteInErp { .. }
            | WorldAction::EnterByHand { .. }
            | WorldAction::ShipByPortal { .. }
            | WorldAction::PlantInvoice { .. }
            | WorldAction::Touch { .. } => {}
        });
    }
}
