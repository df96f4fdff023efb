//! Along what a list is walked. Left to itself `SQLite` prefers any index on `route`, which tells nothing
//! where there is one route, and it does not know which values are rare.

use ipass_core::ports::{OrderFilter, OrderSort, RouteName, Stored};
use ipass_core::reason::OutcomeKind;
use ipass_sql_kit::{clean, unavailable};
use serde_json::Value;
use sqlx::{QueryBuilder, Row};

use crate::open::SqliteStore;
use crate::row::micros;

/// What more orders than this have is found faster by walking the list: one in a few of its rows fits.
const RARE: u32 = 2000;

/// What a list is walked along.
#[derive(Debug)]
pub(crate) enum Walk {
    /// These orders: a JSON array of ids.
    Ids(String),
    /// The orders with one SKU, by creation.
    Sku,
    /// An index.
    Index(&'static str),
}

impl Walk {
    /// The table that has creation, PO number and route along the walk.
    pub(crate) const fn table(&self) -> &'static str {
        match self {
            Self::Sku => "k",
            Self::Ids(_) | Self::Index(_) => "o",
        }
    }
}

/// Chooses the walk of a list: along the rarest thing that is asked for, else along the list itself.
pub(crate) async fn choose(
    store: &SqliteStore,
    route: Option<&RouteName>,
    filter: &OrderFilter,
    sort: OrderSort,
) -> Stored<Walk> {
    if !filter.pos.is_empty() {
        // The key of the table.
        return Ok(Walk::Index("sqlite_autoindex_order_sync_1"));
    }
    if let Some(ids) = rare_ids(store, filter).await? {
        return Ok(Walk::Ids(ids));
    }
    match rarest(store, route, filter).await? {
        Some(walk) => Ok(walk),
        None => Ok(along_the_list(route, filter, sort)),
    }
}

/// The orders that have the wanted parts of PO and tracking numbers, if trigrams can tell and they are few.
async fn rare_ids(store: &SqliteStore, filter: &OrderFilter) -> Stored<Option<String>> {
    let part = |column: &str, text: &Option<String>| {
        let text = text.as_deref().map(clean).filter(|text| text.chars().count() >= 3)?;
        Some(format!("{column} : \"{}\"", text.replace('"', "\"\"")))
    };
    let parts: Vec<String> =
        [part("po", &filter.po), part("tracking", &filter.tracking)].into_iter().flatten().collect();
    if parts.is_empty() {
        return Ok(None);
    }
    let ids: Vec<i64> = sqlx::query_scalar("SELECT rowid FROM order_text WHERE order_text MATCH ? LIMIT ?")
        .bind(parts.join(" AND "))
        .bind(RARE + 1)
        .fetch_all(store.reader())
        .await
        .map_err(unavailable)?;
    Ok((ids.len() <= RARE as usize).then(|| Value::from(ids).to_string()))
}

/// What is rare enough that its orders are read and sorted, if anything is.
async fn rarest(store: &SqliteStore, route: Option<&RouteName>, filter: &OrderFilter) -> Stored<Option<Walk>> {
    let mut walks = Vec::new();
    let mut query = QueryBuilder::new("SELECT ");
    let mut next = |query: &mut QueryBuilder<_>, walk: Walk| {
        query.push(if walks.is_empty() { "" } else { ", " }).push("(SELECT count(*) FROM (SELECT 1 FROM ");
        match &walk {
            Walk::Index(index) => query.push(format!("order_sync INDEXED BY {index} WHERE ")),
            Walk::Sku | Walk::Ids(_) => query.push("order_sku WHERE "),
        };
        walks.push(walk);
    };
    let end = |query: &mut QueryBuilder<_>| {
        query.push(format!(" LIMIT {}))", RARE + 1));
    };
    let equal = [
        ("order_sync_invoice", "invoice_id", &filter.invoice_id),
        ("order_sync_reason", "last_reason", &filter.reason),
        ("order_sync_status", "channel_status", &filter.channel_status),
        ("order_sync_retailer", "retailer_id", &filter.retailer_id),
        ("order_sync_warehouse", "warehouse_code", &filter.warehouse_code),
        ("order_sync_service", "service_level", &filter.service_level),
    ];
    for (index, column, value) in equal {
        if let Some(value) = value {
            next(&mut query, Walk::Index(index));
            query.push(format!("{column} = ")).push_bind(clean(value));
            end(&mut query);
        }
    }
    if let Some(kind) = filter.outcome.filter(|kind| *kind != OutcomeKind::Advanced) {
        next(&mut query, Walk::Index("order_sync_kind"));
        query.push(format!("last_kind = '{}' AND last_kind <> 'advanced'", kind.as_str()));
        end(&mut query);
    }
    if filter.held == Some(true) {
        next(&mut query, Walk::Index("order_sync_held"));
        query.push("hold IS NOT NULL");
        end(&mut query);
    }
    if let (Some(route), false) = (route, filter.stages.is_empty()) {
        next(&mut query, Walk::Index("order_sync_age"));
        let numbers: Vec<String> = filter.stages.iter().map(|stage| stage.number().to_string()).collect();
        query.push("route = ").push_bind(route.0.clone()).push(format!(" AND stage IN ({})", numbers.join(", ")));
        end(&mut query);
    }
    if let Some(before) = filter.in_stage_since_before {
        next(&mut query, Walk::Index("order_sync_entered"));
        query.push("stage_entered_at < ").push_bind(micros(before));
        end(&mut query);
    }
    if let Some(sku) = &filter.sku {
        next(&mut query, Walk::Sku);
        query.push("sku = ").push_bind(clean(sku));
        end(&mut query);
    }
    if walks.is_empty() {
        return Ok(None);
    }
    let row = query.build().persistent(false).fetch_one(store.reader()).await.map_err(unavailable)?;
    let mut found = None;
    let mut fewest = i64::from(RARE);
    for (at, walk) in walks.into_iter().enumerate() {
        let orders: i64 = row.try_get(at).map_err(unavailable)?;
        if orders <= fewest {
            fewest = orders;
            found = Some(walk);
        }
    }
    Ok(found)
}

/// Where nothing that is asked for is rare: an index that has the order of the list, of the one thing that
/// is asked for where there is one.
fn along_the_list(route: Option<&RouteName>, filter: &OrderFilter, sort: OrderSort) -> Walk {
    let one_stage = route.is_some() && filter.stages.len() == 1;
    match sort {
        OrderSort::Newest | OrderSort::Oldest => by_creation(route, filter, one_stage),
        OrderSort::ShipBy if one_stage => Walk::Index("order_sync_stage_ship"),
        OrderSort::ShipBy => Walk::Index("order_sync_ship"),
        OrderSort::InStage if one_stage => Walk::Index("order_sync_age"),
        OrderSort::InStage => Walk::Index("order_sync_entered"),
    }
}

fn by_creation(route: Option<&RouteName>, filter: &OrderFilter, one_stage: bool) -> Walk {
    let unusual = filter.outcome.is_some_and(|kind| kind != OutcomeKind::Advanced);
    let of_values = [
        (&filter.channel_status, "order_sync_status"),
        (&filter.retailer_id, "order_sync_retailer"),
        (&filter.warehouse_code, "order_sync_warehouse"),
        (&filter.service_level, "order_sync_service"),
    ];
    let mut asked = of_values.iter().filter(|(value, _)| value.is_some());
    Walk::Index(match (asked.next(), asked.next()) {
        _ if filter.invoice_id.is_some() => "order_sync_invoice",
        _ if filter.reason.is_some() => "order_sync_reason",
        _ if filter.held == Some(true) => "order_sync_held",
        _ if unusual => "order_sync_kind",
        _ if filter.sku.is_some() => return Walk::Sku,
        _ if one_stage => "order_sync_stage_list",
        (Some((_, index)), None) => index,
        (Some(_), Some(_)) | (None, _) => {
            if route.is_some() {
                "order_sync_list"
            } else {
                "order_sync_all"
            }
        }
    })
}
