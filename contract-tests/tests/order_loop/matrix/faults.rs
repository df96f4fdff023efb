//! The rows: what goes wrong, where it can, and what may be said about it.

use std::time::Duration;

use ipass_sandbox::Effect;

use super::calls::{Call, Deed, List, Scene, Vendor};

/// What a reason may be while the fault strikes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Honest {
    /// It passes by itself; nobody has refused anything, and nothing is said to be wrong with the order.
    Passing,
    /// The same, or the credentials are named.
    Credentials,
    /// The same, or the clock is named.
    Clock,
    /// The remote said no.
    Refused,
    /// An answer that is not understood, or is understood as another state.
    Unreadable,
}

/// How a fault is brought about.
#[derive(Clone)]
pub(crate) enum Means {
    /// By the sandbox.
    Effect(fn(&Call) -> Effect),
    /// Nobody listens where the vendor should be.
    Refused,
    /// The answer comes after the client has given up.
    TimeOut,
}

pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) means: Means,
    pub(crate) honest: Honest,
    /// Why it cannot happen to a call.
    pub(crate) not_here: fn(&Call) -> Option<&'static str>,
    /// Why it is not kept up for a whole run.
    pub(crate) only_once: Option<&'static str>,
    /// Why it cannot strike a single call.
    pub(crate) only_whole: Option<&'static str>,
}

impl Fault {
    const fn new(name: &'static str, effect: fn(&Call) -> Effect) -> Self {
        Self {
            name,
            means: Means::Effect(effect),
            honest: Honest::Passing,
            not_here: anywhere,
            only_once: None,
            only_whole: None,
        }
    }

    const fn at(self, not_here: fn(&Call) -> Option<&'static str>) -> Self {
        Self { not_here, ..self }
    }

    const fn honest(self, honest: Honest) -> Self {
        Self { honest, ..self }
    }
}

/// Later than the client of the time-out cells waits.
pub(crate) const LATE: Duration = Duration::from_millis(1_500);
/// What the client of these cells has of patience.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

const LIKE_500: Option<&str> = Some("as 500");
const OTHER_VENDOR: Option<&str> = Some("a code of the other vendor");
const NOTHING_DONE: Option<&str> = Some("it changes nothing, so it does not matter when the connection breaks");
const NO_LIST: Option<&str> = Some("the answer is no list of records");

fn anywhere(_: &Call) -> Option<&'static str> {
    None
}

fn lingxing(call: &Call) -> Option<&'static str> {
    OTHER_VENDOR.filter(|_| call.vendor != Vendor::Lingxing)
}

fn lingxing_service(call: &Call) -> Option<&'static str> {
    let token = Some("a token call has no service behind the gateway").filter(|_| call.deed == Deed::Token);
    lingxing(call).or(token)
}

fn writes(call: &Call) -> Option<&'static str> {
    NOTHING_DONE.filter(|_| matches!(call.deed, Deed::Read | Deed::Token))
}

fn batches(call: &Call) -> Option<&'static str> {
    Some("no batch with a change log").filter(|_| call.deed != Deed::Batch)
}

fn items(call: &Call) -> Option<&'static str> {
    Some("no write of several items").filter(|_| !matches!(call.deed, Deed::Batch | Deed::Items))
}

fn creates(call: &Call) -> Option<&'static str> {
    let named = call.deed == Deed::Items && !call.record.is_empty();
    Some("the answer does not name what went well").filter(|_| !named)
}

fn lists(call: &Call) -> Option<&'static str> {
    NO_LIST.filter(|_| call.list == List::None)
}

fn counted_on_pages(call: &Call) -> Option<&'static str> {
    let paged = call.list == List::Counted && matches!(call.scene, Scene::Stock { .. });
    lists(call).or(Some("no list with a total that takes more than one page").filter(|_| !paged))
}

fn scrolls(call: &Call) -> Option<&'static str> {
    Some("no list with a cursor of the vendor's").filter(|_| call.list != List::Scroll)
}

fn business(call: &Call) -> Option<&'static str> {
    Some("a token call carries no token").filter(|_| call.deed == Deed::Token)
}

fn replaced(call: &Call) -> Option<&'static str> {
    Some("this vendor lets several tokens live").filter(|_| call.vendor == Vendor::Dsco).or_else(|| business(call))
}

fn dated(call: &Call) -> Option<&'static str> {
    Some("the vendor looks at no hour of ours").filter(|_| !call.is_dated())
}

fn records(call: &Call) -> Option<&'static str> {
    Some("the answer has no records that could stand beside good ones").filter(|_| call.record.is_empty())
}

fn ids(call: &Call) -> Option<&'static str> {
    Some("the answer names no record").filter(|_| call.record.is_empty() && call.list == List::None)
}

fn failure(call: &Call) -> Effect {
    let body = match call.vendor {
        Vendor::Dsco => {
            r#"{"status":"failure","messages":[{"code":"INTERNAL","severity":"error","description":"not now"}]}"#
        }
        Vendor::Lingxing => r#"{"code":500,"message":"内部错误","data":null}"#,
    };
    Effect::Status(200, body.to_owned())
}

fn expired(call: &Call) -> Effect {
    match call.vendor {
        Vendor::Dsco => Effect::TokenReplaced,
        Vendor::Lingxing => Effect::VendorCode("2001003".to_owned()),
    }
}

fn one_refused(call: &Call) -> Effect {
    match call.deed {
        Deed::Items => Effect::RefuseItem(0),
        Deed::Batch | Deed::Read | Deed::Token | Deed::Scratch => {
            Effect::LogFails { reason: "not this one".to_owned(), item: Some(0) }
        }
    }
}

pub(crate) fn faults() -> Vec<Fault> {
    vec![
        Fault::new("429 without `Retry-After`", |_| Effect::Status(429, "slow down".to_owned())),
        Fault { only_once: Some("as without"), ..Fault::new("429, `Retry-After` 2 s", |_| Effect::RetryAfter(2)) },
        Fault::new("429, `Retry-After` 1 h", |_| Effect::RetryAfter(3600)),
        Fault::new("3001008", |_| Effect::VendorCode("3001008".to_owned())).at(lingxing),
        Fault::new("103", |_| Effect::VendorCode("103".to_owned())).at(lingxing_service),
        Fault::new("500", |_| Effect::Status(500, r#"{"message":"internal"}"#.to_owned())),
        Fault {
            only_once: LIKE_500,
            ..Fault::new("502", |_| Effect::Status(502, "<html>bad gateway</html>".to_owned()))
        },
        Fault { only_once: LIKE_500, ..Fault::new("503", |_| Effect::Status(503, String::new())) },
        Fault { only_once: LIKE_500, ..Fault::new("504", |_| Effect::Status(504, "<html>time-out</html>".to_owned())) },
        Fault {
            means: Means::Refused,
            only_whole: Some("a vendor that refuses connections refuses them for every call"),
            ..Fault::new("connection refused", |_| Effect::ResetBeforeCommit)
        },
        Fault::new("reset before the work", |_| Effect::ResetBeforeCommit),
        Fault::new("reset after the work", |_| Effect::ResetAfterCommit).at(writes),
        Fault::new("502 after the work", |_| Effect::StatusAfterCommit(502, String::new())).at(writes),
        Fault { only_once: Some("as resets"), ..Fault::new("body broken off", |_| Effect::BrokenBody) },
        Fault { only_once: Some("it arrives"), ..Fault::new("slow body", |_| Effect::Slow(Duration::from_millis(5))) },
        Fault { means: Means::TimeOut, only_once: Some("as resets"), ..Fault::new("time-out", |_| Effect::Late(LATE)) },
        Fault::new("truncated JSON", |_| Effect::Truncated),
        Fault { only_once: Some("as truncated JSON"), ..Fault::new("HTML page with 200", |_| Effect::Html) },
        Fault::new("200 with an error inside", failure).honest(Honest::Refused),
        Fault::new("half page", |_| Effect::HalfPage).at(lists),
        Fault::new("duplicate page", |_| Effect::DuplicatePage).at(lists),
        Fault::new("page in the opposite order", |_| Effect::ReversedPage).at(lists),
        Fault::new("shrinking page", |_| Effect::ShrunkPage).at(counted_on_pages),
        Fault::new("expired cursor", |_| Effect::ScrollExpired).at(scrolls),
        Fault::new("endless cursor", |_| Effect::EndlessCursor).at(scrolls),
        Fault::new("token expired in mid-run", expired).at(business).honest(Honest::Credentials),
        Fault::new("token replaced (2001005)", |_| Effect::TokenReplaced).at(replaced).honest(Honest::Credentials),
        Fault::new("clocks 10 minutes apart", |_| Effect::ClockOff(600)).at(dated).honest(Honest::Clock),
        Fault::new("202, then failed in the log", |_| Effect::LogFails { reason: "not today".to_owned(), item: None })
            .at(batches)
            .honest(Honest::Refused),
        Fault::new("202, done, silent log", silent_done).at(batches),
        Fault::new("202, not done, silent log", silent_undone).at(batches),
        Fault::new("one item refused", one_refused).at(items).honest(Honest::Refused),
        Fault::new("neither success nor error for an item", |_| Effect::ForgetItem(0)).at(creates),
        Fault::new("unreadable record among good ones", |call| Effect::Poison(call.record.to_owned()))
            .at(records)
            .honest(Honest::Unreadable),
        Fault::new("unknown words", |_| Effect::UnknownWords).honest(Honest::Unreadable),
        Fault::new("ids as numbers", |_| Effect::NumericIds).at(ids).honest(Honest::Unreadable),
        Fault::new("`null` as `\"\"`, `\"\"` as `{}`, `{}` and `[]` as `null`", |_| Effect::OtherEmpties(1))
            .honest(Honest::Unreadable),
        Fault::new("`null` as `{}`, `\"\"` as `null`, `{}` as `\"\"`", |_| Effect::OtherEmpties(2))
            .honest(Honest::Unreadable),
    ]
}

fn silent_done(_: &Call) -> Effect {
    Effect::LogSilent { applied: true, item: None }
}

fn silent_undone(_: &Call) -> Effect {
    Effect::LogSilent { applied: false, item: None }
}
