//! Along what a list is walked. The server chooses by how many orders there are of a kind; it does not know
//! that those may all stand at the far end of a list, behind a million others.

use std::time::Instant;

use ipass_core::ports::{OrderFilter, OrderSort, RouteName, Stored};
use ipass_core::reason::OutcomeKind;
use ipass_sql_kit::{clean, unavailable};

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
            Self::Sku => Of::Skus,
            Self::FewOfSku => Of::SkuOrders,
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
    // The time moves with each question, what it says of orders does not.
    let looks = looks.into_iter().map(|look| (look.name(), look));
    let mut looks: Vec<Look> = looks.map(|(name, sql)| Look { table: "order_sync", few: FEW, name, sql }).collect();
    if let Some(before) = filter.in_stage_since_before {
        let mut sql = Sql::new("stage_entered_at < ");
        sql.push_bind(before);
        let name = format!("in_stage_before:{}", before.timestamp().div_euclid(3600));
        looks.push(Look { table: "order_sync", few: FEW, name, sql });
    }
    if let Some(sku) = sku {
        let mut sql = Sql::new("sku = ");
        sql.push_bind(clean(sku));
        looks.insert(0, Look { table: "order_sku", few: FEW_OF_SKU, name: sql.name(), sql });
    }
    let first = first_few(store, looks).await?;
    Ok(match first {
        Some("order_sku") => Rare::Sku,
        Some(_) => Rare::Other,
        None => Rare::Nothing,
    })
}

/// A question whether few have something.
struct Look {
    table: &'static str,
    few: u32,
    /// What it is kept by.
    name: String,
    sql: Sql,
}

/// The table of the first look that finds few. What was seen lately is not looked at again, and the others with one
/// statement, as far as it takes.
async fn first_few(store: &PostgresStore, looks: Vec<Look>) -> Stored<Option<&'static str>> {
    let (choices, now) = (store.choices(), Instant::now());
    let (mut query, mut asked) = (Sql::new("SELECT CASE"), Vec::new());
    let mut known = None;
    for Look { table, few, name, sql } in looks {
        match choices.few(&name, now) {
            Some(true) => {
                known = Some(table);
                break;
            }
            Some(false) => {}
            None => {
                query.push(format!(" WHEN (SELECT count(*) FROM (SELECT 1 FROM {table} WHERE ")).append(sql);
                query.push(format!(" LIMIT {}) AS l) <= {few} THEN {}", few + 1, asked.len()));
                asked.push((table, name));
            }
        }
    }
    if asked.is_empty() {
        return Ok(known);
    }
    query.push(" ELSE -1 END");
    let mut query = query.bound();
    let found: i32 = query.build_query_scalar().persistent(false).fetch_one(store.pool()).await.map_err(unavailable)?;
    let found = usize::try_from(found).ok();
    let mut first = known;
    for (at, (table, name)) in asked.into_iter().enumerate() {
        choices.keep(name, found == Some(at), now);
        if found == Some(at) {
            // Those after it were not looked at.
            first = Some(table);
            break;
        }
    }
    Ok(first)
}
