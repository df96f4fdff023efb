//! Both sides against the store. Changes nothing anywhere.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::pull_orders::PullRange;
use super::window::{Ended, Item, PageSink, read_window};
use crate::order::{ChannelStatus, PoNumber};
use crate::ports::{
    Answer, ErpSink, InvoiceQuery, OrderBook, OrderFilter, OrderRef, OrderRow, OrderSource, PortError, Window,
    WindowKind, complete_answers,
};
use crate::run::{CheckReport, Fact, Finding, FindingKind, Repair, RunContext, RunError};
use crate::stage::Stage;

/// Rows of one page of our own list.
const PAGE: u32 = 1000;

/// What the channel says about orders: `None` for one that it does not know.
type AtChannel = HashMap<PoNumber, Option<ChannelStatus>>;

/// Compares the orders of a range of creation times, or one order, with both sides, and proposes a
/// repair for each that is not where it should be. Whatever could not be read is named, and nothing is
/// concluded from it.
pub async fn check_orders(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    erp: &dyn ErpSink,
    book: &dyn OrderBook,
    range: Option<PullRange>,
) -> Result<(), RunError> {
    let mut check = CheckReport::default();
    let (rows, channel) = match (&ctx.po, range) {
        (Some(po), _) => one_order(ctx, source, book, po, &mut check).await?,
        (None, Some(range)) => whole_range(ctx, source, book, range, &mut check).await?,
        (None, None) => {
            return Err(RunError::Usage("check_orders needs a range (start, end) or a PO number".to_owned()));
        }
    };
    ctx.point("read");
    check.checked = rows.len() as u64;
    let settles_within = source.capabilities().settles_within.max(erp.capabilities().settles_within);
    let now = ctx.clock.now();
    // What was written just now may not show yet, and there is nothing to compare before the push.
    let too_early = |row: &OrderRow| {
        row.stage == Stage::AwaitingPush
            || now.signed_duration_since(row.stage_entered_at).to_std().is_ok_and(|age| age < settles_within)
    };
    let rows: Vec<OrderRow> = rows.into_iter().filter(|row| !too_early(row)).collect();
    check.skipped = check.checked - rows.len() as u64;
    let of = |stage: Stage| rows.iter().filter(move |row| row.stage == stage);
    for row in of(Stage::AwaitingShipment).chain(of(Stage::AwaitingInvoice)).chain(of(Stage::Cancelled)) {
        if let Some(status) = channel.get(&row.po) {
            check.findings.extend(against_channel(row, status.as_ref()));
        }
    }
    let pushed: Vec<&OrderRow> = of(Stage::AwaitingAck).collect();
    in_erp(erp, &pushed, &mut check).await;
    let completed: Vec<&OrderRow> = of(Stage::Completed).collect();
    if source.capabilities().invoices {
        invoiced(source, &completed, &mut check).await;
    }
    let counts = [check.checked, check.findings.len() as u64, check.incomplete.len() as u64];
    ctx.log(Fact::Checked, counts.map(|count| count.to_string()));
    check.findings.sort_by(|a, b| (a.kind, &a.po).cmp(&(b.kind, &b.po)));
    ctx.tell(|report| {
        report.selected = check.checked;
        report.check = Some(check);
    });
    Ok(())
}

async fn one_order(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    book: &dyn OrderBook,
    po: &PoNumber,
    check: &mut CheckReport,
) -> Result<(Vec<OrderRow>, AtChannel), RunError> {
    let stored = book.order(&ctx.run.route, po).await?.map(|stored| stored.row);
    let unknown = || OrderRef::by_number(po.clone(), ctx.clock.now());
    let order = stored.as_ref().map_or_else(unknown, OrderRow::reference);
    let channel = fetch(source, &[order], check).await;
    if stored.is_none() && matches!(channel.get(po), Some(Some(_))) {
        check.findings.push(missing(po));
    }
    Ok((stored.into_iter().collect(), channel))
}

async fn whole_range(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    book: &dyn OrderBook,
    range: PullRange,
    check: &mut CheckReport,
) -> Result<(Vec<OrderRow>, AtChannel), RunError> {
    let lag = chrono::Duration::from_std(source.capabilities().window_end_lag).unwrap_or_default();
    let end = range.end.min(ctx.clock.now() - lag);
    if range.start >= end {
        return Ok((Vec::new(), AtChannel::new()));
    }
    let window = Window { kind: WindowKind::Created, start: range.start, end };
    let mut seen = Seen::default();
    match read_window(ctx, source, window, &mut seen).await {
        Ok(Ended::Whole) => {}
        Ok(Ended::InCircles { .. }) => {
            let why = "the list goes in circles, so some of them may never have come";
            check.incomplete.push(format!("the channel's orders of the range: {why}"));
        }
        Err(error) => check.incomplete.push(format!("the channel's orders of the range: {error}")),
    }
    let inside = |created| created >= range.start && created < end;
    let mut channel: AtChannel = seen
        .orders
        .iter()
        .filter(|(_, (_, at))| inside(*at))
        .map(|(po, (status, _))| (po.clone(), Some(status.clone())))
        .collect();
    let rows = local(ctx, book, range.start, end).await?;
    let known: HashSet<&PoNumber> = rows.iter().map(|row| &row.po).collect();
    let unread: HashSet<String> =
        book.unreadable(&ctx.run.route, u32::MAX).await?.into_iter().map(|(key, _)| key).collect();
    for po in channel.keys().filter(|po| !known.contains(po)) {
        // Its creation time may have been another when it was stored.
        if book.order(&ctx.run.route, po).await?.is_none() && !unread.contains(po.as_str()) {
            check.findings.push(missing(po));
        }
    }
    for key in seen.unreadable.iter().filter(|key| !unread.contains(*key)) {
        check.incomplete.push(format!("an order of the channel that cannot be read: {key}"));
    }
    // Orders that the list of the range does not show are asked for one by one before anything is said.
    let absent: Vec<OrderRef> = rows
        .iter()
        .filter(|row| !matches!(row.stage, Stage::AwaitingPush | Stage::AwaitingAck | Stage::Completed))
        .filter(|row| !channel.contains_key(&row.po))
        .map(OrderRow::reference)
        .collect();
    channel.extend(fetch(source, &absent, check).await);
    Ok((rows, channel))
}

/// What the channel lists.
#[derive(Default)]
struct Seen {
    orders: BTreeMap<PoNumber, (ChannelStatus, chrono::DateTime<chrono::Utc>)>,
    unreadable: Vec<String>,
}

#[async_trait::async_trait]
impl PageSink for Seen {
    async fn page(&mut self, items: Vec<Item>) -> Result<(), RunError> {
        for item in items.into_iter().filter_map(Item::into_read) {
            match item.order {
                Ok(order) => {
                    self.orders.insert(order.po, (order.status, order.created_at));
                }
                Err(_) => self.unreadable.push(item.key),
            }
        }
        Ok(())
    }
}

async fn local(
    ctx: &RunContext<'_>,
    book: &dyn OrderBook,
    start: chrono::DateTime<chrono::Utc>,
    end: chrono::DateTime<chrono::Utc>,
) -> Result<Vec<OrderRow>, RunError> {
    let filter = OrderFilter { created_from: Some(start), created_until: Some(end), ..OrderFilter::default() };
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = book.search(Some(&ctx.run.route), &filter, after.as_deref(), PAGE).await?;
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return Ok(rows);
        }
    }
}

async fn fetch(source: &dyn OrderSource, orders: &[OrderRef], check: &mut CheckReport) -> AtChannel {
    if orders.is_empty() {
        return AtChannel::new();
    }
    let pos: Vec<PoNumber> = orders.iter().map(|order| order.po.clone()).collect();
    let answers = answered(&pos, source.fetch(orders).await);
    let mut channel = AtChannel::new();
    for (po, result) in answers {
        match result.and_then(|pulled| pulled.map(|pulled| pulled.order).transpose()) {
            Ok(order) => {
                channel.insert(po, order.map(|order| order.status));
            }
            Err(error) => check.incomplete.push(format!("{po} at the channel: {error}")),
        }
    }
    channel
}

fn answered<T>(
    pos: &[PoNumber],
    answers: Result<Vec<Answer<PoNumber, T>>, PortError>,
) -> HashMap<PoNumber, Result<T, PortError>> {
    match answers {
        Ok(answers) => complete_answers(pos, answers),
        Err(error) => pos.iter().map(|po| (po.clone(), Err(PortError::clone(&error)))).collect(),
    }
}

/// What is wrong with an order by the channel's status alone.
fn against_channel(row: &OrderRow, status: Option<&ChannelStatus>) -> Option<Finding> {
    let (po, stage) = (row.po.clone(), row.stage);
    let Some(status) = status else {
        let repair = Repair::Look;
        return Some(Finding {
            po,
            stage: Some(stage),
            kind: FindingKind::NotInChannel,
            detail: String::new(),
            repair,
        });
    };
    let detail = status.as_str().to_owned();
    let later = matches!(status, ChannelStatus::Shipped | ChannelStatus::Completed);
    let (kind, repair) = match stage {
        Stage::AwaitingShipment if later || *status == ChannelStatus::ShipmentPending => return None,
        Stage::AwaitingShipment => (FindingKind::NotAccepted, back(status, Stage::AwaitingAck)),
        Stage::AwaitingInvoice if later => return None,
        Stage::AwaitingInvoice => (FindingKind::NotShipped, back(status, Stage::AwaitingShipment)),
        Stage::Cancelled if *status == ChannelStatus::Cancelled => return None,
        Stage::Cancelled if later => (FindingKind::NotCancelled, Repair::SetStage(Stage::Completed)),
        Stage::Cancelled => (FindingKind::NotCancelled, Repair::SetStage(Stage::AwaitingPush)),
        Stage::AwaitingPush | Stage::AwaitingAck | Stage::Completed => return None,
    };
    Some(Finding { po, stage: Some(stage), kind, detail, repair })
}

/// Back to the stage that does it again, unless the channel cancelled the order or says something that
/// nobody understands: then a person has to look.
fn back(status: &ChannelStatus, to: Stage) -> Repair {
    match status {
        ChannelStatus::Created | ChannelStatus::ShipmentPending => Repair::SetStage(to),
        ChannelStatus::Shipped | ChannelStatus::Completed | ChannelStatus::Cancelled | ChannelStatus::Other(_) => {
            Repair::Look
        }
    }
}

fn missing(po: &PoNumber) -> Finding {
    let (kind, repair) = (FindingKind::MissingLocalRecord, Repair::Pull);
    Finding { po: po.clone(), stage: None, kind, detail: String::new(), repair }
}

async fn in_erp(erp: &dyn ErpSink, rows: &[&OrderRow], check: &mut CheckReport) {
    if rows.is_empty() {
        return;
    }
    let pos: Vec<PoNumber> = rows.iter().map(|row| row.po.clone()).collect();
    let mut answers = answered(&pos, erp.find(&pos).await);
    for row in rows {
        match answers.remove(&row.po) {
            Some(Ok(found)) if found.iter().all(|order| order.deleted || order.resent) => {
                check.findings.push(Finding {
                    po: row.po.clone(),
                    stage: Some(row.stage),
                    kind: FindingKind::NotInErp,
                    detail: String::new(),
                    // A deleted order still holds the number: pushing it again would be refused.
                    repair: if found.is_empty() { Repair::SetStage(Stage::AwaitingPush) } else { Repair::Look },
                });
            }
            Some(Err(error)) => check.incomplete.push(format!("{} in the ERP: {error}", row.po)),
            Some(Ok(_)) | None => {}
        }
    }
}

/// Each order is asked for by itself: a list of what was sent does not tell what is there now.
async fn invoiced(source: &dyn OrderSource, rows: &[&OrderRow], check: &mut CheckReport) {
    if rows.is_empty() {
        return;
    }
    let queries: Vec<InvoiceQuery> =
        rows.iter().map(|row| InvoiceQuery { order: row.reference(), thorough: true }).collect();
    let pos: Vec<PoNumber> = rows.iter().map(|row| row.po.clone()).collect();
    let mut answers = answered(&pos, source.find_invoices(&queries).await);
    for row in rows {
        match answers.remove(&row.po) {
            Some(Ok(None)) => check.findings.push(Finding {
                po: row.po.clone(),
                stage: Some(row.stage),
                kind: FindingKind::NoInvoice,
                detail: String::new(),
                repair: Repair::SetStage(Stage::AwaitingInvoice),
            }),
            Some(Err(error)) => check.incomplete.push(format!("the invoice of {}: {error}", row.po)),
            Some(Ok(Some(_))) | None => {}
        }
    }
}
