use axum::http::StatusCode;
use chrono::Duration;
use ipass_core::ports::{OrderRow, OrderSort};
use ipass_core::reason::Reason;
use ipass_core::stage::Stage;

use crate::pages::order::tests::shelf::{bench, now, row, stuck};

fn many(count: usize) -> Vec<OrderRow> {
    (0..count).map(|n| row(&format!("PO-{n:04}"), Stage::AwaitingPush)).collect()
}

#[tokio::test]
async fn the_list_shows_why_each_order_stays() {
    let mut held = stuck("PO-2", Stage::AwaitingShipment, Reason::ErpNotShipped, "0 of 1");
    held.hold = Some("wait <b>".to_owned());
    let rows = vec![
        stuck("PO-1", Stage::AwaitingPush, Reason::MissingShopMapping, "R-1"),
        held,
        row("PO-3", Stage::Completed),
    ];
    let (bench, _) = bench(rows).await;
    let page = bench.get("/admin/orders").await;
    assert_eq!(page.status, StatusCode::OK);
    for words in [
        "No ERP store is mapped for retailer R-1",
        r#"href="/admin/orders/r/PO-1""#,
        "wait &#60;b&#62;",
        "overdue",
        "3 orders",
        "/admin/orders/r/PO-2/release",
        "/admin/orders/bulk?act=hold&#38;id=PO-1",
        "weird &#60;b&#62;",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(page.body.contains("is finished\" disabled>"), "nothing can be run for PO-3");
    bench.post("/admin/display", &[("lang", "zh"), ("back", "/admin/orders")]).await;
    let chinese = bench.get("/admin/orders").await.body;
    assert!(chinese.contains("未配置 ERP 店铺映射") && chinese.contains("新建") && !chinese.contains(">created<"));
}

#[tokio::test]
async fn filters_of_the_url_reach_the_store() {
    let (bench, shelf) = bench(many(1)).await;
    let query = "?stage=1&stage=2&outcome=blocked&reason=missing_sku&retailer=R&level=FEHD&held=no&age=24&from=2026-01-01&until=2026-01-02&sort=ship_by";
    let page = bench.get(&format!("/admin/orders{query}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let asked = shelf.asked.lock().unwrap().last().unwrap().clone();
    assert_eq!(asked.stages, [Stage::AwaitingPush, Stage::AwaitingAck]);
    assert_eq!(
        (asked.held, asked.sort, asked.service_level.as_deref()),
        (Some(false), OrderSort::ShipBy, Some("FEHD"))
    );
    assert_eq!(asked.in_stage_since_before, Some(now() - Duration::hours(24)));
    assert_eq!(asked.created_until.unwrap().to_rfc3339(), "2026-01-02T16:00:00+00:00", "the operator's day, whole");
    assert!(page.body.contains(r#"value="2" checked"#) && page.body.contains(r#"value="missing_sku" selected"#));
    let wrong = bench.get("/admin/orders?stage=8&age=x&sort=y").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for place in ["stage", "age", "sort"] {
        assert!(wrong.body.contains(&format!("<code>{place}</code>")), "{place}");
    }
}

#[tokio::test]
async fn a_number_that_only_one_order_has_leads_to_it() {
    let (bench, _) = bench(many(12)).await;
    let one = bench.get("/admin/orders?po=0011").await;
    assert_eq!((one.status, one.header("location")), (StatusCode::SEE_OTHER, "/admin/orders/r/PO-0011"));
    assert_eq!(bench.get("/admin/orders?po=001").await.status, StatusCode::OK, "two have it");
    assert_eq!(bench.get("/admin/orders?po=0011&stage=1").await.status, StatusCode::OK, "a filter is a list");
    let live = bench.send(axum::http::Method::GET, "/admin/orders?po=0011", &[("hx-request", "true")], "").await;
    assert!(live.status == StatusCode::OK && !live.body.contains("<html"), "what renews itself stays");
}

#[tokio::test]
async fn chosen_columns_are_kept() {
    let (bench, _) = bench(many(1)).await;
    let all = bench.get("/admin/orders").await.body;
    assert!(all.contains(">Tracking</th>") && !all.contains(">ERP order</th>"));
    let (csrf, once) = bench.hidden("/admin/orders").await;
    let fields =
        [("csrf", &*csrf), ("once", &*once), ("col", "stage"), ("col", "erp_order"), ("back", "/admin/orders?stage=1")];
    let kept = bench.post("/admin/orders/columns", &fields).await;
    assert_eq!(kept.header("location"), "/admin/orders?stage=1");
    let some = bench.get("/admin/orders").await.body;
    assert!(!some.contains(">Tracking</th>") && some.contains(">ERP order</th>") && some.contains(">Stage</th>"));
}

#[tokio::test]
async fn selected_orders_are_made_due_at_once_and_finished_ones_are_left() {
    let mut rows = many(3);
    rows.push(row("PO-9", Stage::Completed));
    let (bench, shelf) = bench(rows).await;
    let (csrf, once) = bench.hidden("/admin/orders").await;
    let fields = [
        ("csrf", &*csrf),
        ("once", &*once),
        ("act", "retry"),
        ("id", "PO-0000"),
        ("id", "PO-0002"),
        ("id", "PO-9"),
        ("back", "/admin/orders?stage=1"),
    ];
    let done = bench.post("/admin/orders/bulk?stage=1", &fields).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/admin/orders?stage=1"));
    bench.post("/admin/orders/bulk?stage=1", &fields).await;
    assert_eq!(shelf.acts(), ["retry PO-0000", "retry PO-0002"]);
    assert_eq!(bench.acts().iter().filter(|(_, what, _)| what == "retry").count(), 2);
    let none = bench.post("/admin/orders/bulk", &fields[..3]).await;
    assert_eq!(none.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn more_than_fifty_are_asked_about_with_their_number_first() {
    let (bench, shelf) = bench(many(51)).await;
    let (csrf, once) = bench.hidden("/admin/orders").await;
    let fields = [("csrf", &*csrf), ("once", &*once), ("act", "retry"), ("all", "1")];
    let asked = bench.post("/admin/orders/bulk?stage=1", &fields).await;
    let question = asked.header("location").to_owned();
    assert!(question.starts_with("/admin/orders/bulk?stage=1&act=retry&back="), "{question}");
    assert!(shelf.acts().is_empty());
    let page = bench.get(&question).await;
    assert!(page.body.contains("Retry 51 orders") && page.body.contains("and 31 more"), "{}", page.body);
    assert!(
        page.body.contains(r#"name="all" value="1""#) && page.body.contains(r#"action="/admin/orders/bulk?stage=1""#)
    );
    let short = bench.post("/admin/orders/bulk?stage=1", &[&fields[..], &[("reason", "x")]].concat()).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = bench.post("/admin/orders/bulk?stage=1", &[&fields[..], &[("reason", "ERP is back")]].concat()).await;
    assert_eq!((done.status, shelf.acts().len()), (StatusCode::SEE_OTHER, 51));
}

#[tokio::test]
async fn one_order_is_held_only_with_a_reason() {
    let (bench, shelf) = bench(many(1)).await;
    let page = bench.get("/admin/orders/bulk?act=hold&id=PO-0000&back=%2Fadmin%2Forders").await;
    assert!(page.body.contains("Hold 1 orders") && page.body.contains("<textarea name=\"reason\""));
    let (csrf, once) = (page.field("csrf"), page.field("once"));
    let fields = [("csrf", &*csrf), ("once", &*once), ("act", "hold"), ("id", "PO-0000")];
    let asked = bench.post("/admin/orders/bulk", &fields).await;
    assert!(asked.header("location").contains("act=hold"));
    bench.post("/admin/orders/bulk", &[&fields[..], &[("reason", "retailer asked")]].concat()).await;
    assert_eq!(shelf.acts(), ["hold PO-0000 retailer asked by Li Lei"]);
}

#[tokio::test]
async fn too_many_at_once_are_refused() {
    let (bench, shelf) = bench(many(1001)).await;
    let (csrf, once) = bench.hidden("/admin/orders").await;
    let fields = [("csrf", &*csrf), ("once", &*once), ("act", "retry"), ("all", "1"), ("reason", "all of them")];
    let answer = bench.post("/admin/orders/bulk?stage=1", &fields).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("At most 1,000 orders") && answer.body.contains("href=\"/admin/orders?stage=1\""));
    assert!(shelf.acts().is_empty());
}

#[tokio::test]
async fn a_file_has_the_orders_of_the_view_and_no_longer_range_than_allowed() {
    let mut rows = many(2);
    rows.push(OrderRow { created_at: now() - Duration::days(400), ..row("OLD", Stage::Completed) });
    let (bench, _) = bench(rows).await;
    let (csrf, once) = bench.hidden("/admin/orders").await;
    let fields = [("csrf", &*csrf), ("once", &*once)];
    let all = bench.post("/admin/orders/csv", &fields).await;
    assert_eq!(all.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(all.body.contains("366 days"));
    let view = bench.post("/admin/orders/csv?stage=1", &fields).await;
    assert_eq!(view.status, StatusCode::OK, "its oldest order is young enough");
    assert!(view.body.starts_with("po_number,route,") && view.body.ends_with("\nPO-0000\nPO-0001\n"));
    let (csrf, once) = bench.hidden("/admin/orders").await;
    let fields = [("csrf", &*csrf), ("once", &*once), ("id", "OLD")];
    let selected = bench.post("/admin/orders/csv?stage=1", &fields).await;
    assert!(selected.body.ends_with("\nOLD\n"), "{}", selected.body);
    assert_eq!(bench.acts().iter().filter(|(_, what, _)| what == "export").count(), 2);
}
