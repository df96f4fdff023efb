//! From a PO number to its order, from every page.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use ipass_core::order::PoNumber;

use super::order::order_path;
use crate::desk::links::encode;
use crate::desk::{Answer, Page, Query, Shared};

/// Characters of what is typed: a list may be pasted.
const MAX_TYPED: usize = 4000;
/// Characters of one PO number.
const MAX_PO: usize = 200;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/admin/find", get(find))
}

/// `GET /admin/find?po=…`: the order of exactly this number, of the page's route first, then of any; else the list
/// of what has it as a part, which leads on by itself if that is one.
async fn find(State(desk): State<Shared>, page: Page, mut query: Query) -> Answer {
    let typed = query.text("po", MAX_TYPED);
    query.check()?;
    let Some(typed) = typed else { return Ok(page.go(&page.href("/admin/orders"), None)) };
    if let Some(po) = PoNumber::new(typed.as_str()).filter(|po| po.as_str().chars().count() <= MAX_PO) {
        let others = desk.routes.iter().map(|route| &route.name).filter(|name| *name != page.route_name());
        for route in [page.route_name()].into_iter().chain(others) {
            if let Some(order) = desk.store.order(route, &po).await? {
                let path = order_path(route, &po);
                let first = desk.routes.first().is_some_and(|first| first.name == order.row.route);
                let of_route = if first { String::new() } else { format!("?route={}", encode(&route.0)) };
                return Ok(page.go(&format!("{path}{of_route}"), None));
            }
        }
    }
    Ok(page.go(&page.href(&format!("/admin/orders?po={}", encode(&typed))), None))
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use ipass_core::ports::RouteName;
    use ipass_core::reason::Reason;
    use ipass_core::stage::Stage;

    use crate::pages::order::tests::shelf::{bench, row, stuck};

    #[tokio::test]
    async fn a_number_typed_on_any_page_leads_to_the_cause_at_once() {
        let missing = stuck("PO-1", Stage::AwaitingPush, Reason::MissingShopMapping, "R-9");
        let (bench, _) = bench(vec![missing, row("PO-10", Stage::AwaitingAck)]).await;
        for page in ["/admin/audit", "/admin/orders", "/admin/orders/r/PO-10"] {
            let page = bench.get(page).await.body;
            assert!(page.contains(r#"action="/admin/find""#) && page.contains(r#"name="po""#), "{page}");
        }
        let found = bench.get("/admin/find?po=+PO-1+").await;
        assert_eq!((found.status, found.header("location")), (StatusCode::SEE_OTHER, "/admin/orders/r/PO-1"));
        let order = bench.get(found.header("location")).await.body;
        assert!(order.contains("No ERP store is mapped for retailer R-9"));
    }

    #[tokio::test]
    async fn a_part_of_a_number_leads_to_the_only_order_that_has_it() {
        let (bench, _) = bench(vec![row("PO-17", Stage::AwaitingAck), row("PO-28", Stage::AwaitingAck)]).await;
        let list = bench.get("/admin/find?po=28").await.header("location").to_owned();
        assert_eq!(list, "/admin/orders?po=28");
        assert_eq!(bench.get(&list).await.header("location"), "/admin/orders/r/PO-28");
        let several = bench.get("/admin/find?po=PO").await;
        assert_eq!(bench.get(several.header("location")).await.status, StatusCode::OK);
        assert_eq!(bench.get("/admin/find?po=").await.header("location"), "/admin/orders");
    }

    #[tokio::test]
    async fn an_order_of_another_route_is_found_too() {
        let mut other = row("PO-5", Stage::AwaitingAck);
        other.route = RouteName("plain".to_owned());
        let (bench, _) = bench(vec![other]).await;
        let found = bench.get("/admin/find?po=PO-5").await;
        assert_eq!(found.header("location"), "/admin/orders/plain/PO-5?route=plain");
    }
}
