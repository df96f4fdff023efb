//! Stores, warehouses and ways to ship: what a mapping can name.

use ipass_core::erp::{MasterKind, MasterRecord};
use ipass_core::ports::PortError;

use super::LingxingErp;
use crate::convert::{logistics_type, store, warehouse};
use crate::dto::{
    LogisticsParam, LogisticsRequest, LogisticsRow, StoreRequest, StoreRow, WarehouseRequest, WarehouseRow,
};
use crate::paging::all_rows;

/// Rows of a page of stores (documented maximum).
const STORES: usize = 200;

/// Rows of a page of warehouses (documented maximum).
const WAREHOUSES: usize = 1_000;

/// Rows of a page of logistics types; no limit is documented.
const LOGISTICS: usize = 100;

/// Local and overseas warehouses. The vendor's other types are Amazon's own.
const WAREHOUSE_TYPES: [i64; 2] = [1, 3];

/// Every type of provider that the vendor knows.
const PROVIDER_TYPES: [i64; 4] = [0, 1, OVERSEAS, 4];

/// The provider type whose logistics types belong to one warehouse each.
const OVERSEAS: i64 = 2;

/// All records of the kind, those out of use as well.
pub(super) async fn all(erp: &LingxingErp, kind: MasterKind) -> Result<Vec<MasterRecord>, PortError> {
    match kind {
        MasterKind::Store => stores(erp).await,
        MasterKind::Warehouse => warehouses(erp).await,
        MasterKind::LogisticsType => logistics_types(erp).await,
    }
}

async fn stores(erp: &LingxingErp) -> Result<Vec<MasterRecord>, PortError> {
    let endpoint = &erp.client.endpoints().stores;
    let fetch = |index: usize| async move {
        erp.client.page(endpoint, &StoreRequest { offset: index * STORES, length: STORES }).await
    };
    let key = |row: &Option<StoreRow>| row.as_ref().and_then(|row| row.store_id.clone());
    let rows = all_rows(endpoint.kind.name, STORES, fetch, key).await?;
    Ok(rows.into_iter().flatten().filter_map(store).collect())
}

async fn warehouses(erp: &LingxingErp) -> Result<Vec<MasterRecord>, PortError> {
    let endpoint = &erp.client.endpoints().warehouses;
    let mut records = Vec::new();
    for kind in WAREHOUSE_TYPES {
        let fetch = |index: usize| async move {
            let request = WarehouseRequest { kind, is_delete: "0,1", offset: index * WAREHOUSES, length: WAREHOUSES };
            erp.client.page(endpoint, &request).await
        };
        let key = |row: &Option<WarehouseRow>| row.as_ref().and_then(|row| row.wid.clone());
        let rows = all_rows(endpoint.kind.name, WAREHOUSES, fetch, key).await?;
        records.extend(rows.into_iter().flatten().filter_map(warehouse));
    }
    Ok(records)
}

async fn logistics_types(erp: &LingxingErp) -> Result<Vec<MasterRecord>, PortError> {
    let endpoint = &erp.client.endpoints().logistics;
    let mut records = Vec::new();
    for provider_type in PROVIDER_TYPES {
        let fetch = |index: usize| async move {
            let param = LogisticsParam { provider_type, page: index + 1, length: LOGISTICS };
            erp.client.page(endpoint, &LogisticsRequest { param }).await
        };
        let key = |row: &Option<LogisticsRow>| {
            let row = row.as_ref()?;
            Some(format!("{:?}", (row.type_id.as_ref()?, &row.wid)))
        };
        let rows = all_rows(endpoint.kind.name, LOGISTICS, fetch, key).await?;
        let bound = provider_type == OVERSEAS;
        records.extend(rows.into_iter().flatten().filter_map(|row| logistics_type(row, bound)));
    }
    Ok(records)
}
