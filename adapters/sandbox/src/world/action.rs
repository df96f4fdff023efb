//! What people do in this world when a test asks them to.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::World;
use super::order::Status;

/// `dscoStatus` that an order can be set back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelStatus {
    /// Not acknowledged, not cancelled, nothing shipped.
    Created,
    /// Acknowledged, not cancelled, nothing shipped.
    ShipmentPending,
}

/// An act of staff, retailer or portal on one purchase order, or on stock.
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
    /// ERP: the warehouse refuses to give the goods of the number back from now on.
    RefuseRecall {
        /// Purchase order number.
        po: String,
    },
    /// ERP: the warehouse gives the goods of the number back when it is asked.
    AllowRecall {
        /// Purchase order number.
        po: String,
    },
    /// Channel: the order is set back, as support can do: packages and cancellation are gone.
    ResetAtChannel {
        /// Purchase order number.
        po: String,
        /// What it becomes.
        status: ChannelStatus,
    },
    /// Channel: every invoice of the order is gone.
    RemoveInvoice {
        /// Purchase order number.
        po: String,
    },
    /// ERP: a product is counted anew in a warehouse; its rows become one.
    SetStock {
        /// Warehouse id.
        wid: u32,
        /// The ERP's SKU.
        sku: String,
        /// Units that can be sold, also below zero.
        quantity: i64,
    },
    /// ERP: so many of a thousand of the SKUs with units have none in any warehouse now.
    ZeroStock {
        /// Parts per thousand, rounded up to whole SKUs.
        per_mille: u32,
    },
    /// ERP: a warehouse lists nothing at all any more.
    EmptyWarehouse {
        /// Warehouse id.
        wid: u32,
    },
    /// Channel: somebody sets an item's figure in the portal.
    SetChannelStock {
        /// The supplier's sku.
        sku: String,
        /// Warehouse code.
        warehouse: String,
        /// Units.
        quantity: i64,
    },
    /// ERP: a store's name of a product is paired. A second SKU for a paired name, or a second name
    /// for a paired SKU, is a conflict.
    PairSku {
        /// Store id.
        store: String,
        /// The channel's name.
        msku: String,
        /// The ERP's SKU; need not exist.
        sku: String,
    },
    /// ERP: a store's pairs of a name are taken away.
    UnpairSku {
        /// Store id.
        store: String,
        /// The channel's name.
        msku: String,
    },
}

impl WorldAction {
    /// The purchase order that the act is about; empty for an act on stock or pairs.
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
            | Self::Touch { po }
            | Self::RefuseRecall { po }
            | Self::AllowRecall { po }
            | Self::ResetAtChannel { po, .. }
            | Self::RemoveInvoice { po } => po,
            Self::SetStock { .. }
            | Self::ZeroStock { .. }
            | Self::EmptyWarehouse { .. }
            | Self::SetChannelStock { .. }
            | Self::PairSku { .. }
            | Self::UnpairSku { .. } => "",
        }
    }
}

/// The act names an order, SKU, warehouse or store that the end in question does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownOrder(pub String);

impl fmt::Display for UnknownOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no such order, SKU, warehouse or store: {}", self.0)
    }
}

impl std::error::Error for UnknownOrder {}

impl World {
    /// Does everything but planting and removing invoices, which the invoice book does.
    pub(crate) fn act(&mut self, act: &WorldAction, now: DateTime<Utc>) -> Result<(), UnknownOrder> {
        let unknown = || UnknownOrder(act.po().to_owned());
        match act {
            WorldAction::Review { po }
            | WorldAction::Ship { po }
            | WorldAction::ShipNext { po }
            | WorldAction::CancelInErp { po }
            | WorldAction::DeleteInErp { po }
            | WorldAction::RefuseRecall { po }
            | WorldAction::AllowRecall { po }
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
                Ok(())
            }
            WorldAction::EnterByHand { po } => {
                let position = self.by_po(po).first().copied().ok_or_else(unknown)?;
                self.enter_by_hand(position);
                Ok(())
            }
            WorldAction::CancelAtChannel { po }
            | WorldAction::RequestCancel { po }
            | WorldAction::WithdrawCancelRequest { po }
            | WorldAction::PartlyCancel { po, .. }
            | WorldAction::AcknowledgeByPortal { po }
            | WorldAction::ShipByPortal { po }
            | WorldAction::ResetAtChannel { po, .. }
            | WorldAction::PlantInvoice { po, .. }
            | WorldAction::RemoveInvoice { po }
            | WorldAction::Touch { po } => {
                let position = self.by_po(po).first().copied().ok_or_else(unknown)?;
                self.act_on_order(act, position, now);
                Ok(())
            }
            WorldAction::SetStock { .. }
            | WorldAction::ZeroStock { .. }
            | WorldAction::EmptyWarehouse { .. }
            | WorldAction::SetChannelStock { .. }
            | WorldAction::PairSku { .. }
            | WorldAction::UnpairSku { .. } => self.act_on_stock(act, now),
        }
    }

    /// Returns whether the act is used up by this system order.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other acts are not on system orders")]
    fn act_on_system(&mut self, act: &WorldAction, position: usize, now: DateTime<Utc>) -> bool {
        let system = &mut self.systems[position];
        if !system.exists(now) || system.deleted {
            return false;
        }
        let review = |at: Option<DateTime<Utc>>| Some(at.map_or(now, |at| at.min(now)));
        match act {
            WorldAction::Review { .. } => system.release(now),
            WorldAction::Ship { .. } => {
                system.release(now);
                for document in system.documents.iter_mut().filter(|d| d.cut_at.is_none()) {
                    document.shipped_at = review(document.shipped_at);
                }
            }
            WorldAction::ShipNext { .. } => {
                system.release(now);
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
            WorldAction::RefuseRecall { .. } => system.refuses_recall = true,
            WorldAction::AllowRecall { .. } => system.refuses_recall = false,
            WorldAction::CancelInErp { .. } => self.cancel_system(position, now),
            WorldAction::DeleteInErp { .. } => self.delete_system(position, now),
            _ => {}
        }
        false
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the other acts change no order at the channel")]
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
            WorldAction::PartlyCancel { line, quantity, .. } => order.cancel_units(*line, *quantity, now),
            WorldAction::AcknowledgeByPortal { .. } => {
                order.acknowledged = true;
                if order.status == Status::Created {
                    order.status = Status::ShipmentPending;
                }
            }
            WorldAction::ResetAtChannel { status, .. } => order.reset(match status {
                ChannelStatus::Created => Status::Created,
                ChannelStatus::ShipmentPending => Status::ShipmentPending,
            }),
            _ => {}
        });
    }
}
