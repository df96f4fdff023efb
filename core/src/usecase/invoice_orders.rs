use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::ack_orders::{unreadable, without_proof};
use super::cancellation::{Wish, end_cancelled, wish};
use super::documents::{documents, shipped_by_documents};
use super::look::{Look, fresh_look};
use super::parcels::line_ref;
use super::privacy::redacted;
use super::ship_orders::unambiguous;
use super::worklist::{Proof, Worklist};
use crate::money;
use crate::order::PriceOrder;
use crate::order::{Order, PoNumber};
use crate::parcel::{Invoice, InvoiceLine};
use crate::ports::{
    Answer, Batch, ErpSink, Evidence, InvoiceQuery, InvoiceRecord, OrderRef, OrderSource, OrderStore, PendingWrite,
    PortError, Settlement, WriteLedger, complete_answers,
};
use crate::reason::{Cause, Reason};
use crate::run::{RunContext, RunError};
use crate::stage::{Event, Stage};
use crate::write::{Item, Presence, RemoteWrite, RemoteWriter, Verdict, WriteKey, WriteKind, WriteState, carry_out};

/// Invoices: one for each order, once every unit has shipped.
pub async fn invoice_orders(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    erp: &dyn ErpSink,
    store: &dyn OrderStore,
    ledger: &dyn WriteLedger,
) -> Result<(), RunError> {
    unambiguous(ctx.settings)?;
    let mut work = Worklist::claim(ctx, store, ledger, source.capabilities(), Stage::AwaitingInvoice).await?;
    let mut look = fresh_look(ctx, source, store, &mut work).await?;
    adopt_invoices(ctx, source, &mut work, &look.orders).await;
    settle_by_channel(ctx, erp, &mut work, &look);
    work.record(store).await?;

    let shipped_at = ship_dates(ctx, erp, &mut work, &look.orders).await;
    if look.is_old(ctx) {
        look = fresh_look(ctx, source, store, &mut work).await?;
        settle_by_channel(ctx, erp, &mut work, &look);
    }
    let fresh = &look.orders;
    let mut items = Vec::new();
    for claimed in work.still_open() {
        let po = claimed.po.clone();
        let (Some(order), Some(shipped_at)) = (fresh.get(&po), shipped_at.get(&po)) else {
            continue;
        };
        match invoice(order, *shipped_at, ctx.settings.invoice_price) {
            Ok(invoice) => {
                items.push(Item::new(WriteKey::whole(WriteKind::Invoice, po), invoice));
            }
            Err(cause) => work.stay(&po, cause),
        }
    }
    work.record(store).await?;

    let invoice_ids: HashMap<WriteKey, String> =
        items.iter().map(|item| (item.key.clone(), item.payload.invoice_id.clone())).collect();
    let writer = Invoices { source, orders: work.refs() };
    let verdicts = redacted(carry_out(ctx, ledger, &writer, &work.all_writes(), items).await?, fresh);
    for (key, verdict) in verdicts {
        let mut proof = Proof::of(&key, &verdict);
        match verdict {
            Verdict::Applied(found) => {
                proof.evidence.invoice_id = found.or_else(|| invoice_ids.get(&key).cloned());
                work.advance(&key.po, Event::Invoiced, proof, "");
            }
            Verdict::Rejected(error) | Verdict::NotSent(error) => {
                work.stay_with(&key.po, Cause::of_error(&error, Reason::ChannelRejected), proof);
            }
            Verdict::Unconfirmed(hint) => {
                work.stay_with(&key.po, Cause::new(Reason::WriteUnconfirmed, hint), proof);
            }
            Verdict::WouldSend => work.would_send(&key.po),
        }
    }
    work.record(store).await
}

/// Ends the orders that the channel's state alone decides about.
fn settle_by_channel(ctx: &RunContext<'_>, erp: &dyn ErpSink, work: &mut Worklist<'_>, look: &Look) {
    for claimed in work.still_open() {
        let po = &claimed.po;
        let Some(order) = look.orders.get(po) else { continue };
        if wish(order) == Wish::Cancelled {
            end_cancelled(ctx, work, erp, order, &[], true);
        } else if ctx.settings.invoice_multi_ban && order.is_multi() {
            work.stay(po, Cause::new(Reason::MultiBan, order.sku_list(ctx.settings.sku_key)));
        }
    }
}

/// Every parcel that the channel shows was reported by us, so nobody else has worked on the order.
fn shipped_by_us(order: &Order, writes: &[RemoteWrite]) -> bool {
    !order.packages.is_empty()
        && order.packages.iter().all(|package| {
            writes.iter().any(|write| {
                write.key.kind == WriteKind::Ship
                    && write.key.part == package.tracking
                    && write.state == WriteState::Applied
            })
        })
}

/// Ends orders that the channel holds an invoice for, and those of which it cannot tell.
async fn adopt_invoices(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    work: &mut Worklist<'_>,
    fresh: &HashMap<PoNumber, Order>,
) {
    let queries: Vec<InvoiceQuery> = work
        .open()
        .filter_map(|claimed| {
            let order = fresh.get(&claimed.po)?;
            let writes = work.writes(&claimed.po);
            let tried = writes.iter().any(|write| write.key.kind == WriteKind::Invoice);
            let thorough = ctx.po.is_some() || tried || !shipped_by_us(order, writes);
            Some(InvoiceQuery { order: claimed.reference(), thorough })
        })
        .collect();
    if queries.is_empty() {
        return;
    }
    let pos: Vec<PoNumber> = queries.iter().map(|query| query.order.po.clone()).collect();
    let answers = match source.find_invoices(&queries).await {
        Ok(answers) => complete_answers(&pos, answers),
        Err(error) => pos.iter().map(|po| (po.clone(), Err(PortError::clone(&error)))).collect(),
    };
    for (po, result) in answers {
        match result {
            Ok(Some(InvoiceRecord { invoice_id })) => {
                let key = WriteKey::whole(WriteKind::Invoice, po.clone());
                let tried = work.writes(&po).iter().any(|write| write.key == key);
                let mut proof =
                    if tried { Proof::of(&key, &Verdict::Applied(Some(invoice_id.clone()))) } else { Proof::default() };
                proof.evidence = Evidence { invoice_id: Some(invoice_id), ..Evidence::default() };
                work.advance(&po, Event::Invoiced, proof, "the channel already held an invoice");
            }
            Ok(None) => {}
            Err(error) => work.stay(&po, Cause::of_read_error(&error, Reason::ChannelUnreadable)),
        }
    }
}

/// The latest ship date of each order of which every unit has shipped; ends the others.
///
/// When all parcels at the channel are our own confirmed reports, they are what the ERP's documents
/// said; only otherwise the ERP is asked again.
async fn ship_dates(
    ctx: &RunContext<'_>,
    erp: &dyn ErpSink,
    work: &mut Worklist<'_>,
    fresh: &HashMap<PoNumber, Order>,
) -> HashMap<PoNumber, DateTime<Utc>> {
    let mut dates = HashMap::new();
    for claimed in work.open() {
        let Some(order) = fresh.get(&claimed.po) else {
            continue;
        };
        let latest = order.packages.iter().map(|package| package.shipped_at).collect::<Option<Vec<_>>>();
        if let Some(latest) = latest.and_then(|all| all.into_iter().max())
            && order.fully_shipped_at_channel()
            && shipped_by_us(order, work.writes(&claimed.po))
        {
            dates.insert(claimed.po.clone(), latest);
        }
    }
    let known: HashSet<PoNumber> = dates.keys().cloned().collect();
    let documents = documents(erp, ctx.settings, work, |order| !known.contains(&order.po)).await;
    for claimed in work.still_open() {
        let po = &claimed.po;
        let (Some(order), Some(documents)) = (fresh.get(po), documents.get(po)) else {
            continue;
        };
        match shipped_by_documents(order, documents, ctx.settings) {
            Ok(Some(date)) => {
                dates.insert(po.clone(), date);
            }
            Ok(None) => work.stay(po, Cause::new(Reason::NothingToShip, po.as_str())),
            // For an invoice, nothing shipped is just less than everything.
            Err(cause) if cause.reason == Reason::ErpNotShipped => {
                let expected: u32 = order.lines.iter().map(crate::order::OrderLine::expected).sum();
                work.stay(po, Cause::new(Reason::NotFullyShipped, format!("0/{expected}")));
            }
            Err(cause) => work.stay(po, cause),
        }
    }
    dates
}

/// The invoice of an order: one line per order line with units to invoice, exact total.
fn invoice(order: &Order, shipped_at: DateTime<Utc>, price: PriceOrder) -> Result<Invoice, Cause> {
    let mut lines = Vec::with_capacity(order.lines.len());
    for (index, line) in order.lines.iter().enumerate() {
        if line.expected() == 0 {
            continue;
        }
        let name = line.line_number.map_or_else(|| (index + 1).to_string(), |number| number.to_string());
        let unit_price = line.prices.first(price).ok_or_else(|| Cause::new(Reason::MissingPrice, name))?;
        lines.push(InvoiceLine { item: line_ref(line), quantity: line.expected(), unit_price });
    }
    if lines.is_empty() {
        return Err(Cause::new(Reason::NothingToShip, order.po.as_str()));
    }
    let total = money::total(lines.iter().map(|line| (line.quantity, line.unit_price)))
        .ok_or_else(|| Cause::new(Reason::InvalidExchange, "the invoice total is beyond any amount"))?;
    Ok(Invoice {
        po: order.po.clone(),
        channel_order_id: order.channel_order_id.clone(),
        invoice_id: order.po.as_str().to_owned(),
        invoiced_at: shipped_at,
        currency: order.currency.clone(),
        total,
        lines,
    })
}

struct Invoices<'a> {
    source: &'a dyn OrderSource,
    orders: Vec<OrderRef>,
}

#[async_trait]
impl RemoteWriter<Invoice> for Invoices<'_> {
    async fn send(&self, items: &[&Item<Invoice>]) -> Batch<WriteKey, Option<String>> {
        let invoices: Vec<Invoice> = items.iter().map(|item| item.payload.clone()).collect();
        Ok(without_proof(self.source.invoice(&invoices).await?))
    }

    async fn settle(&self, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        self.source.settle(WriteKind::Invoice, writes).await
    }

    async fn read_back(&self, items: &[&Item<Invoice>]) -> Vec<Answer<WriteKey, Presence>> {
        let queries: Vec<InvoiceQuery> = self
            .orders
            .iter()
            .filter(|order| items.iter().any(|item| item.key.po == order.po))
            .map(|order| InvoiceQuery { order: order.clone(), thorough: true })
            .collect();
        match self.source.find_invoices(&queries).await {
            Ok(answers) => answers
                .into_iter()
                .map(|answer| Answer {
                    key: WriteKey::whole(WriteKind::Invoice, answer.key),
                    result: answer.result.map(|found| match found {
                        Some(record) => Presence::Present(Some(record.invoice_id)),
                        None => Presence::Absent,
                    }),
                })
                .collect(),
            Err(error) => unreadable(items, &error),
        }
    }

    fn max_batch(&self) -> usize {
        self.source.capabilities().max_batch
    }

    fn settles_within(&self) -> Duration {
        self.source.capabilities().settles_within
    }
}
