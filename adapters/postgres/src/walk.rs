//! Along what a list is walked. The server chooses by how many orders there are of a kind; it does not know
//! that those may all stand at the far end of a list, behind a million others.

use ipass_core::ports::{OrderFilter, OrderSort, RouteName, Stored};
use ipass_core::reason::OutcomeKind;

use crate::error::unavailable;
use crate::events::clean;
use crate::open::PostgresStore;
use crate::sql::Sql;

/// So many orders are found and sorted in some ten milliseconds.
const FEW: u32 = 10_000;

/// The index of SKUs tells nothing without the rows.
const FEW_OF_SKU: u32 = 2000;

/// What a list is walked along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    /// What the server thinks best.
    List,
    /// Several stages, each in the order of the list, merged.
    Stages,
    /// Something that few orders have: they are all found, and sorted.
    Few,
}

/// Chooses the walk of a list.
pub(crate) async fn choose(store: &PostgresStore, route: Option<&RouteName>, filter: &OrderFilter) -> Stored<Walk> {
    if !filter.pos.is_empty() {
        return Ok(Walk::Few);
    }
    // By creation, each kind that can be asked for has an index of its own in that order.
    let by_creation = matches!(filter.sort, OrderSort::Newest | OrderSort::Oldest);
    let several_stages = filter.stages.len() > 1;
    let may_be_far = several_stages || !by_creation || filter.in_stage_since_before.is_some();
    if may_be_far && are_few(store, route, filter).await? {
        return Ok(Walk::Few);
    }
    Ok(if several_stages && route.is_some() { Walk::Stages } else { Walk::List })
}

/// Whether anything that is asked for is had by few orders only. One look at each, as far as it takes.
async fn are_few(store: &PostgresStore, route: Option<&RouteName>, filter: &OrderFilter) -> Stored<bool> {
    let mut looks: Vec<Sql> = Vec::new();
    let equal = [
        ("last_reason", &filter.reason),
        ("channel_status", &filter.channel_status),
        ("retailer_id", &filter.retailer_id),
        ("warehouse_code", &filter.warehouse_code),
        ("service_level", &filter.service_level),
        ("invoice_id", &filter.invoice_id),
    ];
    for (column, value) in equal {
        if let Some(value) = value {
            let mut look = Sql::new(format!("{column} = "));
            look.push_bind(clean(value));
            looks.push(look);
        }
    }
    if let Some(kind) = filter.outcome.filter(|kind| *kind != OutcomeKind::Advanced) {
        looks.push(Sql::new(format!("last_kind = '{}' AND last_kind <> 'advanced'", kind.as_str())));
    }
    if filter.held == Some(true) {
        looks.push(Sql::new("hold IS NOT NULL"));
    }
    if let (Some(route), false) = (route, filter.stages.is_empty()) {
        let numbers: Vec<String> = filter.stages.iter().map(|stage| stage.number().to_string()).collect();
        let mut look = Sql::new("route = ");
        look.push_bind(route.0.clone()).push(format!(" AND stage IN ({})", numbers.join(", ")));
        looks.push(look);
    }
    if filter.created_from.is_some() || filter.created_until.is_some() {
        let mut look = Sql::new("true");
        if let Some(route) = route {
            look.push(" AND route = ").push_bind(route.0.clone());
        }
        if let Some(from) = filter.created_from {
            look.push(" AND created_at >= ").push_bind(from);
        }
        if let Some(until) = filter.created_until {
            look.push(" AND created_at < ").push_bind(until);
        }
        looks.push(look);
    }
    if let Some(before) = filter.in_stage_since_before {
        let mut look = Sql::new("stage_entered_at < ");
        look.push_bind(before);
        looks.push(look);
    }
    let mut looks: Vec<(Sql, u32)> = looks.into_iter().map(|look| (look, FEW)).collect();
    if let Some(sku) = &filter.sku {
        let mut look = Sql::new("sku_names @> ");
        look.push_bind(vec![clean(sku)]);
        looks.push((look, FEW_OF_SKU));
    }
    if looks.is_empty() {
        return Ok(false);
    }
    let mut query = Sql::new("SELECT ");
    for (at, (look, few)) in looks.into_iter().enumerate() {
        query.push(if at == 0 { "" } else { " OR " }).push("(SELECT count(*) FROM (SELECT 1 FROM order_sync WHERE ");
        query.append(look).push(format!(" LIMIT {}) AS l) <= {few}", few + 1));
    }
    let mut query = query.bound();
    query.build_query_scalar().persistent(false).fetch_one(store.pool()).await.map_err(unavailable)
}
