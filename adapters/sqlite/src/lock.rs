//! Locks of runs: held by an open file, or in the process for a database without a file.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ipass_core::order::PoNumber;
use ipass_core::ports::{RouteName, StoreError, Stored};
use sha2::{Digest, Sha256};

/// Name of a lock; the name of its file, too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LockKey(pub(crate) String);

impl LockKey {
    /// The lock of a run: of its order if it is about one, else of its job.
    pub(crate) fn of(route: &RouteName, job: &str, po: Option<&PoNumber>) -> Self {
        let (kind, name) = po.map_or(("job", job), |po| ("po", po.as_str()));
        let digest = Sha256::digest(format!("{}\0{kind}\0{name}", route.0));
        let number = digest.iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        Self(format!("{number:032x}"))
    }
}

/// Where locks are held.
pub(crate) enum Locks {
    Files(PathBuf),
    Process(Arc<Mutex<HashSet<LockKey>>>),
}

/// A held lock; dropping it frees it.
pub(crate) enum Held {
    File(#[expect(dead_code, reason = "kept open: closing it is what frees the lock")] File),
    Process { set: Arc<Mutex<HashSet<LockKey>>>, key: LockKey },
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Self::Process { set, key } = self {
            set.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        }
    }
}

impl Locks {
    pub(crate) fn in_process() -> Self {
        Self::Process(Arc::default())
    }

    /// Lock files in a directory beside the database.
    pub(crate) fn beside(database: &Path) -> Stored<Self> {
        let mut directory = database.as_os_str().to_owned();
        directory.push(".locks");
        std::fs::create_dir_all(&directory).map_err(|error| failed(&error))?;
        Ok(Self::Files(directory.into()))
    }

    /// Takes a lock unless somebody holds it.
    pub(crate) fn acquire(&self, key: &LockKey) -> Stored<Option<Held>> {
        match self {
            Self::Files(directory) => {
                let file = OpenOptions::new()
                    .create(true)
                    .truncate(false)
                    .write(true)
                    .open(directory.join(&key.0))
                    .map_err(|error| failed(&error))?;
                match file.try_lock() {
                    Ok(()) => Ok(Some(Held::File(file))),
                    Err(TryLockError::WouldBlock) => Ok(None),
                    Err(TryLockError::Error(error)) => Err(failed(&error)),
                }
            }
            Self::Process(set) => {
                let free = set.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
                Ok(free.then(|| Held::Process { set: Arc::clone(set), key: key.clone() }))
            }
        }
    }
}

fn failed(error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("a lock file cannot be used: {error}"))
}
