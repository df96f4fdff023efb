//! The admin pages of the real binary in a real browser: Debian's chromium and its driver.

#[path = "common/harness.rs"]
#[expect(dead_code, reason = "not every test file needs all of it")]
mod common;
#[path = "common/csv.rs"]
mod csv;
#[path = "common/service.rs"]
#[expect(dead_code, reason = "not every test file needs all of it")]
mod service;

#[path = "browser/desk.rs"]
mod desk;
#[path = "browser/driver.rs"]
mod driver;
#[path = "browser/places.rs"]
mod places;
#[path = "browser/tab.rs"]
mod tab;

#[path = "browser/accessible.rs"]
mod accessible;
#[path = "browser/crawl.rs"]
mod crawl;
#[path = "browser/cure.rs"]
mod cure;
#[path = "browser/keyboard.rs"]
mod keyboard;
#[path = "browser/login.rs"]
mod login;
#[path = "browser/once.rs"]
mod once;
#[path = "browser/orders.rs"]
mod orders;
#[path = "browser/pictures.rs"]
mod pictures;
#[path = "browser/runs.rs"]
mod runs;
#[path = "browser/settings.rs"]
mod settings;
#[path = "browser/stock.rs"]
mod stock;
