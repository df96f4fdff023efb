//! The columns of exported lists, in the order of the ports' tables.

use ipass_core::ports::{AUDIT_COLUMNS, ORDER_COLUMNS, STOCK_COLUMNS};

/// A column, and how its values are written for people.
#[derive(Debug, Clone, Copy)]
pub enum Cell {
    /// As it is stored.
    Text(&'static str),
    /// A whole number.
    Number(&'static str),
    /// A time: RFC 3339.
    Time(&'static str),
}

impl Cell {
    /// Its name, with the table's.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Text(column) | Self::Number(column) | Self::Time(column) => column,
        }
    }
}

/// The columns as a statement lists them.
pub fn columns(cells: &[Cell]) -> String {
    cells.iter().map(|cell| cell.column()).collect::<Vec<_>>().join(", ")
}

/// The cells of [`ORDER_COLUMNS`].
pub const ORDER_CELLS: [Cell; ORDER_COLUMNS.len()] = [
    Cell::Text("o.po"),
    Cell::Text("o.route"),
    Cell::Number("o.stage"),
    Cell::Text("o.channel_order_id"),
    Cell::Time("o.created_at"),
    Cell::Time("o.updated_at"),
    Cell::Text("o.channel_status"),
    Cell::Time("o.stage_entered_at"),
    Cell::Text("o.retailer_id"),
    Cell::Text("o.warehouse_code"),
    Cell::Text("o.service_level"),
    Cell::Text("o.sku_list"),
    Cell::Time("o.ship_by"),
    Cell::Text("o.erp_order_no"),
    Cell::Text("o.tracking"),
    Cell::Text("o.invoice_id"),
    Cell::Text("o.last_kind"),
    Cell::Text("o.last_reason"),
    Cell::Text("o.last_detail"),
    Cell::Time("o.last_at"),
    Cell::Time("o.next_try_at"),
    Cell::Text("o.hold"),
];

/// The cells of [`STOCK_COLUMNS`].
pub const STOCK_CELLS: [Cell; STOCK_COLUMNS.len()] = [
    Cell::Time("s.at"),
    Cell::Text("s.route"),
    Cell::Text("s.run_id"),
    Cell::Text("s.warehouse_code"),
    Cell::Text("s.erp_warehouse_id"),
    Cell::Text("s.sku"),
    Cell::Text("s.erp_sku"),
    Cell::Number("s.erp_quantity"),
    Cell::Number("s.channel_quantity"),
    Cell::Number("s.difference"),
    Cell::Text("s.result"),
    Cell::Text("s.reason"),
    Cell::Text("s.detail"),
];

/// The cells of [`AUDIT_COLUMNS`].
pub const AUDIT_CELLS: [Cell; AUDIT_COLUMNS.len()] = [
    Cell::Time("a.at"),
    Cell::Text("a.who"),
    Cell::Text("a.what"),
    Cell::Text("a.route"),
    Cell::Text("a.subject"),
    Cell::Text("a.detail"),
];
