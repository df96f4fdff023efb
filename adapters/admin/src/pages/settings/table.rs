//! The mapping tables.

use std::collections::BTreeMap;

use ipass_core::erp::MasterKind;
use ipass_core::ports::OrderFilter;
use ipass_core::reason::Reason;
use ipass_core::settings::{Mapping, Settings};
use ipass_core::stage::Stage;

use crate::text::{Text, settings as t};

/// A table of `mapping`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Table {
    Shop,
    Warehouse,
    Shipment,
    Sku,
}

impl Table {
    /// All, in the order in which a push needs them.
    pub(crate) const ALL: [Self; 4] = [Self::Shop, Self::Warehouse, Self::Shipment, Self::Sku];

    /// Its key in `mapping`.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Warehouse => "warehouse",
            Self::Shipment => "shipment",
            Self::Sku => "sku",
        }
    }

    pub(crate) fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.key() == key)
    }

    pub(crate) const fn title(self) -> Text {
        match self {
            Self::Shop => t::TABLE_SHOP,
            Self::Warehouse => t::TABLE_WAREHOUSE,
            Self::Shipment => t::TABLE_SHIPMENT,
            Self::Sku => t::TABLE_SKU,
        }
    }

    /// What stands on the left, and on the right.
    pub(crate) const fn sides(self) -> (Text, Text) {
        match self {
            Self::Shop => (t::RETAILER, t::ERP_STORE),
            Self::Warehouse => (t::WAREHOUSE_CODE, t::ERP_WAREHOUSE),
            Self::Shipment => (t::WAREHOUSE_LEVEL, t::ERP_LOGISTICS),
            Self::Sku => (t::CHANNEL_SKU, t::ERP_SKU),
        }
    }

    /// The reason of orders for which an entry is missing, with the key as its detail (for SKUs the value).
    pub(crate) const fn reason(self) -> Reason {
        match self {
            Self::Shop => Reason::MissingShopMapping,
            Self::Warehouse => Reason::MissingWarehouseMapping,
            Self::Shipment => Reason::MissingShipmentMapping,
            Self::Sku => Reason::UnknownErpSku,
        }
    }

    pub(crate) fn of_reason(reason: Reason) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.reason() == reason)
    }

    /// What the ERP offers for its right side; `None` where it lists nothing.
    pub(crate) const fn offers(self) -> Option<MasterKind> {
        match self {
            Self::Shop => Some(MasterKind::Store),
            Self::Warehouse => Some(MasterKind::Warehouse),
            Self::Shipment => Some(MasterKind::LogisticsType),
            Self::Sku => None,
        }
    }

    pub(crate) const fn entries(self, mapping: &Mapping) -> &BTreeMap<String, String> {
        match self {
            Self::Shop => &mapping.shop,
            Self::Warehouse => &mapping.warehouse,
            Self::Shipment => &mapping.shipment,
            Self::Sku => &mapping.sku,
        }
    }

    /// Orders awaiting their push that an entry decides about; `None` where a list cannot tell them.
    pub(super) fn waiting(self, key: &str, settings: &Settings) -> Option<OrderFilter> {
        let mut filter = OrderFilter { stages: vec![Stage::AwaitingPush], ..OrderFilter::default() };
        match self {
            Self::Shop => filter.retailer_id = Some(key.to_owned()),
            Self::Warehouse => filter.warehouse_code = Some(key.to_owned()),
            Self::Shipment => {
                let code = warehouse_of(key, &settings.mapping)?;
                filter.service_level = key.get(code.len() + 1..).map(str::to_owned);
                filter.warehouse_code = Some(code.to_owned());
            }
            Self::Sku => return None,
        }
        Some(filter)
    }
}

/// The mapped warehouse code with which a key of `mapping.shipment` (`<warehouse code>-<service level>`)
/// begins; the longest, because codes may hold the dash themselves.
pub(crate) fn warehouse_of<'a>(key: &str, mapping: &'a Mapping) -> Option<&'a str> {
    let begins = |code: &&String| key.strip_prefix(code.as_str()).is_some_and(|rest| rest.starts_with('-'));
    mapping.warehouse.keys().filter(begins).max_by_key(|code| code.len()).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_warehouse_code_owns_a_shipment_key() {
        let mut settings = Settings::default();
        for code in ["WH", "WH-CA", "W"] {
            settings.mapping.warehouse.insert(code.to_owned(), "1".to_owned());
        }
        assert_eq!(warehouse_of("WH-CA-FEHD", &settings.mapping), Some("WH-CA"));
        assert_eq!(warehouse_of("WH-CAX-FEHD", &settings.mapping), Some("WH"));
        assert_eq!(warehouse_of("X-FEHD", &settings.mapping), None);
        let filter = Table::Shipment.waiting("WH-CA-FEHD", &settings).unwrap();
        assert_eq!((filter.warehouse_code.as_deref(), filter.service_level.as_deref()), (Some("WH-CA"), Some("FEHD")));
    }

    #[test]
    fn every_table_has_its_own_key_and_reason() {
        for table in Table::ALL {
            assert_eq!(Table::of_key(table.key()), Some(table));
            assert_eq!(Table::of_reason(table.reason()), Some(table));
        }
    }
}
