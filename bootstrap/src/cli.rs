//! The command line.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};

/// Keeps sales channels and ERPs in step: orders, acknowledgements, shipments, invoices.
#[derive(Debug, Parser)]
#[command(name = "ipass", version, about, propagate_version = true)]
pub(crate) struct Cli {
    /// Configuration file; without it `ipass.toml` if there is one, and the environment.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print one JSON document on stdout and nothing else there.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show it working: simulated vendors and the service, no account, no configuration.
    Demo(DemoArgs),
    /// Run the service: migrate, schedule, answer HTTP.
    Serve,
    /// Run one job once, by hand: also a disabled one, ignoring next-try times.
    Run(RunArgs),
    /// Orders: list, show, why, causes, set-status, retry, hold, release, cancel-in-erp.
    #[command(subcommand)]
    Orders(OrdersCommand),
    /// What stock runs saw and did.
    #[command(subcommand)]
    Stock(StockCommand),
    /// Write a list to a CSV file.
    #[command(subcommand)]
    Export(ExportCommand),
    /// Compare orders with both sides; nothing is changed unless `--repair` says so.
    Check(CheckArgs),
    /// Run-time settings of a route: show, import, export, history, rollback.
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Try everything that the service needs, one line each, with the remedy.
    Doctor,
    /// The boot configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Bring the store's schema up to date.
    Migrate,
    /// Only the simulated vendors, for trying clients.
    Sandbox(SandboxArgs),
    /// Make the hash of an admin password, read from stdin, for `admin.password_hash`.
    HashPassword,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Drive all orders to their end, print a table and leave; exit code 0 only if every order ended
    /// where it should.
    #[arg(long)]
    pub(crate) once: bool,
    /// How many orders.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) orders: u32,
    /// Seed of the simulated world.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Port of the service; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// Folder for the demo's database; a temporary one otherwise.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// `pull_orders`, `push_orders`, `ack_orders`, `ship_orders`, `invoice_orders`, `sync_stock`,
    /// `pull_sku_pairs`, `check_orders`, `cleanup_exports`, or an alias of the route.
    pub(crate) job: String,
    /// The route; needed when several are configured.
    #[arg(long)]
    pub(crate) route: Option<String>,
    /// Only this purchase order.
    #[arg(long)]
    pub(crate) po: Option<String>,
    /// Start of a range of creation times, RFC 3339, inclusive; for `pull_orders` and `check_orders`.
    #[arg(long, requires = "end")]
    pub(crate) start: Option<DateTime<Utc>>,
    /// End of the range, RFC 3339, exclusive.
    #[arg(long, requires = "start")]
    pub(crate) end: Option<DateTime<Utc>>,
    /// At most so many orders, instead of the setting.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) size: Option<u32>,
    /// Show what would be sent; send and store nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrdersCommand {
    /// Orders, newest first.
    List(Box<ListArgs>),
    /// One order with its history.
    Show(OneOrder),
    /// Why an order does not move: the cause, since when, next try, who acts.
    Why(OneOrder),
    /// Orders of the channel that could not be read, and why; their raw text is kept.
    Unreadable(RouteArg),
    /// Move an order by hand; evidence stays.
    SetStatus(SetStatusArgs),
    /// Make orders due now.
    Retry(RetryArgs),
    /// Unfinished orders grouped by why they stay, with the remedy.
    Causes(RouteArg),
    /// Keep the schedule from working on an order.
    Hold {
        /// The PO number.
        po: String,
        /// Why; shown with the order.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Let the schedule work on an order again.
    Release {
        /// The PO number.
        po: String,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Let the service cancel an order in the ERP that the channel has cancelled.
    CancelInErp {
        /// The PO number.
        po: String,
        #[command(flatten)]
        by: ByArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ByArgs {
    /// Who; kept in the order's history.
    #[arg(long, default_value = "cli")]
    pub(crate) by: String,
    #[arg(long)]
    pub(crate) route: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[arg(long)]
    pub(crate) route: Option<String>,
    #[command(flatten)]
    pub(crate) filter: OrderFilterArgs,
    /// Where the next page starts, as the page before printed it.
    #[arg(long)]
    pub(crate) cursor: Option<String>,
    /// Orders a page.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct OrderFilterArgs {
    /// Part of the PO number.
    #[arg(long)]
    pub(crate) po: Option<String>,
    /// Stages 1 to 6; may be repeated.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=6))]
    pub(crate) status: Vec<u8>,
    /// Reason code, for example `missing_shop_mapping`.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Last outcome: advanced, waiting, blocked, failed.
    #[arg(long, value_parser = ["advanced", "waiting", "blocked", "failed"])]
    pub(crate) outcome: Option<String>,
    /// A SKU of the order, whole.
    #[arg(long)]
    pub(crate) sku: Option<String>,
    /// Part of a tracking number.
    #[arg(long)]
    pub(crate) tracking: Option<String>,
    /// Number of the invoice.
    #[arg(long)]
    pub(crate) invoice: Option<String>,
    /// Warehouse code.
    #[arg(long)]
    pub(crate) warehouse: Option<String>,
    /// Retailer account.
    #[arg(long)]
    pub(crate) retailer: Option<String>,
    /// Created at the channel not before, RFC 3339.
    #[arg(long)]
    pub(crate) start: Option<DateTime<Utc>>,
    /// Created at the channel before, RFC 3339.
    #[arg(long)]
    pub(crate) end: Option<DateTime<Utc>>,
    /// The channel's status.
    #[arg(long)]
    pub(crate) channel_status: Option<String>,
    /// Service level code.
    #[arg(long)]
    pub(crate) shipment: Option<String>,
    /// Only those on hold.
    #[arg(long)]
    pub(crate) held: bool,
    /// The order of the list: `newest` and `oldest` creation, next `ship_by`, longest `in_stage`.
    #[arg(long, value_parser = ["newest", "oldest", "ship_by", "in_stage"])]
    pub(crate) sort: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StockCommand {
    /// Records of stock runs, newest first: one for each item and warehouse.
    List(StockArgs),
}

#[derive(Debug, Args)]
pub(crate) struct StockArgs {
    #[arg(long)]
    pub(crate) route: Option<String>,
    #[command(flatten)]
    pub(crate) filter: StockFilterArgs,
    /// Where the next page starts, as the page before printed it.
    #[arg(long)]
    pub(crate) cursor: Option<String>,
    /// Records a page.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct StockFilterArgs {
    /// Recorded not before, RFC 3339.
    #[arg(long)]
    pub(crate) start: Option<DateTime<Utc>>,
    /// Recorded before, RFC 3339.
    #[arg(long)]
    pub(crate) end: Option<DateTime<Utc>>,
    /// Only the newest record of each item and warehouse; it is chosen before the other filters.
    #[arg(long)]
    pub(crate) newest: bool,
    /// The channel's warehouse code.
    #[arg(long)]
    pub(crate) warehouse: Option<String>,
    /// Part of a SKU, the channel's or the ERP's.
    #[arg(long)]
    pub(crate) sku: Option<String>,
    /// How it ended.
    #[arg(long, value_parser = ["equal", "different", "written", "unconfirmed", "skipped", "failed"])]
    pub(crate) result: Option<String>,
    /// Reason code, for example `item_not_in_channel`.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Difference, ERP minus channel, at least.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) min_difference: Option<i64>,
    /// Difference, ERP minus channel, at most.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) max_difference: Option<i64>,
    /// Only where both sides differ.
    #[arg(long)]
    pub(crate) differs: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// Orders, newest first; the same filters as `orders list`.
    Orders {
        #[command(flatten)]
        filter: OrderFilterArgs,
        #[arg(long)]
        route: Option<String>,
        #[command(flatten)]
        to: ExportTo,
    },
    /// Stock records, newest first; the same filters as `stock list`.
    Stock {
        #[command(flatten)]
        filter: StockFilterArgs,
        #[arg(long)]
        route: Option<String>,
        #[command(flatten)]
        to: ExportTo,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ExportTo {
    /// The CSV file.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace the file if it is there.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = true, args = ["po", "start"])]
pub(crate) struct CheckArgs {
    #[arg(long)]
    pub(crate) route: Option<String>,
    /// Only this purchase order.
    #[arg(long, conflicts_with = "start")]
    pub(crate) po: Option<String>,
    /// Start of a range of creation times, RFC 3339, inclusive.
    #[arg(long, requires = "end")]
    pub(crate) start: Option<DateTime<Utc>>,
    /// End of the range, RFC 3339, exclusive.
    #[arg(long, requires = "start")]
    pub(crate) end: Option<DateTime<Utc>>,
    /// Do what the check proposes: pull orders that are missing, set stages back.
    #[arg(long)]
    pub(crate) repair: bool,
    /// Who repairs; kept in the orders' history.
    #[arg(long, default_value = "cli")]
    pub(crate) by: String,
}

#[derive(Debug, Args)]
pub(crate) struct OneOrder {
    /// The PO number.
    pub(crate) po: String,
    #[arg(long)]
    pub(crate) route: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SetStatusArgs {
    /// The PO number.
    pub(crate) po: String,
    /// The new stage, 1 to 6.
    #[arg(value_parser = clap::value_parser!(u8).range(1..=6))]
    pub(crate) status: u8,
    /// Why; kept in the order's history.
    #[arg(long)]
    pub(crate) reason: String,
    /// Who; kept in the order's history.
    #[arg(long, default_value = "cli")]
    pub(crate) by: String,
    #[arg(long)]
    pub(crate) route: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RetryArgs {
    /// Only this PO number; otherwise `--all`.
    #[arg(required_unless_present = "all")]
    pub(crate) po: Option<String>,
    /// Every unfinished order of the route.
    #[arg(long, conflicts_with = "po")]
    pub(crate) all: bool,
    #[arg(long)]
    pub(crate) route: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// The live settings.
    Show(RouteArg),
    /// Validate a file and make it live; every problem is printed, and with one nothing changes.
    Import {
        /// The JSON file; `-` reads stdin.
        file: PathBuf,
        #[arg(long)]
        route: Option<String>,
        /// Who saves it.
        #[arg(long, default_value = "cli")]
        by: String,
    },
    /// The live document, exactly as it was saved.
    Export(RouteArg),
    /// Versions, newest first.
    History {
        #[arg(long)]
        route: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Make an earlier version live again, as a new version.
    Rollback {
        /// Number of the version.
        #[arg(id = "number", value_name = "VERSION")]
        version: i64,
        #[arg(long)]
        route: Option<String>,
        /// Who saves it.
        #[arg(long, default_value = "cli")]
        by: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RouteArg {
    #[arg(long)]
    pub(crate) route: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read everything that a start would read, and say what is wrong.
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct SandboxArgs {
    /// Port; 0 takes a free one.
    #[arg(long, default_value_t = 8090)]
    pub(crate) port: u16,
    /// How many orders.
    #[arg(long, default_value_t = 200)]
    pub(crate) orders: u32,
    /// Seed of the simulated world.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}
