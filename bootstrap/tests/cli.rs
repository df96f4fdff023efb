//! The real binary from the outside: commands, configuration, exit codes, what is printed, the service.

#[path = "common/harness.rs"]
mod common;

#[path = "cli/commands.rs"]
mod commands;
#[path = "cli/config.rs"]
mod config;
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
