//! Faults on demand: what goes wrong, on which call, how often.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::rng::Rng;

/// One planted fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Call kind, `GET /order/page` or `POST /pb/mp/order/v2/create`; a trailing `*` matches any
    /// rest, alone it matches every call.
    pub call: String,
    /// Which of the matching calls are hit.
    #[serde(default)]
    pub when: When,
    /// How often it fires at most.
    #[serde(default = "once")]
    pub times: u64,
    /// What happens then.
    pub effect: Effect,
}

fn once() -> u64 {
    1
}

impl Fault {
    /// A fault that hits the next matching call and no other.
    #[must_use]
    pub fn next(call: &str, effect: Effect) -> Self {
        Self { call: call.to_owned(), when: When::Always, times: 1, effect }
    }

    /// A fault that hits the n-th matching call from now on, counted from 1.
    #[must_use]
    pub fn nth(call: &str, n: u64, effect: Effect) -> Self {
        Self { call: call.to_owned(), when: When::Nth(n), times: 1, effect }
    }

    /// A fault that hits matching calls with a probability, at most `times` times.
    #[must_use]
    pub fn random(call: &str, probability: f64, times: u64, effect: Effect) -> Self {
        Self { call: call.to_owned(), when: When::Probability(probability), times, effect }
    }

    /// The same fault with another bound of how often it fires.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    fn matches(&self, kind: &str) -> bool {
        match self.call.trim().strip_suffix('*') {
            Some(start) => kind.starts_with(start),
            None => kind == self.call.trim(),
        }
    }
}

/// Selection among the matching calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Each one, until `times` is used up.
    #[default]
    Always,
    /// The n-th since the fault was planted, counted from 1.
    Nth(u64),
    /// Each with this probability, rolled from the sandbox's seed.
    Probability(f64),
}

/// What a fault does to the call that it hits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// HTTP status with a body; the work is not done.
    Status(u16, String),
    /// HTTP status with a body although the work was done.
    StatusAfterCommit(u16, String),
    /// HTTP 429 with `Retry-After: n` seconds; the work is not done.
    RetryAfter(u64),
    /// The connection breaks and the work is not done.
    ResetBeforeCommit,
    /// The work is done and the connection breaks before a byte of the answer.
    ResetAfterCommit,
    /// The work is done, the head and half of the body are sent, then the connection breaks.
    BrokenBody,
    /// The work is done; a complete HTTP answer whose JSON ends in the middle.
    Truncated,
    /// The work is done; half of the body comes at once, the rest after this time.
    Slow(#[serde(with = "millis")] Duration),
    /// The work is done; nothing is sent for this time.
    Late(#[serde(with = "millis")] Duration),
    /// HTTP 200 with an HTML page; the work is not done.
    Html,
    /// HTTP 200 with a Lingxing gateway error of this code; the work is not done.
    VendorCode(String),
    /// Somebody else has taken the account's token: this call and later ones with the old token
    /// are refused.
    TokenReplaced,
    /// A 202 whose change log never gets an entry, for one item or for all of them.
    LogSilent {
        /// Whether the effect takes place all the same.
        applied: bool,
        /// Position of the silent item in the batch; all items when absent.
        #[serde(default)]
        item: Option<usize>,
    },
    /// A 202 whose change log says failure; the effect does not take place.
    LogFails {
        /// Text of the failure entry.
        reason: String,
        /// Position of the failing item in the batch; all items when absent.
        #[serde(default)]
        item: Option<usize>,
    },
    /// A list with the first half of the page only. DSCO serves the rest with the next page,
    /// Lingxing leaves it out while `total` still counts it.
    HalfPage,
    /// The page before is served again.
    DuplicatePage,
    /// A list page without rows although there are more.
    EmptyPage,
    /// The DSCO scroll is gone (404); a Lingxing list is not affected.
    ScrollExpired,
    /// The DSCO scroll never ends from now on: its last page is repeated for ever.
    EndlessCursor,
    /// A create answer in which one order stands in neither list although it was handled.
    ForgetItem(usize),
    /// The answer to a create, a cancellation or a recall refuses the item at this position; the work
    /// is done for the others.
    RefuseItem(usize),
    /// The vendor's clock and the client's differ by so many seconds: what is checked against the
    /// vendor's clock is checked with an hour that lies so far behind.
    ClockOff(i64),
    /// Rows of a list come in the opposite order.
    ReversedPage,
    /// A Lingxing list lost its first row since the page before: everything moved up by one, and
    /// `total` with it. A first page, and a DSCO search, which is cached, are not affected.
    ShrunkPage,
    /// Every record of the answer that holds this text becomes something that nobody can read.
    Poison(String),
    /// Members that hold one of a set of words or numbers hold one that nobody knows.
    UnknownWords,
    /// Texts of ten to nineteen digits come as JSON numbers.
    NumericIds,
    /// Every empty thing comes in another of the shapes that mean "none": what is `null`, `""`, `{}`
    /// or `[]` moves on by so many places in this order, arrays only to `null`.
    OtherEmpties(u8),
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        u64::try_from(value.as_millis()).unwrap_or(u64::MAX).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u64,
    fired: u64,
}

/// The planted faults with their counters.
#[derive(Debug, Default)]
pub(crate) struct FaultBook(Vec<Armed>);

impl FaultBook {
    pub(crate) fn plant(&mut self, fault: Fault) {
        self.0.push(Armed { fault, seen: 0, fired: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The effect that hits a call of this kind. Every matching fault counts the call, the first
    /// one that fires wins.
    pub(crate) fn strike(&mut self, kind: &str, rng: &mut Rng) -> Option<Effect> {
        let mut effect = None;
        for armed in self.0.iter_mut().filter(|armed| armed.fault.matches(kind)) {
            armed.seen += 1;
            if effect.is_some() || armed.fired >= armed.fault.times {
                continue;
            }
            let fires = match armed.fault.when {
                When::Always => true,
                When::Nth(n) => armed.seen == n,
                When::Probability(probability) => rng.chance(probability),
            };
            if fires {
                armed.fired += 1;
                effect = Some(armed.fault.effect.clone());
            }
        }
        effect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nth_and_times_count_matching_calls_only() {
        let mut rng = Rng::new(1);
        let mut book = FaultBook::default();
        book.plant(Fault::nth("GET /order/page", 2, Effect::Html));
        book.plant(Fault::next("POST /pb/*", Effect::Truncated).times(2));
        assert_eq!(book.strike("GET /order/page", &mut rng), None);
        assert_eq!(book.strike("GET /order/", &mut rng), None);
        assert_eq!(book.strike("GET /order/page", &mut rng), Some(Effect::Html));
        assert_eq!(book.strike("GET /order/page", &mut rng), None);
        let create = "POST /pb/mp/order/v2/create";
        assert_eq!(book.strike(create, &mut rng), Some(Effect::Truncated));
        assert_eq!(book.strike(create, &mut rng), Some(Effect::Truncated));
        assert_eq!(book.strike(create, &mut rng), None);
    }

    #[test]
    fn faults_read_from_json() {
        let text = r#"{"call":"GET /order/page","when":{"nth":3},"effect":{"status":[502,"bad"]}}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        assert_eq!(fault, Fault::nth("GET /order/page", 3, Effect::Status(502, "bad".into())));
        let slow: Fault = serde_json::from_str(r#"{"call":"*","effect":{"slow":250}}"#).unwrap();
        assert_eq!(slow.effect, Effect::Slow(Duration::from_millis(250)));
    }
}
