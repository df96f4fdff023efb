use super::Reason;
use crate::ports::{ErrorKind, PortError};

/// A reason with what it is about: an id, a field, counts, or the remote's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Why.
    pub reason: Reason,
    /// About what; the key by which causes are grouped.
    pub detail: String,
}

impl Cause {
    /// A cause.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    /// The cause of a failed call; `refused` is the reason when the remote said no.
    pub fn of_error(error: &PortError, refused: Reason) -> Self {
        let reason = match error.kind() {
            ErrorKind::Retryable => Reason::RemoteUnavailable,
            ErrorKind::Throttled { .. } => Reason::Throttled,
            ErrorKind::Auth => Reason::CredentialsRefused,
            ErrorKind::Clock => Reason::ClockWrong,
            ErrorKind::Rejected => refused,
            ErrorKind::Invalid => Reason::InvalidExchange,
        };
        Self::new(reason, error.message())
    }

    /// The cause of a failed read; `unreadable` is the reason unless the kind says more.
    pub fn of_read_error(error: &PortError, unreadable: Reason) -> Self {
        let reason = match error.kind() {
            ErrorKind::Auth => Reason::CredentialsRefused,
            ErrorKind::Clock => Reason::ClockWrong,
            ErrorKind::Throttled { .. } => Reason::Throttled,
            ErrorKind::Retryable | ErrorKind::Rejected | ErrorKind::Invalid => unreadable,
        };
        Self::new(reason, error.message())
    }
}
