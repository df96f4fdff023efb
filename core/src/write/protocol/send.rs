//! Sending: intents first, orders kept whole, receipts kept at once.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join;

use super::{Item, Progress, RemoteWriter, Track, Verdict};
use crate::ports::{Effect, ErrorKind, PortError, WriteLedger, complete_effects};
use crate::run::{Fact, RunContext, RunError};
use crate::write::{Intent, WriteKey, WriteNote, WriteState};

/// A batch is not sent so long after its intent: the process was frozen, and others may have gone on.
const STALE_INTENT: chrono::Duration = chrono::Duration::seconds(30);

/// An intent that has waited for so long behind another batch is committed anew before it is sent.
const OLD_INTENT: chrono::Duration = chrono::Duration::seconds(5);

/// A batch whose intents are committed.
struct Intended {
    /// To be sent.
    batch: Vec<usize>,
    /// Another write of the same kind is open for these.
    refused: Vec<usize>,
    at: DateTime<Utc>,
}

/// What became of a batch.
#[derive(Default)]
struct Sent {
    progress: Vec<(usize, Progress)>,
    /// Why nothing more is to be sent in this run.
    stop: Option<PortError>,
}

/// Sends everything that is ready, in batches that keep an order's parts together, one after the other; while
/// one is on its way, the intents of the next are committed. Answers how long the remote took for the fastest
/// of them, if anything was sent: the others may have waited for a limit of ours.
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
    let mut waiting = batches(tracks, &ready, writer.max_batch().max(1)).into_iter();
    let mut next = intend(ctx, ledger, tracks, waiting.next()).await?;
    while let Some(mut intended) = next.take() {
        if ctx.watch.stopping() {
            ctx.log(Fact::Stopping, []);
            // What is left stays ready, and its order without an outcome.
            withdraw(ctx, ledger, tracks, &intended.batch).await?;
            break;
        }
        if ctx.clock.now().signed_duration_since(intended.at) > OLD_INTENT && fastest.is_some() {
            withdraw(ctx, ledger, tracks, &intended.batch).await?;
            let refused = std::mem::take(&mut intended.refused);
            let Some(again) = intend(ctx, ledger, tracks, Some(intended.batch)).await? else { break };
            intended = again;
            intended.refused.extend(refused);
        }
        begin(tracks, &intended);
        let before = ctx.clock.now();
        let following = if ctx.watch.stopping() { None } else { waiting.next() };
        let sending = send_batch(ctx, ledger, writer, tracks, intended.batch, intended.at);
        let (sent, coming) = join(sending, intend(ctx, ledger, tracks, following)).await;
        let sent = sent?;
        for (index, progress) in sent.progress {
            tracks[index].progress = progress;
        }
        let took = (ctx.clock.now() - before).to_std().unwrap_or_default();
        fastest = Some(fastest.map_or(took, |fastest| fastest.min(took)));
        next = coming?;
        if let Some(error) = sent.stop {
            if let Some(intended) = &next {
                begin(tracks, intended);
            }
            for track in tracks.iter_mut().filter(|track| matches!(track.progress, Progress::Ready)) {
                track.progress = Progress::Done(Verdict::NotSent(error.clone()));
            }
            break;
        }
    }
    Ok(fastest)
}

/// Commits the intents of a batch, if there is one, and the run is not being stopped.
async fn intend<P: std::fmt::Debug + Send + Sync>(
    ctx: &RunContext<'_>,
    ledger: &dyn WriteLedger,
    tracks: &[Track<P>],
    batch: Option<Vec<usize>>,
) -> Result<Option<Intended>, RunError> {
    let Some(batch) = batch else { return Ok(None) };
    if ctx.watch.stopping() {
        ctx.log(Fact::Stopping, []);
        return Ok(None);
    }
    let intents: Vec<Intent> = batch.iter().map(|index| tracks[*index].item.intent()).collect();
    let at = ctx.clock.now();
    let refused: HashSet<WriteKey> = ledger.intend(&ctx.run, &intents, at).await?.into_iter().collect();
    ctx.point("intended");
    let (refused, batch) = batch.into_iter().partition(|index| refused.contains(&tracks[*index].item.key));
    Ok(Some(Intended { batch, refused, at }))
}

/// Takes back intents that nothing was sent for.
async fn withdraw<P>(
    ctx: &RunContext<'_>,
    ledger: &dyn WriteLedger,
    tracks: &[Track<P>],
    batch: &[usize],
) -> Result<(), RunError> {
    let void = |index: &usize| WriteNote {
        key: tracks[*index].item.key.clone(),
        state: WriteState::Void,
        receipt: None,
        message: None,
    };
    let notes: Vec<WriteNote> = batch.iter().map(void).collect();
    ledger.note(&ctx.run, &notes, ctx.clock.now()).await?;
    Ok(())
}

/// Marks what is committed in the ledger.
fn begin<P>(tracks: &mut [Track<P>], intended: &Intended) {
    for index in intended.batch.iter().chain(&intended.refused) {
        tracks[*index].in_ledger = true;
        tracks[*index].sent_in_this_run = true;
    }
    for index in &intended.refused {
        let hint = "another write of the same kind is open for it".to_owned();
        tracks[*index].progress = Progress::Done(Verdict::Unconfirmed(hint));
    }
}

/// Sends one batch. A refusal of the whole batch splits it until the bad item stands alone; any other
/// failure of the whole is answered, and nothing more is sent in this run.
async fn send_batch<P: Send + Sync>(
    ctx: &RunContext<'_>,
    ledger: &dyn WriteLedger,
    writer: &dyn RemoteWriter<P>,
    tracks: &[Track<P>],
    batch: Vec<usize>,
    intended_at: DateTime<Utc>,
) -> Result<Sent, RunError> {
    let mut todo = vec![batch];
    let mut notes = Vec::new();
    let mut done = Sent::default();
    while let Some(part) = todo.pop() {
        if part.is_empty() {
            continue;
        }
        let all = |verdict: Verdict| part.iter().map(move |index| (*index, Progress::Done(verdict.clone())));
        if let Some(error) = &done.stop {
            let not_sent = Verdict::NotSent(error.clone());
            done.progress.extend(all(not_sent));
            continue;
        }
        if ctx.clock.now().signed_duration_since(intended_at) > STALE_INTENT {
            // Whoever took over meanwhile may have read the intent back as absent.
            done.stop = Some(PortError::retryable("the process stood still between the intent and the sending"));
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
                    let key = &tracks[index].item.key;
                    let Some(effect) = effects.remove(key) else { continue };
                    done.progress.push((index, progress_of(effect, sent_at, key, &mut notes)));
                }
            }
            Err(error) => match error.kind() {
                ErrorKind::Rejected | ErrorKind::Invalid if !is_one_order(tracks, &part) => {
                    ctx.log(Fact::Split, [part.len().to_string(), error.message().to_owned()]);
                    let (first, second) = halves(tracks, &part);
                    todo.push(second);
                    todo.push(first);
                }
                ErrorKind::Rejected | ErrorKind::Invalid => done.progress.extend(all(Verdict::Rejected(error))),
                ErrorKind::Retryable | ErrorKind::Throttled { .. } | ErrorKind::Auth | ErrorKind::Clock => {
                    done.progress.extend(all(Verdict::NotSent(error.clone())));
                    ctx.log(Fact::SendingStopped, [error.message().to_owned()]);
                    done.stop = Some(error);
                }
            },
        }
    }
    if !notes.is_empty() {
        ledger.note(&ctx.run, &notes, ctx.clock.now()).await?;
        ctx.point("accepted");
    }
    Ok(done)
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
