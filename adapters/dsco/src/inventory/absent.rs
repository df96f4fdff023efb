//! Names that the vendor did not know when it was asked, so that it is not asked again in every run.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};
use ipass_core::ports::ItemName;

/// An absence is believed for so long: an item that is created at the vendor waits no longer for its figures, and a
/// job that runs every few minutes does not ask for hundreds of names each time.
pub(crate) const BELIEVED: Duration = Duration::hours(4);

/// When the vendor last said that it does not know a name, in the accounts of these retailers.
///
/// Kept in memory: nothing but calls is lost with it, and an item is asked for again with another name, or
/// another retailer, of which nothing is known here.
#[derive(Default)]
pub(crate) struct Absent(Mutex<HashMap<Key, DateTime<Utc>>>);

/// Name and retailers.
type Key = (String, Vec<String>);

impl Absent {
    /// Whether it would be no use to ask again so soon.
    pub(crate) fn is_believed(&self, item: &ItemName, now: DateTime<Utc>) -> bool {
        !item.anew && self.names().get(&key(item)).is_some_and(|at| believed(*at, now))
    }

    /// The vendor just said that it does not know the name.
    pub(crate) fn note(&self, item: &ItemName, now: DateTime<Utc>) {
        self.names().insert(key(item), now);
    }

    /// The item has been seen, or is in doubt.
    pub(crate) fn forget(&self, item: &ItemName) {
        self.names().remove(&key(item));
    }

    /// Forgets what is not believed any more.
    pub(crate) fn forget_old(&self, now: DateTime<Utc>) {
        self.names().retain(|_, at| believed(*at, now));
    }

    fn names(&self) -> MutexGuard<'_, HashMap<Key, DateTime<Utc>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(item: &ItemName) -> Key {
    (item.name.trim().to_owned(), item.retailers.clone())
}

/// A clock that was set back makes nothing believed for longer.
fn believed(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (Duration::zero()..BELIEVED).contains(&(now - at))
}
