//! The kinds of orders that the generator makes, and where each has to end.
//!
//! Only [`Expectation`]s name kinds: nothing on the wire tells a client which kind it sees.

use serde::{Deserialize, Serialize};

/// One story that an order goes through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One line, one unit, one parcel.
    #[default]
    Single,
    /// Full name in `firstName`, `;` in `lastName`, `… ;` in `name`.
    JunkName,
    /// Two or three lines in one parcel.
    MultiLine,
    /// One line with several units in one parcel.
    MultiQuantity,
    /// The same SKU on two lines.
    SameSkuTwice,
    /// A retailer sku whose ERP SKU is found in the settings only.
    MappedSku,
    /// The ERP splits the order in two, the second part is reviewed and shipped later.
    Split,
    /// One system order, two documents.
    TwoParcels,
    /// One line whose units travel in two parcels.
    SpannedLine,
    /// One document whose tracking field repeats its number: `A, A,`.
    RepeatedTracking,
    /// Two documents with one tracking number.
    SharedTracking,
    /// A document that lists the bundle and its parts.
    Bundle,
    /// A cut-off document with its own number stays beside its successor.
    CutOff,
    /// The second document leaves later than the first.
    TwoSteps,
    /// The ERP merges two orders of one buyer in one document.
    Merged,
    /// A replacement order (补发订单) repeats the number after the shipment.
    Resent,
    /// A deleted twin of the system order stays in the list.
    DeletedTwin,
    /// Staff made the order in the ERP by hand before the client saw it.
    AlreadyInErp,
    /// `delivered_at` is empty or zeros, only `stock_delivered_at` is set.
    StockTimeOnly,
    /// No warehouse code on the order: pushed without a warehouse.
    NoWarehouse,
    /// Some units of a line were cancelled before the order was seen.
    PartlyCancelled,
    /// Created ten minutes before the newest order, visible later.
    LateVisible,
    /// Shipped before it was seen.
    ShippedAtFirst,
    /// Cancelled before it was seen.
    CancelledAtFirst,
    /// Cancelled by the retailer right after it was first read.
    CancelledAfterPull,
    /// A cancel request stands while the order is still `created`.
    CancelRequested,
    /// The retailer has no store mapping.
    UnmappedShop,
    /// The warehouse has no mapping.
    UnmappedWarehouse,
    /// The service level has no mapping.
    UnmappedShipment,
    /// The ship-to city is missing.
    MissingCity,
    /// A line without any price.
    MissingPrice,
    /// A line with neither `sku` nor `partnerSku`.
    MissingSku,
    /// The ERP does not know the SKU.
    ErpRejects,
    /// Nobody reviews the order in the ERP.
    NeverReviewed,
    /// Labelled, never shipped.
    NeverShipped,
    /// The second document never leaves.
    NeverFullyShipped,
    /// Shipped without a tracking number.
    NoTracking,
    /// The warehouse ships another SKU than was ordered.
    ForeignSku,
    /// A generic service level: fine on the order, refused on the shipment.
    GenericService,
    /// Acknowledged by somebody else and unknown to the ERP.
    PendingNotInErp,
    /// Cancelled by the retailer while the ERP's order waits for review, which nobody does.
    CancelledInReview,
    /// Cancelled by the retailer as the ERP releases it to the warehouse, which gives it back.
    CancelledWhenReleased,
    /// Cancelled by the retailer some time after the acknowledgement; the warehouse gives it back.
    CancelledAfterAck,
    /// Acknowledged, then cancelled by the retailer as the parcel leaves.
    CancelledTooLate,
    /// Cancelled by the retailer as the ERP releases it; neither staff nor warehouse let go of it.
    RecallRefused,
    /// No `lineItems` at all.
    Unparsable,
}

/// What a client does in the ERP about an order that the retailer has cancelled (`cancel.in_erp`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelPolicy {
    /// It cancels there by itself; what [`Sandbox::settings_json`](crate::Sandbox::settings_json)
    /// says.
    Auto,
    /// It waits for a person.
    Ask,
}

impl Kind {
    /// Every kind once, in a fixed order.
    pub const ALL: [Self; 46] = [
        Self::Single,
        Self::JunkName,
        Self::MultiLine,
        Self::MultiQuantity,
        Self::SameSkuTwice,
        Self::MappedSku,
        Self::Split,
        Self::TwoParcels,
        Self::SpannedLine,
        Self::RepeatedTracking,
        Self::SharedTracking,
        Self::Bundle,
        Self::CutOff,
        Self::TwoSteps,
        Self::Merged,
        Self::Resent,
        Self::DeletedTwin,
        Self::AlreadyInErp,
        Self::StockTimeOnly,
        Self::NoWarehouse,
        Self::PartlyCancelled,
        Self::LateVisible,
        Self::ShippedAtFirst,
        Self::CancelledAtFirst,
        Self::CancelledAfterPull,
        Self::CancelRequested,
        Self::UnmappedShop,
        Self::UnmappedWarehouse,
        Self::UnmappedShipment,
        Self::MissingCity,
        Self::MissingPrice,
        Self::MissingSku,
        Self::ErpRejects,
        Self::NeverReviewed,
        Self::NeverShipped,
        Self::NeverFullyShipped,
        Self::NoTracking,
        Self::ForeignSku,
        Self::GenericService,
        Self::PendingNotInErp,
        Self::CancelledInReview,
        Self::CancelledWhenReleased,
        Self::CancelledAfterAck,
        Self::CancelledTooLate,
        Self::RecallRefused,
        Self::Unparsable,
    ];

    /// How often the generator picks the kind once every kind has occurred.
    pub(crate) fn weight(self) -> usize {
        if self == Self::Single {
            150
        } else if matches!(self, Self::MultiLine | Self::MultiQuantity | Self::MappedSku) {
            20
        } else if matches!(self, Self::Split | Self::TwoParcels | Self::JunkName) {
            4
        } else {
            // A second late order would only repeat the first: both are held back alike.
            usize::from(self != Self::LateVisible)
        }
    }

    /// Where an order of this kind ends, with the reason that holds it there.
    fn end(self, policy: CancelPolicy) -> (u8, Option<&'static str>) {
        let undecided = Some("cancel_needs_decision");
        match (self, policy) {
            (Self::CancelledInReview | Self::CancelledWhenReleased | Self::RecallRefused, CancelPolicy::Ask) => {
                return (2, undecided);
            }
            (Self::CancelledAfterAck, CancelPolicy::Ask) => return (3, undecided),
            (_, CancelPolicy::Ask | CancelPolicy::Auto) => {}
        }
        match self {
            Self::Single
            | Self::JunkName
            | Self::MultiLine
            | Self::MultiQuantity
            | Self::SameSkuTwice
            | Self::MappedSku
            | Self::Split
            | Self::TwoParcels
            | Self::SpannedLine
            | Self::RepeatedTracking
            | Self::SharedTracking
            | Self::Bundle
            | Self::CutOff
            | Self::TwoSteps
            | Self::Merged
            | Self::Resent
            | Self::DeletedTwin
            | Self::AlreadyInErp
            | Self::StockTimeOnly
            | Self::NoWarehouse
            | Self::PartlyCancelled
            | Self::LateVisible
            | Self::ShippedAtFirst => (5, None),
            Self::CancelledAtFirst
            | Self::CancelledAfterPull
            | Self::CancelledInReview
            | Self::CancelledWhenReleased
            | Self::CancelledAfterAck => (6, None),
            Self::CancelledTooLate => (3, Some("cancelled_too_late")),
            Self::RecallRefused => (2, Some("cancel_refused")),
            Self::CancelRequested => (1, Some("cancel_requested")),
            Self::UnmappedShop => (1, Some("missing_shop_mapping")),
            Self::UnmappedWarehouse => (1, Some("missing_warehouse_mapping")),
            Self::UnmappedShipment => (1, Some("missing_shipment_mapping")),
            Self::MissingCity => (1, Some("missing_address")),
            Self::MissingPrice => (1, Some("missing_price")),
            Self::MissingSku => (1, Some("missing_sku")),
            Self::ErpRejects => (1, Some("erp_rejected")),
            Self::NeverReviewed => (2, Some("erp_not_reviewed")),
            Self::NeverShipped => (3, Some("erp_not_shipped")),
            Self::NeverFullyShipped => (3, Some("not_fully_shipped")),
            Self::NoTracking => (3, Some("no_tracking")),
            Self::ForeignSku => (3, Some("unknown_erp_sku")),
            Self::GenericService => (3, Some("channel_rejected")),
            Self::PendingNotInErp => (3, Some("not_in_erp")),
            Self::Unparsable => (1, Some("invalid_payload")),
        }
    }

    /// Parcels that the channel ends with when everything was reported.
    fn parcels(self) -> u64 {
        match self.end(CancelPolicy::Auto) {
            (5, _) if self == Self::ShippedAtFirst => 0,
            (5, _) if matches!(self, Self::Split | Self::TwoParcels | Self::SpannedLine | Self::TwoSteps) => 2,
            (5, _) => 1,
            _ => 0,
        }
    }

    /// The expectation for an order of this kind.
    pub(crate) fn expectation(self, po: &str, policy: CancelPolicy) -> Expectation {
        let (stage, reason) = self.end(policy);
        let cancelled_in_erp = stage == 6 && !matches!(self, Self::CancelledAtFirst | Self::CancelledAfterPull);
        let created = (2..=5).contains(&stage) || cancelled_in_erp;
        let created = created && !matches!(self, Self::ShippedAtFirst | Self::AlreadyInErp | Self::PendingNotInErp);
        let acknowledged = (3..=5).contains(&stage) || self == Self::CancelledAfterAck;
        let acknowledged = acknowledged && !matches!(self, Self::ShippedAtFirst | Self::PendingNotInErp);
        Expectation {
            po: po.to_owned(),
            kind: self,
            stage,
            reason: reason.map(str::to_owned),
            invalid: self == Self::Unparsable,
            creates: u64::from(created),
            acknowledgements: u64::from(acknowledged),
            shipments: self.parcels(),
            invoices: u64::from(stage == 5 && self != Self::ShippedAtFirst),
            cancels: u64::from(cancelled_in_erp),
        }
    }
}

/// Where one order has to end, and what it may have cost at the remote ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// Purchase order number.
    pub po: String,
    /// The story of the order.
    pub kind: Kind,
    /// Final stage 1..6 of the client.
    pub stage: u8,
    /// Reason code that holds the order at its stage; `None` for a final one.
    pub reason: Option<String>,
    /// The payload cannot be decoded: pulled, kept raw and counted as invalid.
    pub invalid: bool,
    /// Creates applied in the ERP at the end.
    pub creates: u64,
    /// Acknowledgements applied at the channel at the end.
    pub acknowledgements: u64,
    /// Parcels applied at the channel at the end.
    pub shipments: u64,
    /// Invoices applied at the channel at the end.
    pub invoices: u64,
    /// System orders that the client has cancelled in the ERP at the end.
    #[serde(default)]
    pub cancels: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_every_kind_once() {
        let unique: std::collections::BTreeSet<Kind> = Kind::ALL.into_iter().collect();
        assert_eq!(unique.len(), Kind::ALL.len());
        // The last variant tells when a kind was added without listing it.
        assert_eq!(Kind::Unparsable as usize + 1, Kind::ALL.len());
    }

    #[test]
    fn blocked_orders_cost_no_later_write() {
        let both = |kind| [CancelPolicy::Auto, CancelPolicy::Ask].map(|policy| (kind, policy));
        for (kind, policy) in Kind::ALL.into_iter().flat_map(both) {
            let end = kind.expectation("PO", policy);
            assert!((1..=6).contains(&end.stage));
            assert_eq!(end.invoices > 0, end.stage == 5 && kind != Kind::ShippedAtFirst);
            assert_eq!(end.reason.is_some(), end.stage < 5);
        }
    }
}
