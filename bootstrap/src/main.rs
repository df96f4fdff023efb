//! The binary: reads the command line, and hands over.

mod alerts;
mod cli;
mod clock;
mod commands;
mod config;
mod demo;
mod exports;
mod launch;
mod schedule;
mod serve;
mod telemetry;
mod watch;
mod wiring;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ipass: the machine gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::execute(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(end) => {
            if let Some(message) = &end.message {
                eprintln!("ipass: {message}");
            }
            ExitCode::from(end.code)
        }
    }
}
