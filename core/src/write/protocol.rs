use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::{Intent, RemoteWrite, WriteKey, WriteNote, WriteState};
use crate::ports::{
    Answer, Batch, Effect, ErrorKind, PendingWrite, PortError, Receipt, Settlement, WriteLedger, complete_answers,
    complete_effects,
};
use crate::run::{RunContext, RunError};

/// A batch is not sent so long after its intent: the process was frozen, and others may have gone on.
const STALE_INTENT: chrono::Duration = chrono::Duration::seconds(30);

/// Pauses between questions about writes whose end is not known: about a minute in all. What is
/// still open then is asked again by the next run.
const PAUSES: [u64; 7] = [2, 3, 5, 8, 12, 15, 15];

/// Whether the remote holds the result of a write, read from the object itself.
#[derive(Debug, Clone)]
pub enum Presence {
    /// It does; with the proof, for example the ERP's order number.
    Present(Option<String>),
    /// It does not at this moment.
    Absent,
    /// The read failed: nothing is known.
    CannotTell(PortError),
}

/// One kind of remote write, as the protocol sees it.
#[async_trait]
pub trait RemoteWriter<P: Send + Sync>: Send + Sync {
    /// Sends; one effect per item, with proof where the remote gives it at once.
    async fn send(&self, items: &[&Item<P>]) -> Batch<WriteKey, Option<String>>;

    /// Asks the remote's log. A remote without a log says [`Settlement::Silent`].
    async fn settle(&self, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>>;

    /// Reads the objects themselves.
    async fn read_back(&self, items: &[&Item<P>]) -> Vec<Answer<WriteKey, Presence>>;

    /// Largest number of items in one call.
    fn max_batch(&self) -> usize;

    /// After this time a write that is not there was not made.
    fn settles_within(&self) -> Duration;
}

/// Something to be written.
#[derive(Debug, Clone)]
pub struct Item<P> {
    /// Its key.
    pub key: WriteKey,
    /// What is sent.
    pub payload: P,
    /// Only an earlier write of it is to be settled; it is never sent.
    pub settle_only: bool,
}

impl<P> Item<P> {
    /// Something to be sent, unless it is there already.
    pub fn new(key: WriteKey, payload: P) -> Self {
        Self { key, payload, settle_only: false }
    }

    /// Something that is not wanted any more, but may have been sent.
    pub fn to_settle(key: WriteKey, payload: P) -> Self {
        Self { key, payload, settle_only: true }
    }
}

impl<P: std::fmt::Debug> Item<P> {
    fn intent(&self) -> Intent {
        let mut hash = String::with_capacity(64);
        for byte in Sha256::digest(format!("{:?}", self.payload)) {
            let _ = write!(hash, "{byte:02x}");
        }
        Intent { key: self.key.clone(), request_hash: hash }
    }
}

/// How a write ended in this run.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// The remote holds it, with proof where there is one.
    Applied(Option<String>),
    /// The remote refused it.
    Rejected(PortError),
    /// It was certainly not made, and may be sent again by the next run.
    NotSent(PortError),
    /// It may have been made; it is read back before anything is sent again.
    Unconfirmed(String),
    /// A dry run would send it.
    WouldSend,
}

impl Verdict {
    /// What the ledger has to learn with the order's step.
    pub fn note(&self, key: &WriteKey) -> Option<WriteNote> {
        let (state, message) = match self {
            Self::Applied(proof) => (WriteState::Applied, proof.clone()),
            Self::Rejected(error) => (WriteState::Rejected, Some(error.message().to_owned())),
            Self::NotSent(error) => (WriteState::Void, Some(error.message().to_owned())),
            Self::Unconfirmed(_) | Self::WouldSend => return None,
        };
        Some(WriteNote { key: key.clone(), state, receipt: None, message })
    }
}

/// No log remembers longer; from then on the object alone decides.
const LOG_FORGETS: chrono::Duration = chrono::Duration::days(14);

/// What may be concluded from reading the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// That it is there. Its absence says nothing: the remote is still at work, or its log is mute.
    PresenceOnly,
    /// That it is there, or that it is not.
    EitherWay,
}

enum Progress {
    Ready,
    /// `noted` is false for a bare intent of a run that died: when it was sent is not known.
    Open {
        receipt: Option<Receipt>,
        sent_at: DateTime<Utc>,
        noted: bool,
        hint: String,
    },
    Done(Verdict),
}

struct Track<P> {
    item: Item<P>,
    progress: Progress,
    sent_in_this_run: bool,
    /// A write of its key was committed at some time, so a verdict has a row to be noted in.
    in_ledger: bool,
}

/// Carries writes out by the protocol and answers one verdict per item; a run that is stopped leaves
/// out the items that it did not come to.
///
/// `earlier` are the writes that the ledger already holds for these orders. Verdicts are not
/// committed here but with the order's step, in one transaction; receipts are committed at once.
pub async fn carry_out<P: Clone + std::fmt::Debug + Send + Sync>(
    ctx: &RunContext<'_>,
    ledger: &dyn WriteLedger,
    writer: &dyn RemoteWriter<P>,
    earlier: &[RemoteWrite],
    items: Vec<Item<P>>,
) -> Result<HashMap<WriteKey, Verdict>, RunError> {
    let known: HashMap<&WriteKey, &RemoteWrite> = earlier.iter().map(|write| (&write.key, write)).collect();
    let mut tracks: Vec<Track<P>> = items
        .into_iter()
        .map(|item| {
            let write = known.get(&item.key);
            let progress = match write.filter(|write| write.state.must_be_read_back()) {
                Some(write) => Progress::Open {
                    receipt: write.receipt.clone(),
                    sent_at: write.noted_at.unwrap_or(write.intended_at),
                    noted: write.noted_at.is_some(),
                    hint: write.state.as_str().to_owned(),
                },
                None if item.settle_only => Progress::Done(Verdict::NotSent(PortError::retryable("it was never sent"))),
                None => Progress::Ready,
            };
            Track { item, progress, sent_in_this_run: false, in_ledger: write.is_some() }
        })
        .collect();

    let mut round = 0;
    loop {
        ask(ctx, ledger, writer, &mut tracks, round).await?;
        if send_ready(ctx, ledger, writer, &mut tracks).await? {
            // What was sent late deserves its minute too. Nothing is sent twice in a run, so this ends.
            round = 0;
        }
        let open = tracks.iter().any(|track| matches!(track.progress, Progress::Open { .. }));
        let Some(pause) = PAUSES.get(round) else { break };
        if !open || ctx.dry_run || ctx.watch.stopping() {
            break;
        }
        ctx.clock.sleep(Duration::from_secs(*pause)).await;
        round += 1;
    }
    confirm_rejections(writer, &mut tracks).await;
    Ok(tracks
        .into_iter()
        .filter_map(|track| {
            let verdict = match track.progress {
                Progress::Done(verdict) => verdict,
                Progress::Open { hint, .. } => Verdict::Unconfirmed(hint),
                // The run was stopped before it came to this one.
                Progress::Ready => return None,
            };
            Some((track.item.key, verdict))
        })
        .collect())
}

/// Asks about everything open: the log first, then the object of those that the log is silent about.
async fn ask<P: Send + Sync>(
    ctx: &RunContext<'_>,
    ledger: &dyn WriteLedger,
    writer: &dyn RemoteWriter<P>,
    tracks: &mut [Track<P>],
    round: usize,
) -> Result<(), RunError> {
    let pending: Vec<PendingWrite> = tracks
        .iter()
        .filter_map(|track| match &track.progress {
            Progress::Open { receipt, sent_at, .. } => {
                Some(PendingWrite { key: track.item.key.clone(), receipt: receipt.clone(), sent_at: *sent_at })
            }
            Progress::Ready | Progress::Done(_) => None,
        })
        .collect();
    if pending.is_empty() {
        return Ok(());
    }
    let keys: Vec<WriteKey> = pending.iter().map(|write| write.key.clone()).collect();
    let mut answers = complete_answers(&keys, writer.settle(&pending).await);
    let mut unsettled: HashMap<WriteKey, Doubt> = HashMap::new();
    for track in tracks.iter_mut() {
        let Progress::Open { hint, sent_at, .. } = &mut track.progress else { continue };
        let Some(answer) = answers.remove(&track.item.key) else { continue };
        let old = ctx.clock.now().signed_duration_since(*sent_at) > LOG_FORGETS;
        // The object costs a question of its own; a write of this run is given time to show first.
        let look = round >= 4 || (round == 0 && !track.sent_in_this_run);
        match answer {
            Ok(Settlement::Applied) => track.progress = Progress::Done(Verdict::Applied(None)),
            Ok(Settlement::Rejected(error)) => track.progress = Progress::Done(Verdict::Rejected(error)),
            Ok(Settlement::Pending) => {
                "still in work at the remote".clone_into(hint);
                if round == PAUSES.len() {
                    unsettled.insert(track.item.key.clone(), Doubt::PresenceOnly);
                }
            }
            Ok(Settlement::Silent) if look => {
                unsettled.insert(track.item.key.clone(), Doubt::EitherWay);
            }
            Ok(Settlement::Silent) => {}
            Err(error) => {
                error.message().clone_into(hint);
                if look {
                    let doubt = if old { Doubt::EitherWay } else { Doubt::PresenceOnly };
                    unsettled.insert(track.item.key.clone(), doubt);
                }
            }
        }
    }
    read_back_unsettled(ctx, ledger, writer, tracks, &unsettled).await
}

async fn read_back_unsettled<P: Send + Sync>(
    ctx: &RunContext<'_>,
    ledger: &dyn WriteLedger,
    writer: &dyn RemoteWriter<P>,
    tracks: &mut [Track<P>],
    unsettled: &HashMap<WriteKey, Doubt>,
) -> Result<(), RunError> {
    if unsettled.is_empty() {
        return Ok(());
    }
    let asked_at = ctx.clock.now();
    let wanted: HashSet<WriteKey> = unsettled.keys().cloned().collect();
    let mut presences = presences(writer, tracks, &wanted).await;
    let mut notes = Vec::new();
    for track in tracks.iter_mut() {
        let key = track.item.key.clone();
        let Progress::Open { sent_at, noted, hint, .. } = &mut track.progress else { continue };
        let (Some(presence), Some(doubt)) = (presences.remove(&key), unsettled.get(&key)) else { continue };
        match presence {
            Presence::Present(proof) => track.progress = Progress::Done(Verdict::Applied(proof)),
            Presence::CannotTell(error) => error.message().clone_into(hint),
            Presence::Absent if *doubt == Doubt::PresenceOnly => {}
            Presence::Absent if !*noted => {
                // The run that intended it died, and may have sent it at its last moment: the time to
                // show begins now.
                (*noted, *sent_at) = (true, asked_at);
                "left open by a run that died".clone_into(hint);
                notes.push(note(key, WriteState::Unknown, "left open by a run that died"));
            }
            Presence::Absent => {
                let age = asked_at.signed_duration_since(*sent_at).to_std().unwrap_or_default();
                if age < writer.settles_within() || track.sent_in_this_run {
                    "sent, and not visible yet".clone_into(hint);
                    continue;
                }
                // Absent beyond doubt: the only way to a resend.
                notes.push(note(key, WriteState::Void, "absent when read back"));
                track.progress = if track.item.settle_only {
                    Progress::Done(Verdict::NotSent(PortError::retryable("absent when read back")))
                } else {
                    Progress::Ready
                };
            }
        }
    }
    if !notes.is_empty() && !ctx.dry_run {
        ledger.note(&ctx.run, &notes, asked_at).await?;
    }
    Ok(())
}

fn note(key: WriteKey, state: WriteState, message: &str) -> WriteNote {
    WriteNote { key, state, receipt: None, message: Some(message.to_owned()) }
}

async fn presences<P: Send + Sync>(
    writer: &dyn RemoteWriter<P>,
    tracks: &[Track<P>],
    wanted: &HashSet<WriteKey>,
) -> HashMap<WriteKey, Presence> {
    let items: Vec<&Item<P>> =
        tracks.iter().map(|track| &track.item).filter(|item| wanted.contains(&item.key)).collect();
    let keys: Vec<WriteKey> = items.iter().map(|item| item.key.clone()).collect();
    complete_answers(&keys, writer.read_back(&items).await)
        .into_iter()
        .map(|(key, result)| (key, result.unwrap_or_else(Presence::CannotTell)))
        .collect()
}

/// Sends everything that is ready, in batches that keep an order's parts together; answers whether it
/// sent anything.
async fn send_ready<P: Clone + std::fmt::Debug + Send + Sync>(
    ctx: &RunContext<'_>,
    ledger: &dyn WriteLedger,
    writer: &dyn RemoteWriter<P>,
    tracks: &mut [Track<P>],
) -> Result<bool, RunError> {
    let ready: Vec<usize> =
        (0..tracks.len()).filter(|index| matches!(tracks[*index].progress, Progress::Ready)).collect();
    if ctx.dry_run {
        for index in ready {
            tracks[index].progress = Progress::Done(Verdict::WouldSend);
        }
        return Ok(false);
    }
    let mut sent = false;
    for batch in batches(tracks, &ready, writer.max_batch().max(1)) {
        if ctx.watch.stopping() {
            break; // What is left stays ready, and is said not to have been sent.
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
        sent = true;
        if let Some(error) = send_batch(ctx, ledger, writer, tracks, batch, intended_at).await? {
            for track in tracks.iter_mut().filter(|track| matches!(track.progress, Progress::Ready)) {
                track.progress = Progress::Done(Verdict::NotSent(error.clone()));
            }
            break;
        }
    }
    Ok(sent)
}

fn batches<P>(tracks: &[Track<P>], ready: &[usize], max: usize) -> Vec<Vec<usize>> {
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
                    let (first, second) = halves(tracks, &part);
                    todo.push(second);
                    todo.push(first);
                }
                ErrorKind::Rejected | ErrorKind::Invalid => {
                    mark(tracks, &part, |_| Progress::Done(Verdict::Rejected(error.clone())));
                }
                ErrorKind::Retryable | ErrorKind::Throttled { .. } | ErrorKind::Auth => {
                    mark(tracks, &part, |_| Progress::Done(Verdict::NotSent(error.clone())));
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

fn is_one_order<P>(tracks: &[Track<P>], part: &[usize]) -> bool {
    part.iter().all(|index| tracks[*index].item.key.po == tracks[part[0]].item.key.po)
}

/// Two parts of a batch of several orders; no order is torn apart.
fn halves<P>(tracks: &[Track<P>], part: &[usize]) -> (Vec<usize>, Vec<usize>) {
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
            ErrorKind::Retryable | ErrorKind::Throttled { .. } | ErrorKind::Auth => {
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

/// A remote that holds the thing already calls a repeat a mistake: what it holds is applied.
async fn confirm_rejections<P: Send + Sync>(writer: &dyn RemoteWriter<P>, tracks: &mut [Track<P>]) {
    let rejected: HashSet<WriteKey> = tracks
        .iter()
        .filter(|track| matches!(track.progress, Progress::Done(Verdict::Rejected(_))) && track.in_ledger)
        .map(|track| track.item.key.clone())
        .collect();
    if rejected.is_empty() {
        return;
    }
    let mut presences = presences(writer, tracks, &rejected).await;
    for track in tracks.iter_mut() {
        if let Some(Presence::Present(proof)) = presences.remove(&track.item.key) {
            track.progress = Progress::Done(Verdict::Applied(proof));
        }
    }
}

#[cfg(test)]
mod tests;
