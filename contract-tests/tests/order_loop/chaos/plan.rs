//! What a seed stands for: which faults, what people do, and when.

use ipass_sandbox::{CancelPolicy, Effect, Fault, Kind};

/// Faults of a storm, of those that there are.
const STRONG: usize = 12;
/// Of a hundred matching calls so many are hit by each fault.
const PER_CENT: f64 = 0.05;

/// What happens between two runs.
pub(crate) enum Act {
    /// A new order.
    Order(Kind),
    /// The retailer cancels any order.
    Cancel,
    /// Units of an item change in the ERP.
    Sell,
    /// Another number of orders in one push.
    Size(u32),
    /// `cancel.in_erp` is another for a while.
    OtherPolicy(&'static str),
    /// No shop is mapped.
    ForgetShops,
    /// They are again.
    RememberShops,
}

/// A seed's decisions, one after the other.
pub(crate) struct Plan {
    state: u64,
    pub(crate) policy: CancelPolicy,
}

/// Orders of these kinds may arrive alone at any time.
const ARRIVING: [Kind; 12] = [
    Kind::Single,
    Kind::MultiLine,
    Kind::MultiQuantity,
    Kind::Split,
    Kind::TwoParcels,
    Kind::SpannedLine,
    Kind::MappedSku,
    Kind::CancelledAfterPull,
    Kind::CancelledWhenReleased,
    Kind::CancelledAfterAck,
    Kind::NeverReviewed,
    Kind::MissingCity,
];

impl Plan {
    pub(crate) fn of(seed: u64) -> Self {
        let policy = if seed.is_multiple_of(3) { CancelPolicy::Ask } else { CancelPolicy::Auto };
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), policy }
    }

    /// A number that a seed gives.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another.
    pub(crate) fn pick(&mut self, below: usize) -> usize {
        let below = u64::try_from(below.max(1)).expect("few");
        usize::try_from(self.next() % below).expect("few")
    }

    pub(crate) fn faults(&mut self) -> Vec<Fault> {
        let mut all = all_faults();
        let mut chosen = Vec::new();
        while chosen.len() < STRONG && !all.is_empty() {
            let at = self.pick(all.len());
            chosen.push(all.swap_remove(at));
        }
        chosen
    }

    pub(crate) fn between_runs(&mut self) -> Vec<Act> {
        let act = match self.pick(16) {
            0 | 1 => Act::Order(ARRIVING[self.pick(ARRIVING.len())]),
            2 | 3 => Act::Cancel,
            4 | 5 => Act::Sell,
            6 => Act::Size([1, 5, 200][self.pick(3)]),
            7 if self.policy == CancelPolicy::Auto => Act::OtherPolicy(["ask", "auto"][self.pick(2)]),
            8 => Act::ForgetShops,
            9 | 10 => Act::RememberShops,
            _ => return Vec::new(),
        };
        vec![act]
    }
}

fn all_faults() -> Vec<Fault> {
    let any = |call: &str, effect| Fault::random(call, PER_CENT, 1000, effect);
    let code = |code: &str| Effect::VendorCode(code.to_owned());
    let fails = |item| Effect::LogFails { reason: "not today".to_owned(), item };
    let silent = |applied, item| Effect::LogSilent { applied, item };
    vec![
        any("*", Effect::Status(500, String::new())),
        any("*", Effect::Status(503, "<html>busy</html>".to_owned())),
        any("*", Effect::Status(504, String::new())),
        any("*", Effect::Status(429, String::new())),
        any("*", Effect::RetryAfter(20)),
        any("*", Effect::ResetBeforeCommit),
        any("*", Effect::ResetAfterCommit),
        any("*", Effect::BrokenBody),
        any("*", Effect::Truncated),
        any("*", Effect::StatusAfterCommit(502, String::new())),
        any("*", Effect::Html),
        any("*", Effect::UnknownWords),
        any("*", Effect::NumericIds),
        any("*", Effect::OtherEmpties(1)),
        any("*", Effect::OtherEmpties(2)),
        any("*", Effect::ReversedPage),
        any("*", Effect::HalfPage),
        any("*", Effect::ClockOff(600)),
        any("POST /pb/*", code("3001008")),
        any("POST /erp/*", code("103")),
        any("POST /pb/*", Effect::TokenReplaced),
        any("POST /erp/*", code("2001003")),
        any("POST /pb/mp/order/v2/create", Effect::ForgetItem(0)),
        any("POST /pb/mp/order/v2/create", Effect::RefuseItem(1)),
        any("POST /pb/mp/order/v2/cancelOrder", Effect::RefuseItem(0)),
        any("POST /basicOpen/wmsOrder/cancel", Effect::RefuseItem(0)),
        any("GET /order/page", Effect::ScrollExpired),
        any("GET /order/page", Effect::DuplicatePage),
        any("GET /order/page", Effect::EndlessCursor),
        any("GET /order/log", Effect::EmptyPage),
        any("GET /stream/*", Effect::DuplicatePage),
        any("GET /stream/*", Effect::EmptyPage),
        any("POST /order/*", silent(true, Some(0))),
        any("POST /order/*", silent(false, None)),
        any("POST /order/*", fails(Some(1))),
        any("POST /invoice/batch/small", silent(false, None)),
        any("POST /invoice/batch/small", silent(true, Some(0))),
        any("POST /inventory/batch/small", silent(false, Some(0))),
        any("POST /inventory/batch/small", silent(true, None)),
        any("POST /inventory/batch/small", fails(Some(1))),
    ]
}
