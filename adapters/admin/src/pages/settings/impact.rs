//! What saving other settings will do.

use chrono::{DateTime, Utc};
use ipass_core::job::Job;
use ipass_core::ports::{CauseGroup, OrderFilter};
use ipass_core::reason::OutcomeKind;
use ipass_core::settings::{CancelInErp, Partial, Settings, next_runs};

use super::table::Table;
use crate::desk::Page;
use crate::desk::show::number;
use crate::pages::jobs::words::name as job_name;
use crate::text::{Text, settings as t};

/// Entries of a mapping whose orders are counted; beyond it only the entries are.
const COUNTED: usize = 20;

/// One consequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Impact {
    /// Orders that are blocked for want of this entry become due and can go on.
    Freed { table: Table, key: String, orders: u64 },
    /// Orders awaiting their push that go elsewhere from now on.
    Rerouted { table: Table, key: String, orders: u64 },
    /// Orders awaiting their push that will be blocked, because their entry is gone.
    Unmapped { table: Table, key: String, orders: u64 },
    /// A job is switched on; its next run.
    JobOn { job: Job, next: Option<DateTime<Utc>> },
    /// A job is switched off.
    JobOff { job: Job },
    /// A job that is on runs at other times; its next run.
    Rescheduled { job: Job, next: Option<DateTime<Utc>> },
    /// A switch with consequences outside.
    Switched { what: Text, dangerous: bool },
    /// All blocked orders are looked at again by the next runs.
    Retried { orders: u64 },
}

/// Entries of mappings that were there and are gone or lead elsewhere: those whose waiting orders matter.
pub(super) fn moved_entries(before: &Settings, after: &Settings) -> Vec<(Table, String, OrderFilter)> {
    let mut moved = Vec::new();
    for table in Table::ALL {
        let now = table.entries(&after.mapping);
        for (key, _) in table.entries(&before.mapping).iter().filter(|(key, value)| now.get(*key) != Some(value)) {
            if let Some(filter) = table.waiting(key, before) {
                moved.push((table, key.clone(), filter));
            }
        }
    }
    moved.truncate(COUNTED);
    moved
}

/// Everything that changes for orders and jobs. `waiting` counts the orders of [`moved_entries`].
pub(super) fn impact(
    before: &Settings,
    after: &Settings,
    causes: &[CauseGroup],
    waiting: &[(Table, String, u64)],
    now: DateTime<Utc>,
) -> Vec<Impact> {
    let mut found = Vec::new();
    for table in Table::ALL {
        freed(table, before, after, causes, &mut found);
    }
    for (table, key, orders) in waiting.iter().filter(|(_, _, orders)| *orders > 0) {
        let (table, key, orders) = (*table, key.clone(), *orders);
        let kept = table.entries(&after.mapping).contains_key(&key);
        found.push(if kept {
            Impact::Rerouted { table, key, orders }
        } else {
            Impact::Unmapped { table, key, orders }
        });
    }
    for job in Job::ALL {
        let (old, new) = (before.job(job), after.job(job));
        let next = || next_runs(&new.cron, now, 1).first().copied();
        match (old.enabled, new.enabled) {
            (false, true) => found.push(Impact::JobOn { job, next: next() }),
            (true, false) => found.push(Impact::JobOff { job }),
            (true, true) if old.cron != new.cron => found.push(Impact::Rescheduled { job, next: next() }),
            (true, true) | (false, false) => {}
        }
    }
    switches(before, after, &mut found);
    let blocked = causes.iter().filter(|group| group.reason.kind() == OutcomeKind::Blocked);
    let orders = blocked.map(|group| group.orders).sum();
    if orders > 0 {
        found.push(Impact::Retried { orders });
    }
    found
}

/// Blocked orders whose entry was added. For SKUs the ERP's name is what is missing, so the value counts.
fn freed(table: Table, before: &Settings, after: &Settings, causes: &[CauseGroup], found: &mut Vec<Impact>) {
    let (old, new) = (table.entries(&before.mapping), table.entries(&after.mapping));
    let has = |entries: &std::collections::BTreeMap<String, String>, key: &str| match table {
        Table::Sku => entries.values().any(|value| value == key),
        Table::Shop | Table::Warehouse | Table::Shipment => entries.contains_key(key),
    };
    for (key, orders) in gaps(causes, table) {
        if !has(old, &key) && has(new, &key) {
            found.push(Impact::Freed { table, key, orders });
        }
    }
}

/// Missing keys of a table and how many orders each blocks, over all stages, in the order of the causes.
pub(crate) fn gaps(causes: &[CauseGroup], table: Table) -> Vec<(String, u64)> {
    let mut gaps: Vec<(String, u64)> = Vec::new();
    for group in causes.iter().filter(|group| group.reason == table.reason()) {
        let Some(key) = group.detail.as_deref().filter(|key| !key.trim().is_empty()) else { continue };
        match gaps.iter_mut().find(|(known, _)| known == key) {
            Some((_, orders)) => *orders += group.orders,
            None => gaps.push((key.to_owned(), group.orders)),
        }
    }
    gaps
}

fn switches(before: &Settings, after: &Settings, found: &mut Vec<Impact>) {
    let mut say = |changed: bool, what: Text, dangerous: bool| {
        if changed {
            found.push(Impact::Switched { what, dangerous });
        }
    };
    say(!before.stock_sync && after.stock_sync, t::STOCK_WRITES_ON, true);
    say(before.stock_sync && !after.stock_sync, t::STOCK_WRITES_OFF, false);
    say(before.max_zero_per_mille < after.max_zero_per_mille, t::GUARD_RAISED, true);
    let auto = |settings: &Settings| settings.cancel_in_erp == CancelInErp::Auto;
    say(!auto(before) && auto(after), t::CANCEL_AUTO_ON, true);
    say(auto(before) && !auto(after), t::CANCEL_AUTO_OFF, false);
    say(before.require_warehouse && !after.require_warehouse, t::WAREHOUSE_OPTIONAL, true);
    let bans = |settings: &Settings| [settings.ack_multi_ban, settings.ship_multi_ban, settings.invoice_multi_ban];
    let pairs = bans(before).into_iter().zip(bans(after));
    say(pairs.clone().any(|(old, new)| !old && new), t::MULTI_BAN_ON, true);
    say(pairs.clone().any(|(old, new)| old && !new), t::MULTI_BAN_OFF, false);
    let partly = |settings: &Settings| settings.partial == Partial::AsShipped;
    say(!partly(before) && partly(after), t::PARTIAL_ON, true);
    say(before.invoice_price != after.invoice_price, t::PRICE_CHANGED, true);
    say(before.sku_key != after.sku_key, t::SKU_KEY_CHANGED, true);
}

impl Impact {
    /// Worth a second look.
    pub(super) const fn dangerous(&self) -> bool {
        match self {
            Self::Rerouted { .. } | Self::Unmapped { .. } | Self::JobOff { .. } => true,
            Self::Switched { dangerous, .. } => *dangerous,
            Self::Freed { .. } | Self::JobOn { .. } | Self::Rescheduled { .. } | Self::Retried { .. } => false,
        }
    }

    pub(super) fn words(&self, p: &Page) -> String {
        let entry = |table: &Table, key: &str| format!("{} {key}", p.t(table.sides().0));
        let timed = |text: Text, job: Job, next: &Option<DateTime<Utc>>| {
            let next = next.as_ref().map_or_else(|| p.t(t::NEVER).to_owned(), |next| p.time(next));
            p.t2(text, p.t(job_name(job)), next)
        };
        match self {
            Self::Freed { table, key, orders } => p.t2(t::FREED, number(orders), entry(table, key)),
            Self::Rerouted { table, key, orders } => p.t2(t::REROUTED, number(orders), entry(table, key)),
            Self::Unmapped { table, key, orders } => p.t2(t::UNMAPPED, number(orders), entry(table, key)),
            Self::JobOn { job, next } => timed(t::JOB_ON, *job, next),
            Self::JobOff { job } => p.t1(t::JOB_OFF, p.t(job_name(*job))),
            Self::Rescheduled { job, next } => timed(t::RESCHEDULED, *job, next),
            Self::Switched { what, .. } => p.t(*what).to_owned(),
            Self::Retried { orders } => p.t1(t::RETRIED, number(orders)),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use ipass_core::ports::RouteName;
    use ipass_core::reason::Reason;
    use ipass_core::settings::parse;
    use ipass_core::stage::Stage;
    use ipass_core::testing::po;
    use serde_json::{Value, json};

    use super::*;

    fn now() -> DateTime<Utc> {
        Utc.timestamp_opt(1_769_590_800, 0).unwrap()
    }

    fn settings(document: &Value) -> Settings {
        parse(&document.to_string(), &[]).unwrap()
    }

    fn group(reason: Reason, stage: Stage, detail: &str, orders: u64) -> CauseGroup {
        CauseGroup {
            route: RouteName("r".to_owned()),
            stage,
            reason,
            detail: Some(detail.to_owned()),
            orders,
            oldest: now(),
            sample: po("PO-1"),
            sample_detail: detail.to_owned(),
        }
    }

    #[test]
    fn an_added_entry_frees_exactly_the_orders_that_lack_it() {
        let causes = [
            group(Reason::MissingShopMapping, Stage::AwaitingPush, "100", 12),
            group(Reason::MissingShopMapping, Stage::AwaitingPush, "200", 3),
            group(Reason::UnknownErpSku, Stage::AwaitingShipment, "LX-1", 2),
            group(Reason::UnknownErpSku, Stage::AwaitingInvoice, "LX-1", 1),
            group(Reason::ErpNotShipped, Stage::AwaitingShipment, "", 99),
        ];
        let after = settings(&json!({"mapping": {"shop": {"100": "7"}, "sku": {"A": "LX-1"}}}));
        let found = impact(&Settings::default(), &after, &causes, &[], now());
        let freed = |table, key: &str, orders| Impact::Freed { table, key: key.to_owned(), orders };
        let expected = [freed(Table::Shop, "100", 12), freed(Table::Sku, "LX-1", 3), Impact::Retried { orders: 18 }];
        assert_eq!(found, expected);
        let unchanged = impact(&after, &after, &causes[..1], &[], now());
        assert_eq!(unchanged, [Impact::Retried { orders: 12 }], "what was mapped already frees nothing");
    }

    #[test]
    fn orders_that_go_elsewhere_or_lose_their_entry_are_counted() {
        let before = settings(&json!({"mapping": {"shop": {"1": "a", "2": "b", "3": "c"}, "sku": {"X": "Y"}}}));
        let after = settings(&json!({"mapping": {"shop": {"1": "a", "2": "z"}, "sku": {}}}));
        let moved: Vec<_> =
            moved_entries(&before, &after).into_iter().map(|(table, key, f)| (table, key, f.retailer_id)).collect();
        let entry = |key: &str| (Table::Shop, key.to_owned(), Some(key.to_owned()));
        assert_eq!(moved, [entry("2"), entry("3")]);
        let waiting = [(Table::Shop, "2".to_owned(), 37), (Table::Shop, "3".to_owned(), 1)];
        let found = impact(&before, &after, &[], &waiting, now());
        let (two, three) = ("2".to_owned(), "3".to_owned());
        assert_eq!(found[0], Impact::Rerouted { table: Table::Shop, key: two, orders: 37 });
        assert_eq!(found[1], Impact::Unmapped { table: Table::Shop, key: three, orders: 1 });
        assert!(found.iter().all(Impact::dangerous) && found.len() == 2);
    }

    #[test]
    fn jobs_are_said_to_start_to_stop_and_to_run_at_other_times() {
        let jobs = |push: bool, ack: bool, cron: &str| {
            settings(&json!({"jobs": {"push_orders": {"enabled": push}, "ack_orders": {"enabled": ack},
                                      "ship_orders": {"enabled": true, "cron": cron}}}))
        };
        let found = impact(&jobs(false, true, "0 20 * * * *"), &jobs(true, false, "0 30 10 * * *"), &[], &[], now());
        let at = |hour, minute| Utc.with_ymd_and_hms(2026, 1, 28, hour, minute, 0).single();
        let expected = [
            Impact::JobOn { job: Job::PushOrders, next: at(9, 10) },
            Impact::JobOff { job: Job::AckOrders },
            Impact::Rescheduled { job: Job::ShipOrders, next: at(10, 30) },
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn switches_with_consequences_outside_are_named() {
        let after = settings(&json!({"cancel": {"in_erp": "auto"}, "jobs": {"sync_stock": {"sync": true}}}));
        let on = impact(&Settings::default(), &after, &[], &[], now());
        assert!(on.contains(&Impact::Switched { what: t::STOCK_WRITES_ON, dangerous: true }), "{on:?}");
        assert!(on.contains(&Impact::Switched { what: t::CANCEL_AUTO_ON, dangerous: true }), "{on:?}");
        let off = impact(&after, &Settings::default(), &[], &[], now());
        assert!(off.iter().all(|one| !one.dangerous()) && off.len() == 2, "{off:?}");
        assert_eq!(impact(&after, &after, &[], &[], now()), []);
    }
}
