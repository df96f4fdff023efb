use axum::http::StatusCode;
use ipass_core::job::Job;
use ipass_core::stage::Stage;
use serde_json::json;

use crate::desk::tests::Bench;
use crate::pages::jobs::testing::{act, bench, run};
use crate::pages::order::tests::shelf::row;

/// A check that has found a missing order, one that is not in the ERP, and one that people must look at.
fn found(bench: &Bench, incomplete: &[&str]) {
    let finding = |po: &str, status: Option<u8>, kind: &str, repair: &str, to: Option<u8>| json!({"po_number": po, "status": status, "kind": kind, "channel_status": "created", "repair": repair, "repair_status": to});
    let report = json!({
        "result": "done",
        "counts": {"checked": 9, "skipped": 2, "findings": 3},
        "incomplete": incomplete,
        "findings": [
            finding("PO-1", None, "missing_local_record", "pull", None),
            finding("PO-2", Some(2), "not_in_erp", "set_stage", Some(1)),
            finding("PO-3", Some(3), "not_accepted", "look", None),
        ],
    });
    bench.progress.finished("run-9", &report);
}

#[tokio::test]
async fn a_check_needs_a_range_or_an_order_and_keeps_what_was_asked_in_its_address() {
    let (bench, works, _) = bench().await;
    let by_po = act(&bench, "/admin/check", &[("po", "PO 1")]).await;
    assert_eq!(by_po.header("location"), "/admin/check/new-1?po=PO%201");
    let by_range = act(&bench, "/admin/check", &[("from", "2026-01-10"), ("until", "2026-01-10")]).await;
    assert_eq!(by_range.header("location"), "/admin/check/new-2?from=2026-01-09T16:00:00Z&until=2026-01-10T16:00:00Z");
    let wrong = [
        vec![],
        vec![("from", "2026-01-10")],
        vec![("from", "2026-01-10"), ("until", "2026-01-10"), ("po", "A")],
        vec![("po", "\u{1}")],
    ];
    for fields in wrong {
        let answer = act(&bench, "/admin/check", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(answer.body.contains("Check now"), "the form stays");
    }
    assert_eq!(works.requests.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn findings_are_listed_by_kind_with_their_repair() {
    let (bench, works, shelf) = bench().await;
    *works.runs.lock().unwrap() = vec![run("run-9", Job::CheckOrders, "done", 1)];
    *shelf.rows.lock().unwrap() = vec![row("PO-2", Stage::AwaitingAck), row("PO-3", Stage::AwaitingInvoice)];
    found(&bench, &["PO-7 at the channel: time out"]);
    let page = bench.get("/admin/check/run-9?po=X").await.body;
    for words in [
        "The check is incomplete: 1 things",
        "PO-7 at the channel",
        "9 orders checked; 2 of them",
        "the ERP does not hold it",
        "Pull it",
        "Set to awaiting push",
        "/admin/check/run-9/repair?po=PO-2",
        "It stands at awaiting invoice now",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("repair?po=PO-3") && !page.contains("Both sides were read completely"));
    bench.post("/admin/display", &[("lang", "zh"), ("back", "/admin/audit")]).await;
    let chinese = bench.get("/admin/check/run-9").await.body;
    assert!(
        chinese.contains("本地已推单，但 ERP 中不存在")
            && chinese.contains("核对不完整")
            && !chinese.contains("Pull it")
    );
}

#[tokio::test]
async fn a_repair_is_confirmed_and_done_only_where_the_order_still_stands_as_it_was_found() {
    let (bench, works, shelf) = bench().await;
    *works.runs.lock().unwrap() = vec![run("run-9", Job::CheckOrders, "done", 1)];
    *shelf.rows.lock().unwrap() = vec![row("PO-2", Stage::AwaitingAck)];
    found(&bench, &[]);
    let ask = bench.get("/admin/check/run-9/repair?po=PO-2").await.body;
    assert!(ask.contains("goes back to “awaiting push”") && ask.contains(r#"name="reason""#), "{ask}");
    let path = "/admin/check/run-9/repair";
    let without = act(&bench, path, &[("po", "PO-2")]).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = act(&bench, path, &[("po", "PO-2"), ("reason", "ERP lost it")]).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/admin/check/run-9"));
    assert_eq!(
        shelf.acts(),
        [format!("stage PO-2 {} by Li Lei: ERP lost it (check_orders: not_in_erp)", Stage::AwaitingPush)]
    );
    assert_eq!(bench.acts().last().unwrap(), &("Li Lei".into(), "repair".into(), "PO-2".into()));
    shelf.rows.lock().unwrap()[0].stage = Stage::AwaitingShipment;
    let moved = act(&bench, path, &[("po", "PO-2"), ("reason", "again")]).await;
    assert!(moved.status == StatusCode::CONFLICT && moved.body.contains("/admin/orders/r/PO-2"), "{}", moved.body);
    assert_eq!(shelf.acts().len(), 1);
    let look = act(&bench, path, &[("po", "PO-3"), ("reason", "why not")]).await;
    assert_eq!(look.status, StatusCode::CONFLICT, "people have to look");
}

#[tokio::test]
async fn a_missing_order_is_pulled_without_more_words() {
    let (bench, works, _) = bench().await;
    *works.runs.lock().unwrap() = vec![run("run-9", Job::CheckOrders, "done", 1)];
    found(&bench, &[]);
    let pulled = act(&bench, "/admin/check/run-9/repair", &[("po", "PO-1")]).await;
    assert_eq!(pulled.status, StatusCode::SEE_OTHER, "{}", pulled.body);
    let asked = works.requests.lock().unwrap()[0].clone();
    assert_eq!((asked.job, asked.po.unwrap().as_str()), (Job::PullOrders, "PO-1"));
}

#[tokio::test]
async fn all_of_a_kind_are_repaired_one_by_one_and_what_moved_is_left_alone() {
    let (bench, works, shelf) = bench().await;
    *works.runs.lock().unwrap() = vec![run("run-9", Job::CheckOrders, "done", 1)];
    *shelf.rows.lock().unwrap() = vec![row("A", Stage::AwaitingAck), row("B", Stage::AwaitingShipment)];
    let finding = |po: &str| json!({"po_number": po, "status": 2, "kind": "not_in_erp", "repair": "set_stage", "repair_status": 1});
    bench
        .progress
        .finished("run-9", &json!({"result": "done", "findings": [finding("A"), finding("B")], "incomplete": []}));
    let page = bench.get("/admin/check/run-9").await.body;
    assert!(
        page.contains("/admin/check/run-9/repair?kind=not_in_erp") && page.contains("Both sides were read completely")
    );
    let answer = act(&bench, "/admin/check/run-9/repair", &[("kind", "not_in_erp"), ("reason", "ERP restored")]).await;
    let path = answer.header("location").to_owned();
    let mut page = bench.get(&path).await.body;
    for _ in 0..1000 {
        if page.contains("All steps have ended") {
            break;
        }
        tokio::task::yield_now().await;
        page = bench.get(&path).await.body;
    }
    assert!(page.contains("All steps have ended") && page.contains("It has moved since the check"), "{page}");
    assert_eq!(shelf.acts().len(), 1, "B has moved");
    assert_eq!(
        bench.acts().iter().filter(|(_, what, _)| what == "repair").count(),
        3,
        "one for the wish, one for each"
    );
}

#[tokio::test]
async fn findings_that_are_gone_are_said_to_be_gone() {
    let (bench, works, _) = bench().await;
    *works.runs.lock().unwrap() = vec![run("run-9", Job::CheckOrders, "done", 60)];
    let page = bench.get("/admin/check/run-9?po=PO-1").await.body;
    assert!(page.contains("not kept any more") && page.contains(r#"name="po" value="PO-1""#), "{page}");
    let answer = act(&bench, "/admin/check/run-9/repair", &[("po", "PO-1")]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    *works.runs.lock().unwrap() = vec![run("run-9", Job::PushOrders, "done", 60)];
    assert_eq!(bench.get("/admin/check/run-9").await.status, StatusCode::NOT_FOUND, "no check");
}
