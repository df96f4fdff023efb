mod send;
mod settle;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::{Intent, RemoteWrite, WriteKey, WriteNote, WriteState};
use crate::ports::{Answer, Batch, PendingWrite, PortError, Receipt, Settlement, WriteLedger};
use crate::run::{Fact, RunContext, RunError};
use send::send_ready;
use settle::{ask, confirm_rejections};

/// Pauses between questions about writes whose end is not known: about a minute in all. What is
/// still open then is asked again by the next run.
const PAUSES: [u64; 7] = [2, 3, 5, 8, 12, 15, 15];

/// A remote that takes so many times less than the first pause to answer is asked before that pause: it
/// works off as fast as it answers.
const TIMES_AN_ANSWER: u32 = 5;

/// The message of a write that was sent, and was not there when it was read back.
pub(crate) const ABSENT: &str = "absent when read back";

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
    /// It was applied once, and a person wants it looked at again: the log would only repeat itself.
    applied_before: bool,
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
            let applied_before = write.is_some_and(|write| write.state == WriteState::Applied);
            Track { item, progress, sent_in_this_run: false, in_ledger: write.is_some(), applied_before }
        })
        .collect();

    let open_before = tracks.iter().filter(|track| matches!(track.progress, Progress::Open { .. })).count();
    if open_before > 0 {
        ctx.log(Fact::ReadBack, [open_before.to_string()]);
    }
    let mut round = 0;
    loop {
        ask(ctx, ledger, writer, &mut tracks, round).await?;
        let answered_within = send_ready(ctx, ledger, writer, &mut tracks).await?;
        let open = tracks.iter().filter(|track| matches!(track.progress, Progress::Open { .. })).count();
        if let Some(answered_within) = answered_within {
            // What was sent late deserves its minute too. Nothing is sent twice in a run, so this ends.
            round = 0;
            let soon = answered_within * TIMES_AN_ANSWER;
            if open > 0 && soon < Duration::from_secs(PAUSES[0]) {
                ctx.clock.sleep(soon).await;
                continue;
            }
        }
        let Some(pause) = PAUSES.get(round) else { break };
        if open == 0 || ctx.dry_run || ctx.watch.stopping() {
            break;
        }
        ctx.log(Fact::NotConfirmed, [open.to_string(), pause.to_string()]);
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

#[cfg(test)]
mod tests;
