use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};

use super::look::sort_page;
use crate::ports::{Cursor, OrderRef, OrderSource, OrderStore, PageError, PulledOrder, Window, WindowKind};
use crate::run::{JobReport, PullCounts, RunContext, RunError};

/// A range of creation times given by a person, `[start, end)` in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PullRange {
    /// First moment inside.
    pub start: DateTime<Utc>,
    /// First moment outside.
    pub end: DateTime<Utc>,
}

/// How often a window is read from its start when the channel forgets the cursor.
const RESTARTS: u32 = 5;
/// No window has more pages; a channel that goes on is going in circles.
const MAX_PAGES: u32 = 10_000;

/// Channel to store: a pass by creation time, and one by update time for what became visible late,
/// was cancelled or changed. Each pass has a mark, moved only when all its pages are stored.
pub async fn pull_orders(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    store: &dyn OrderStore,
    range: Option<PullRange>,
) -> Result<JobReport, RunError> {
    let mut counts = PullCounts::default();
    if let Some(po) = &ctx.po {
        pull_one(ctx, source, store, po.as_str(), &mut counts).await?;
        return Ok(report(counts));
    }
    let channel = source.capabilities();
    let lag = Duration::from_std(channel.window_end_lag).unwrap_or_default();
    let until = ctx.clock.now() - lag;
    let state = store.pull_state(&ctx.run.route).await?;
    let nothing_pulled_yet = state.newest_created.is_none() && state.created_mark.is_none();

    if let Some(range) = range {
        let window = Window { kind: WindowKind::Created, start: range.start, end: range.end.min(until) };
        if window.start < window.end {
            read_window(ctx, source, store, window, true, &mut counts).await?;
        }
        // From here on changes of these orders are somebody's to read: the update pass's.
        if state.updated_mark.is_none() && !ctx.dry_run {
            store.move_mark(&ctx.run, WindowKind::Updated, until).await?;
        }
        return Ok(report(counts));
    }

    // A mark never passes over unread orders, so it may be older than the newest stored order after a
    // broken pass, and newer after a quiet time: the earlier of the two is safe in both cases.
    let known = match (state.newest_created, state.created_mark) {
        (Some(newest), Some(mark)) => Some(newest.min(mark)),
        (newest, mark) => newest.or(mark),
    };
    let start_from = ctx.settings.start_from;
    let start = match known {
        None => start_from,
        Some(known) if known < start_from => known - ctx.settings.lookback,
        Some(known) => (known - ctx.settings.lookback).max(start_from),
    };
    if start < until {
        let window = Window { kind: WindowKind::Created, start, end: until };
        read_window(ctx, source, store, window, false, &mut counts).await?;
        move_mark(ctx, store, WindowKind::Created, until).await?;
    }
    if channel.lists_updates {
        // A first pass has just read everything as it is now.
        if !nothing_pulled_yet {
            let mark = state.updated_mark.unwrap_or(start);
            let window = Window { kind: WindowKind::Updated, start: mark - ctx.settings.lookback, end: until };
            if window.start < window.end {
                read_window(ctx, source, store, window, false, &mut counts).await?;
            }
        }
        move_mark(ctx, store, WindowKind::Updated, until).await?;
    }
    Ok(report(counts))
}

fn report(counts: PullCounts) -> JobReport {
    JobReport { selected: counts.seen, pulled: Some(counts), ..JobReport::default() }
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
    }
    Ok(())
}

/// Reads a window to its end and stores it page by page.
async fn read_window(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    store: &dyn OrderStore,
    window: Window,
    only_inside: bool,
    counts: &mut PullCounts,
) -> Result<(), RunError> {
    let mut restarts = 0;
    'window: loop {
        let mut cursor: Option<Cursor> = None;
        let mut cursors: HashSet<Cursor> = HashSet::new();
        let mut keys: HashSet<String> = HashSet::new();
        for _ in 0..MAX_PAGES {
            if ctx.watch.stopping() {
                return Err(RunError::Usage("stopped before the window was read; the mark stays".to_owned()));
            }
            let page = match source.page(window, cursor.clone()).await {
                Ok(page) => page,
                Err(PageError::CursorExpired) if restarts < RESTARTS => {
                    restarts += 1;
                    continue 'window;
                }
                Err(PageError::CursorExpired) => {
                    return Err(RunError::Port(crate::ports::PortError::retryable(format!(
                        "the channel lost the place in the list {RESTARTS} times"
                    ))));
                }
                Err(PageError::Port(error)) => return Err(RunError::Port(error)),
            };
            if page.items.is_empty() {
                return Ok(());
            }
            let mut items = page.items;
            let before = keys.len();
            items.retain(|item| keys.insert(item.key.clone()));
            let nothing_new = keys.len() == before;
            if only_inside {
                items.retain(|item| inside(item, window));
            }
            store_page(ctx, store, items, counts).await?;
            // Ends: no cursor; or a page without a new order while the cursor repeats, which is a circle.
            match page.next {
                None => return Ok(()),
                Some(next) => {
                    let repeated = !cursors.insert(next.clone());
                    if repeated && nothing_new {
                        return Ok(());
                    }
                    cursor = Some(next);
                }
            }
        }
        return Err(RunError::Port(crate::ports::PortError::invalid(format!(
            "the channel's list did not end after {MAX_PAGES} pages"
        ))));
    }
}

fn inside(item: &PulledOrder, window: Window) -> bool {
    item.order.as_ref().map_or(true, |order| order.created_at >= window.start && order.created_at < window.end)
}

async fn store_page(
    ctx: &RunContext<'_>,
    store: &dyn OrderStore,
    items: Vec<PulledOrder>,
    counts: &mut PullCounts,
) -> Result<(), RunError> {
    counts.seen += items.len() as u64;
    let (orders, unreadable) = sort_page(ctx.settings, items);
    if ctx.dry_run || (orders.is_empty() && unreadable.is_empty()) {
        return Ok(());
    }
    let saved = store.save_orders(&ctx.run, &orders, &unreadable, ctx.clock.now()).await?;
    counts.saved.stored += saved.stored;
    counts.saved.updated += saved.updated;
    counts.saved.unchanged += saved.unchanged;
    counts.saved.invalid += saved.invalid;
    ctx.point("page_stored");
    Ok(())
}

/// Reads one order again, by its PO number.
async fn pull_one(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    store: &dyn OrderStore,
    po: &str,
    counts: &mut PullCounts,
) -> Result<(), RunError> {
    let Some(po) = crate::order::PoNumber::new(po) else {
        return Ok(());
    };
    let order = OrderRef { po, channel_order_id: String::new(), created_at: ctx.clock.now() };
    for answer in source.fetch(std::slice::from_ref(&order)).await? {
        if let Some(item) = answer.result? {
            store_page(ctx, store, vec![item], counts).await?;
        }
    }
    Ok(())
}
