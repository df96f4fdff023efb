use axum::http::{Method, StatusCode};
use ipass_core::job::Job;
use ipass_core::stage::Stage;
use serde_json::{Value, json};

use crate::desk::tests::{Answer, Bench};
use crate::pages::jobs::testing::{bench, figure, run};
use crate::pages::order::tests::shelf::row;

async fn send(bench: &Bench, method: Method, path: &str, body: &Value) -> Answer {
    let (csrf, _) = bench.hidden("/admin/audit").await;
    let headers = [("x-csrf-token", csrf.as_str()), ("content-type", "application/json")];
    bench.send(method, path, &headers, &body.to_string()).await
}

async fn post(bench: &Bench, path: &str, body: Value) -> Answer {
    send(bench, Method::POST, path, &body).await
}

#[tokio::test]
async fn nobody_gets_in_without_a_login_or_changes_anything_without_the_secret() {
    let closed = Bench::new();
    for path in ["/admin/api/routes", "/admin/api/settings/r", "/admin/api/options", "/admin/api/stock"] {
        let answer = closed.get(path).await;
        assert_eq!(
            (answer.status, answer.json()["error"]["code"].clone()),
            (StatusCode::UNAUTHORIZED, json!("login_expired"))
        );
    }
    let (bench, works, _) = bench().await;
    let body = json!({"route": "r", "job": "push_orders"}).to_string();
    for headers in [vec![], vec![("x-csrf-token", "wrong")], vec![("sec-fetch-site", "cross-site")]] {
        let mut headers: Vec<(&str, &str)> = headers;
        headers.push(("content-type", "application/json"));
        let answer = bench.send(Method::POST, "/admin/api/runs", &headers, &body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert!(works.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_open_api_is_here_too_and_acts_carry_the_persons_name() {
    let (bench, works, shelf) = bench().await;
    *shelf.rows.lock().unwrap() = vec![row("PO-1", Stage::AwaitingAck)];
    assert_eq!(bench.get("/admin/api/routes").await.json()["routes"][0]["name"], "r");
    let run = post(&bench, "/admin/api/runs", json!({"route": "r", "job": "push_orders"})).await;
    assert_eq!((run.status, run.json()), (StatusCode::ACCEPTED, json!({"run_id": "new-1"})));
    let held = post(&bench, "/admin/api/orders/r/PO-1/hold", json!({"reason": "wait"})).await;
    assert_eq!((held.status, shelf.acts()), (StatusCode::NO_CONTENT, vec!["hold PO-1 wait by Li Lei".to_owned()]));
    let acts = bench.acts();
    let last: Vec<(&str, &str, &str)> =
        acts[1..].iter().map(|(who, what, on)| (who.as_str(), what.as_str(), on.as_str())).collect();
    assert_eq!(last, [("Li Lei", "run", "push_orders"), ("Li Lei", "hold", "PO-1")]);
    assert_eq!(works.requests.lock().unwrap().len(), 1);
    let wrong = post(&bench, "/admin/api/runs", json!({"route": "r", "job": "x"})).await;
    assert_eq!(
        (wrong.status, wrong.json()["error"]["detail"][0]["path"].clone()),
        (StatusCode::UNPROCESSABLE_ENTITY, json!("job"))
    );
}

#[tokio::test]
async fn settings_are_saved_from_the_version_that_was_seen_and_refused_with_their_problems() {
    let (bench, works, _) = bench().await;
    *works.document.lock().unwrap() = Some(r#"{"mapping":{"shop":{"R-1":"110658143132021760"}}}"#.to_owned());
    let path = "/admin/api/settings/r";
    let live = bench.get(path).await.json();
    assert_eq!(
        (live["version"].clone(), live["document"]["mapping"]["shop"]["R-1"].clone()),
        (json!(3), json!("110658143132021760"))
    );
    let put = |version: i64, document: Value| json!({"document": document, "version": version, "reason": "new shop"});
    let wrong = send(&bench, Method::PUT, path, &put(3, json!({"jobs": {"push_orders": {"size": 0}}, "x": 1}))).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let detail = wrong.json()["error"]["detail"].clone();
    let mut paths: Vec<&str> =
        detail.as_array().unwrap().iter().map(|problem| problem["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["jobs.push_orders.size", "x"]);
    assert_eq!(send(&bench, Method::PUT, path, &put(2, json!({}))).await.status, StatusCode::CONFLICT);
    let saved = send(&bench, Method::PUT, path, &put(3, json!({"mapping": {}}))).await;
    assert_eq!((saved.status, saved.json()["version"].clone()), (StatusCode::OK, json!(4)));
    assert_eq!(bench.acts().last().unwrap(), &("Li Lei".into(), "settings".into(), "4".into()));
    let back =
        post(&bench, &format!("{path}/rollback"), json!({"version": 3, "expected": 3, "reason": "as it was"})).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.body);
    assert_eq!(bench.get(&format!("{path}/versions")).await.json()["versions"][0]["version"], 3);
    assert_eq!(bench.get(&format!("{path}/versions/9")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bench.get("/admin/api/settings/other").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_stage_is_set_with_a_reason_and_not_behind_somebodys_back() {
    let (bench, _, shelf) = bench().await;
    *shelf.rows.lock().unwrap() = vec![row("PO-1", Stage::AwaitingAck)];
    let path = "/admin/api/orders/r/PO-1/stage";
    for wrong in [json!({"status": 7, "reason": "abc"}), json!({"status": 1, "reason": " a "}), json!({"status": 1})] {
        assert_eq!(post(&bench, path, wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let moved = post(&bench, path, json!({"status": 1, "expected": 3, "reason": "push again"})).await;
    assert_eq!((moved.status, moved.json()["error"]["code"].clone()), (StatusCode::CONFLICT, json!("moved")));
    assert!(shelf.acts().is_empty());
    let set = post(&bench, path, json!({"status": 1, "expected": 2, "reason": "push again"})).await;
    assert_eq!((set.status, shelf.acts().len()), (StatusCode::NO_CONTENT, 1));
}

#[tokio::test]
async fn a_check_is_begun_read_and_repaired() {
    let (bench, works, shelf) = bench().await;
    *shelf.rows.lock().unwrap() = vec![row("PO-2", Stage::AwaitingAck)];
    for wrong in [json!({"route": "r"}), json!({"route": "r", "po": "A", "start": "2026-01-01T00:00:00Z"})] {
        assert_eq!(post(&bench, "/admin/api/check", wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let begun = post(&bench, "/admin/api/check", json!({"route": "r", "po": "PO-2"})).await;
    assert_eq!((begun.status, works.requests.lock().unwrap()[0].job), (StatusCode::ACCEPTED, Job::CheckOrders));
    let path = "/admin/api/check/new-1";
    assert_eq!(bench.get(path).await.json()["findings"], Value::Null);
    let finding = json!({"po_number": "PO-2", "status": 2, "kind": "not_in_erp", "channel_status": "", "repair": "set_stage", "repair_status": 1});
    bench.progress.finished("new-1", &json!({"result": "done", "findings": [finding], "incomplete": []}));
    let told = bench.get(path).await.json();
    assert_eq!((told["complete"].clone(), told["findings"][0].clone()), (json!(true), finding));
    let done = post(&bench, &format!("{path}/repair"), json!({"po": "PO-2", "reason": "lost"})).await;
    assert_eq!((done.status, done.json()), (StatusCode::OK, json!({"result": "set"})));
}

#[tokio::test]
async fn lists_choices_and_files_are_as_the_pages_have_them() {
    let (bench, works, _) = bench().await;
    *works.stock.lock().unwrap() = vec![figure("A", 7)];
    let stock = bench.get("/admin/api/stock?band=gt5&records=all").await.json();
    assert_eq!((stock["records"][0]["difference"].clone(), stock["next"].clone()), (json!(7), Value::Null));
    let wrong = bench.get("/admin/api/stock?band=x").await;
    assert_eq!(
        (wrong.status, wrong.json()["error"]["detail"][0]["path"].clone()),
        (StatusCode::UNPROCESSABLE_ENTITY, json!("band"))
    );
    let options = bench.get("/admin/api/options").await.json();
    assert_eq!(
        (options["values"]["retailer_id"][0].clone(), options["stages"][0]["name"]["zh"].clone()),
        (json!("R-1"), json!("待推单"))
    );
    let file = post(&bench, "/admin/api/stock/csv", json!({})).await;
    assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
    let orders = post(&bench, "/admin/api/orders/csv?created_from=2026-01-01T00:00:00Z", json!({})).await;
    assert_eq!(orders.status, StatusCode::OK, "{}", orders.body);
    for query in ["", "?created_from=2020-01-01T00:00:00Z"] {
        let answer = post(&bench, &format!("/admin/api/orders/csv{query}"), json!({})).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
    *works.runs.lock().unwrap() = vec![run("run-1", Job::PushOrders, "done", 1)];
    let all = post(&bench, "/admin/api/run-all", json!({"route": "r"})).await;
    let id = all.json()["id"].as_str().unwrap().to_owned();
    let steps = bench.get(&format!("/admin/api/steps/{id}")).await.json();
    assert_eq!(steps["steps"].as_array().unwrap().len(), 5, "{steps}");
    assert_eq!(bench.get("/admin/api/steps/x").await.status, StatusCode::NOT_FOUND);
    assert_eq!(bench.get("/admin/api/nothing").await.json()["error"]["code"], "not_found");
}
