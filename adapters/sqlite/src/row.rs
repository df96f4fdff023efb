//! Values as they are stored.

use chrono::{DateTime, Utc};

/// Time as it is stored: whole microseconds since 1970.
pub(crate) const fn micros(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros()
}
