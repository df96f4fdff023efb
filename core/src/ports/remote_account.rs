use chrono::{DateTime, TimeDelta, Utc};

/// One credential at a remote, as this process uses it.
pub trait RemoteAccount: Send + Sync {
    /// How it stands now.
    fn health(&self) -> AccountHealth;
}

/// Whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoteSide {
    /// The sales channel's.
    Channel,
    /// The ERP's.
    Erp,
}

/// What this process has seen of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountHealth {
    /// The kinds of call that it has made since its start, by name.
    pub calls: Vec<CallUse>,
    /// The remote's clock minus ours by its last answer that was dated, to the second.
    pub clock_ahead: Option<TimeDelta>,
}

/// How much of the limit of a kind of call is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallUse {
    /// Method and path template, for example `GET /order/page`.
    pub name: String,
    /// The limit.
    pub limit: CallLimit,
    /// Calls begun in the last minute; where the limit is one of calls at the same time, the most of them in
    /// that minute.
    pub used: u32,
    /// When the remote last refused a call as one too many, UTC.
    pub throttled_at: Option<DateTime<Utc>>,
}

/// What the remote allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallLimit {
    /// Nothing is known, or it is switched off.
    None,
    /// So many calls in a minute.
    PerMinute(u32),
    /// So many calls at the same time.
    AtOnce(u32),
}
