use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};

use super::look::sort_page;
use super::window::{Ended, Item, PageSink, moment, read_window};
use crate::order::PoNumber;
use crate::ports::{
    KnownPayload, OrderBook, OrderRef, OrderSource, OrderStore, PayloadDigest, PullState, PulledOrder, RawOrder,
    SaveCounts, Window, WindowKind,
};
use crate::run::{Fact, PullCounts, RunContext, RunError};

/// A range of creation times given by a person, `[start, end)` in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PullRange {
    /// First moment inside.
    pub start: DateTime<Utc>,
    /// First moment outside.
    pub end: DateTime<Utc>,
}

/// Channel to store: a pass by creation time, and one by update time for what became visible late,
/// was cancelled or changed. Each pass has a mark, moved only when all its pages are stored.
pub async fn pull_orders(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    store: &dyn OrderStore,
    book: &dyn OrderBook,
    range: Option<PullRange>,
) -> Result<(), RunError> {
    ctx.tell(|report| report.pulled = Some(PullCounts::default()));
    if let Some(po) = &ctx.po {
        return pull_one(ctx, source, store, book, po).await;
    }
    let channel = source.capabilities();
    let lag = Duration::from_std(channel.window_end_lag).unwrap_or_default();
    let until = ctx.clock.now() - lag;
    let state = store.pull_state(&ctx.run.route).await?;
    match range {
        Some(range) => pull_range(ctx, source, store, range, until, state).await,
        None => pull_news(ctx, source, store, until, state).await,
    }
}

/// A range that a person asked for. On an empty store it is the beginning of the route: what was
/// created before it is not wanted, and what follows is pulled from its end on.
async fn pull_range(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    store: &dyn OrderStore,
    range: PullRange,
    until: DateTime<Utc>,
    state: PullState,
) -> Result<(), RunError> {
    let window = Window { kind: WindowKind::Created, start: range.start, end: range.end.min(until) };
    if window.start >= window.end {
        return Ok(());
    }
    let end = read_window(ctx, source, window, &mut Pages { ctx, store, only_inside: Some(window) }).await?;
    if state == PullState::default() {
        move_mark(ctx, store, WindowKind::Created, end.mark(window.end)).await?;
        if end == Ended::Whole {
            move_mark(ctx, store, WindowKind::Updated, until).await?;
        }
    }
    Ok(())
}

/// What is new and what has changed since the marks.
async fn pull_news(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    store: &dyn OrderStore,
    until: DateTime<Utc>,
    state: PullState,
) -> Result<(), RunError> {
    let created = pull_created(ctx, source, store, until, state).await;
    if !source.capabilities().lists_updates {
        return created.map(drop);
    }
    // The passes have marks of their own: the failure of one does not hold up the other. A first
    // reading of everything has just seen all orders as they are now.
    let updated = match (state.created_mark, &created) {
        (None, Ok(Ended::Whole)) => move_mark(ctx, store, WindowKind::Updated, until).await,
        (None, Ok(Ended::InCircles { .. }) | Err(_)) => Ok(()),
        (Some(_), _) => pull_updated(ctx, source, store, until, state).await,
    };
    created.map(drop).and(updated)
}

async fn pull_created(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    store: &dyn OrderStore,
    until: DateTime<Utc>,
    state: PullState,
) -> Result<Ended, RunError> {
    // Without a mark no pass has come to its end yet, whatever is stored: start at the beginning. With
    // one, the newest stored order may be older than the mark after a quiet time, and newer after a
    // broken pass: the earlier of the two is safe in both cases.
    let start_from = ctx.settings.start_from;
    let start = match (state.created_mark, state.newest_created) {
        (None, _) => start_from,
        (Some(mark), newest) => {
            let known = newest.map_or(mark, |newest| newest.min(mark));
            let start = (known - ctx.settings.lookback).min(until - look_back(ctx.manual, mark, until));
            if known < start_from { start } else { start.max(start_from) }
        }
    };
    if start >= until {
        return Ok(Ended::Whole);
    }
    let window = Window { kind: WindowKind::Created, start, end: until };
    let end = read_window(ctx, source, window, &mut Pages { ctx, store, only_inside: None }).await?;
    move_mark(ctx, store, WindowKind::Created, end.mark(until)).await?;
    Ok(end)
}

/// How far back the creation pass looks at least. A channel may show an order hours after it was created, and date its
/// last change before that: neither pass would see it then. Reading again what is known costs no write.
fn look_back(manual: bool, mark: DateTime<Utc>, until: DateTime<Utc>) -> Duration {
    let hour = |at: DateTime<Utc>| at.timestamp().div_euclid(3600);
    if hour(mark).div_euclid(24) != hour(until).div_euclid(24) {
        Duration::days(14) // The first pull of a day.
    } else if manual || hour(mark) != hour(until) {
        Duration::days(2) // The first one of an hour, and whoever asks for it.
    } else {
        Duration::zero()
    }
}

async fn pull_updated(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    store: &dyn OrderStore,
    until: DateTime<Utc>,
    state: PullState,
) -> Result<(), RunError> {
    let start = state.updated_mark.map_or(ctx.settings.start_from, |mark| mark - ctx.settings.lookback);
    if start >= until {
        return Ok(());
    }
    let window = Window { kind: WindowKind::Updated, start, end: until };
    let end = read_window(ctx, source, window, &mut Pages { ctx, store, only_inside: None }).await?;
    move_mark(ctx, store, WindowKind::Updated, end.mark(until)).await
}

async fn move_mark(
    ctx: &RunContext<'_>,
    store: &dyn OrderStore,
    kind: WindowKind,
    to: DateTime<Utc>,
) -> Result<(), RunError> {
    if !ctx.dry_run {
        store.move_mark(&ctx.run, kind, to).await?;
        ctx.point("mark_moved");
        let fact = match kind {
            WindowKind::Created => Fact::MarkCreated,
            WindowKind::Updated => Fact::MarkUpdated,
        };
        ctx.log(fact, [moment(to)]);
    }
    Ok(())
}

/// Stores pages.
struct Pages<'a> {
    ctx: &'a RunContext<'a>,
    store: &'a dyn OrderStore,
    /// Orders outside are not wanted.
    only_inside: Option<Window>,
}

#[async_trait]
impl PageSink for Pages<'_> {
    async fn known(&self, items: &[RawOrder]) -> Result<Vec<Option<KnownPayload>>, RunError> {
        let digests: Vec<PayloadDigest> = items.iter().map(|item| PayloadDigest::of(&item.raw)).collect();
        let known = self.store.known_payloads(&self.ctx.run.route, &digests).await?;
        Ok(digests.iter().map(|digest| known.get(digest).copied()).collect())
    }

    async fn page(&mut self, mut items: Vec<Item>) -> Result<(), RunError> {
        if let Some(window) = self.only_inside {
            items.retain(|item| inside(item, window));
        }
        store_page(self.ctx, self.store, items).await
    }
}

fn inside(item: &Item, window: Window) -> bool {
    item.created_at().is_none_or(|at| at >= window.start && at < window.end)
}

async fn store_page(ctx: &RunContext<'_>, store: &dyn OrderStore, items: Vec<Item>) -> Result<(), RunError> {
    let seen = items.len() as u64;
    tell(ctx, |counts| counts.seen += seen);
    if ctx.dry_run || seen == 0 {
        return Ok(());
    }
    let read: Vec<PulledOrder> = items.into_iter().filter_map(Item::into_read).collect();
    let known = seen - read.len() as u64;
    let (orders, unreadable) = sort_page(ctx.settings, read);
    let mut saved = SaveCounts::default();
    if !orders.is_empty() || !unreadable.is_empty() {
        saved = store.save_orders(&ctx.run, &orders, &unreadable, ctx.clock.now()).await?;
    }
    saved.unchanged += known;
    let counts = [seen, saved.stored, saved.updated, saved.unchanged, saved.invalid];
    ctx.log(Fact::Page, counts.map(|count| count.to_string()));
    tell(ctx, |counts| {
        counts.saved.stored += saved.stored;
        counts.saved.updated += saved.updated;
        counts.saved.unchanged += saved.unchanged;
        counts.saved.invalid += saved.invalid;
    });
    ctx.point("page_stored");
    Ok(())
}

fn tell(ctx: &RunContext<'_>, change: impl FnOnce(&mut PullCounts)) {
    ctx.tell(|report| {
        change(report.pulled.get_or_insert_default());
        report.selected = report.pulled.map_or(0, |counts| counts.seen);
    });
}

/// Reads one order again, by its PO number.
async fn pull_one(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    store: &dyn OrderStore,
    book: &dyn OrderBook,
    po: &PoNumber,
) -> Result<(), RunError> {
    // One that is stored is meant by its id: another order may have the same number.
    let unknown = || OrderRef::by_number(po.clone(), ctx.clock.now());
    let order = book.order(&ctx.run.route, po).await?.map_or_else(unknown, |stored| stored.row.reference());
    for answer in source.fetch(std::slice::from_ref(&order)).await? {
        if let Some(item) = answer.result? {
            store_page(ctx, store, vec![Item::Read(Box::new(item))]).await?;
        }
    }
    Ok(())
}
