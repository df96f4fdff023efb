//! Sending: intents first, orders kept whole, receipts kept at once.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Item, Progress, RemoteWriter, Track, Verdict};
use crate::ports::{Effect, ErrorKind, PortError, WriteLedger, complete_effects};
use crate::run::{Fact, RunContext, RunError};
use crate::write::{Intent, WriteKey, WriteNote, WriteState};

/// A batch is not sent so long after its intent: the process was frozen, and others may have gone on.
const STALE_INTENT: chrono::Duration = chrono::Duration::seconds(30);

/// Sends everything that is ready, in batches that keep an order's parts together; answers how long the
/// remote took for the fastest of them, if anything was sent: the others may have waited for a limit of ours.
pub(super) async fn send_ready<P: Clone + std::fmt::Debug + Send + Sync>(
    ctx: &RunContext<'_>,
    ledger: &dyn WriteLedger,
    writer: &dyn RemoteWriter<P>,
    tracks: &mut [Track<P>],
) -> Result<Option<Duration>, RunError> {
    let ready: Vec<usize> =
        (0..tracks.len()).filter(|index| matches!(tracks[*index].progress, Progress::Ready)).collect();
    if ctx.dry_run {
        for index in ready {
            tracks[index].progress = Progress::Done(Verdict::WouldSend);
        }
        return Ok(None);
    }
    let mut fastest: Option<Duration> = None;
    for batch in batches(tracks, &ready, writer.max_batch().max(1)) {
        if ctx.watch.stopping() {
            ctx.log(Fact::Stopping, []);
            break; // What is left stays ready, and its order without an outcome.
        }
        let intents: Vec<Intent> = batch.iter().map(|index| tracks[*index].item.intent()).collect();
        let intended_at = ctx.clock.now();
        let refused: HashSet<WriteKey> = ledger.intend(&ctx.run, &intents, intended_at).await?.into_iter().collect();
        ctx.point("intended");
        let mut batch = batch;
        batch.retain(|index| {
            let track = &mut tracks[*index];
            let open = refused.contains(&track.item.key);
            if open {
                let hint = "another write of the same kind is open for it".to_owned();
                track.progress = Progress::Done(Verdict::Unconfirmed(hint));
            }
            track.in_ledger = true;
            track.sent_in_this_run = true;
            !open
        });
        let before = ctx.clock.now();
        let failed = send_batch(ctx, ledger, writer, tracks, batch, intended_at).await?;
        let took = (ctx.clock.now() - before).to_std().unwrap_or_default();
        fastest = Some(fastest.map_or(took, |fastest| fastest.min(took)));
        if let Some(error) = failed {
            for track in tracks.iter_mut().filter(|track| matches!(track.progress, Progress::Ready)) {
                track.progress = Progress::Done(Verdict::NotSent(error.clone()));
            }
            break;
        }
    }
    Ok(fastest)
}

pub(super) fn batches<P>(tracks: &[Track<P>], ready: &[usize], max: usize) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut start = 0;
    while start < ready.len() {
        let po = &tracks[ready[start]].item.key.po;
        let parts = ready[start..].iter().take_while(|index| tracks[**index].item.key.po == *po).count();
        let group = &ready[start..start + parts];
        match batches.last_mut() {
            Some(batch) if batch.len() + parts <= max => batch.extend_from_slice(group),
            _ => batches.push(group.to_vec()),
        }
        start += parts;
    }
    batches
}

/// Sends one batch. A refusal of the whole batch splits it until the bad item stands alone; any other
/// failure of the whole is answered, and nothing more is sent in this run.
async fn send_batch<P: Send + Sync>(
    ctx: &RunContext<'_>,
    ledger: &dyn WriteLedger,
    writer: &dyn RemoteWriter<P>,
    tracks: &mut [Track<P>],
    batch: Vec<usize>,
    intended_at: DateTime<Utc>,
) -> Result<Option<PortError>, RunError> {
    let mut todo = vec![batch];
    let mut notes = Vec::new();
    let mut stop = None;
    while let Some(part) = todo.pop() {
        if part.is_empty() {
            continue;
        }
        if let Some(error) = &stop {
            mark(tracks, &part, |_| Progress::Done(Verdict::NotSent(PortError::clone(error))));
            continue;
        }
        if ctx.clock.now().signed_duration_since(intended_at) > STALE_INTENT {
            // Whoever took over meanwhile may have read the intent back as absent.
            stop = Some(PortError::retryable("the process stood still between the intent and the sending"));
            todo.push(part);
            continue;
        }
        let items: Vec<&Item<P>> = part.iter().map(|index| &tracks[*index].item).collect();
        let keys: Vec<WriteKey> = items.iter().map(|item| item.key.clone()).collect();
        let result = writer.send(&items).await;
        // Counted from the end: the request may have left at any moment before.
        let sent_at = ctx.clock.now();
        ctx.point("sent");
        if let (Ok(_), Some(first)) = (&result, keys.first()) {
            ctx.log(Fact::Sent, [keys.len().to_string(), first.kind.as_str().to_owned()]);
        }
        match result {
            Ok(outcomes) => {
                let mut effects = complete_effects(&keys, outcomes);
                for index in part {
                    let track = &mut tracks[index];
                    let Some(effect) = effects.remove(&track.item.key) else {
                        continue;
                    };
                    track.progress = progress_of(effect, sent_at, &track.item.key, &mut notes);
                }
            }
            Err(error) => match error.kind() {
                ErrorKind::Rejected | ErrorKind::Invalid if !is_one_order(tracks, &part) => {
                    ctx.log(Fact::Split, [part.len().to_string(), error.message().to_owned()]);
                    let (first, second) = halves(tracks, &part);
                    todo.push(second);
                    todo.push(first);
                }
                ErrorKind::Rejected | ErrorKind::Invalid => {
                    mark(tracks, &part, |_| Progress::Done(Verdict::Rejected(error.clone())));
                }
                ErrorKind::Retryable | ErrorKind::Throttled { .. } | ErrorKind::Auth | ErrorKind::Clock => {
                    mark(tracks, &part, |_| Progress::Done(Verdict::NotSent(error.clone())));
                    ctx.log(Fact::SendingStopped, [error.message().to_owned()]);
                    stop = Some(error);
                }
            },
        }
    }
    if !notes.is_empty() {
        ledger.note(&ctx.run, &notes, ctx.clock.now()).await?;
        ctx.point("accepted");
    }
    Ok(stop)
}

pub(super) fn is_one_order<P>(tracks: &[Track<P>], part: &[usize]) -> bool {
    part.iter().all(|index| tracks[*index].item.key.po == tracks[part[0]].item.key.po)
}

/// Two parts of a batch of several orders; no order is torn apart.
pub(super) fn halves<P>(tracks: &[Track<P>], part: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let border = |at: &usize| tracks[part[*at - 1]].item.key.po != tracks[part[*at]].item.key.po;
    let middle = (part.len() / 2).max(1);
    let cut = (middle..part.len()).find(border).or_else(|| (1..middle).rev().find(border)).unwrap_or(middle);
    (part[..cut].to_vec(), part[cut..].to_vec())
}

fn progress_of(
    effect: Effect<Option<String>>,
    sent_at: DateTime<Utc>,
    key: &WriteKey,
    notes: &mut Vec<WriteNote>,
) -> Progress {
    match effect {
        Effect::Applied(proof) => Progress::Done(Verdict::Applied(proof)),
        Effect::Accepted(receipt) => {
            notes.push(WriteNote {
                key: key.clone(),
                state: WriteState::Accepted,
                receipt: Some(receipt.clone()),
                message: None,
            });
            Progress::Open { receipt: Some(receipt), sent_at, noted: true, hint: "accepted, not done yet".to_owned() }
        }
        Effect::NotApplied(error) => match error.kind() {
            ErrorKind::Rejected | ErrorKind::Invalid => Progress::Done(Verdict::Rejected(error)),
            ErrorKind::Retryable | ErrorKind::Throttled { .. } | ErrorKind::Auth | ErrorKind::Clock => {
                Progress::Done(Verdict::NotSent(error))
            }
        },
        Effect::Unknown(error) => {
            let message = error.message().to_owned();
            notes.push(WriteNote {
                key: key.clone(),
                state: WriteState::Unknown,
                receipt: None,
                message: Some(message.clone()),
            });
            Progress::Open { receipt: None, sent_at, noted: true, hint: message }
        }
    }
}

fn mark<P>(tracks: &mut [Track<P>], part: &[usize], progress: impl Fn(&Track<P>) -> Progress) {
    for index in part {
        let next = progress(&tracks[*index]);
        tracks[*index].progress = next;
    }
}
