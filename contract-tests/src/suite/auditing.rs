//! Acts.

use ipass_core::ports::{AUDIT_COLUMNS, AuditEntry, AuditFilter, StoreError, SyncStore};

use super::exporting::Rows;
use super::prelude::*;

fn act(at: i64, who: &str, what: &str, subject: &str) -> AuditEntry {
    AuditEntry {
        at: minute(at),
        who: who.to_owned(),
        what: what.to_owned(),
        route: (what != "login").then(route),
        subject: subject.to_owned(),
        detail: format!("{who} {at}"),
    }
}

async fn keep(store: &dyn SyncStore, acts: &[AuditEntry]) {
    for act in acts {
        store.audit(act).await.expect("an act is kept");
    }
}

async fn listed(store: &dyn SyncStore, filter: &AuditFilter) -> Vec<AuditEntry> {
    let page = store.audit_list(filter, None, 1000).await.expect("a page");
    assert_eq!(page.next, None);
    page.entries
}

/// Newest first, whatever order they came in; each member of the filter finds its own.
pub async fn acts_come_back_as_they_were_kept_and_every_filter_finds_its_own(store: &dyn SyncStore) {
    let login = act(5, "ann", "login", "");
    let hold = act(1, "ben", "hold", "PO-50%_A");
    let mut other = act(9, "api", "run", "pull_orders o'clock\\");
    other.route = Some(other_route());
    keep(store, &[login.clone(), hold.clone(), other.clone()]).await;
    let all = AuditFilter::default;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(listed(store, &all()).await, [other.clone(), login.clone(), hold.clone()]);
    let filters = [
        (AuditFilter { from: Some(minute(5)), ..all() }, vec![&other, &login]),
        (AuditFilter { until: Some(minute(5)), ..all() }, vec![&hold]),
        (AuditFilter { from: Some(minute(5)), until: Some(minute(9)), ..all() }, vec![&login]),
        (AuditFilter { who: text("ben"), ..all() }, vec![&hold]),
        (AuditFilter { who: text("be"), ..all() }, vec![]),
        (AuditFilter { what: text("login"), ..all() }, vec![&login]),
        (AuditFilter { route: Some(route()), ..all() }, vec![&hold]),
        (AuditFilter { route: Some(other_route()), who: text("api"), what: text("run"), ..all() }, vec![&other]),
        (AuditFilter { subject: text("0%_"), ..all() }, vec![&hold]),
        (AuditFilter { subject: text("po-5"), ..all() }, vec![&hold]),
        (AuditFilter { subject: text("o'clock\\"), ..all() }, vec![&other]),
        (AuditFilter { subject: text("%"), who: text("ann"), ..all() }, vec![]),
    ];
    for (filter, expected) in filters {
        assert_eq!(listed(store, &filter).await.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

/// Also among acts of the same moment, and while others come in.
pub async fn a_list_of_acts_is_walked_to_its_end_without_repeats(store: &dyn SyncStore) {
    let acts: Vec<AuditEntry> = (0..30).map(|n| act(n / 4, "ann", "hold", &format!("PO-{n}"))).collect();
    keep(store, &acts).await;
    let of_ann = AuditFilter { who: Some("ann".to_owned()), ..AuditFilter::default() };
    for filter in [AuditFilter::default(), of_ann] {
        let whole = listed(store, &filter).await;
        assert_eq!(whole, acts.iter().rev().cloned().collect::<Vec<_>>());
        let mut walked = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = store.audit_list(&filter, after.as_deref(), 7).await.expect("a page");
            walked.extend(page.entries);
            let Some(next) = page.next else { break };
            keep(store, &[act(99, "ben", "hold", "meanwhile")]).await;
            after = Some(next);
        }
        assert_eq!(walked, whole);
    }
}

/// With a word, not with a crash.
pub async fn a_place_in_a_list_of_acts_that_is_nonsense_is_refused(store: &dyn SyncStore) {
    for nonsense in ["", "1", "x-y", "3131", "é", "31-31-31"] {
        let page = store.audit_list(&AuditFilter::default(), Some(nonsense), 10).await;
        assert!(matches!(page, Err(StoreError::Conflict(_))), "{nonsense}");
    }
}

/// In the order of the list, whatever is in them; a sink that cannot go on ends it.
pub async fn an_export_of_acts_has_every_cell(store: &dyn SyncStore) {
    let odd = "t\tn\nb\\N q\"u'o \u{8}中\\";
    let mut first = act(1, odd, "stage", odd);
    first.detail = odd.to_owned();
    keep(store, &[first, act(2, "ann", "login", "")]).await;
    let mut rows = Rows::new();
    assert_eq!(store.export_audit(&AuditFilter::default(), &mut rows).await.expect("an export"), 2);
    let cells = [
        ("at", Some("2025-06-15T15:08:40Z"), Some("2025-06-15T15:07:40Z")),
        ("who", Some("ann"), Some(odd)),
        ("what", Some("login"), Some("stage")),
        ("route", None, Some("north_south")),
        ("subject", Some(""), Some(odd)),
        ("detail", Some("ann 2"), Some(odd)),
    ];
    assert_eq!(AUDIT_COLUMNS.len(), cells.len());
    for (at, (name, of_newer, of_older)) in cells.into_iter().enumerate() {
        assert_eq!(AUDIT_COLUMNS[at].name, name);
        assert_eq!((rows.rows[0][at].as_deref(), rows.rows[1][at].as_deref()), (of_newer, of_older), "{name}");
    }
    let mut some = Rows::new();
    let filter = AuditFilter { subject: Some("q\"u'o".to_owned()), ..AuditFilter::default() };
    assert_eq!(store.export_audit(&filter, &mut some).await.expect("an export"), 1);
    let mut full = Rows { room: 1, ..Rows::new() };
    assert_eq!(store.export_audit(&AuditFilter::default(), &mut full).await.expect("an export"), 1);
}
