//! Pages of orders that go wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::job::Job;
use ipass_core::ports::Clock as _;
use ipass_sandbox::{Effect, Fault, NewOrder};

use crate::world::World;

const PAGE: &str = "GET /order/page";
const PAGE_SIZE: usize = 10;

/// A world of small pages, and what is in it: PO number to creation time.
struct Shop {
    world: World,
    orders: BTreeMap<String, DateTime<Utc>>,
}

impl Shop {
    async fn open() -> Self {
        let world = World::builder()
            .vendors(|config| config.page_size_cap = PAGE_SIZE)
            .set("/jobs/pull_orders/start_from", "2025-01-01T00:00:00Z")
            .build()
            .await;
        Self { world, orders: BTreeMap::new() }
    }

    /// So many new orders, one a minute, the newest two minutes old.
    fn order(&mut self, count: usize) {
        let newest = self.world.clock.now() - TimeDelta::minutes(2);
        for n in 0..count {
            let po = format!("PO-{:03}", self.orders.len());
            let age = TimeDelta::minutes(i64::try_from(count - n).expect("few"));
            self.world.plant(NewOrder::new(&po).created_at(newest - age));
            self.orders.insert(po, newest - age);
        }
    }

    async fn pull(&self) -> Option<String> {
        self.world.run_scheduled(Job::PullOrders).await.error
    }

    async fn missing(&self) -> Vec<&String> {
        let rows = self.world.rows().await;
        self.orders.keys().filter(|po| !rows.contains_key(*po)).collect()
    }

    /// No order that is older than the mark of the creation pass is unread.
    async fn assert_mark_is_honest(&self, what: &str) {
        let state = self.world.store.pull_state(&self.world.route.name).await.expect("the store answers");
        let unread: Vec<&String> = self
            .missing()
            .await
            .into_iter()
            .filter(|po| state.created_mark.is_some_and(|mark| self.orders[*po] < mark))
            .collect();
        assert!(unread.is_empty(), "{what}: the mark {:?} passed over {unread:?}", state.created_mark);
    }
}

/// What may happen to a page.
fn effects() -> Vec<Effect> {
    vec![
        Effect::ScrollExpired,
        Effect::ResetBeforeCommit,
        Effect::ResetAfterCommit,
        Effect::BrokenBody,
        Effect::Truncated,
        Effect::HalfPage,
        Effect::DuplicatePage,
        Effect::EndlessCursor,
        Effect::Html,
        Effect::Status(503, "busy".to_owned()),
        Effect::RetryAfter(2),
    ]
}

/// A pull that meets the fault at its n-th page, and a sound one after it.
async fn pull_twice(shop: &Shop, effect: &Effect, page: u64) {
    let what = format!("{effect:?} at page {page}");
    shop.world.fault(Fault::nth(PAGE, page, effect.clone()));
    shop.pull().await;
    shop.assert_mark_is_honest(&what).await;
    shop.world.sandbox.clear_faults();
    shop.world.skip(Duration::from_mins(6));
    assert_eq!(shop.pull().await, None, "{what}");
    shop.assert_mark_is_honest(&what).await;
    assert_eq!(shop.missing().await, Vec::<&String>::new(), "{what}");
}

#[tokio::test]
async fn a_disturbed_first_pull_loses_no_order() {
    for effect in effects() {
        for page in [1, 3, 6] {
            let mut shop = Shop::open().await;
            shop.order(55);
            pull_twice(&shop, &effect, page).await;
        }
    }
}

#[tokio::test]
async fn a_disturbed_later_pull_loses_no_order() {
    for effect in effects() {
        for page in [1, 2, 5] {
            let mut shop = Shop::open().await;
            shop.order(12);
            assert_eq!(shop.pull().await, None);
            shop.world.skip(Duration::from_hours(2));
            shop.order(35);
            pull_twice(&shop, &effect, page).await;
        }
    }
}

#[tokio::test]
async fn a_single_fault_costs_no_second_pull() {
    for effect in effects() {
        let mut shop = Shop::open().await;
        shop.order(55);
        shop.world.fault(Fault::nth(PAGE, 3, effect.clone()));
        let error = shop.pull().await;
        assert_eq!((error, shop.missing().await.len()), (None, 0), "{effect:?}");
    }
}

#[tokio::test]
async fn a_channel_that_is_down_moves_no_mark() {
    let mut shop = Shop::open().await;
    shop.order(25);
    assert_eq!(shop.pull().await, None);
    shop.world.skip(Duration::from_hours(1));
    shop.order(25);
    let mark = shop.world.store.pull_state(&shop.world.route.name).await.expect("the store answers");
    shop.world.fault(Fault::next(PAGE, Effect::Status(500, String::new())).times(1000));
    assert!(shop.pull().await.is_some(), "the run says that it failed");
    let after = shop.world.store.pull_state(&shop.world.route.name).await.expect("the store answers");
    assert_eq!(mark, after);
    shop.world.sandbox.clear_faults();
    assert_eq!(shop.pull().await, None);
    assert_eq!(shop.missing().await.len(), 0);
}

#[tokio::test]
async fn a_page_repeated_at_the_same_place_of_two_readings_is_not_the_end_of_the_list() {
    let mut shop = Shop::open().await;
    shop.order(55);
    // Two pages and a repeat; from the start again, two pages and a repeat.
    for page in [3, 6] {
        shop.world.fault(Fault::nth(PAGE, page, Effect::DuplicatePage));
    }
    shop.pull().await;
    shop.assert_mark_is_honest("a page repeated twice").await;
}

#[tokio::test]
async fn an_empty_page_in_the_middle_is_made_good_by_the_next_pull() {
    for page in [3, 6] {
        an_empty_page_is_made_good(page).await;
    }
}

#[tokio::test]
async fn an_empty_first_page_with_a_cursor_is_not_the_end_of_a_first_pull() {
    an_empty_page_is_made_good(1).await;
}

async fn an_empty_page_is_made_good(page: u64) {
    let mut shop = Shop::open().await;
    shop.order(55);
    shop.world.fault(Fault::nth(PAGE, page, Effect::EmptyPage));
    shop.pull().await;
    shop.world.skip(Duration::from_mins(6));
    assert_eq!(shop.pull().await, None, "page {page}");
    assert_eq!(shop.missing().await, Vec::<&String>::new(), "page {page}");
}

#[tokio::test]
async fn unchanged_orders_cost_no_write() {
    let mut shop = Shop::open().await;
    shop.order(15);
    shop.pull().await;
    let report = shop.world.run_scheduled(Job::PullOrders).await;
    let saved = report.done.pulled.expect("a pull").saved;
    assert_eq!((saved.stored, saved.updated, saved.invalid), (0, 0, 0));
    assert!(saved.unchanged > 0);
}

#[tokio::test]
async fn an_order_that_shows_long_after_it_was_created_and_changed_is_found_within_the_hour_or_the_day() {
    let shop = Shop::open().await;
    assert_eq!(shop.pull().await, None);
    shop.world.skip(Duration::from_mins(1));
    let now = shop.world.clock.now();
    for (po, hours) in [("OF-TODAY", 10), ("OF-YESTERDAY", 30), ("OF-LAST-WEEK", 200)] {
        shop.world.plant(NewOrder::new(po).created_at(now - TimeDelta::hours(hours)).visible_at(now));
    }
    let stored = async || shop.world.rows().await.into_keys().collect::<Vec<_>>();
    shop.world.skip(Duration::from_hours(1));
    assert_eq!(shop.pull().await, None);
    assert_eq!(stored().await, ["OF-TODAY", "OF-YESTERDAY"]);
    shop.world.skip(Duration::from_hours(24));
    assert_eq!(shop.pull().await, None);
    assert_eq!(stored().await, ["OF-LAST-WEEK", "OF-TODAY", "OF-YESTERDAY"]);
}

#[tokio::test]
async fn a_pull_that_a_person_asks_for_looks_two_days_back() {
    let shop = Shop::open().await;
    assert_eq!(shop.pull().await, None);
    let now = shop.world.clock.now();
    shop.world.plant(NewOrder::new("LATE").created_at(now - TimeDelta::hours(47)).visible_at(now));
    assert_eq!(shop.world.run(Job::PullOrders).await.error, None);
    assert_eq!(shop.world.rows().await.len(), 1);
}
