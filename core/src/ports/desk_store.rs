use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};

use super::{RouteName, RowSink, Stored};

/// One act of a person or a program that changed something, or tried to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// Who: a name that a person gave, `api`, or a job.
    pub who: String,
    /// What: `login`, `login_refused`, `logout`, `settings`, `stage`, `hold`, `release`, `retry`,
    /// `cancel_in_erp`, `run`, `export`, `repair`.
    pub what: String,
    /// On which route, for acts on one.
    pub route: Option<RouteName>,
    /// On what: a PO number, a version, a job, a file.
    pub subject: String,
    /// What else there is to know, and the reason that was typed; never a secret.
    pub detail: String,
}

/// What a list of acts is about. Empty members do not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Not before, UTC.
    pub from: Option<DateTime<Utc>>,
    /// Before, UTC.
    pub until: Option<DateTime<Utc>>,
    /// Who, whole.
    pub who: Option<String>,
    /// What, whole.
    pub what: Option<String>,
    /// On which route.
    pub route: Option<RouteName>,
    /// Part of the subject.
    pub subject: Option<String>,
}

/// One page of the list, newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditPage {
    /// The acts.
    pub entries: Vec<AuditEntry>,
    /// Where the next page starts; opaque; `None` at the end.
    pub next: Option<String>,
}

/// Acts, append only.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Adds an act.
    async fn audit(&self, entry: &AuditEntry) -> Stored<()>;

    /// One page of the list.
    async fn audit_list(&self, filter: &AuditFilter, after: Option<&str>, limit: u32) -> Stored<AuditPage>;

    /// Hands every act of a list to `sink`, newest first; the cells are those of
    /// [`AUDIT_COLUMNS`](super::AUDIT_COLUMNS). Answers how many.
    async fn export_audit(&self, filter: &AuditFilter, sink: &mut dyn RowSink) -> Stored<u64>;
}

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminSession {
    /// SHA-256 of the token in the cookie, 64 hex digits: whoever reads the store cannot log in with it.
    pub token_hash: String,
    /// Secret of the forms of this session.
    pub csrf: String,
    /// What the person called themselves.
    pub who: String,
    /// When it began, UTC.
    pub created_at: DateTime<Utc>,
    /// When it was last used, UTC; may lag half a minute.
    pub seen_at: DateTime<Utc>,
}

/// Sessions of the admin pages, shared by all instances.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Begins a session, and forgets those that ended.
    async fn open_session(&self, session: &AdminSession) -> Stored<()>;

    /// A living session; notes that it was used, at most every half minute.
    ///
    /// Contract: `None` once it was unused for `idle`, or is older than `absolute`.
    async fn session(
        &self,
        token_hash: &str,
        now: DateTime<Utc>,
        idle: Duration,
        absolute: Duration,
    ) -> Stored<Option<AdminSession>>;

    /// Ends a session; one that has ended is no mistake.
    async fn close_session(&self, token_hash: &str) -> Stored<()>;

    /// True for whoever claims a key first; keys are forgotten after a day. A form that is sent twice
    /// acts once.
    async fn claim_once(&self, key: &str, now: DateTime<Utc>) -> Stored<bool>;
}
