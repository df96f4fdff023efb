//! What a person should look at now.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::job::Job;
use crate::ports::{Condition, OrderBook, OrderStore, RouteName, RunRecord, RunStore, StageAge, StageLimit, Stored};
use crate::reason::Reason;
use crate::settings::Settings;
use crate::stage::Stage;

/// When orders of each stage are slow or stuck.
pub fn limits(settings: &Settings, now: DateTime<Utc>) -> Vec<StageLimit> {
    Stage::ALL
        .into_iter()
        .filter(|stage| !stage.is_final())
        .map(|stage| {
            let (slow, stuck) = settings.attention.limits(stage);
            StageLimit { stage, slow_before: now - slow, stuck_before: now - stuck }
        })
        .collect()
}

/// Orders that stay too long, per stage.
pub async fn stuck_and_slow(
    book: &dyn OrderBook,
    route: &RouteName,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Stored<Vec<StageAge>> {
    book.ages(route, &limits(settings, now)).await
}

/// Orders of a route that came and could not be read: no job works on them, whatever the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadGroup {
    /// Why.
    pub reason: Reason,
    /// How many.
    pub orders: u64,
    /// The channel's key of the newest.
    pub sample: String,
    /// Its detail.
    pub sample_detail: String,
}

/// Orders that could not be read, grouped by why, the largest group first.
pub async fn unread_groups(book: &dyn OrderBook, route: &RouteName) -> Stored<Vec<UnreadGroup>> {
    let mut groups: Vec<UnreadGroup> = Vec::new();
    for (key, cause) in book.unreadable(route, u32::MAX).await? {
        if let Some(group) = groups.iter_mut().find(|group| group.reason == cause.reason) {
            group.orders += 1;
        } else {
            groups.push(UnreadGroup { reason: cause.reason, orders: 1, sample: key, sample_detail: cause.detail });
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.orders));
    Ok(groups)
}

/// The conditions of a route that hold now. Keys: `stuck:<stage>`, `quiet`, `credentials`, `clock`,
/// `stock_guard`, `job:<name>`.
pub async fn conditions<S>(
    store: &S,
    route: &RouteName,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Stored<Vec<Condition>>
where
    S: OrderBook + OrderStore + RunStore + ?Sized,
{
    let mut found = Vec::new();
    let mut say = |key: String, detail: String| found.push(Condition { key, detail });
    for age in store.ages(route, &limits(settings, now)).await?.into_iter().filter(|age| age.stuck > 0) {
        let oldest = age.oldest.as_ref().map_or("-", |po| po.as_str());
        say(format!("stuck:{}", age.stage), format!("{} orders, the oldest is {oldest}", age.stuck));
    }
    if settings.job(Job::PullOrders).enabled
        && let Some(newest) = store.pull_state(route).await?.newest_created
        && now - newest > settings.attention.quiet
    {
        say("quiet".to_owned(), format!("the newest order was created {}", newest.format("%Y-%m-%dT%H:%M:%SZ")));
    }
    let causes = store.causes(Some(route)).await?;
    for (key, reason) in [("credentials", Reason::CredentialsRefused), ("clock", Reason::ClockWrong)] {
        let orders: u64 = causes.iter().filter(|group| group.reason == reason).map(|group| group.orders).sum();
        if orders > 0 {
            say(key.to_owned(), format!("{orders} orders"));
        }
    }
    let looked_at = settings.attention.failed_runs.max(1);
    for job in Job::ALL {
        let runs = store.runs(Some(route), Some(job.name()), looked_at + 1).await?;
        let ended: Vec<&RunRecord> = runs.iter().filter(|run| run.state != "running").collect();
        let newest = &ended[..ended.len().min(looked_at as usize)];
        if newest.len() == looked_at as usize && newest.iter().all(|run| run.state == "failed") {
            let error = newest[0].error.as_deref().unwrap_or("-");
            say(format!("job:{job}"), format!("{} runs in a row, last: {error}", newest.len()));
        }
        if job == Job::SyncStock && ended.first().is_some_and(|run| guarded(run) > 0) {
            say("stock_guard".to_owned(), format!("{} items", ended.first().map_or(0, |run| guarded(run))));
        }
    }
    Ok(found)
}

/// Items that a stock run was kept from setting to zero.
fn guarded(run: &RunRecord) -> u64 {
    let report: Option<Value> = run.report.as_deref().and_then(|report| serde_json::from_str(report).ok());
    report.and_then(|report| report.pointer("/counts/guarded").and_then(Value::as_u64)).unwrap_or(0)
}
