//! The real binary from the outside: commands, configuration, exit codes, what is printed, the service.

#[path = "common/harness.rs"]
mod common;
#[path = "common/csv.rs"]
mod csv;
#[path = "common/service.rs"]
mod service;

#[path = "cli/check.rs"]
mod check;
#[path = "cli/commands.rs"]
mod commands;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/desk.rs"]
mod desk;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/exports.rs"]
mod exports;
#[path = "cli/jobs.rs"]
mod jobs;
#[path = "cli/orders.rs"]
mod orders;
#[path = "cli/runs.rs"]
mod runs;
#[path = "cli/secrets.rs"]
mod secrets;
#[path = "cli/serve.rs"]
mod serve;
#[path = "cli/settings.rs"]
mod settings;
#[path = "cli/stock.rs"]
mod stock;
#[path = "cli/versions.rs"]
mod versions;
