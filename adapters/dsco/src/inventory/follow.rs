//! Reading all stock through a stream.
//!
//! The vendor never says that it has written the last item, so the end is found out: every name has
//! been seen, or nothing has come for some time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::PortError;

use super::seen::Seen;
use super::stream::{Refusal, Standing, Stream};
use crate::client::Client;
use crate::segment::same;

/// Ids of written items may be older than the stream's own position.
const BEGINNING: &str = "1970-01-01T00:00:00Z";

/// Seconds to wait after an empty page, the first one in a row, the second one and so on.
const PAUSES: [u64; 4] = [5, 10, 15, 20];

/// So few missing names are cheaper to ask for singly than to wait for.
const FEW_MISSING: usize = 15;

/// The vendor takes minutes to begin; after this it is not believed to begin at all.
const BEGINS_WITHIN: TimeDelta = TimeDelta::minutes(5);

/// After this time without any event there will be none.
const QUIET: TimeDelta = TimeDelta::minutes(4);

/// The end that the vendor shows is up to a minute late, so it has to stand for so long.
const STANDS_FOR: TimeDelta = TimeDelta::minutes(1);

/// A busy account's stream never falls quiet.
const LONGEST: TimeDelta = TimeDelta::minutes(30);
const MAX_PAGES: usize = 1_000;

impl Client {
    /// Makes a stream, reads it and deletes it; streams that an earlier reading left behind go first.
    ///
    /// `Ok` once every name has been seen, or nothing more is to be expected; true when the vendor's own
    /// end was reached, so that what was not seen is not there.
    pub(crate) async fn read_all(&self, seen: &mut Seen<'_>) -> Result<bool, Refusal> {
        for id in self.left_over_streams().await? {
            tracing::warn!(account = self.account.name(), "a stream of stock was left over, it is deleted");
            self.drop_stream(&id).await;
        }
        let stream = self.make_stream().await?;
        let read = self.follow(&stream, seen).await;
        self.drop_stream(&stream.id).await;
        read
    }

    async fn follow(&self, stream: &Stream, seen: &mut Seen<'_>) -> Result<bool, Refusal> {
        self.fill_stream(stream).await?;
        let clock = self.account.clock();
        let mut progress = Progress::begun(clock.now());
        for _ in 0..MAX_PAGES {
            let page = self.events(stream, &progress.position).await?;
            page.items.into_iter().for_each(|item| seen.note(item));
            if seen.unseen() == 0 {
                return Ok(true);
            }
            match progress.step(page.last, seen.unseen(), clock.now())? {
                Step::Read => {}
                Step::Pause(pause) => clock.sleep(pause).await,
                Step::Look(pause) => {
                    // Whatever goes wrong here, the time without events tells the end too.
                    let standing = self.standing(stream).await.unwrap_or_default();
                    if progress.is_at_end(standing, clock.now()) {
                        return Ok(true);
                    }
                    clock.sleep(pause).await;
                }
                Step::End => return Ok(false),
            }
        }
        Ok(false)
    }
}

/// What to do after a page.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// There may be more at once.
    Read,
    /// Nothing new: try again after this.
    Pause(Duration),
    /// The same, but ask first where the stream stands.
    Look(Duration),
    /// Nothing more is to be expected, or worth the wait.
    End,
}

/// How far the reading has come; pure.
struct Progress {
    /// Everything up to here has been read.
    position: String,
    began: DateTime<Utc>,
    last_event: Option<DateTime<Utc>>,
    /// Empty pages in a row.
    empty: usize,
    looked: Option<Look>,
}

/// The vendor was asked where the stream stands.
struct Look {
    at: DateTime<Utc>,
    /// Its last event, where that had been read.
    end: Option<String>,
}

impl Progress {
    fn begun(now: DateTime<Utc>) -> Self {
        Self { position: BEGINNING.to_owned(), began: now, last_event: None, empty: 0, looked: None }
    }

    /// `last` is the last event of the page that was read, `unseen` how many names are missing.
    fn step(&mut self, last: Option<String>, unseen: usize, now: DateTime<Utc>) -> Result<Step, PortError> {
        let too_long = now - self.began >= LONGEST;
        if let Some(last) = last.filter(|last| !same(last, &self.position)) {
            (self.position, self.last_event, self.empty, self.looked) = (last, Some(now), 0, None);
            return Ok(if too_long { Step::End } else { Step::Read });
        }
        self.empty += 1;
        let pause = Duration::from_secs(PAUSES.get(self.empty - 1).or(PAUSES.last()).copied().unwrap_or_default());
        let Some(last_event) = self.last_event else {
            if now - self.began >= BEGINS_WITHIN {
                return Err(PortError::retryable("a stream of stock stayed empty for 5 minutes"));
            }
            return Ok(Step::Pause(pause));
        };
        if too_long || now - last_event >= QUIET || (self.empty > 1 && unseen <= FEW_MISSING) {
            return Ok(Step::End);
        }
        let looks = self.empty > 1 && self.looked.as_ref().is_none_or(|look| now - look.at >= STANDS_FOR);
        Ok(if looks { Step::Look(pause) } else { Step::Pause(pause) })
    }

    /// Nothing is behind what has been read, now and in the look a minute or more ago.
    fn is_at_end(&mut self, standing: Option<Standing>, now: DateTime<Utc>) -> bool {
        let read = |standing: &Standing| {
            [&standing.position, &self.position].iter().any(|position| same(position, &standing.max_position))
        };
        let end = standing.filter(read).map(|standing| standing.max_position);
        let before = self.looked.take().and_then(|look| look.end);
        let stands = matches!((&before, &end), (Some(before), Some(end)) if same(before, end));
        self.looked = Some(Look { at: now, end });
        stands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_769_560_000 + seconds, 0).unwrap()
    }

    fn step(progress: &mut Progress, last: Option<&str>, unseen: usize, now: i64) -> Step {
        progress.step(last.map(str::to_owned), unseen, at(now)).unwrap()
    }

    fn pause(seconds: u64) -> Step {
        Step::Pause(Duration::from_secs(seconds))
    }

    fn look(seconds: u64) -> Step {
        Step::Look(Duration::from_secs(seconds))
    }

    fn standing(position: &str, max_position: &str) -> Standing {
        Standing { position: position.to_owned(), max_position: max_position.to_owned() }
    }

    #[test]
    fn a_slow_beginning_is_waited_for_and_given_up_after_five_minutes() {
        let mut progress = Progress::begun(at(0));
        for (now, seconds) in [(0, 5), (5, 10), (15, 15), (30, 20), (50, 20), (299, 20)] {
            assert_eq!(step(&mut progress, None, 1, now), pause(seconds), "{now}");
        }
        assert!(progress.step(None, 1, at(300)).is_err());
    }

    #[test]
    fn a_few_missing_names_end_the_reading_at_the_second_empty_page_in_a_row() {
        let mut progress = Progress::begun(at(0));
        assert_eq!(step(&mut progress, None, 999, 0), pause(5));
        assert_eq!(step(&mut progress, Some("z/1"), 15, 5), Step::Read);
        assert_eq!(step(&mut progress, None, 15, 5), pause(5));
        assert_eq!(step(&mut progress, Some("z/2"), 15, 10), Step::Read);
        assert_eq!(step(&mut progress, None, 15, 10), pause(5));
        assert_eq!(step(&mut progress, None, 15, 15), Step::End);
    }

    #[test]
    fn many_missing_names_are_waited_for_until_the_vendors_end_has_stood_for_a_minute() {
        let mut progress = Progress::begun(at(0));
        step(&mut progress, Some("z/1"), 16, 0);
        assert_eq!(step(&mut progress, None, 16, 0), pause(5));
        assert_eq!(step(&mut progress, None, 16, 5), look(10));
        assert!(!progress.is_at_end(Some(standing("x", "z%2F1")), at(5)));
        assert_eq!(step(&mut progress, None, 16, 64), pause(15));
        assert_eq!(step(&mut progress, None, 16, 65), look(20));
        assert!(progress.is_at_end(Some(standing("z/1", "z/1")), at(65)));
    }

    #[test]
    fn an_end_that_moves_or_lies_ahead_is_none() {
        let mut progress = Progress::begun(at(0));
        step(&mut progress, Some("z/1"), 16, 0);
        for (position, end) in [("z/1", "z/9"), ("z/1", "z/1"), ("z/2", "z/2")] {
            assert!(!progress.is_at_end(Some(standing(position, end)), at(60)));
        }
        assert!(!progress.is_at_end(None, at(60)));
        assert!(!progress.is_at_end(Some(standing("z/2", "z/2")), at(60)));
        // An event begins everything anew.
        step(&mut progress, Some("z/2"), 16, 60);
        assert!(!progress.is_at_end(Some(standing("z/2", "z/2")), at(60)));
    }

    #[test]
    fn four_quiet_minutes_are_the_end_and_half_an_hour_is_too() {
        let mut progress = Progress::begun(at(0));
        step(&mut progress, Some("z/1"), 16, 100);
        assert_ne!(step(&mut progress, None, 16, 339), Step::End);
        assert_eq!(step(&mut progress, None, 16, 340), Step::End);
        assert_eq!(step(&mut progress, Some("z/2"), 16, 1_799), Step::Read);
        assert_eq!(step(&mut progress, Some("z/3"), 16, 1_800), Step::End);
    }

    #[test]
    fn a_page_that_is_served_again_is_no_progress() {
        let mut progress = Progress::begun(at(0));
        assert_eq!(step(&mut progress, Some("z/1"), 16, 0), Step::Read);
        assert_eq!(step(&mut progress, Some("z%2F1"), 16, 0), pause(5));
    }
}
