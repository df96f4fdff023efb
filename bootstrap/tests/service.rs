//! `ipass serve` over a longer time: settings saved while it runs, alerts, the open API.

#[path = "common/harness.rs"]
#[expect(dead_code, reason = "not every test file needs all of it")]
mod common;
#[path = "common/query.rs"]
mod query;
#[path = "common/service.rs"]
#[expect(dead_code, reason = "not every test file needs all of it")]
mod service;

#[path = "service/alerts.rs"]
mod alerts;
#[path = "service/api.rs"]
mod api;
#[path = "service/api_stock.rs"]
mod api_stock;
#[path = "service/canaries.rs"]
mod canaries;
#[path = "service/hot_settings.rs"]
mod hot_settings;
#[path = "service/slow_database.rs"]
mod slow_database;
