//! How the accounts of a route stand: their limits, and their clocks.

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{AccountHealth, CallLimit, CallUse, RemoteSide};
use ipass_core::run::Route;

use crate::desk::Page;
use crate::text::{Text, overview as t};

/// A signed call may be refused from here on; less is the time that an answer is under way.
const CLOCK_OFF: TimeDelta = TimeDelta::seconds(10);
/// Parts of a hundred of a limit from which it holds up the work.
const NEARLY: u64 = 90;

/// A kind of call, with its limit as a gauge.
pub(super) struct Gauge {
    pub(super) side: Text,
    pub(super) call: String,
    pub(super) used: u32,
    pub(super) limit: CallLimit,
    pub(super) throttled_at: Option<DateTime<Utc>>,
}

impl Gauge {
    /// The most that the gauge shows, where there is a limit.
    pub(super) const fn most(&self) -> Option<u32> {
        match self.limit {
            CallLimit::None => None,
            CallLimit::PerMinute(most) | CallLimit::AtOnce(most) => Some(most),
        }
    }

    /// The part of it from which the gauge looks full.
    pub(super) fn high(&self) -> u64 {
        u64::from(self.most().unwrap_or_default()) * NEARLY / 100
    }

    pub(super) fn words(&self, p: &Page) -> String {
        match self.limit {
            CallLimit::None => p.t1(t::CALLS_UNLIMITED, self.used),
            CallLimit::PerMinute(most) => p.t2(t::CALLS_PER_MINUTE, self.used, most),
            CallLimit::AtOnce(most) => p.t2(t::CALLS_AT_ONCE, self.used, most),
        }
    }
}

/// The clock of a remote beside ours.
pub(super) struct RemoteClock {
    pub(super) side: Text,
    ahead: TimeDelta,
}

impl RemoteClock {
    pub(super) fn is_off(&self) -> bool {
        self.ahead.abs() >= CLOCK_OFF
    }

    pub(super) fn words(&self, p: &Page) -> String {
        let text: Text = match self.is_off() {
            false => return p.t(t::CLOCK_FINE).to_owned(),
            true if self.ahead > TimeDelta::zero() => t::CLOCK_SLOW,
            true => t::CLOCK_FAST,
        };
        p.t1(text, p.span(self.ahead.abs()))
    }
}

/// Gauges and clocks of a route's accounts.
pub(super) fn accounts(route: &Route) -> (Vec<Gauge>, Vec<RemoteClock>) {
    let (mut gauges, mut clocks) = (Vec::new(), Vec::new());
    for (side, account) in &route.accounts {
        let AccountHealth { calls, clock_ahead } = account.health();
        let side = match side {
            RemoteSide::Channel => t::SIDE_CHANNEL,
            RemoteSide::Erp => t::SIDE_ERP,
        };
        gauges.extend(calls.into_iter().map(|CallUse { name: call, limit, used, throttled_at }| Gauge {
            side,
            call,
            used,
            limit,
            throttled_at,
        }));
        clocks.extend(clock_ahead.map(|ahead| RemoteClock { side, ahead }));
    }
    (gauges, clocks)
}
