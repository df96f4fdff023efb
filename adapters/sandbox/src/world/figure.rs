//! A number that remembers what it was.

use chrono::{DateTime, Duration, Utc};

/// So long ago a client may have read a figure that it writes now.
const READ_AGE: Duration = Duration::minutes(10);

/// A quantity with its former values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figure {
    value: i64,
    /// Former values, and until when each held.
    past: Vec<(DateTime<Utc>, i64)>,
}

impl Figure {
    pub(crate) fn new(value: i64) -> Self {
        Self { value, past: Vec::new() }
    }

    pub(crate) fn value(&self) -> i64 {
        self.value
    }

    pub(crate) fn set(&mut self, value: i64, now: DateTime<Utc>) {
        if value != self.value {
            self.past.retain(|&(until, _)| until >= now - READ_AGE);
            self.past.push((now, self.value));
            self.value = value;
        }
    }

    /// Whether it was this number, floored at 0, at any time of the last ten minutes.
    pub(crate) fn was(&self, value: i64, now: DateTime<Utc>) -> bool {
        let recent = self.past.iter().filter(|&&(until, _)| until >= now - READ_AGE).map(|&(_, old)| old);
        recent.chain([self.value]).any(|known| known.max(0) == value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_former_value_counts_for_ten_minutes() {
        let mut figure = Figure::new(5);
        figure.set(-2, at(0));
        assert!(figure.was(0, at(1)), "floored");
        assert!(figure.was(5, at(600)));
        assert!(!figure.was(5, at(601)));
        assert!(!figure.was(4, at(0)));
    }
}
