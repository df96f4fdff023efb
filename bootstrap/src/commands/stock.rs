//! `ipass stock`.

use ipass_core::ports::{StockFilter, StockRecord, StockResult};
use ipass_core::run::stock_json;
use serde_json::{Value, json};

use super::{End, Service, print, time};
use crate::cli::{StockArgs, StockCommand, StockFilterArgs};
use crate::config::BootConfig;

pub(super) async fn stock(config: BootConfig, command: StockCommand, json: bool) -> Result<(), End> {
    let StockCommand::List(StockArgs { filter, route, cursor, limit }) = command;
    let service = Service::open(config).await?;
    let route = route.as_deref().map(|name| service.route(Some(name))).transpose()?;
    let page = service
        .store
        .search_stock(route.as_ref().map(|route| &route.name), &filter_of(filter), cursor.as_deref(), limit)
        .await
        .map_err(End::failed)?;
    if json {
        let rows: Vec<Value> = page.rows.iter().map(stock_json).collect();
        print(&json!({"stock": rows, "next": page.next}).to_string());
        return Ok(());
    }
    if page.rows.is_empty() {
        print("No record matches. `ipass run sync_stock --dry-run` compares both sides without writing.");
    }
    for row in &page.rows {
        print(&line(row));
    }
    if let Some(next) = page.next {
        eprintln!("More: --cursor '{next}'");
    }
    Ok(())
}

/// One record for a terminal.
pub(super) fn line(row: &StockRecord) -> String {
    let units = |units: Option<u32>| units.map_or_else(|| "?".to_owned(), |units| units.to_string());
    let cause = row.cause.as_ref().map_or_else(String::new, |cause| format!(" {} ({})", cause.reason, cause.detail));
    format!(
        "{}  {:<10} {:<24} ERP {:>6}  channel {:>6}  {}{cause}",
        time(row.at),
        row.warehouse_code,
        row.sku,
        units(row.erp_quantity),
        units(row.channel_quantity),
        row.result.as_str(),
    )
}

pub(super) fn filter_of(args: StockFilterArgs) -> StockFilter {
    StockFilter {
        from: args.start,
        until: args.end,
        newest_only: args.newest,
        warehouse_code: args.warehouse,
        sku: args.sku,
        result: args.result.as_deref().and_then(StockResult::parse),
        reason: args.reason,
        difference_from: args.min_difference,
        difference_to: args.max_difference,
        differs: args.differs.then_some(true),
        ..StockFilter::default()
    }
}
