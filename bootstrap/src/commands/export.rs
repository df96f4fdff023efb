//! `ipass export`.

use ipass_core::ports::{ORDER_COLUMNS, STOCK_COLUMNS};
use ipass_files::CsvFile;
use serde_json::json;

use super::{End, Service, orders, print, stock};
use crate::cli::{ExportCommand, ExportTo};
use crate::config::BootConfig;

pub(super) async fn export(config: BootConfig, command: ExportCommand, json: bool) -> Result<(), End> {
    let service = Service::open(config).await?;
    let (to, rows) = match command {
        ExportCommand::Orders { filter, route, to } => {
            let route = route.as_deref().map(|name| service.route(Some(name))).transpose()?;
            let mut file = create(&to, &ORDER_COLUMNS)?;
            let route = route.as_ref().map(|route| &route.name);
            let exported = service.store.export_orders(route, &orders::filter_of(filter), &mut file).await;
            exported.map_err(End::failed)?;
            (to, file.finish().map_err(End::failed)?)
        }
        ExportCommand::Stock { filter, route, to } => {
            let route = route.as_deref().map(|name| service.route(Some(name))).transpose()?;
            let mut file = create(&to, &STOCK_COLUMNS)?;
            let route = route.as_ref().map(|route| &route.name);
            let exported = service.store.export_stock(route, &stock::filter_of(filter), &mut file).await;
            exported.map_err(End::failed)?;
            (to, file.finish().map_err(End::failed)?)
        }
    };
    print(&if json {
        json!({"result": "done", "rows": rows, "file": to.out}).to_string()
    } else {
        format!("{rows} rows in {}", to.out.display())
    });
    Ok(())
}

fn create(to: &ExportTo, columns: &[ipass_core::ports::ExportColumn]) -> Result<CsvFile, End> {
    let file = if to.force { CsvFile::replacing(&to.out, columns) } else { CsvFile::at(&to.out, columns) };
    file.map_err(End::usage)
}
