//! Along what a list is walked. The server chooses by how many orders there are of a kind; it does not know
//! that those may all stand at the far end of a list, behind a million others.

use ipass_core::ports::{OrderFilter, OrderSort, RouteName, Stored};
use ipass_core::reason::OutcomeKind;

use crate::error::unavailable;
use crate::events::clean;
use crate::open::PostgresStore;
use crate::skus;
use crate::sorting::Of;
use crate::sql::Sql;

/// So many orders are found and sorted in some ten milliseconds.
const FEW: u32 = 10_000;

/// The orders of one SKU stand far from each other.
const FEW_OF_SKU: u32 = 3000;

/// What a list is walked along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    /// What the server thinks best.
    List,
    /// Several stages, each in the order of the list, merged.
    Stages,
    /// The orders with one SKU, by creation.
    Sku,
    /// Something that few orders have: they are all found, and sorted.
    Few,
    /// A SKU that few orders have: the same.
    FewOfSku,
}

impl Walk {
    /// What has the order of the list along the walk.
    pub(crate) const fn of(self) -> Of {
        match self {
            Self::List | Self::Stages | Self::Few => Of::Table,
            Self::Sku | Self::FewOfSku => Of::Skus,
        }
    }

    /// Orders are found, and then sorted.
    pub(crate) const fn is_few(self) -> bool {
        matches!(self, Self::Few | Self::FewOfSku)
    }
}

/// What few orders have.
enum Rare {
    Nothing,
    Sku,
    Other,
}

/// Chooses the walk of a list.
pub(crate) async fn choose(store: &PostgresStore, route: Option<&RouteName>, filter: &OrderFilter) -> Stored<Walk> {
    if !filter.pos.is_empty() {
        return Ok(Walk::Few);
    }
    // By creation, each kind that can be asked for has an index of its own in that order; and so has each stage in
    // every order.
    let by_creation = matches!(filter.sort, OrderSort::Newest | OrderSort::Oldest);
    let several_stages = filter.stages.len() > 1;
    let stages_only = route.is_some() && asks_only(filter, |rest| rest.stages.clear());
    let sku = filter.sku.as_ref().filter(|sku| skus::is_kept(sku));
    let may_be_far = several_stages || !by_creation || filter.in_stage_since_before.is_some() || filter.sku.is_some();
    if may_be_far && !stages_only {
        match rare(store, route, filter, sku).await? {
            Rare::Sku if by_creation => return Ok(Walk::Sku),
            Rare::Sku => return Ok(Walk::FewOfSku),
            Rare::Other => return Ok(Walk::Few),
            Rare::Nothing => {}
        }
    }
    // One in a few orders of the list has a SKU that many have; whoever asks for more finds it there sooner than
    // among the orders of the SKU.
    let sku_only = || {
        asks_only(filter, |rest| {
            rest.sku = None;
            (rest.created_from, rest.created_until) = (None, None);
        })
    };
    Ok(if several_stages && route.is_some() {
        Walk::Stages
    } else if sku.is_some() && by_creation && sku_only() {
        Walk::Sku
    } else {
        Walk::List
    })
}

/// Whether nothing is asked for but what is taken away.
fn asks_only(filter: &OrderFilter, take: impl Fn(&mut OrderFilter)) -> bool {
    let mut rest = OrderFilter { sort: OrderSort::default(), ..filter.clone() };
    take(&mut rest);
    rest == OrderFilter::default()
}

/// What is asked for and had by few orders only. One look at each, as far as it takes.
async fn rare(
    store: &PostgresStore,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    sku: Option<&String>,
) -> Stored<Rare> {
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
    if looks.is_empty() && sku.is_none() {
        return Ok(Rare::Nothing);
    }
    let mut query = Sql::new("SELECT CASE");
    let mut push_look = |table: &str, look: Sql, few: u32, answer: u8| {
        query.push(format!(" WHEN (SELECT count(*) FROM (SELECT 1 FROM {table} WHERE ")).append(look);
        query.push(format!(" LIMIT {}) AS l) <= {few} THEN {answer}", few + 1));
    };
    if let Some(sku) = sku {
        let mut look = Sql::new("sku = ");
        look.push_bind(clean(sku));
        push_look("order_sku", look, FEW_OF_SKU, 1);
    }
    for look in looks {
        push_look("order_sync", look, FEW, 2);
    }
    query.push(" ELSE 0 END");
    let mut query = query.bound();
    let found: i32 = query.build_query_scalar().persistent(false).fetch_one(store.pool()).await.map_err(unavailable)?;
    Ok(match found {
        1 => Rare::Sku,
        2 => Rare::Other,
        _ => Rare::Nothing,
    })
}
