use axum::http::{Method, StatusCode};
use ipass_core::run::{Fact, LogLine};
use serde_json::json;

use super::Bench;
use super::store::Memory;

#[tokio::test]
async fn nothing_is_done_for_another_site_or_without_the_secret() {
    let bench = Bench::logged_in().await;
    let (csrf, once) = bench.hidden("/admin/audit").await;
    let (csrf, once) = (("csrf", csrf.as_str()), ("once", once.as_str()));
    let foreign = [
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
        [("origin", "http://evil.example")],
        [("origin", "http://ipass.example:9090")],
        [("origin", "null")],
    ];
    for headers in foreign {
        for path in ["/admin/logout", "/admin/audit/csv", "/admin/login", "/admin/display"] {
            let answer = bench.post_with(path, &headers, &[csrf, once]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
        }
    }
    for wrong in ["", "0", &csrf.1[1..], &format!("{}0", csrf.1)] {
        let answer = bench.post("/admin/audit/csv", &[("csrf", wrong), once]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{wrong}");
    }
    assert_eq!(bench.acts().len(), 1, "only the login: {:?}", bench.acts());
    let by_header = bench.post_with("/admin/audit/csv", &[("x-csrf-token", csrf.1)], &[once]).await;
    assert_eq!(by_header.status, StatusCode::OK);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_acts_once() {
    let bench = Bench::logged_in().await;
    let (csrf, once) = bench.hidden("/admin/audit").await;
    let fields = [("csrf", csrf.as_str()), ("once", once.as_str())];
    let first = bench.post("/admin/audit/csv?who=Li%20Lei", &fields).await;
    assert_eq!((first.status, first.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
    let expected = "at,who,what,route,subject,detail\n,Li Lei,export,,audit,who=Li%20Lei\n,Li Lei,login,,unknown,\n";
    assert_eq!(first.body, expected);
    assert!(first.header("content-disposition").starts_with("attachment; filename=\"ipass-test-"));
    let referer = [("referer", "http://ipass.example:8080/admin/audit?who=Li%20Lei")];
    let second = bench.post_with("/admin/audit/csv?who=Li%20Lei", &referer, &fields).await;
    assert_eq!((second.status, second.header("location")), (StatusCode::SEE_OTHER, "/admin/audit?who=Li%20Lei"));
    assert!(bench.get("/admin/audit").await.body.contains("This was done already"));
    let htmx = bench.post_with("/admin/audit/csv", &[("hx-request", "true")], &fields).await;
    assert_eq!((htmx.status, htmx.header("hx-retarget")), (StatusCode::CONFLICT, "#notices"));
    let without = bench.post("/admin/audit/csv", &[fields[0]]).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(bench.acts().iter().filter(|(_, what, _)| what == "export").count(), 1);
}

#[tokio::test]
async fn a_page_that_is_not_there_leads_on_to_those_that_are() {
    let bench = Bench::logged_in().await;
    for path in ["/admin/nothing", "/admin/orders/other/PO-1", "/nothing", "/admin/audit?route=other", "/admin/logout"]
    {
        let page = bench.get(path).await;
        assert!(page.status.is_client_error(), "{path}: {}", page.status);
        for part in ["<nav class=\"main\"", "href=\"/admin/orders\"", "action=\"/admin/find\"", "Log out"] {
            assert!(page.body.contains(part), "{path} has no {part}");
        }
        let (csrf, _) = bench.hidden("/admin/audit").await;
        assert!(page.body.contains(&csrf), "its forms work");
    }
    let foreign = bench.post_with("/admin/logout", &[("sec-fetch-site", "cross-site")], &[]).await;
    assert!(!foreign.body.contains("<nav class=\"main\""), "nothing secret for another site");
    let stranger = Bench::new().get("/admin/assets/0/nothing.css").await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
    assert!(!stranger.body.contains("<nav class=\"main\""), "{}", stranger.body);
}

#[tokio::test]
async fn every_refusal_has_a_page_in_the_language_of_the_reader() {
    let bench = Bench::logged_in().await;
    let (csrf, once) = bench.hidden("/admin/audit").await;
    let big = "x".repeat(1024 * 1024);
    let zh = ("accept-language", "zh-CN,zh;q=0.9");
    let token = ("x-csrf-token", csrf.as_str());
    let cases = [
        (Method::GET, "/admin/nothing", vec![zh], String::new(), StatusCode::NOT_FOUND, "页面不存在"),
        (Method::GET, "/admin/audit?route=other", vec![zh], String::new(), StatusCode::NOT_FOUND, "页面不存在"),
        (Method::GET, "/admin/logout", vec![zh], String::new(), StatusCode::METHOD_NOT_ALLOWED, "不支持此类请求"),
        (Method::DELETE, "/admin/login", vec![zh], String::new(), StatusCode::METHOD_NOT_ALLOWED, "不支持此类请求"),
        (Method::POST, "/admin/audit/csv", vec![zh], format!("a={big}"), StatusCode::PAYLOAD_TOO_LARGE, "1 MB"),
        (
            Method::POST,
            "/admin/audit/csv",
            vec![zh, ("content-type", "multipart/form-data; boundary=x")],
            "--x".to_owned(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "不支持该内容类型",
        ),
        (
            Method::POST,
            "/admin/audit/csv",
            vec![zh, token, ("content-type", "application/json")],
            "{}".to_owned(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "不支持该内容类型",
        ),
        (
            Method::POST,
            "/admin/audit/csv?from=today",
            vec![zh, token],
            format!("once={once}"),
            StatusCode::UNPROCESSABLE_ENTITY,
            "时间格式应为",
        ),
    ];
    for (method, path, headers, body, status, words) in cases {
        let answer = bench.send(method.clone(), path, &headers, &body).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.header("content-type").starts_with("text/html"), "{method} {path}");
        assert!(answer.body.contains(words) && answer.body.contains(r#"<html lang="zh-CN""#), "{method} {path}");
    }
    let api = bench.get("/admin/api/nothing").await;
    assert_eq!((api.status, api.json()["error"]["code"].clone()), (StatusCode::NOT_FOUND, json!("not_found")));
}

#[tokio::test]
async fn a_store_that_is_down_is_said_to_be_down() {
    let bench = Bench::logged_in().await;
    *bench.desk.down.lock().unwrap() = true;
    let page = bench.get("/admin/audit").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.body.contains("The database does not answer") && page.body.contains("ipass doctor"));
    let htmx = bench.send(Method::GET, "/admin/audit", &[("hx-request", "true")], "").await;
    assert_eq!((htmx.status, htmx.header("hx-retarget")), (StatusCode::SERVICE_UNAVAILABLE, "#notices"));
    assert!(!htmx.body.contains("<html"));
}

#[tokio::test]
async fn language_zone_and_colours_are_chosen_and_kept() {
    let bench = Bench::logged_in().await;
    let english = bench.get("/admin/audit").await.body;
    assert!(english.contains(r#"<html lang="en">"#) && english.contains("2026-01-28 17:00:00"), "{english}");
    let back = ("back", "/admin/audit?who=Li%20Lei");
    let chosen = [("lang", "zh"), ("zone", "utc"), ("theme", "dark"), back];
    let answer = bench.post("/admin/display", &chosen).await;
    assert_eq!(answer.header("location"), "/admin/audit?who=Li%20Lei");
    let chinese = bench.get("/admin/audit").await.body;
    assert!(chinese.contains(r#"<html lang="zh-CN" data-theme="dark">"#) && chinese.contains("2026-01-28 09:00:00"));
    assert!(chinese.contains("操作记录") && chinese.contains("登录") && !chinese.contains(">Audit<"));
    bench
        .post("/admin/display", &[("lang", "fr"), ("zone", "Mars"), ("theme", "auto"), ("back", "//evil.example")])
        .await;
    let kept = bench.get("/admin/audit").await.body;
    assert!(kept.contains(r#"<html lang="zh-CN">"#) && kept.contains("2026-01-28 09:00:00"), "{kept}");
}

#[tokio::test]
async fn the_audit_is_filtered_and_read_page_by_page() {
    let bench = Bench::logged_in().await;
    for n in 0..25 {
        let act = |act: &mut ipass_core::ports::AuditEntry| {
            act.what = "hold".to_owned();
            act.subject = format!("PO-{n}<script>");
        };
        let mut acts = bench.desk.acts.lock().unwrap();
        let mut entry = acts[0].clone();
        act(&mut entry);
        acts.push(entry);
    }
    let first = bench.get("/admin/audit?what=hold&size=20").await.body;
    assert_eq!(first.matches("<tr>").count(), 21);
    assert!(first.contains("PO-24&lt;script&gt;") && !first.contains("PO-24<script>"));
    assert!(first.contains(r#"href="/admin/audit?what=hold&amp;size=20&amp;after=20""#), "{first}");
    let last = bench.get("/admin/audit?what=hold&size=20&after=20").await.body;
    assert!(last.matches("<tr>").count() == 6 && !last.contains("rel=\"next\"") && last.contains("data-back"));
    let none = bench.get("/admin/audit?what=repair").await.body;
    assert!(none.contains("Nothing matches the filters") && !none.contains("<table"));
    let wrong = bench.get("/admin/audit?from=today&size=7").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("<code>from</code>") && wrong.body.contains("<code>size</code>"));
    assert!(wrong.body.contains(r#"value="today""#), "what was typed stays");
}

#[tokio::test]
async fn no_page_has_anything_that_the_policy_forbids() {
    let bench = Bench::logged_in().await;
    for path in ["/admin/audit", "/admin/login", "/admin/nothing"] {
        let body = bench.get(path).await.body;
        assert!(body.contains("<main") && body.contains(r#"<meta name="viewport""#), "{path}");
        for banned in [" style=", "<style", " onclick=", " onchange=", " hx-on", "javascript:", "src=\"http"] {
            assert!(!body.contains(banned), "{path}: {banned}");
        }
        for script in body.split("<script").skip(1) {
            assert!(script.starts_with(r#" src="/admin/assets/"#) && script.contains("></script>"), "{path}: {script}");
        }
        for source in body.split(r#"src=""#).skip(1).chain(body.split(r#"stylesheet" href=""#).skip(1)) {
            let asset = bench.get(source.split('"').next().unwrap()).await;
            assert_eq!(asset.status, StatusCode::OK, "{source}");
            assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
        }
    }
}

#[tokio::test]
async fn the_start_leads_to_the_first_page() {
    let bench = Bench::logged_in().await;
    assert_eq!(bench.get("/").await.header("location"), crate::pages::NAV[0].path);
    assert_eq!(bench.get("/admin").await.header("location"), crate::pages::NAV[0].path);
    for item in crate::pages::NAV {
        assert_ne!(bench.get(item.path).await.status, StatusCode::NOT_FOUND, "{}", item.path);
    }
}

#[tokio::test]
async fn links_keep_the_route() {
    let bench = Bench::logged_in().await;
    let body = bench.get("/admin/audit?route=plain").await.body;
    assert!(body.contains(r#"href="/admin/audit?route=plain""#) && body.contains("<option selected>plain</option>"));
    let one = Bench::with(Memory::new(), |state| state.routes.truncate(1));
    one.log_in().await;
    assert!(!one.get("/admin/audit").await.body.contains("route="));
}

fn chosen() -> LogLine {
    LogLine { at: chrono::DateTime::UNIX_EPOCH, fact: Fact::Chosen, values: vec!["7".to_owned()] }
}

#[tokio::test]
async fn a_run_is_followed_to_its_end() {
    let bench = Bench::logged_in().await;
    bench.progress.log("run-1", &chosen());
    bench.progress.point("run-1", "push_orders:intended");
    bench.progress.finished("run-1", &json!({"result": "done"}));
    let all = bench.get("/admin/api/runs/run-1/events").await;
    assert_eq!((all.status, all.header("content-type")), (StatusCode::OK, "text/event-stream"));
    let kinds: Vec<&str> = all.body.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(kinds, ["log", "point", "finished", "end"]);
    let rest = bench.send(Method::GET, "/admin/api/runs/run-1/events", &[("last-event-id", "2")], "").await;
    assert!(rest.body.contains(r#""result":"done""#) && !rest.body.contains("event: point"), "{}", rest.body);
    bench.progress.log("run-2", &chosen());
    bench.progress.close();
    assert_eq!(bench.get("/admin/api/runs/run-2/events").await.body, "", "the stop of the process ends streams");
}
