use axum::http::StatusCode;
use ipass_core::job::Job;
use ipass_core::ports::StockResult;
use serde_json::json;

use crate::pages::jobs::testing::{act, bench, figure, run};

#[tokio::test]
async fn the_list_shows_figures_with_their_reason_and_what_the_last_run_did() {
    let (bench, works, _) = bench().await;
    *works.stock.lock().unwrap() = vec![figure("A<b>", 1204), figure("B", 3)];
    let mut last = run("run-1", Job::SyncStock, "failed", 5);
    last.report = Some(r#"{"counts":{"compared":40,"failed":2,"guarded":12}}"#.to_owned());
    *works.runs.lock().unwrap() = vec![last];
    let page = bench.get("/admin/stock?band=gt5&size=20").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for words in [
        "1,204",
        "A&lt;b&gt;",
        "was only compared",
        "12 items would have been set to zero",
        "/admin/stock?records=all&#38;run=run-1&#38;result=failed",
        r#"href="/admin/stock?size=20&#38;band=-5..-1""#,
        r#"rel="next""#,
        r#"name="band" value="gt5""#,
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let asked = works.asked.lock().unwrap()[0].clone();
    assert!(asked.newest_only && asked.difference_from == Some(6) && asked.difference_to.is_none());
    let wrong = bench.get("/admin/stock?band=x&result=y").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let plain = bench.get("/admin/stock?route=plain").await.body;
    assert!(plain.contains("takes no stock figures") && !plain.contains("<table"));
}

#[tokio::test]
async fn the_file_is_exactly_the_view_and_not_longer_than_allowed() {
    let (bench, works, _) = bench().await;
    let file = act(&bench, "/admin/stock/csv?sku=A&band=0", &[]).await;
    assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
    let asked = works.asked.lock().unwrap()[0].clone();
    assert_eq!((asked.sku.as_deref(), asked.difference_from, asked.difference_to), (Some("A"), Some(0), Some(0)));
    let long = act(&bench, "/admin/stock/csv?records=all&from=2020-01-01", &[]).await;
    assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(works.asked.lock().unwrap().len(), 1);
    assert_eq!(bench.acts().iter().filter(|(_, what, _)| what == "export").count(), 1);
}

#[tokio::test]
async fn figures_are_sent_only_after_they_were_seen_and_only_those() {
    let (bench, works, _) = bench().await;
    let fields = [("scope", "selected"), ("sku", "A"), ("sku", "B")];
    let answer = act(&bench, "/admin/stock/sync", &fields).await;
    assert_eq!(answer.header("location"), "/admin/stock/sync/new-1");
    let asked = works.requests.lock().unwrap()[0].clone();
    assert!(asked.dry_run && asked.stock.write.is_none() && asked.stock.skus.unwrap().len() == 2);
    let line = |sku: &str, units: u32, result: StockResult, reason: Option<&str>| json!({"warehouse_code": "WH-A", "sku": sku, "erp_sku": "LX", "erp_quantity": units, "channel_quantity": 9, "difference": i64::from(units) - 9, "result": result.as_str(), "reason": reason, "detail": sku});
    let stock =
        [line("A", 0, StockResult::Different, None), line("B", 3, StockResult::Skipped, Some("warehouse_empty"))];
    bench.progress.finished("new-1", &json!({"result": "done", "stock": stock}));
    let page = bench.get("/admin/stock/sync/new-1").await.body;
    for words in [
        "Would be sent: 1 items, 1 figures",
        "1 figures become 0",
        "Would be left alone: 1",
        "nothing at all in warehouse B",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let without = act(&bench, "/admin/stock/sync/new-1", &[]).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    let sent = act(&bench, "/admin/stock/sync/new-1", &[("reason", "counted by hand")]).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, "/admin/jobs/runs/new-2"));
    let asked = works.requests.lock().unwrap()[1].clone();
    assert!(!asked.dry_run && asked.stock.write == Some(true) && asked.size == Some(1));
    assert_eq!(asked.stock.skus.unwrap().into_iter().collect::<Vec<_>>(), ["A"]);
}

#[tokio::test]
async fn a_look_that_is_gone_or_was_none_sends_nothing() {
    let (bench, works, _) = bench().await;
    *works.runs.lock().unwrap() =
        vec![run("run-1", Job::SyncStock, "done", 60), run("run-2", Job::SyncStock, "done", 1)];
    let gone = bench.get("/admin/stock/sync/run-1").await.body;
    assert!(gone.contains("not kept any more"), "{gone}");
    let written = json!([
        {"sku": "A", "result": "different", "reason": null},
        {"sku": "B", "result": "written", "reason": null}
    ]);
    bench.progress.finished("run-2", &json!({"result": "done", "stock": written}));
    for run_id in ["run-1", "run-2"] {
        let answer = act(&bench, &format!("/admin/stock/sync/{run_id}"), &[("reason", "send it")]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{run_id}");
    }
    assert!(works.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_comparison_by_hand_sends_nothing() {
    let (bench, works, _) = bench().await;
    assert_eq!(act(&bench, "/admin/stock/compare", &[]).await.status, StatusCode::SEE_OTHER);
    let asked = works.requests.lock().unwrap()[0].clone();
    assert_eq!((asked.job, asked.dry_run, asked.stock.write), (Job::SyncStock, false, Some(false)));
}
