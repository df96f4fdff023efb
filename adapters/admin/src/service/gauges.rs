//! Figures of the store among the metrics.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use ipass_core::ports::{RouteName, SyncStore};
use ipass_core::reason::Reason;
use ipass_core::run::Route;
use tokio::sync::Mutex;

/// Counting a million rows takes a while; scrapes that come sooner see the figures of the last one.
const GOOD_FOR: Duration = Duration::seconds(15);

/// When the figures were read, and which reasons they named.
#[derive(Debug, Default)]
pub(super) struct Gauges(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    read_at: Option<DateTime<Utc>>,
    reasons: BTreeMap<RouteName, Reasons>,
}

/// Orders per code of a reason.
type Reasons = BTreeMap<&'static str, u64>;

impl Gauges {
    /// Reads the figures anew if they are old. A store that does not answer leaves the last ones;
    /// readiness tells about it.
    pub(super) async fn refresh(&self, store: &dyn SyncStore, routes: &[Arc<Route>], now: DateTime<Utc>) {
        let mut known = self.0.lock().await;
        if known.read_at.is_some_and(|read_at| now - read_at < GOOD_FOR && now >= read_at) {
            return;
        }
        known.read_at = Some(now);
        for route in routes {
            stages(store, &route.name, now).await;
            marks(store, &route.name, now).await;
            reasons(store, &route.name, known.reasons.entry(route.name.clone()).or_default()).await;
        }
    }
}

async fn stages(store: &dyn SyncStore, route: &RouteName, now: DateTime<Utc>) {
    for count in store.counts(route).await.unwrap_or_default() {
        let labels = [("route", route.0.clone()), ("stage", count.stage.number().to_string())];
        metrics::gauge!("ipass_orders", &labels).set(figure(count.orders));
        let age = count.oldest.map_or(0.0, |oldest| seconds(now - oldest));
        metrics::gauge!("ipass_oldest_order_seconds", &labels).set(age);
    }
}

async fn marks(store: &dyn SyncStore, route: &RouteName, now: DateTime<Utc>) {
    let Ok(state) = store.pull_state(route).await else { return };
    for (kind, mark) in [("created", state.created_mark), ("updated", state.updated_mark)] {
        if let Some(mark) = mark {
            let labels = [("route", route.0.clone()), ("kind", kind.to_owned())];
            metrics::gauge!("ipass_mark_lag_seconds", &labels).set(seconds(now - mark));
        }
    }
}

async fn reasons(store: &dyn SyncStore, route: &RouteName, counts: &mut Reasons) {
    let Ok(groups) = store.causes(Some(route)).await else { return };
    recount(counts, groups.iter().map(|group| (group.reason, group.orders)));
    for (reason, count) in counts {
        let labels = [("route", route.0.clone()), ("reason", (*reason).to_owned())];
        metrics::gauge!("ipass_blocked_orders", &labels).set(figure(*count));
    }
}

/// A reason that is gone is told as 0 from now on: a gauge that is not set keeps its last value.
fn recount(counts: &mut Reasons, groups: impl Iterator<Item = (Reason, u64)>) {
    for count in counts.values_mut() {
        *count = 0;
    }
    for (reason, orders) in groups {
        *counts.entry(reason.code()).or_default() += orders;
    }
}

fn seconds(duration: Duration) -> f64 {
    figure(u64::try_from(duration.num_seconds()).unwrap_or_default())
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
const fn figure(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::service;

    #[tokio::test]
    async fn figures_are_read_once_in_fifteen_seconds() {
        let state = service(None);
        let (gauges, start) = (Gauges::default(), state.runner.clock.now());
        for (seconds, read_at) in [(0, 0), (14, 0), (15, 15), (29, 15), (31, 31)] {
            gauges.refresh(&*state.store, &state.routes, start + Duration::seconds(seconds)).await;
            let known = gauges.0.lock().await.read_at;
            assert_eq!(known, Some(start + Duration::seconds(read_at)), "{seconds}");
        }
    }

    #[tokio::test]
    async fn a_clock_that_was_set_back_does_not_stop_the_figures() {
        let state = service(None);
        let (gauges, start) = (Gauges::default(), state.runner.clock.now());
        for now in [start, start - Duration::hours(1)] {
            gauges.refresh(&*state.store, &state.routes, now).await;
            assert_eq!(gauges.0.lock().await.read_at, Some(now));
        }
    }

    #[test]
    fn a_reason_that_is_gone_becomes_zero_and_groups_of_one_reason_add_up() {
        let mut counts = Reasons::new();
        recount(&mut counts, [(Reason::MultiBan, 3), (Reason::NoTracking, 2), (Reason::MultiBan, 4)].into_iter());
        assert_eq!(counts, Reasons::from([("multi_ban", 7), ("no_tracking", 2)]));
        recount(&mut counts, [(Reason::NoTracking, 1)].into_iter());
        assert_eq!(counts, Reasons::from([("multi_ban", 0), ("no_tracking", 1)]));
    }
}
