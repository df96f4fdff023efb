use std::error::Error;
use std::fmt;
use std::time::Duration;

/// What the caller has to do about a failed remote call. Wording never decides, this does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Network, 5xx, locked: due again later.
    Retryable,
    /// The remote asked to wait; costs no attempt.
    Throttled {
        /// How long the remote asked to wait, where it said so.
        retry_after: Option<Duration>,
    },
    /// Credentials refused after one renewal; a person must act.
    Auth,
    /// The remote refuses the time that a request carried, also of a second one; a person must set a
    /// clock right. Nothing happened.
    Clock,
    /// The remote understood and said no.
    Rejected,
    /// We cannot build the request or read the answer.
    Invalid,
}

/// A failed call at a port.
///
/// The message names the operation and identifiers, in the remote's code words; it never holds a
/// body, a token or anything personal.
#[derive(Debug)]
pub struct PortError {
    kind: ErrorKind,
    message: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl PortError {
    /// An error of `kind`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), cause: None }
    }

    /// The remote cannot be reached or cannot answer now.
    pub fn retryable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Retryable, message)
    }

    /// The remote asked to wait.
    pub fn throttled(message: impl Into<String>, retry_after: Option<Duration>) -> Self {
        Self::new(ErrorKind::Throttled { retry_after }, message)
    }

    /// Credentials were refused.
    pub fn auth(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Auth, message)
    }

    /// The time of the request was refused.
    pub fn clock(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Clock, message)
    }

    /// The remote said no.
    pub fn rejected(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Rejected, message)
    }

    /// Something cannot be built or read.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// The same error with its cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// What has to be done about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What failed, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// The same verdict for each item of a batch: the cause stays with the original.
impl Clone for PortError {
    fn clone(&self) -> Self {
        Self { kind: self.kind, message: self.message.clone(), cause: None }
    }
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for PortError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as &(dyn Error + 'static))
    }
}
