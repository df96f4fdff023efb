pub(crate) mod shelf;
mod systems;

use axum::http::{Method, StatusCode};
use chrono::Duration;
use ipass_core::job::Job;
use ipass_core::ports::{EarlierPayload, OrderRow, TimelineEvent};
use ipass_core::reason::{OutcomeKind, Reason};
use ipass_core::run::{CheckReport, Finding, FindingKind, JobReport, OrderOutcome, Repair};
use ipass_core::stage::Stage;

use shelf::{bench, now, row, stuck};

const PATH: &str = "/admin/orders/r/PO-1";

fn event(kind: &str, what: &str, to: Option<Stage>) -> TimelineEvent {
    let at = now() - Duration::days(1);
    TimelineEvent {
        at,
        last_at: at,
        times: 1,
        kind: kind.to_owned(),
        by: "run-7".to_owned(),
        from: None,
        to,
        what: what.to_owned(),
        detail: "R-9".to_owned(),
    }
}

#[tokio::test]
async fn the_page_says_why_and_leads_to_the_mapping_that_is_missing() {
    let (bench, shelf) = bench(vec![stuck("PO-1", Stage::AwaitingPush, Reason::MissingShopMapping, "R 9&")]).await;
    *shelf.events.lock().unwrap() = vec![
        event("pulled", "created", Some(Stage::AwaitingPush)),
        event("outcome", "missing_shop_mapping", None),
        event("outcome", "erp_not_shipped", None),
    ];
    let page = bench.get(PATH).await;
    assert_eq!(page.status, StatusCode::OK);
    for words in [
        "No ERP store is mapped for retailer R 9&#38;",
        "/admin/settings?route=r&#38;key=mapping.shop.R%209%26",
        "3 times",
        "9007199254740993123",
        "&#60;b&#62;",
        "report parcel 1Z&#60;9&#62; to the channel",
        "taken, not confirmed yet",
        "/admin/jobs/runs/run-7",
        "108.00 USD",
        "no shipped outbound document",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let failures = bench.get(&format!("{PATH}?only=failures")).await.body;
    assert!(failures.contains("retailer R-9") && !failures.contains("no shipped outbound document"));
    bench.post("/admin/display", &[("lang", "zh"), ("back", PATH)]).await;
    let chinese = bench.get(PATH).await.body;
    assert!(chinese.contains("为什么没有推进") && chinese.contains("补充映射") && !chinese.contains("Run now"));
}

#[tokio::test]
async fn an_order_that_is_not_there_is_said_not_to_be_there() {
    let (bench, _) = bench(Vec::new()).await;
    let page = bench.get(PATH).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.body.contains("This order is not stored here"));
    assert_eq!(bench.get("/admin/orders/other/PO-1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_run_is_begun_once_however_often_the_button_is_pressed() {
    let (bench, shelf) = bench(vec![row("PO-1", Stage::AwaitingAck)]).await;
    let (csrf, once) = bench.hidden(PATH).await;
    let fields = [("csrf", csrf.as_str()), ("once", once.as_str())];
    let first = bench.post(&format!("{PATH}/run"), &fields).await;
    assert_eq!((first.status, first.header("location")), (StatusCode::SEE_OTHER, "/admin/jobs/runs/run-8"));
    bench.post(&format!("{PATH}/run"), &fields).await;
    let requests = shelf.requests.lock().unwrap().clone();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].job, requests[0].po.as_ref().unwrap().as_str()), (Job::AckOrders, "PO-1"));
    assert!(bench.acts().contains(&("Li Lei".into(), "run".into(), "PO-1".into())));
}

#[tokio::test]
async fn a_finished_order_cannot_be_run() {
    let (bench, shelf) = bench(vec![row("PO-1", Stage::Completed)]).await;
    let page = bench.get(PATH).await.body;
    assert!(page.contains("Nothing is left to do") && !page.contains("/run\""));
    let (csrf, once) = bench.hidden(PATH).await;
    let answer = bench.post(&format!("{PATH}/run"), &[("csrf", &csrf), ("once", &once)]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("The order is finished") && answer.body.contains("href=\"/admin/orders/r/PO-1\""));
    assert!(shelf.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_stage_is_set_only_with_a_reason_and_only_from_where_it_was_seen() {
    let (bench, shelf) = bench(vec![stuck("PO-1", Stage::AwaitingShipment, Reason::NotInErp, "PO-1")]).await;
    let page = bench.get(PATH).await.body;
    assert!(page.contains(r#"data-dialog="send-to-push""#) && page.contains("The evidence stays"));
    let path = format!("{PATH}/stage");
    let (csrf, once) = bench.hidden(PATH).await;
    let (csrf, once) = (("csrf", csrf.as_str()), ("once", once.as_str()));
    let why = ("reason", "lost in the ERP");
    for (fields, status) in [
        (vec![csrf, once, ("from", "3"), ("to", "1")], StatusCode::UNPROCESSABLE_ENTITY),
        (vec![csrf, once, ("from", "3"), ("to", "1"), ("reason", "x")], StatusCode::UNPROCESSABLE_ENTITY),
        (vec![csrf, once, ("from", "3"), ("to", "3"), why], StatusCode::UNPROCESSABLE_ENTITY),
        (vec![csrf, once, ("from", "3"), ("to", "9"), why], StatusCode::UNPROCESSABLE_ENTITY),
        (vec![csrf, once, ("to", "1"), why], StatusCode::UNPROCESSABLE_ENTITY),
        (vec![csrf, once, ("from", "2"), ("to", "1"), why], StatusCode::CONFLICT),
    ] {
        assert_eq!(bench.post(&path, &fields).await.status, status, "{fields:?}");
    }
    assert!(shelf.acts().is_empty());
    let fields = [csrf, once, ("from", "3"), ("to", "1"), why];
    let done = bench.post(&path, &fields).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, PATH));
    bench.post(&path, &fields).await;
    assert_eq!(shelf.acts(), ["stage PO-1 1 by Li Lei: lost in the ERP"]);
    assert!(bench.acts().contains(&("Li Lei".into(), "stage".into(), "PO-1".into())));
}

#[tokio::test]
async fn a_stage_is_not_set_under_a_run() {
    let (bench, shelf) = bench(vec![row("PO-1", Stage::AwaitingAck)]).await;
    *shelf.claimed.lock().unwrap() = true;
    let (csrf, once) = bench.hidden(PATH).await;
    let fields = [("csrf", &*csrf), ("once", &*once), ("from", "2"), ("to", "1"), ("reason", "again")];
    let answer = bench.post(&format!("{PATH}/stage"), &fields).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("A run is working on this order"));
}

#[tokio::test]
async fn a_run_that_is_in_the_way_is_told() {
    let (bench, shelf) = bench(vec![row("PO-1", Stage::AwaitingAck)]).await;
    *shelf.claimed.lock().unwrap() = true;
    let (csrf, once) = bench.hidden(PATH).await;
    let answer = bench.post(&format!("{PATH}/run"), &[("csrf", &csrf), ("once", &once)]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("The run did not begin") && answer.body.contains("href=\"/admin/jobs\""));
}

#[tokio::test]
async fn cancelling_in_the_erp_is_for_those_that_wait_for_it() {
    let waits = stuck("PO-1", Stage::AwaitingAck, Reason::CancelNeedsDecision, "E-1");
    let (bench, shelf) = bench(vec![waits, row("PO-2", Stage::AwaitingAck)]).await;
    let (csrf, once) = bench.hidden(PATH).await;
    let fields = [("csrf", &*csrf), ("once", &*once), ("reason", "retailer cancelled")];
    let other = bench.post("/admin/orders/r/PO-2/cancel", &fields).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    bench.post(&format!("{PATH}/cancel"), &fields).await;
    assert_eq!(shelf.acts(), ["cancel PO-1 by Li Lei"]);
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_sent() {
    let (bench, shelf) = bench(vec![row("PO-1", Stage::AwaitingInvoice)]).await;
    let would = |kind| {
        let (po, stage) = (ipass_core::testing::po("PO-1"), Stage::AwaitingInvoice);
        let outcomes = vec![OrderOutcome { po, kind, cause: None, before: stage, after: Stage::Completed }];
        JobReport { outcomes, ..JobReport::default() }
    };
    *shelf.report.lock().unwrap() = would(None);
    let (csrf, once) = bench.hidden(PATH).await;
    let fields = [("csrf", &*csrf), ("once", &*once)];
    let answer = bench.post_with(&format!("{PATH}/dry-run"), &[("hx-request", "true")], &fields).await;
    assert!(answer.body.contains("It would be sent: send the invoice") && !answer.body.contains("<html"));
    assert!(answer.body.contains("GET /order"));
    assert!(shelf.requests.lock().unwrap()[0].dry_run);
    *shelf.report.lock().unwrap() = would(Some(OutcomeKind::Advanced));
    let (csrf, once) = bench.hidden(PATH).await;
    let moved = bench.post(&format!("{PATH}/dry-run"), &[("csrf", &csrf), ("once", &once)]).await;
    assert!(moved.body.contains("<html") && moved.body.contains("Nothing would be sent"));
    let by_address = bench.send(Method::GET, &format!("{PATH}/dry-run"), &[], "").await;
    assert_eq!(by_address.header("location"), PATH);
}

#[tokio::test]
async fn a_finding_comes_with_its_repair() {
    let (bench, shelf) = bench(vec![row("PO-1", Stage::AwaitingShipment)]).await;
    let finding = Finding {
        po: ipass_core::testing::po("PO-1"),
        stage: Some(Stage::AwaitingShipment),
        kind: FindingKind::NotAccepted,
        detail: "created".to_owned(),
        repair: Repair::SetStage(Stage::AwaitingAck),
    };
    let check = CheckReport { checked: 1, findings: vec![finding], ..CheckReport::default() };
    *shelf.report.lock().unwrap() = JobReport { check: Some(check), ..JobReport::default() };
    let (csrf, once) = bench.hidden(PATH).await;
    let found = bench.post(&format!("{PATH}/check"), &[("csrf", &csrf), ("once", &once)]).await;
    assert!(found.body.contains("counts as acknowledged") && found.body.contains("Set it to “awaiting ack”"));
    let once = found.body.split("</header>").nth(1).unwrap().split("name=\"once\" value=\"").nth(1).unwrap();
    let once = once.split('"').next().unwrap();
    let fields = [
        ("csrf", &*csrf),
        ("once", once),
        ("from", "3"),
        ("to", "2"),
        ("reason", "as the check says"),
        ("repair", "not_accepted"),
    ];
    bench.post(&format!("{PATH}/stage"), &fields).await;
    assert_eq!(shelf.acts(), ["stage PO-1 2 by Li Lei: as the check says"]);
    assert!(bench.acts().contains(&("Li Lei".into(), "repair".into(), "PO-1".into())));
}

/// The sentence of an order's page.
fn cause(body: &str) -> String {
    let (_, rest) = body.split_once("<strong>").unwrap();
    rest.split("</strong>").next().unwrap().to_owned()
}

#[tokio::test]
async fn every_unfinished_order_has_a_cause_in_both_languages() {
    let stages = [Stage::AwaitingPush, Stage::AwaitingAck, Stage::AwaitingShipment, Stage::AwaitingInvoice];
    let mut rows: Vec<OrderRow> = stages.iter().map(|stage| row(&format!("NEW-{stage}"), *stage)).collect();
    for (reason, stage) in Reason::ALL.iter().flat_map(|reason| stages.map(|stage| (*reason, stage))) {
        rows.push(stuck(&format!("{reason}-{stage}"), stage, reason, "GET /x: no answer in time"));
    }
    let pos: Vec<String> = rows.iter().map(|row| row.po.to_string()).collect();
    let (bench, _) = bench(rows).await;
    let chinese = |text: &str| text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
    for (language, wanted) in [("en", false), ("zh", true)] {
        bench.post("/admin/display", &[("lang", language), ("back", "/admin/audit")]).await;
        for po in &pos {
            let page = bench.get(&format!("/admin/orders/r/{po}")).await;
            assert_eq!(page.status, StatusCode::OK, "{po}");
            let sentence = cause(&page.body);
            assert!(sentence.chars().count() > 10, "{po}: {sentence}");
            assert_eq!(chinese(&sentence) > 3, wanted, "{po}: {sentence}");
        }
    }
}

#[tokio::test]
async fn what_changed_between_payloads_is_shown() {
    let (bench, shelf) = bench(vec![row("PO-1", Stage::AwaitingAck)]).await;
    assert!(!bench.get(PATH).await.body.contains("Changes between the payloads"));
    let earlier = EarlierPayload { replaced_at: now(), raw: br#"{"id":9007199254740993122,"n":"<b>"}"#.to_vec() };
    *shelf.earlier.lock().unwrap() = vec![earlier];
    let page = bench.get(PATH).await.body;
    for words in ["1 members changed", "<del>9007199254740993122</del>", "<ins>9007199254740993123</ins>"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[tokio::test]
async fn the_page_renews_itself_and_is_loaded_anew_when_its_dialogs_do_not_fit() {
    let (bench, shelf) = bench(vec![stuck("PO-1", Stage::AwaitingShipment, Reason::NotInErp, "PO-1")]).await;
    let page = bench.get(PATH).await.body;
    assert!(page.contains("data-live") && page.contains(r#"hx-vals='{"seen":"3-push-free"}'"#), "{page}");
    assert!(page.contains(r#"<div id="look" aria-live="polite" hx-preserve="true">"#));
    let renew = async || {
        let path = format!("{PATH}?only=failures&seen=3-push-free");
        bench.send(Method::GET, &path, &[("hx-request", "true")], "").await
    };
    let part = renew().await;
    assert!(!part.body.contains("<html") && !part.body.contains("<dialog") && part.body.contains("Send to push"));
    assert!(!part.body.contains("seen="), "links do not carry it on: {}", part.body);
    shelf.rows.lock().unwrap()[0].stage = Stage::AwaitingInvoice;
    assert_eq!(renew().await.header("hx-redirect"), "/admin/orders/r/PO-1?only=failures");
}
