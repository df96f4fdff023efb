use axum::extract::State;
use axum::http::Uri;
use chrono::Duration;
use ipass_core::order::PoNumber;
use ipass_core::ports::{ORDER_COLUMNS, OrderFilter};

use super::filter::filter;
use crate::desk::{Answer, Desk, Fault, Form, Page, Query, Say, Shared, audit, begin_export, download};
use crate::text::orders as t;

/// Characters of the numbers that the audit keeps.
const MAX_NAMES: usize = 2_000;

/// `POST /admin/orders/csv?<filters>`: the list as a file, or those of its orders that the form names (`id`).
pub(super) async fn csv(State(desk): State<Shared>, page: Page, uri: Uri, mut query: Query, form: Form) -> Answer {
    let filter = filter(&mut query, &page);
    query.check()?;
    let selected: Vec<PoNumber> = form.0.all("id").filter_map(PoNumber::new).collect();
    let (filter, what) = if selected.is_empty() {
        within_range(&desk, &page, &filter).await?;
        (filter, uri.query().unwrap_or_default().to_owned())
    } else {
        let names: Vec<&str> = selected.iter().map(PoNumber::as_str).collect();
        let names = names.join(", ").chars().take(MAX_NAMES).collect();
        (OrderFilter { pos: selected, sort: filter.sort, ..OrderFilter::default() }, names)
    };
    form.once(&desk, &uri).await?;
    let mut file = begin_export(&desk, "orders", &ORDER_COLUMNS)?;
    audit(&desk, page.who(), "export", Some(page.route_name()), "orders", &what).await?;
    desk.store.export_orders(Some(page.route_name()), &filter, &mut *file).await?;
    download(file).await
}

/// Refuses a list that spans more days of creation than one file may. A list without a start is fine as long as
/// it has no older order.
async fn within_range(desk: &Desk, page: &Page, filter: &OrderFilter) -> Result<(), Fault> {
    let until = filter.created_until.unwrap_or(page.now);
    let oldest = until - Duration::days(i64::from(desk.export_max_days));
    if !filter.pos.is_empty() || filter.created_from.is_some_and(|from| from >= oldest) {
        return Ok(());
    }
    let older = OrderFilter { created_until: Some(oldest), ..filter.clone() };
    if desk.store.count_orders(Some(page.route_name()), &older, 1).await? == 0 {
        return Ok(());
    }
    let mut query = Query::default();
    query.problem("from", Say::with(t::RANGE_TOO_LONG, [desk.export_max_days.to_string()]));
    query.check()
}
