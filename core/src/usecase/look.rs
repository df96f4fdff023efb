use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};

use crate::order::{Order, PoNumber};
use crate::ports::{OrderSource, OrderStore, PortError, PulledOrder, SaveOrder, UnreadableOrder, complete_answers};
use crate::reason::{Cause, Reason};
use crate::run::{RunContext, RunError};
use crate::settings::Settings;
use crate::stage::Stage;

use super::worklist::Worklist;

/// A state read so long ago may be another by now: a retailer may have cancelled meanwhile.
const FRESH: Duration = Duration::seconds(10);

/// The channel's states, and when they were read.
pub(super) struct Look {
    pub(super) orders: HashMap<PoNumber, Order>,
    at: DateTime<Utc>,
}

impl Look {
    /// Other questions took so long that nothing should be sent on the strength of it.
    pub(super) fn is_old(&self, ctx: &RunContext<'_>) -> bool {
        ctx.clock.now() - self.at > FRESH
    }
}

/// Reads the channel's present state of all open orders, stores what changed, ends the orders whose
/// state cannot be told, and answers the others. Nothing is ever decided from an older state.
pub(super) async fn fresh_look(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    store: &dyn OrderStore,
    work: &mut Worklist<'_>,
) -> Result<Look, RunError> {
    let at = ctx.clock.now();
    let refs = work.refs();
    if refs.is_empty() {
        return Ok(Look { orders: HashMap::new(), at });
    }
    let pos: Vec<PoNumber> = refs.iter().map(|order| order.po.clone()).collect();
    let answers = match source.fetch(&refs).await {
        Ok(answers) => complete_answers(&pos, answers),
        Err(error) => pos.iter().map(|po| (po.clone(), Err(PortError::clone(&error)))).collect(),
    };
    let mut fresh = HashMap::new();
    let mut changed = Vec::new();
    for (po, result) in answers {
        match result {
            Ok(Some(pulled)) => match pulled.order.clone() {
                Ok(order) => {
                    // Where the order goes is this run's to decide and to record.
                    let save = to_save(ctx.settings, order.clone(), pulled.raw);
                    changed.push(SaveOrder { at_push: None, ..save });
                    fresh.insert(po, order);
                }
                Err(error) => work.stay(&po, Cause::new(Reason::InvalidPayload, error.message())),
            },
            Ok(None) => work.stay(&po, Cause::new(Reason::NotInChannel, po.as_str())),
            Err(error) => work.stay(&po, Cause::of_read_error(&error, Reason::ChannelUnreadable)),
        }
    }
    if !changed.is_empty() && !ctx.dry_run {
        store.save_orders(&ctx.run, &changed, &[], ctx.clock.now()).await?;
    }
    Ok(Look { orders: fresh, at })
}

/// What the domain decides about an order that is stored.
pub(super) fn to_save(settings: &Settings, order: Order, raw: Vec<u8>) -> SaveOrder {
    let mut sku_names: Vec<String> =
        order.lines.iter().flat_map(super::super::order::OrderLine::names).map(str::to_owned).collect();
    sku_names.sort_unstable();
    sku_names.dedup();
    SaveOrder {
        sku_list: order.sku_list(settings.sku_key),
        sku_names,
        first_stage: Stage::at_first_sight(&order.status, settings.shipment_pending_enters),
        at_push: Stage::when_seen_again_at_push(&order.status),
        order,
        raw,
    }
}

/// Splits a page into what can be stored and what is kept unread.
pub(super) fn sort_page(settings: &Settings, items: Vec<PulledOrder>) -> (Vec<SaveOrder>, Vec<UnreadableOrder>) {
    let mut orders = Vec::with_capacity(items.len());
    let mut unreadable = Vec::new();
    for item in items {
        match item.order {
            Ok(order) => orders.push(to_save(settings, order, item.raw)),
            Err(error) => unreadable.push(UnreadableOrder {
                key: item.key,
                raw: item.raw,
                cause: Cause::new(Reason::InvalidPayload, error.message()),
            }),
        }
    }
    (orders, unreadable)
}
