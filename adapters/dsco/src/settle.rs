//! What the logs say about writes whose end is not known.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{Answer, PendingWrite, PortError, Settlement};
use ipass_core::write::{WriteKey, WriteKind};

use crate::client::{Client, LAG};
use crate::log::{ChangeLog, Entry, Log, LogQuery, Overall, Verdict};

/// Pages of one log that are read at most.
pub(crate) const MAX_PAGES: usize = 50;

/// A request of which the log says nothing at all is believed to be on its way for so long. The
/// vendor speaks of a few minutes, at most a few hours.
const LONGEST_QUEUE: TimeDelta = TimeDelta::hours(24);

impl Client {
    /// One answer per write. Writes of one receipt share one look-up, writes without share another.
    pub(crate) async fn settlements(&self, log: Log, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        let mut groups: BTreeMap<Option<&str>, Vec<&PendingWrite>> = BTreeMap::new();
        for write in writes {
            groups.entry(write.receipt.as_ref().map(|receipt| receipt.0.as_str())).or_default().push(write);
        }
        let mut answers = Vec::with_capacity(writes.len());
        for (receipt, group) in groups {
            answers.extend(match receipt {
                Some(id) => self.by_receipt(log, id, &group).await,
                None => self.by_date(log, &group).await,
            });
        }
        answers
    }

    async fn by_receipt(&self, log: Log, id: &str, writes: &[&PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        let read = self.log(log, LogQuery::Request(id), MAX_PAGES).await;
        let now = self.account.clock().now();
        answer(writes, &read, |log, write| settlement(log, write, Some(now)))
    }

    /// The answer to the write was lost, and with it the receipt.
    async fn by_date(&self, log: Log, writes: &[&PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        let end = self.latest();
        let start = writes.iter().map(|write| write.sent_at).min().map_or(end, |sent_at| sent_at - LAG);
        let read = if start < end {
            self.log(log, LogQuery::Span { start, end }, MAX_PAGES).await
        } else {
            Ok(ChangeLog { overall: Overall::Unsaid, entries: Vec::new(), cut: false })
        };
        answer(writes, &read, |log, write| settlement(log, write, None))
    }
}

fn answer(
    writes: &[&PendingWrite],
    log: &Result<ChangeLog, PortError>,
    settle: impl Fn(&ChangeLog, &PendingWrite) -> Result<Settlement, PortError>,
) -> Vec<Answer<WriteKey, Settlement>> {
    let one = |write: &&PendingWrite| {
        let result = log.as_ref().map_err(Clone::clone).and_then(|log| settle(log, write));
        Answer { key: write.key.clone(), result }
    };
    writes.iter().map(one).collect()
}

/// Reads one write's end out of a log; `of_request_at` is now where the log is that of the write's
/// own request, and `None` where it is a span of time.
fn settlement(
    log: &ChangeLog,
    write: &PendingWrite,
    of_request_at: Option<DateTime<Utc>>,
) -> Result<Settlement, PortError> {
    let own_request = of_request_at.is_some();
    // A span also holds the entries of earlier tries.
    let later = |entry: &&Entry| own_request || entry.processed_at.is_none_or(|at| at >= write.sent_at - LAG);
    let entries = || log.entries.iter().filter(|entry| concerns(entry, write, own_request)).filter(later);
    if let Some(failure) = entries().find(|entry| entry.verdict == Verdict::Failure) {
        let words = failure.words.as_deref().unwrap_or("refused without a reason");
        return Ok(Settlement::Rejected(PortError::rejected(words)));
    }
    if entries().any(|entry| entry.verdict == Verdict::Success) {
        return Ok(Settlement::Applied);
    }
    if entries().next().is_some() || log.overall == Overall::Processing {
        return Ok(Settlement::Pending);
    }
    if log.cut {
        return Err(PortError::retryable(format!("{}: the log is longer than {MAX_PAGES} pages", write.key)));
    }
    let young = of_request_at.is_some_and(|now| now - write.sent_at < LONGEST_QUEUE);
    // A request that is done says so; one of which nothing is said has not been begun.
    if log.overall == Overall::Unsaid && log.entries.is_empty() && young {
        return Ok(Settlement::Pending);
    }
    Ok(Settlement::Silent)
}

/// Whether an entry is about a write. The payload is our own request, without any mark of its kind:
/// its members tell. In a log of everything an acknowledgement must not be taken for a cancellation.
fn concerns(entry: &Entry, write: &PendingWrite, own_request: bool) -> bool {
    let key = &write.key;
    let po = Some(key.po.as_str());
    let part = Some(key.part.as_str()).filter(|part| !part.is_empty());
    match key.kind {
        WriteKind::Acknowledge => {
            // One of several orders with a number is acknowledged by its id.
            let id = Some(write.channel_order_id.as_str()).filter(|id| !id.is_empty());
            let by_id = id.is_some() && (entry.id.as_deref() == id || (own_request && entry.order_id.as_deref() == id));
            let named = by_id || entry.id.as_deref() == po || (own_request && entry.po.as_deref() == po);
            named && entry.trackings.is_none() && (own_request || !entry.has_lines)
        }
        WriteKind::Ship => {
            let named = entry.po.as_deref() == po;
            let parcel = |trackings: &Vec<String>| trackings.iter().any(|tracking| Some(tracking.as_str()) == part);
            named && entry.trackings.as_ref().is_some_and(parcel)
        }
        WriteKind::Invoice => match (entry.po.as_deref(), part) {
            (Some(_), None) => entry.po.as_deref() == po && entry.invoice_id.is_some(),
            (Some(_), Some(_)) => entry.po.as_deref() == po && entry.invoice_id.as_deref() == part,
            // By default an invoice has its order's number.
            (None, _) => entry.invoice_id.is_some() && entry.invoice_id.as_deref() == part.or(po),
        },
        WriteKind::Stock => entry.sku.as_deref() == po,
        WriteKind::Create | WriteKind::Cancel => false,
    }
}

#[cfg(test)]
mod tests {
    use ipass_core::order::PoNumber;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-01-28T03:00:00Z".parse().unwrap()
    }

    fn write(kind: WriteKind, part: &str) -> PendingWrite {
        let key = WriteKey { kind, po: PoNumber::new("P").unwrap(), part: part.to_owned() };
        PendingWrite { key, channel_order_id: String::new(), receipt: None, sent_at: now() - TimeDelta::minutes(5) }
    }

    fn entry(verdict: Verdict) -> Entry {
        Entry {
            verdict,
            processed_at: Some(now() - TimeDelta::minutes(4)),
            id: None,
            order_id: None,
            po: None,
            invoice_id: None,
            sku: None,
            trackings: None,
            has_lines: false,
            words: None,
        }
    }

    fn acknowledged(verdict: Verdict) -> Entry {
        Entry { id: Some("P".to_owned()), ..entry(verdict) }
    }

    fn log(overall: Overall, entries: Vec<Entry>) -> ChangeLog {
        ChangeLog { overall, entries, cut: false }
    }

    fn said(log: &ChangeLog, of_request: bool) -> &'static str {
        match settlement(log, &write(WriteKind::Acknowledge, ""), of_request.then(now)) {
            Ok(Settlement::Applied) => "applied",
            Ok(Settlement::Rejected(_)) => "rejected",
            Ok(Settlement::Pending) => "pending",
            Ok(Settlement::Silent) => "silent",
            Err(_) => "unreadable",
        }
    }

    #[test]
    fn the_log_of_a_request_settles_its_writes() {
        use Overall::{Completed, Processing, Unsaid};
        use Verdict::{Failure, Open, Success};
        for (overall, verdicts, settlement) in [
            (Processing, &[][..], "pending"),
            (Unsaid, &[], "pending"),
            (Completed, &[], "silent"),
            (Completed, &[Success], "applied"),
            (Processing, &[Success], "applied"),
            (Completed, &[Success, Failure], "rejected"),
            (Completed, &[Failure, Success], "rejected"),
            (Completed, &[Open], "pending"),
            (Completed, &[Open, Success], "applied"),
        ] {
            let log = log(overall, verdicts.iter().copied().map(acknowledged).collect());
            assert_eq!(said(&log, true), settlement, "{overall:?} {verdicts:?}");
        }
        let other = Entry { id: Some("Q".to_owned()), ..entry(Success) };
        assert_eq!(said(&log(Unsaid, vec![other]), true), "silent");
    }

    #[test]
    fn a_request_that_the_log_never_mentions_is_silent_after_a_day() {
        let mut write = write(WriteKind::Acknowledge, "");
        write.sent_at = now() - LONGEST_QUEUE;
        let settled = settlement(&log(Overall::Unsaid, vec![]), &write, Some(now()));
        assert!(matches!(settled, Ok(Settlement::Silent)));
    }

    #[test]
    fn a_log_that_was_cut_says_nothing_about_what_it_lacks() {
        let cut = |entries| ChangeLog { cut: true, ..log(Overall::Unsaid, entries) };
        assert_eq!(said(&cut(vec![]), false), "unreadable");
        assert_eq!(said(&cut(vec![acknowledged(Verdict::Success)]), false), "applied");
    }

    #[test]
    fn a_span_counts_only_what_came_after_the_write() {
        let earlier = Entry { processed_at: Some(now() - TimeDelta::minutes(6)), ..acknowledged(Verdict::Failure) };
        assert_eq!(said(&log(Overall::Unsaid, vec![earlier.clone()]), false), "silent");
        assert_eq!(said(&log(Overall::Unsaid, vec![earlier, acknowledged(Verdict::Success)]), false), "applied");
    }

    #[test]
    fn a_refusal_keeps_the_vendors_words() {
        let refused = Entry { words: Some("X: no".to_owned()), ..acknowledged(Verdict::Failure) };
        let settled = settlement(&log(Overall::Completed, vec![refused]), &write(WriteKind::Acknowledge, ""), None);
        let Ok(Settlement::Rejected(error)) = settled else { panic!("rejected") };
        assert_eq!(error.message(), "X: no");
    }

    #[test]
    fn an_entry_is_told_by_its_members() {
        let some = |text: &str| Some(text.to_owned());
        let cancelled = Entry { id: some("P"), has_lines: true, ..entry(Verdict::Success) };
        let shipped = Entry { po: some("P"), trackings: Some(vec!["T".to_owned()]), ..entry(Verdict::Success) };
        let invoiced = Entry { po: some("P"), invoice_id: some("I"), has_lines: true, ..entry(Verdict::Success) };
        let counted = Entry { sku: some("P"), ..entry(Verdict::Success) };
        let bare = Entry { invoice_id: some("P"), ..entry(Verdict::Success) };
        let (ack, ship, other_ship, invoice, other_invoice, stock) = (
            write(WriteKind::Acknowledge, ""),
            write(WriteKind::Ship, "T"),
            write(WriteKind::Ship, "U"),
            write(WriteKind::Invoice, ""),
            write(WriteKind::Invoice, "J"),
            write(WriteKind::Stock, ""),
        );
        for (entry, write, about) in [
            (&acknowledged(Verdict::Success), &ack, true),
            (&cancelled, &ack, false),
            (&shipped, &ack, false),
            (&invoiced, &ack, false),
            (&shipped, &ship, true),
            (&shipped, &other_ship, false),
            (&invoiced, &ship, false),
            (&invoiced, &invoice, true),
            (&invoiced, &other_invoice, false),
            (&bare, &invoice, true),
            (&shipped, &invoice, false),
            (&counted, &stock, true),
            (&counted, &ack, false),
            (&bare, &stock, false),
            (&shipped, &stock, false),
        ] {
            assert_eq!(concerns(entry, write, false), about, "{entry:?} {}", write.key);
        }
        // A whole order as the payload is an acknowledgement only in its own request's log.
        let order = Entry { po: some("P"), has_lines: true, ..entry(Verdict::Success) };
        assert!(concerns(&order, &ack, true));
        assert!(!concerns(&order, &ack, false));
    }

    #[test]
    fn an_acknowledgement_by_the_orders_id_is_told_by_that_id() {
        let by_id = |id: &str| PendingWrite { channel_order_id: id.to_owned(), ..write(WriteKind::Acknowledge, "") };
        let entry = Entry { id: Some("9".to_owned()), ..entry(Verdict::Success) };
        assert!(concerns(&entry, &by_id("9"), false));
        assert!(!concerns(&entry, &by_id("8"), false));
        assert!(!concerns(&entry, &by_id(""), false));
        // The whole order as the payload.
        let order = Entry { id: None, order_id: Some("9".to_owned()), ..entry };
        assert!(concerns(&order, &by_id("9"), true));
        assert!(!concerns(&order, &by_id("9"), false));
    }
}
