//! The stage machine: where *we* stand with an order. Forward only.

use std::fmt;

use crate::order::ChannelStatus;
use crate::ports::ChannelCapabilities;

/// Our status of an order, 1 to 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Pulled, not in the ERP yet.
    AwaitingPush,
    /// In the ERP, not acknowledged to the channel yet.
    AwaitingAck,
    /// Acknowledged, not reported as shipped yet.
    AwaitingShipment,
    /// Reported as shipped, not invoiced yet.
    AwaitingInvoice,
    /// Nothing left to do.
    Completed,
    /// Cancelled.
    Cancelled,
}

/// What moves an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// The ERP holds it.
    InErp,
    /// The channel knows that we accepted it.
    Acknowledged,
    /// The channel knows every unit as shipped.
    ShipmentReported,
    /// The channel holds its invoice.
    Invoiced,
    /// The channel closed it before we pushed it.
    ClosedAtChannel,
    /// The channel cancelled it, and the ERP has nothing that could still leave.
    Cancelled,
}

/// A move that the machine does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IllegalTransition {
    /// Where the order stood.
    pub from: Stage,
    /// What was said to have happened.
    pub event: Event,
}

impl fmt::Display for IllegalTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an order in stage {} cannot take {:?}", self.from.number(), self.event)
    }
}

impl std::error::Error for IllegalTransition {}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 6] = [
        Self::AwaitingPush,
        Self::AwaitingAck,
        Self::AwaitingShipment,
        Self::AwaitingInvoice,
        Self::Completed,
        Self::Cancelled,
    ];

    /// The number that is stored and shown.
    pub const fn number(self) -> u8 {
        match self {
            Self::AwaitingPush => 1,
            Self::AwaitingAck => 2,
            Self::AwaitingShipment => 3,
            Self::AwaitingInvoice => 4,
            Self::Completed => 5,
            Self::Cancelled => 6,
        }
    }

    /// Reads the stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| i64::from(stage.number()) == number)
    }

    /// English and Chinese name.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::AwaitingPush => ("awaiting push", "待推单"),
            Self::AwaitingAck => ("awaiting ack", "待 ACK"),
            Self::AwaitingShipment => ("awaiting shipment", "待回传物流"),
            Self::AwaitingInvoice => ("awaiting invoice", "待回传发票"),
            Self::Completed => ("completed", "完成"),
            Self::Cancelled => ("cancelled", "已取消"),
        }
    }

    /// What is said of an order that came to the stage and has not been looked at there, in English and Chinese.
    pub const fn untouched(self) -> (&'static str, &'static str) {
        match self {
            Self::AwaitingPush => (
                "It has not been looked at in this stage yet; the next run of pushing to the ERP does that.",
                "当前状态尚未处理，下次推单任务运行时会处理。",
            ),
            Self::AwaitingAck => (
                "It has not been looked at in this stage yet; the next run of acknowledging does that.",
                "当前状态尚未处理，下次 ACK 任务运行时会处理。",
            ),
            Self::AwaitingShipment => (
                "It has not been looked at in this stage yet; the next run of reporting shipments does that.",
                "当前状态尚未处理，下次回传物流任务运行时会处理。",
            ),
            Self::AwaitingInvoice => (
                "It has not been looked at in this stage yet; the next run of sending invoices does that.",
                "当前状态尚未处理，下次回传发票任务运行时会处理。",
            ),
            Self::Completed => ("The order is completed.", "订单已完成。"),
            Self::Cancelled => ("The order is cancelled.", "订单已取消。"),
        }
    }

    /// Nothing follows.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }

    /// The one transition table.
    pub fn on(self, event: Event) -> Result<Self, IllegalTransition> {
        match (self, event) {
            (Self::AwaitingPush, Event::InErp) => Ok(Self::AwaitingAck),
            (Self::AwaitingAck, Event::Acknowledged) => Ok(Self::AwaitingShipment),
            (Self::AwaitingShipment, Event::ShipmentReported) => Ok(Self::AwaitingInvoice),
            (Self::AwaitingInvoice, Event::Invoiced) | (Self::AwaitingPush, Event::ClosedAtChannel) => {
                Ok(Self::Completed)
            }
            (Self::AwaitingPush | Self::AwaitingAck | Self::AwaitingShipment, Event::Cancelled) => Ok(Self::Cancelled),
            (from, event) => Err(IllegalTransition { from, event }),
        }
    }

    /// Walks over the stages that this channel does not have.
    #[must_use]
    pub fn past_missing_stages(self, channel: &ChannelCapabilities) -> Self {
        match self {
            Self::AwaitingAck if !channel.acknowledges => Self::AwaitingShipment,
            Self::AwaitingInvoice if !channel.invoices => Self::Completed,
            Self::AwaitingPush
            | Self::AwaitingAck
            | Self::AwaitingShipment
            | Self::AwaitingInvoice
            | Self::Completed
            | Self::Cancelled => self,
        }
    }

    /// Where an order enters at first sight.
    pub fn at_first_sight(status: &ChannelStatus, shipment_pending_enters: Self) -> Self {
        match status {
            ChannelStatus::Created | ChannelStatus::Other(_) => Self::AwaitingPush,
            ChannelStatus::ShipmentPending => shipment_pending_enters,
            ChannelStatus::Shipped | ChannelStatus::Completed => Self::Completed,
            ChannelStatus::Cancelled => Self::Cancelled,
        }
    }

    /// Where an order that still awaits its push goes when it is seen again; `None` leaves it there.
    pub fn when_seen_again_at_push(status: &ChannelStatus) -> Option<Self> {
        match status {
            ChannelStatus::Shipped | ChannelStatus::Completed => Some(Self::Completed),
            ChannelStatus::Cancelled => Some(Self::Cancelled),
            ChannelStatus::Created | ChannelStatus::ShipmentPending | ChannelStatus::Other(_) => None,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;

    const EVENTS: [Event; 6] = [
        Event::InErp,
        Event::Acknowledged,
        Event::ShipmentReported,
        Event::Invoiced,
        Event::ClosedAtChannel,
        Event::Cancelled,
    ];

    #[test]
    fn the_whole_table_is_as_written_here() {
        let legal = [
            (1, Event::InErp, 2),
            (1, Event::ClosedAtChannel, 5),
            (1, Event::Cancelled, 6),
            (2, Event::Acknowledged, 3),
            (2, Event::Cancelled, 6),
            (3, Event::ShipmentReported, 4),
            (3, Event::Cancelled, 6),
            (4, Event::Invoiced, 5),
        ];
        for stage in Stage::ALL {
            for event in EVENTS {
                let expected =
                    legal.iter().find(|(from, on, _)| *from == stage.number() && *on == event).map(|(_, _, to)| *to);
                assert_eq!(stage.on(event).ok().map(Stage::number), expected, "{stage:?} on {event:?}");
            }
        }
    }

    #[test]
    fn no_event_moves_an_order_backwards() {
        for stage in Stage::ALL {
            for event in EVENTS {
                if let Ok(next) = stage.on(event) {
                    assert!(next > stage);
                }
            }
        }
    }

    #[test]
    fn a_channel_without_ack_and_invoice_is_walked_in_three_stages() {
        let channel = ChannelCapabilities {
            acknowledges: false,
            invoices: false,
            lists_updates: true,
            max_batch: 1,
            window_end_lag: Duration::ZERO,
            settles_within: Duration::ZERO,
        };
        let pushed = Stage::AwaitingPush.on(Event::InErp).unwrap().past_missing_stages(&channel);
        assert_eq!(pushed, Stage::AwaitingShipment);
        let shipped = pushed.on(Event::ShipmentReported).unwrap().past_missing_stages(&channel);
        assert_eq!(shipped, Stage::Completed);
    }

    #[test]
    fn a_channel_with_all_stages_is_walked_through_all() {
        let channel = ChannelCapabilities {
            acknowledges: true,
            invoices: true,
            lists_updates: false,
            max_batch: 1,
            window_end_lag: Duration::ZERO,
            settles_within: Duration::ZERO,
        };
        for stage in Stage::ALL {
            assert_eq!(stage.past_missing_stages(&channel), stage);
        }
    }

    #[test]
    fn only_an_end_at_the_channel_moves_an_order_that_awaits_its_push() {
        for (status, to) in [
            (ChannelStatus::Created, None),
            (ChannelStatus::ShipmentPending, None),
            (ChannelStatus::Shipped, Some(5)),
            (ChannelStatus::Completed, Some(5)),
            (ChannelStatus::Cancelled, Some(6)),
            (ChannelStatus::Other("new".to_owned()), None),
        ] {
            assert_eq!(Stage::when_seen_again_at_push(&status).map(Stage::number), to, "{status:?}");
        }
    }

    #[test]
    fn a_stage_has_its_number_and_names_of_its_own() {
        let shown: Vec<String> = Stage::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["1", "2", "3", "4", "5", "6"]);
        let english: BTreeSet<&str> = Stage::ALL.iter().map(|stage| stage.names().0).collect();
        let chinese: BTreeSet<&str> = Stage::ALL.iter().map(|stage| stage.names().1).collect();
        assert_eq!((english.len(), chinese.len()), (6, 6));
        assert_eq!(Stage::AwaitingInvoice.names(), ("awaiting invoice", "待回传发票"));
        let illegal = Stage::Completed.on(Event::Invoiced).unwrap_err();
        assert_eq!(illegal.to_string(), "an order in stage 5 cannot take Invoiced");
    }

    #[test]
    fn first_sight_follows_the_channel() {
        let enters = |status| Stage::at_first_sight(&status, Stage::AwaitingShipment).number();
        assert_eq!(enters(ChannelStatus::Created), 1);
        assert_eq!(enters(ChannelStatus::ShipmentPending), 3);
        assert_eq!(enters(ChannelStatus::Shipped), 5);
        assert_eq!(enters(ChannelStatus::Completed), 5);
        assert_eq!(enters(ChannelStatus::Cancelled), 6);
        assert_eq!(enters(ChannelStatus::Other(String::new())), 1);
        let early = Stage::at_first_sight(&ChannelStatus::ShipmentPending, Stage::AwaitingPush);
        assert_eq!(early, Stage::AwaitingPush);
    }
}
