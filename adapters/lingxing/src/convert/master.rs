//! Master data in the core's words. A row without an id cannot be named by a mapping and is `None`.

use ipass_core::erp::MasterRecord;

use crate::dto::{LogisticsRow, StoreRow, WarehouseRow};

/// A store is in use unless it is switched off.
pub(crate) fn store(row: StoreRow) -> Option<MasterRecord> {
    record(row.store_id, row.store_name, row.is_sync != Some(false))
}

/// A warehouse is in use unless it was deleted.
pub(crate) fn warehouse(row: WarehouseRow) -> Option<MasterRecord> {
    record(row.wid, row.name, row.is_delete != Some(true))
}

/// A way to ship is in use unless it or its provider is switched off. `bound` tells that types of
/// its kind belong to one warehouse.
pub(crate) fn logistics_type(row: LogisticsRow, bound: bool) -> Option<MasterRecord> {
    let name = match (row.name, row.logistics_provider_name) {
        (Some(name), Some(provider)) => Some(format!("{name} ({provider})")),
        (name, provider) => name.or(provider),
    };
    let active = row.is_used != Some(false) && row.provider_is_used != Some(false);
    let warehouse_id = row.wid.filter(|wid| bound && wid != "0");
    Some(MasterRecord { warehouse_id, ..record(row.type_id, name, active)? })
}

fn record(id: Option<String>, name: Option<String>, active: bool) -> Option<MasterRecord> {
    let id = id?;
    Some(MasterRecord { name: name.unwrap_or_else(|| id.clone()), id, active, warehouse_id: None })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::dto::Envelope;
    use crate::testing::fixture;

    fn rows<T: for<'de> Deserialize<'de>>(name: &str) -> Vec<T> {
        let envelope: Envelope = serde_json::from_slice(&fixture(name).body).unwrap();
        envelope.page().unwrap().rows.into_iter().map(Option::unwrap).collect()
    }

    fn short(records: Vec<MasterRecord>) -> Vec<(String, String, bool)> {
        records.into_iter().map(|record| (record.id, record.name, record.active)).collect()
    }

    fn line(id: &str, name: &str, active: bool) -> (String, String, bool) {
        (id.to_owned(), name.to_owned(), active)
    }

    #[test]
    fn stores_are_judged_by_their_switch_and_not_by_their_authorisation() {
        let stores = short(rows("store_list.json").into_iter().filter_map(store).collect());
        assert_eq!(
            stores,
            [
                line("110999000000010001", "DSCO Demo Store", true),
                line("110999000000010002", "Walmart Demo", true),
                line("110999000000010003", "Amazon Demo-US", false),
            ]
        );
    }

    #[test]
    fn deleted_warehouses_are_listed_as_out_of_use() {
        let warehouses = short(rows("warehouse_list.json").into_iter().filter_map(warehouse).collect());
        assert_eq!(warehouses, [line("5001", "Demo Local WH", true), line("5003", "Demo Old WH", false)]);
    }

    #[test]
    fn a_way_to_ship_from_overseas_belongs_to_its_warehouse() {
        let types: Vec<_> = rows("logistics_types.json").into_iter().filter_map(|r| logistics_type(r, true)).collect();
        assert!(types.iter().all(|record| record.warehouse_id.as_deref() == Some("5002")));
        assert_eq!(
            short(types),
            [
                line("209000000000000101", "Demo Ground (Demo 3PL)", true),
                line("209000000000000102", "Demo Express (Demo 3PL)", false),
            ]
        );
        let types = rows("logistics_types.json").into_iter().filter_map(|row| logistics_type(row, false));
        assert!(types.into_iter().all(|record| record.warehouse_id.is_none()));
    }

    #[test]
    fn a_record_without_name_is_called_by_its_id_and_one_without_id_is_none() {
        let row = |json| store(serde_json::from_str(json).unwrap());
        assert_eq!(row(r#"{"store_id":7}"#).unwrap().name, "7");
        assert!(row(r#"{"store_name":"x"}"#).is_none());
    }
}
