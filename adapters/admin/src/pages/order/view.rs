use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use ipass_core::money;
use ipass_core::order::{Order, PriceOrder, SkuKey};
use ipass_core::ports::{Evidence, OrderRow, TimelineEvent};
use ipass_core::settings::Settings;
use ipass_core::stage::Stage;

use crate::desk::{Html, Page};
use crate::text::order as t;

/// One stage of the rail.
pub(super) struct Step {
    pub(super) mark: Html,
    /// `done`, `here`, `ahead` or `passed`.
    pub(super) state: &'static str,
    pub(super) words: String,
    /// Orders that stand there.
    pub(super) href: String,
}

/// Stages 1 to 4, and the end: completed, or cancelled for an order that is.
pub(super) fn steps(page: &Page, row: &OrderRow, timeline: &[TimelineEvent]) -> Vec<Step> {
    let spent = spent(timeline);
    let end = if row.stage == Stage::Cancelled { Stage::Cancelled } else { Stage::Completed };
    let stages = [Stage::AwaitingPush, Stage::AwaitingAck, Stage::AwaitingShipment, Stage::AwaitingInvoice].into_iter();
    let step = |stage: Stage| {
        let (state, words) = if stage == row.stage {
            ("here", page.t1(t::HERE_FOR, page.span(page.now - row.stage_entered_at)))
        } else if let Some(time) = spent.get(&stage) {
            ("done", page.t1(t::TOOK, page.span(*time)))
        } else if stage < row.stage {
            ("passed", page.t(t::NOT_VISITED).to_owned())
        } else {
            ("ahead", page.t(t::AHEAD).to_owned())
        };
        let href = page.href(&format!("/admin/orders?stage={}", stage.number()));
        Step { mark: page.stage_mark(stage), state, words, href }
    };
    stages.chain([end]).map(step).collect()
}

/// Time that an order has spent in the stages that it left, from its history, oldest first. A stage that was
/// entered before the first known fact is not told.
fn spent(timeline: &[TimelineEvent]) -> BTreeMap<Stage, Duration> {
    let mut spent: BTreeMap<Stage, Duration> = BTreeMap::new();
    let mut present: Option<(Stage, DateTime<Utc>)> = None;
    for event in timeline {
        let Some(to) = event.to else { continue };
        if let Some((stage, since)) = present {
            let time = spent.entry(stage).or_insert_with(Duration::zero);
            *time += event.at - since;
        }
        present = Some((to, event.at));
    }
    spent
}

/// What was ordered, and what the channel knows as shipped.
pub(super) struct Contents {
    pub(super) cancel_requested: bool,
    pub(super) test: bool,
    pub(super) currency: String,
    pub(super) lines: Vec<Line>,
    /// Sum of what is to be shipped; `None` if a line has no price.
    pub(super) total: Option<String>,
    pub(super) parcels: Vec<Parcel>,
}

/// One ordered line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: String,
    pub(super) sku: String,
    pub(super) partner_sku: String,
    pub(super) erp_sku: String,
    pub(super) ordered: u32,
    pub(super) cancelled: u32,
    pub(super) in_erp: u32,
    pub(super) shipped: u32,
    pub(super) invoiced: u32,
    pub(super) price: String,
    pub(super) cost: String,
    pub(super) amount: String,
}

/// One parcel that the channel knows.
pub(super) struct Parcel {
    pub(super) tracking: String,
    pub(super) shipped_at: Option<DateTime<Utc>>,
    pub(super) items: Vec<String>,
}

/// `evidence` says whether the ERP holds the order and the channel its invoice: both are about the whole order.
pub(super) fn contents(order: &Order, evidence: &Evidence, settings: Option<&Settings>) -> Contents {
    let shipped = order.shipped_per_line();
    let key = settings.map_or(SkuKey::PartnerSkuFirst, |settings| settings.sku_key);
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let lines = order.lines.iter().enumerate().map(|(at, line)| {
        let price = line.prices.first(PriceOrder::ConsumerFirst);
        let mapped = settings.zip(line.key(key)).and_then(|(settings, key)| settings.mapping.sku.get(key).cloned());
        Line {
            number: line.line_number.map_or_else(|| (at + 1).to_string(), |number| number.to_string()),
            sku: text(&line.sku),
            partner_sku: text(&line.partner_sku),
            erp_sku: text(&mapped),
            ordered: line.quantity,
            cancelled: line.cancelled,
            in_erp: if evidence.erp_order_no.is_some() { line.expected() } else { 0 },
            invoiced: if evidence.invoice_id.is_some() { line.expected() } else { 0 },
            shipped: shipped.get(at).copied().unwrap_or_default(),
            price: price.map_or_else(|| "–".to_owned(), |price| price.to_string()),
            cost: line.prices.expected_cost.map_or_else(|| "–".to_owned(), |cost| cost.to_string()),
            amount: price
                .and_then(|price| money::total([(line.expected(), price)]))
                .map_or_else(|| "–".to_owned(), |amount| amount.to_string()),
        }
    });
    let priced: Option<Vec<_>> = order
        .lines
        .iter()
        .map(|line| line.prices.first(PriceOrder::ConsumerFirst).map(|price| (line.expected(), price)))
        .collect();
    let parcels = order.packages.iter().map(|package| Parcel {
        tracking: package.tracking.clone(),
        shipped_at: package.shipped_at,
        items: package
            .items
            .iter()
            .map(|item| {
                let line = order.line_of(item).and_then(|at| order.lines.get(at));
                let name = item.sku.as_deref().or(item.partner_sku.as_deref()).or(line.and_then(|line| line.key(key)));
                format!("{} × {}", name.unwrap_or("?"), item.quantity)
            })
            .collect(),
    });
    Contents {
        cancel_requested: order.cancel_requested,
        test: order.test,
        currency: order.currency.clone().unwrap_or_default(),
        lines: lines.collect(),
        total: priced.and_then(money::total).map(|total| total.to_string()),
        parcels: parcels.collect(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    fn moved(minute: i64, to: Option<Stage>) -> TimelineEvent {
        let at = Utc.timestamp_opt(1_769_590_800 + minute * 60, 0).unwrap();
        let (by, what, detail) = (String::new(), String::new(), String::new());
        TimelineEvent { at, last_at: at, times: 1, kind: "outcome".into(), by, from: None, to, what, detail }
    }

    #[test]
    fn evidence_is_about_the_whole_order() {
        let mut order = ipass_core::testing::order("1");
        (order.lines[0].quantity, order.lines[0].cancelled) = (5, 2);
        let units = |evidence: &Evidence| {
            let line = &contents(&order, evidence, None).lines[0];
            (line.ordered, line.cancelled, line.in_erp, line.shipped, line.invoiced)
        };
        assert_eq!(units(&Evidence::default()), (5, 2, 0, 0, 0));
        let evidence = Evidence { erp_order_no: Some("E".into()), invoice_id: Some("I".into()), tracking: None };
        assert_eq!(units(&evidence), (5, 2, 3, 0, 3));
    }

    #[test]
    fn time_in_a_stage_that_was_entered_twice_adds_up() {
        let (push, ack) = (Some(Stage::AwaitingPush), Some(Stage::AwaitingAck));
        let timeline = [moved(0, push), moved(3, None), moved(10, ack), moved(15, push), moved(35, ack)];
        let spent = spent(&timeline);
        assert_eq!(spent[&Stage::AwaitingPush].num_minutes(), 30);
        assert_eq!(spent[&Stage::AwaitingAck].num_minutes(), 5, "the present stay is not over");
        assert_eq!(spent.len(), 2);
    }
}
