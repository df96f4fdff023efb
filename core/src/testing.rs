//! Doubles for tests: a clock that moves only when told, and orders to start from.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeZone, Utc};
use rust_decimal::Decimal;

use crate::job::Job;
use crate::order::{Address, ChannelStatus, Order, OrderLine, PoNumber, Prices};
use crate::ports::{Clock, RouteName, RunRef};
use crate::run::{RunContext, Unwatched};
use crate::settings::Settings;

/// A clock that stands still; a sleep moves it ahead at once.
#[derive(Debug)]
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    /// Stands at `now`.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves ahead.
    pub fn advance(&self, duration: Duration) {
        if let Ok(mut now) = self.0.lock() {
            *now += duration;
        }
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::at(Utc.timestamp_opt(1_769_590_800, 0).single().unwrap_or_default())
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().map(|now| *now).unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}

/// A PO number for tests.
///
/// # Panics
/// On a text without any visible character.
#[expect(clippy::expect_used, reason = "a test that names no order is a defect of the test")]
pub fn po(text: &str) -> PoNumber {
    PoNumber::new(text).expect("a PO number")
}

/// An order of one line, one unit, complete in every respect; tests change what they are about.
pub fn order(number: &str) -> Order {
    let created_at = Utc.timestamp_opt(1_769_562_940, 0).single().unwrap_or_default();
    Order {
        po: po(number),
        channel_order_id: format!("9{number}"),
        retailer_id: Some("R-1".to_owned()),
        status: ChannelStatus::Created,
        cancel_requested: false,
        test: false,
        created_at,
        updated_at: Some(created_at),
        ship_by: None,
        currency: Some("USD".to_owned()),
        warehouse_code: Some("WH-A".to_owned()),
        service_level: Some("FEHD".to_owned()),
        carrier: Some("FedEx".to_owned()),
        ship_method: Some("Home Delivery".to_owned()),
        address: Address {
            name: Some("Testy McTestface".to_owned()),
            line1: Some("100 Example St".to_owned()),
            city: Some("Springfield".to_owned()),
            state: Some("NY".to_owned()),
            postal_code: Some("00501".to_owned()),
            country: Some("US".to_owned()),
            ..Address::default()
        },
        note: None,
        lines: vec![line(1, "SKU-A", 1)],
        packages: Vec::new(),
    }
}

/// A line of `quantity` units with a price of 54.00.
pub fn line(number: i64, sku: &str, quantity: u32) -> OrderLine {
    OrderLine {
        line_number: Some(number),
        item_id: Some(format!("93{number}")),
        sku: Some(sku.to_owned()),
        partner_sku: None,
        quantity,
        cancelled: 0,
        prices: Prices { expected_cost: Some(Decimal::new(5400, 2)), ..Prices::default() },
    }
}

/// A run of the schedule on route `test` with these settings, of size 50, that nobody follows.
pub fn context<'a>(job: Job, settings: &'a Settings, clock: &'a dyn Clock) -> RunContext<'a> {
    RunContext {
        run: RunRef { route: RouteName("test".to_owned()), run_id: "run-1".to_owned(), fence: 1 },
        job,
        po: None,
        manual: false,
        dry_run: false,
        size: 50,
        settings,
        clock,
        watch: &Unwatched,
        report: Mutex::default(),
    }
}
