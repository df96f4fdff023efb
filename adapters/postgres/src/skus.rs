//! Names of items, from each to its orders. The rows are kept by triggers of the orders.

use ipass_core::ports::OrderFilter;
use ipass_sql_kit::clean;

use crate::sql::Sql;

/// Longer names, in bytes, have no row: no index takes them. They are looked for in the orders.
const LONGEST: usize = 1000;

/// Whether a name has its orders in the table.
pub(crate) fn is_kept(sku: &str) -> bool {
    clean(sku).len() <= LONGEST
}

/// Adds the names of items as `k`, with the orders as `o`, and the begin of the conditions.
pub(crate) fn push_table(query: &mut Sql, filter: &OrderFilter) {
    push_joined(query, filter, "JOIN order_sync AS o ON o.id = k.order_id");
}

/// The same with the orders found by their place in the list: what is asked of them is in an index that has it. Where
/// nothing is asked of them, the server leaves them away.
pub(crate) fn push_places(query: &mut Sql, filter: &OrderFilter) {
    push_joined(
        query,
        filter,
        "LEFT JOIN order_sync AS o ON o.route = k.route AND o.created_at = k.created_at AND o.po = k.po",
    );
}

/// Adds the orders with the name as `o`, found one after the other as they were stored, and the begin of the conditions.
pub(crate) fn push_orders(query: &mut Sql, filter: &OrderFilter) {
    query.push(" FROM order_sync AS o WHERE o.id = ANY(ARRAY(SELECT k.order_id FROM order_sku AS k WHERE k.sku = ");
    query.push_bind(filter.sku.as_deref().map(clean).unwrap_or_default()).push("))");
}

fn push_joined(query: &mut Sql, filter: &OrderFilter, join: &str) {
    query.push(format!(" FROM order_sku AS k {join} WHERE k.sku = "));
    query.push_bind(filter.sku.as_deref().map(clean).unwrap_or_default());
}
