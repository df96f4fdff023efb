/// Takes the rows of an export, one at a time.
pub trait RowSink: Send {
    /// One row; times are RFC 3339 in UTC with `Z`, absent values `None`. `false` ends the export: the
    /// sink cannot go on, and knows why.
    fn row(&mut self, cells: &[Option<&str>]) -> bool;
}

/// A column of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportColumn {
    /// Its name in the head line.
    pub name: &'static str,
    /// Text that came from outside; numbers, times and our own codes are not.
    pub foreign: bool,
}

const fn own(name: &'static str) -> ExportColumn {
    ExportColumn { name, foreign: false }
}

const fn foreign(name: &'static str) -> ExportColumn {
    ExportColumn { name, foreign: true }
}

/// The columns of an export of orders.
pub const ORDER_COLUMNS: [ExportColumn; 22] = [
    foreign("po_number"),
    own("route"),
    own("status"),
    foreign("channel_order_id"),
    own("created_at"),
    own("updated_at"),
    foreign("channel_status"),
    own("status_since"),
    foreign("retailer_id"),
    foreign("warehouse_code"),
    foreign("shipment"),
    foreign("skus"),
    own("ship_by"),
    foreign("erp_order_no"),
    foreign("tracking_no"),
    foreign("invoice_id"),
    own("outcome"),
    own("reason"),
    foreign("detail"),
    own("outcome_at"),
    own("next_try_at"),
    foreign("hold"),
];

/// The columns of an export of stock records.
pub const STOCK_COLUMNS: [ExportColumn; 13] = [
    own("at"),
    own("route"),
    own("run_id"),
    foreign("warehouse_code"),
    own("erp_warehouse_id"),
    foreign("sku"),
    foreign("erp_sku"),
    own("erp_quantity"),
    own("channel_quantity"),
    own("difference"),
    own("result"),
    own("reason"),
    foreign("detail"),
];

/// The columns of an export of acts.
pub const AUDIT_COLUMNS: [ExportColumn; 6] =
    [own("at"), foreign("who"), own("what"), own("route"), foreign("subject"), foreign("detail")];
