//! Settling by reading: the log, then the object.

use std::collections::{HashMap, HashSet};

use super::{ABSENT, Item, PAUSES, Presence, Progress, RemoteWriter, Track, Verdict};
use crate::ports::{PendingWrite, PortError, Settlement, WriteLedger, complete_answers};
use crate::run::{RunContext, RunError};
use crate::write::{WriteKey, WriteNote, WriteState};

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

impl<P> Track<P> {
    /// Only the object can tell: the log says what was done, not what is there now.
    fn is_only_in_the_object(&self) -> bool {
        self.applied_before && !self.sent_in_this_run
    }
}

/// Asks about everything open: the log first, then the object of those that the log is silent about.
pub(super) async fn ask<P: Send + Sync>(
    ctx: &RunContext<'_>,
    ledger: &dyn WriteLedger,
    writer: &dyn RemoteWriter<P>,
    tracks: &mut [Track<P>],
    round: usize,
) -> Result<(), RunError> {
    let pending: Vec<PendingWrite> = tracks
        .iter()
        .filter_map(|track| match &track.progress {
            Progress::Open { receipt, sent_at, .. } if !track.is_only_in_the_object() => Some(PendingWrite {
                key: track.item.key.clone(),
                channel_order_id: String::new(),
                receipt: receipt.clone(),
                sent_at: *sent_at,
            }),
            Progress::Open { .. } | Progress::Ready | Progress::Done(_) => None,
        })
        .collect();
    let keys: Vec<WriteKey> = pending.iter().map(|write| write.key.clone()).collect();
    let mut answers =
        if pending.is_empty() { HashMap::new() } else { complete_answers(&keys, writer.settle(&pending).await) };
    let mut unsettled: HashMap<WriteKey, Doubt> = HashMap::new();
    for track in tracks.iter_mut() {
        let in_the_object = track.is_only_in_the_object();
        let Progress::Open { hint, sent_at, .. } = &mut track.progress else { continue };
        if in_the_object && (round == 0 || round >= 4) {
            unsettled.insert(track.item.key.clone(), Doubt::EitherWay);
        }
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
                notes.push(note(key, WriteState::Void, ABSENT));
                track.progress = if track.item.settle_only {
                    Progress::Done(Verdict::NotSent(PortError::retryable(ABSENT)))
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

/// A remote that holds the thing already calls a repeat a mistake: what it holds is applied.
pub(super) async fn confirm_rejections<P: Send + Sync>(writer: &dyn RemoteWriter<P>, tracks: &mut [Track<P>]) {
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
