use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// Why the export directory cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError(pub String);

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FileError {}

/// A file that the service wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFile {
    /// Path below the export directory.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// When it was last written, UTC.
    pub modified: DateTime<Utc>,
    /// Being written, as far as anybody can tell.
    pub busy: bool,
}

/// The export directory: files for people, written whole or not at all.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait FileArea: Send + Sync {
    /// Writes a file below `folder`; answers its path below the export directory.
    async fn save(&self, folder: &str, name: &str, content: &[u8]) -> Result<String, FileError>;

    /// Every file of the directory.
    ///
    /// Contract: an error that names the place when anything in the directory was not written by the
    /// service.
    async fn own_files(&self) -> Result<Vec<OwnFile>, FileError>;

    /// Removes one of [`own_files`](Self::own_files); one that is gone already is no mistake.
    async fn remove(&self, path: &str) -> Result<(), FileError>;

    /// Files may take so many bytes before the oldest go.
    fn threshold(&self) -> u64;
}
