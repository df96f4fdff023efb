use axum::http::{Method, StatusCode};
use ipass_core::job::Job;
use ipass_core::run::{Fact, LogLine};
use serde_json::json;

use super::testing::{act, bench, run};
use crate::desk::tests::{Answer, Bench};

/// The page once its work has ended.
async fn ended(bench: &Bench, path: &str) -> Answer {
    for _ in 0..1000 {
        let page = bench.get(path).await;
        if page.body.contains("All steps have ended") {
            return page;
        }
        tokio::task::yield_now().await;
    }
    panic!("the work never ended");
}

#[tokio::test]
async fn each_job_says_what_it_does_when_it_runs_and_how_it_went() {
    let (bench, works, _) = bench().await;
    *works.document.lock().unwrap() =
        Some(r#"{"jobs":{"push_orders":{"enabled":true,"cron":"0 10 * * * *"}}}"#.to_owned());
    *works.runs.lock().unwrap() =
        vec![run("run-9", Job::PushOrders, "running", 1), run("run-8", Job::PushOrders, "failed", 60)];
    let page = bench.get("/admin/jobs").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for words in [
        "every hour at minute 10",
        "2026-01-28 17:10:00",
        "2026-01-28 19:10:00",
        r#"href="/admin/jobs/runs/run-9""#,
        r#"href="/admin/jobs/runs/run-8""#,
        "Push orders",
        r#"href="/admin/settings?key=jobs.push_orders.enabled#push_orders""#,
        "1 failed or broke off",
        "never",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let fragment = bench.send(Method::GET, "/admin/jobs", &[("hx-request", "true")], "").await.body;
    assert!(fragment.contains("<table") && !fragment.contains("<html"));
    bench.post("/admin/display", &[("lang", "zh"), ("back", "/admin/jobs")]).await;
    let chinese = bench.get("/admin/jobs").await.body;
    assert!(chinese.contains("推单到 ERP") && chinese.contains("每小时第 10 分") && !chinese.contains("Push orders"));
}

#[tokio::test]
async fn settings_that_are_not_valid_are_said_before_anything_else() {
    let (bench, works, _) = bench().await;
    *works.document.lock().unwrap() = Some(r#"{"jobs":{"push_orders":{"enabled":7}}}"#.to_owned());
    let page = bench.get("/admin/jobs").await;
    assert!(page.body.contains("no job runs") && page.body.contains("jobs.push_orders.enabled"), "{}", page.body);
    let all = act(&bench, "/admin/jobs/all", &[]).await;
    assert!(all.status == StatusCode::CONFLICT && all.body.contains("/admin/settings"), "{}", all.body);
}

#[tokio::test]
async fn a_run_by_hand_leads_to_its_page_and_is_in_the_audit() {
    let (bench, works, _) = bench().await;
    let answer = act(&bench, "/admin/jobs/run", &[("job", "push_orders"), ("dry", "1")]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/admin/jobs/runs/new-1"));
    let asked = works.requests.lock().unwrap()[0].clone();
    assert!(asked.job == Job::PushOrders && asked.dry_run);
    assert_eq!(bench.acts().last().unwrap(), &("Li Lei".into(), "run".into(), "push_orders".into()));
    for wrong in [vec![], vec![("job", "x")]] {
        assert_eq!(act(&bench, "/admin/jobs/run", &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(works.requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_job_that_is_being_run_is_not_run_twice_and_leads_to_the_run() {
    let (bench, works, _) = bench().await;
    works.busy.lock().unwrap().push(Job::PushOrders);
    *works.runs.lock().unwrap() = vec![run("run-5", Job::PushOrders, "running", 2)];
    let answer = act(&bench, "/admin/jobs/run", &[("job", "push_orders")]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(
        answer.body.contains(r#"href="/admin/jobs/runs/run-5""#) && answer.body.contains("2 min ago"),
        "{}",
        answer.body
    );
    assert!(bench.acts().iter().all(|(_, what, _)| what != "run"), "nothing was begun");
}

#[tokio::test]
async fn a_range_is_shown_in_utc_before_it_is_pulled() {
    let (bench, works, _) = bench().await;
    let page = bench.get("/admin/jobs/pull?from=2026-01-10&until=2026-01-11").await;
    for words in
        ["2026-01-10 00:00:00 to 2026-01-12 00:00:00", "2026-01-09T16:00:00Z", "2026-01-11T16:00:00Z", "Asia/Shanghai"]
    {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(works.requests.lock().unwrap().is_empty(), "nothing runs by looking");
    let fields = [("from", "2026-01-09T16:00:00Z"), ("until", "2026-01-11T16:00:00Z")];
    assert_eq!(act(&bench, "/admin/jobs/pull", &fields).await.status, StatusCode::SEE_OTHER);
    let range = works.requests.lock().unwrap()[0].range.unwrap();
    assert_eq!(range.start.to_rfc3339(), "2026-01-09T16:00:00+00:00");
    assert_eq!(act(&bench, "/admin/jobs/pull", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        bench.get("/admin/jobs/pull?from=2026-01-10&until=2026-01-08").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn all_jobs_run_in_the_order_of_the_stages_and_stock_last() {
    let (bench, works, _) = bench().await;
    *works.document.lock().unwrap() =
        Some(r#"{"jobs":{"sync_stock":{"enabled":true}},"mapping":{"warehouse":{"WH-A":"1"}}}"#.to_owned());
    let answer = act(&bench, "/admin/jobs/all", &[]).await;
    let page = ended(&bench, answer.header("location")).await;
    let jobs: Vec<Job> = works.requests.lock().unwrap().iter().map(|request| request.job).collect();
    assert_eq!(jobs, &Job::ALL[..6]);
    assert_eq!(page.body.matches(r#"<span class="mark good">done</span>"#).count(), 6, "{}", page.body);
    assert!(page.body.contains(r#"href="/admin/jobs/runs/new-6""#) && !page.body.contains("data-events"));
}

#[tokio::test]
async fn stock_is_left_out_after_a_pull_that_failed_and_a_run_in_the_way_is_waited_for() {
    let (bench, works, _) = bench().await;
    *works.document.lock().unwrap() =
        Some(r#"{"jobs":{"sync_stock":{"enabled":true}},"mapping":{"warehouse":{"WH-A":"1"}}}"#.to_owned());
    works.failing.lock().unwrap().push(Job::PullOrders);
    works.busy.lock().unwrap().push(Job::AckOrders);
    *works.runs.lock().unwrap() = vec![run("run-5", Job::AckOrders, "running", 2)];
    bench.progress.finished("run-5", &json!({"result": "done"}));
    let answer = act(&bench, "/admin/jobs/all", &[]).await;
    let page = ended(&bench, answer.header("location")).await;
    let jobs: Vec<Job> = works.requests.lock().unwrap().iter().map(|request| request.job).collect();
    assert_eq!(jobs, [Job::PullOrders, Job::PushOrders, Job::ShipOrders, Job::InvoiceOrders]);
    assert!(page.body.contains("Stock is left out") && page.body.contains("It was running already"), "{}", page.body);
    assert_eq!(bench.get("/admin/jobs/all/run_all-unknown").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_run_is_shown_while_it_goes_on_and_afterwards() {
    let (bench, works, _) = bench().await;
    *works.runs.lock().unwrap() = vec![run("run-9", Job::PushOrders, "running", 1)];
    bench.progress.point("run-9", "push_orders:sent");
    let order = json!({"po_number": "PO-1", "outcome": "blocked", "reason": "missing_shop_mapping", "detail": "R-1", "status_before": 1, "status_after": 1});
    bench.progress.tell_own("run-9", "order", order.clone());
    let (at, values) = (chrono::DateTime::UNIX_EPOCH, vec!["one <b>".to_owned(), "ship".to_owned()]);
    bench.progress.log("run-9", &LogLine { at, fact: Fact::Sent, values });
    let page = bench.get("/admin/jobs/runs/run-9").await.body;
    for words in [
        "No ERP store is mapped for retailer R-1",
        r#"data-events="/admin/api/runs/run-9/events""#,
        r#"<noscript><meta http-equiv="refresh" content="3"></noscript>"#,
        "Sent in one call: one &#60;b&#62; × shipment.",
        r#"href="/admin/orders/r/PO-1""#,
        "operator",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    *works.runs.lock().unwrap() = vec![run("run-9", Job::PushOrders, "done", 1)];
    bench.progress.finished("run-9", &json!({"result": "done", "counts": {"selected": 1, "blocked": 1}, "calls": {"GET /order": 1204}, "outcomes": [order]}));
    let page = bench.get("/admin/jobs/runs/run-9").await.body;
    assert!(page.contains("1,204") && page.contains(r#"href="/admin/jobs/runs/run-9?outcome=blocked""#), "{page}");
    assert!(!page.contains("data-events") && !page.contains("http-equiv"), "nothing is renewed any more");
    let other = bench.get("/admin/jobs/runs/run-9?outcome=failed").await.body;
    assert!(!other.contains("PO-1"), "{other}");
    assert_eq!(bench.get("/admin/jobs/runs/unknown").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_run_of_long_ago_says_that_single_results_are_gone() {
    let (bench, works, _) = bench().await;
    *works.runs.lock().unwrap() = vec![run("run-1", Job::PushOrders, "failed", 600)];
    let page = bench.get("/admin/jobs/runs/run-1").await.body;
    assert!(page.contains("the channel &#60;b&#62; is down") && page.contains("not kept with this run"), "{page}");
    assert!(!page.contains("?outcome="), "there is no list behind the counts");
    works.runs.lock().unwrap()[0].log = Some(
        json!([
            {"at": "2026-01-28T09:00:00Z", "code": "mark_created", "values": ["2026-01-28T08:00:00Z"]},
            {"at": "2026-01-28T09:00:01Z", "code": "failed", "values": ["GET /order: no answer in time"]},
            {"at": "2026-01-28T09:00:01Z", "code": "of_another_version", "values": []},
        ])
        .to_string(),
    );
    bench.post("/admin/display", &[("lang", "zh"), ("utc", "true"), ("back", "/admin/audit")]).await;
    let page = bench.get("/admin/jobs/runs/run-1").await.body;
    assert!(page.contains("运行失败：GET /order：应答超时。") && page.contains("之前创建的订单已全部读取"), "{page}");
    assert!(!page.contains("T08:00:00Z") && !page.contains("of_another_version"), "{page}");
    bench.post("/admin/display", &[("lang", "en"), ("back", "/admin/audit")]).await;
    let list = bench.get("/admin/jobs/runs?job=push_orders").await.body;
    assert!(list.contains(r#"href="/admin/jobs/runs/run-1""#) && list.contains("value=\"push_orders\" selected"));
}

#[tokio::test]
async fn no_page_of_runs_has_what_the_policy_forbids() {
    let (bench, works, _) = bench().await;
    *works.runs.lock().unwrap() =
        vec![run("run-9", Job::PushOrders, "running", 1), run("run-8", Job::SyncStock, "failed", 2)];
    for path in [
        "/admin/jobs",
        "/admin/jobs/runs",
        "/admin/jobs/runs/run-9",
        "/admin/jobs/runs/run-8",
        "/admin/jobs/pull",
        "/admin/check",
        "/admin/stock",
        "/admin/stock/sync/run-8",
    ] {
        let page = bench.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for banned in [" style=", "<style", " onclick=", " hx-on", "javascript:"] {
            assert!(!page.body.contains(banned), "{path}: {banned}");
        }
        bench.post("/admin/display", &[("lang", "zh"), ("back", "/admin/audit")]).await;
        let chinese = bench.get(path).await.body;
        assert!(chinese.contains("<html lang=\"zh-CN\""), "{path}");
        bench.post("/admin/display", &[("lang", "en"), ("back", "/admin/audit")]).await;
    }
}
