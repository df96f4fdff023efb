use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::future::join;

use crate::ports::{
    Cursor, KnownPayload, OrderSource, PageError, PortError, PulledOrder, RawOrder, Window, WindowKind,
};
use crate::run::{Fact, RunContext, RunError};

/// How often a window is read from its start when the channel forgets the cursor.
const RESTARTS: usize = 5;
/// No window has more pages; a channel that goes on is going in circles.
const MAX_PAGES: u32 = 10_000;

/// One order of a window.
pub(super) enum Item {
    /// Stored as it came; it was not read.
    Known(KnownPayload),
    /// Read.
    Read(Box<PulledOrder>),
}

impl Item {
    /// When the channel created it; `None` for one that cannot be read.
    pub(super) fn created_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Known(known) => Some(known.created_at),
            Self::Read(pulled) => pulled.order.as_ref().ok().map(|order| order.created_at),
        }
    }

    /// What was read of it.
    pub(super) fn into_read(self) -> Option<PulledOrder> {
        match self {
            Self::Known(_) => None,
            Self::Read(pulled) => Some(*pulled),
        }
    }

    fn updated_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Known(known) => known.updated_at,
            Self::Read(pulled) => pulled.order.as_ref().ok().and_then(|order| order.updated_at),
        }
    }

    /// The moment by which an order is in a window.
    fn moment(&self, kind: WindowKind) -> Option<DateTime<Utc>> {
        match kind {
            WindowKind::Created => self.created_at(),
            WindowKind::Updated => self.updated_at(),
        }
    }
}

/// Takes the pages of a window; an order may come again when the window is read anew.
#[async_trait]
pub(super) trait PageSink: Send + Sync {
    /// What is stored of each order as it came; whatever is `None` will be read.
    async fn known(&self, items: &[RawOrder]) -> Result<Vec<Option<KnownPayload>>, RunError> {
        Ok(vec![None; items.len()])
    }

    /// One page, without the orders that came before in this reading.
    async fn page(&mut self, items: Vec<Item>) -> Result<(), RunError>;
}

/// How the reading of a window ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// By the list's own end.
    Whole,
    /// The list goes in circles. That may be all there is, or the channel serves one page for ever.
    InCircles {
        /// The newest moment, of the window's kind, that came; the window's start unless they came in order,
        /// because then older ones may be among what never came.
        newest: DateTime<Utc>,
    },
}

impl Ended {
    /// Up to where the window counts as read.
    pub(super) fn mark(self, until: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Whole => until,
            Self::InCircles { newest } => newest.min(until),
        }
    }
}

/// How far a list has come.
struct Reach {
    newest: DateTime<Utc>,
    in_order: bool,
}

impl Reach {
    fn to(&mut self, moment: DateTime<Utc>) {
        self.in_order &= moment >= self.newest;
        self.newest = self.newest.max(moment);
    }

    fn in_circles(&self, start: DateTime<Utc>) -> Ended {
        Ended::InCircles { newest: if self.in_order { self.newest } else { start } }
    }
}

/// One reading of a window, from its start.
struct Reading {
    kind: WindowKind,
    keys: HashSet<String>,
    reach: Reach,
}

impl Reading {
    fn of(window: Window) -> Self {
        Self { kind: window.kind, keys: HashSet::new(), reach: Reach { newest: window.start, in_order: true } }
    }

    /// Hands a page on, and answers whether anything in it came for the first time.
    async fn take(
        &mut self,
        source: &dyn OrderSource,
        items: Vec<RawOrder>,
        pages: &mut dyn PageSink,
    ) -> Result<bool, RunError> {
        let known = pages.known(&items).await?;
        let mut new = Vec::with_capacity(items.len());
        for (item, known) in items.into_iter().zip(known) {
            if self.keys.insert(item.key.clone()) {
                let item = known.map_or_else(|| Item::Read(Box::new(item.read(source))), Item::Known);
                item.moment(self.kind).into_iter().for_each(|moment| self.reach.to(moment));
                new.push(item);
            }
        }
        let any = !new.is_empty();
        pages.page(new).await?;
        Ok(any)
    }
}

/// Reads a window to its end, page by page; while one is worked on, the next one is asked for.
pub(super) async fn read_window(
    ctx: &RunContext<'_>,
    source: &dyn OrderSource,
    window: Window,
    pages: &mut dyn PageSink,
) -> Result<Ended, RunError> {
    let fact = match window.kind {
        WindowKind::Created => Fact::ReadCreated,
        WindowKind::Updated => Fact::ReadUpdated,
    };
    ctx.log(fact, [moment(window.start), moment(window.end)]);
    let mut restarts = 0;
    let mut circles: Vec<HashSet<String>> = Vec::new();
    'window: loop {
        let mut coming = source.page(window, None).await;
        let mut cursors: HashSet<Cursor> = HashSet::new();
        let mut reading = Reading::of(window);
        for _ in 0..MAX_PAGES {
            if ctx.watch.stopping() {
                ctx.log(Fact::Stopping, []);
                return Err(RunError::Stopped("stopped before the window was read; the mark stays".to_owned()));
            }
            let page = match coming {
                Ok(page) => page,
                Err(PageError::Repeated) => {
                    if circles.iter().all(|orders| *orders == reading.keys) {
                        circles.push(reading.keys);
                    } else {
                        circles = vec![reading.keys];
                    }
                    // One repeated page may stand for a lost one. Only a list that ends in the same circle
                    // every time it is read really ends there.
                    if circles.len() > RESTARTS {
                        return Ok(reading.reach.in_circles(window.start));
                    }
                    if restarts < RESTARTS {
                        ctx.log(Fact::ReadAgain, []);
                        restarts += 1;
                        continue 'window;
                    }
                    return Err(lost_its_place());
                }
                Err(PageError::CursorExpired) if restarts < RESTARTS => {
                    ctx.log(Fact::ReadAgain, []);
                    restarts += 1;
                    continue 'window;
                }
                Err(PageError::CursorExpired) => return Err(lost_its_place()),
                Err(PageError::Port(error)) => return Err(RunError::Port(error)),
            };
            if page.items.is_empty() {
                return Ok(Ended::Whole);
            }
            let Some(next) = page.next else {
                reading.take(source, page.items, pages).await?;
                return Ok(Ended::Whole);
            };
            if cursors.insert(next.clone()) {
                // The question goes out first: reading the orders would hold it up.
                let asked = source.page(window, Some(next));
                let (next_page, taken) = join(asked, reading.take(source, page.items, pages)).await;
                taken?;
                coming = next_page;
            } else {
                // A page without a new order while the cursor repeats is a circle.
                let any_new = reading.take(source, page.items, pages).await?;
                if !any_new {
                    return Ok(reading.reach.in_circles(window.start));
                }
                coming = source.page(window, Some(next)).await;
            }
        }
        return Err(RunError::Port(PortError::invalid(format!(
            "the channel's list did not end after {MAX_PAGES} pages"
        ))));
    }
}

pub(super) fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn lost_its_place() -> RunError {
    let times = RESTARTS + 1;
    RunError::Port(PortError::retryable(format!(
        "the channel lost its place in the list {times} times; the mark stays"
    )))
}
