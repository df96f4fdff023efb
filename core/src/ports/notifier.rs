use async_trait::async_trait;

use super::{Notice, PortError};

/// Tells people about conditions.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Delivers one message; `Ok` means that the receiver took it.
    async fn notify(&self, notice: &Notice) -> Result<(), PortError>;
}
