use chrono::Duration;
use ipass_core::order::PoNumber;
use ipass_core::ports::{OrderFilter, OrderSort};
use ipass_core::reason::OutcomeKind;
use ipass_core::stage::Stage;

use crate::desk::{Page, Query, Say};
use crate::text::{Text, common as c, orders as t};

/// Characters of the field of PO numbers.
const MAX_TYPED: usize = 4000;
const MAX_TEXT: usize = 200;
/// Characters of a reason's detail: some are a remote's words.
const MAX_DETAIL: usize = 1000;
/// PO numbers of one list.
const MAX_NUMBERS: usize = 500;
/// Hours in a stage: ten years.
const MAX_HOURS: u32 = 87_600;

/// Fields that hide rows.
pub(super) const FILTERS: [&str; 17] = [
    "po",
    "pos",
    "stage",
    "channel_status",
    "outcome",
    "reason",
    "detail",
    "retailer",
    "warehouse",
    "level",
    "sku",
    "tracking",
    "invoice",
    "from",
    "until",
    "held",
    "age",
];
/// Fields behind "more filters".
pub(super) const FURTHER: [&str; 9] =
    ["pos", "detail", "warehouse", "level", "sku", "tracking", "invoice", "held", "age"];
/// Fields that the form shows by itself, and what starts the list over.
pub(super) const HIDDEN: &[&str] = &[
    "po",
    "pos",
    "stage",
    "channel_status",
    "outcome",
    "reason",
    "detail",
    "retailer",
    "warehouse",
    "level",
    "sku",
    "tracking",
    "invoice",
    "from",
    "until",
    "held",
    "age",
    "sort",
    "after",
];
/// The orders of the list, as they are offered.
pub(super) const SORTS: [(OrderSort, Text); 4] = [
    (OrderSort::Newest, t::SORT_NEWEST),
    (OrderSort::Oldest, t::SORT_OLDEST),
    (OrderSort::ShipBy, t::SORT_SHIP_BY),
    (OrderSort::InStage, t::SORT_IN_STAGE),
];

/// The filter of a query; what is wrong with it is kept there.
pub(super) fn filter(query: &mut Query, page: &Page) -> OrderFilter {
    let (po, pos) = numbers(query);
    let hours = query.read("age", t::BAD_HOURS, |text| text.parse::<u32>().ok().filter(|hours| *hours <= MAX_HOURS));
    OrderFilter {
        po,
        stages: stages(query),
        outcome: query.read("outcome", c::BAD_CHOICE, OutcomeKind::parse),
        reason: query.text("reason", MAX_TEXT),
        detail: query.text("detail", MAX_DETAIL),
        channel_status: query.text("channel_status", MAX_TEXT),
        retailer_id: query.text("retailer", MAX_TEXT),
        warehouse_code: query.text("warehouse", MAX_TEXT),
        service_level: query.text("level", MAX_TEXT),
        sku: query.text("sku", MAX_TEXT),
        tracking: query.text("tracking", MAX_TEXT),
        invoice_id: query.text("invoice", MAX_TEXT),
        created_from: query.time("from", page.zone()),
        created_until: query.until("until", page.zone()),
        held: query.read("held", c::BAD_CHOICE, |text| match text {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }),
        pos,
        in_stage_since_before: hours.map(|hours| page.now - Duration::hours(i64::from(hours))),
        sort: query.read("sort", c::BAD_CHOICE, OrderSort::parse).unwrap_or_default(),
    }
}

/// Part of a PO number, and whole ones: whoever pastes a list into the small field means the list.
fn numbers(query: &mut Query) -> (Option<String>, Vec<PoNumber>) {
    let typed = query.text("po", MAX_TYPED);
    let pasted: Vec<String> = query.all("pos").map(str::to_owned).collect();
    let several = typed.as_deref().is_some_and(|typed| split(typed).count() > 1);
    let (part, listed) = if several { (None, typed) } else { (typed, None) };
    let mut pos: Vec<PoNumber> = Vec::new();
    for number in listed.iter().chain(&pasted).flat_map(|text| split(text)) {
        if number.chars().count() > MAX_TEXT {
            query.problem("pos", Say::with(c::TOO_LONG, [MAX_TEXT.to_string()]));
            break;
        }
        pos.extend(PoNumber::new(number));
    }
    pos.sort_unstable();
    pos.dedup();
    if pos.len() > MAX_NUMBERS {
        query.problem("pos", Say::with(t::TOO_MANY, [MAX_NUMBERS.to_string()]));
    }
    if part.as_deref().is_some_and(|part| part.chars().count() > MAX_TEXT) {
        query.problem("po", Say::with(c::TOO_LONG, [MAX_TEXT.to_string()]));
    }
    (part, pos)
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    let apart = |c: char| c.is_whitespace() || c.is_control() || [',', ';', '，', '；', '、'].contains(&c);
    text.split(apart).filter(|number| !number.is_empty())
}

/// Stages as repeated fields, each perhaps a comma list.
fn stages(query: &mut Query) -> Vec<Stage> {
    let texts: Vec<String> = query.all("stage").flat_map(|text| text.split(',')).map(str::to_owned).collect();
    let read = |text: &String| text.parse().ok().and_then(Stage::from_number);
    let mut stages: Vec<Stage> = texts.iter().filter_map(read).collect();
    if stages.len() < texts.len() {
        query.problem("stage", c::BAD_CHOICE);
    }
    stages.sort_unstable();
    stages.dedup();
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<String>, Vec<String>, Vec<String>) {
        let mut query = Query::of(text);
        let (part, pos) = numbers(&mut query);
        let places = query.problems().iter().map(|problem| problem.path.clone()).collect();
        (part, pos.iter().map(ToString::to_string).collect(), places)
    }

    #[test]
    fn several_numbers_are_a_list_and_one_is_a_part() {
        assert_eq!(read("po=12+").0.as_deref(), Some("12"));
        assert_eq!(read("po=A-1%20B-2,,A-1"), (None, vec!["A-1".into(), "B-2".into()], vec![]));
        let pasted = read("pos=A%0D%0AB%09C%EF%BC%8CD%3B&pos=E&po=77");
        assert_eq!((pasted.0.as_deref(), pasted.1.join("")), (Some("77"), "ABCDE".to_owned()));
    }

    #[test]
    fn a_list_has_its_limits() {
        let list: Vec<String> = (0..=MAX_NUMBERS).map(|n| format!("P{n}")).collect();
        assert_eq!(read(&format!("pos={}", list.join("%0A"))).2, ["pos"]);
        assert_eq!(read(&format!("pos={}", list[1..].join("%0A"))).2, Vec::<String>::new());
        assert_eq!(read(&format!("pos={}", "x".repeat(201))).2, ["pos"]);
        assert_eq!(read(&format!("po={}", "x".repeat(201))).2, ["po"]);
    }

    #[test]
    fn stages_that_there_are_not_are_refused() {
        let mut query = Query::of("stage=3,1&stage=1");
        assert_eq!(stages(&mut query), [Stage::AwaitingPush, Stage::AwaitingShipment]);
        assert!(query.problems().is_empty());
        for wrong in ["0", "7", "1,", "x"] {
            let mut query = Query::of(&format!("stage={wrong}"));
            stages(&mut query);
            assert_eq!(query.problems().len(), 1, "{wrong}");
        }
    }
}
