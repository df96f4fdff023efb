use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration as Span;

use async_trait::async_trait;
use axum::http::{Method, StatusCode};
use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::*;
use ipass_core::reason::{Cause, Reason};
use ipass_core::stage::Stage;
use serde_json::json;

use super::testing::{Book, group, row};
use crate::desk::tests::Bench;
use crate::desk::tests::store::Memory;
use crate::pages::settings::tests::Versions;

/// Runs, marks and alerts of a route whose push fails and whose stock was guarded.
struct Rest;

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_590_800 - hours * 3600, 0).unwrap()
}

#[async_trait]
impl RunStore for Rest {
    async fn begin(&self, _: &RunStart) -> Stored<Begun> {
        Ok(Begun::AlreadyRunning)
    }

    async fn finish(&self, _: RunGuard, _: &RunEnd) -> Stored<()> {
        Ok(())
    }

    async fn runs(&self, route: Option<&RouteName>, job: Option<&str>, _: u32) -> Stored<Vec<RunRecord>> {
        let run = |n: i64, state: &str, report: Option<String>| RunRecord {
            run_id: format!("{}-{n}", job.unwrap()),
            route: route.unwrap().clone(),
            job: job.unwrap().to_owned(),
            trigger: "schedule".to_owned(),
            po: None,
            state: state.to_owned(),
            started_at: at(n),
            finished_at: Some(at(n)),
            report,
            log: None,
            error: None,
        };
        let stock = json!({"counts": {"compared": 1234, "different": 56, "guarded": 7}}).to_string();
        Ok(match job {
            Some("push_orders") => vec![run(1, "failed", None), run(2, "failed", None), run(3, "done", None)],
            Some("sync_stock") => vec![run(0, "running", None), run(5, "done", Some(stock))],
            _ => Vec::new(),
        })
    }

    async fn run(&self, _: &str) -> Stored<Option<RunRecord>> {
        Ok(None)
    }
}

#[async_trait]
impl OrderStore for Rest {
    async fn pull_state(&self, _: &RouteName) -> Stored<PullState> {
        Ok(PullState { created_mark: Some(at(4)), ..PullState::default() })
    }

    async fn known_payloads(&self, _: &RouteName, _: &[PayloadDigest]) -> Stored<HashMap<PayloadDigest, KnownPayload>> {
        Ok(HashMap::new())
    }

    async fn save_orders(
        &self,
        _: &RunRef,
        _: &[SaveOrder],
        _: &[UnreadableOrder],
        _: DateTime<Utc>,
    ) -> Stored<SaveCounts> {
        Ok(SaveCounts::default())
    }

    async fn move_mark(&self, _: &RunRef, _: WindowKind, _: DateTime<Utc>) -> Stored<()> {
        Ok(())
    }

    async fn claim(&self, _: &RunRef, _: &Selection) -> Stored<Vec<OrderRow>> {
        Ok(Vec::new())
    }

    async fn shared_numbers(&self, _: &RouteName) -> Stored<HashSet<PoNumber>> {
        Ok(HashSet::new())
    }

    async fn record(&self, _: &RunRef, _: &[Step], _: DateTime<Utc>) -> Stored<Vec<PoNumber>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl AlertStore for Rest {
    async fn claim_notices(
        &self,
        _: &RouteName,
        _: &[Condition],
        _: DateTime<Utc>,
        _: chrono::Duration,
    ) -> Stored<Vec<Notice>> {
        Ok(Vec::new())
    }

    async fn notice_sent(&self, _: &Notice, _: DateTime<Utc>) -> Stored<()> {
        Ok(())
    }

    async fn alerts(&self, route: Option<&RouteName>) -> Stored<Vec<Notice>> {
        let notice = |key: &str| Notice {
            route: route.unwrap().clone(),
            key: key.to_owned(),
            detail: "DETAIL".to_owned(),
            since: at(6),
            recovered: false,
        };
        Ok(vec![notice("stuck:3"), notice("job:push_orders")])
    }
}

async fn bench(rows: Vec<OrderRow>, causes: Vec<CauseGroup>) -> (Bench, Arc<Book>) {
    let book = Arc::new(Book { causes, rows, ..Book::default() });
    let settings = Versions::with(&[json!({"jobs": {"push_orders": {"enabled": true}}})]);
    let memory = Memory {
        book: book.clone(),
        settings,
        runs: Arc::new(Rest),
        orders: Arc::new(Rest),
        alerts: Arc::new(Rest),
        ..Memory::new()
    };
    let bench = Bench::with(memory, |_| {});
    bench.log_in().await;
    (bench, book)
}

#[tokio::test]
async fn where_everything_stands_is_on_one_page_and_leads_on() {
    let refused = |number: &str, hours| {
        row(number, Stage::AwaitingShipment, Cause::new(Reason::CredentialsRefused, "403"), hours)
    };
    let rows = vec![refused("PO-1", 80), refused("PO-2", 30), refused("PO-3", 1)];
    let (bench, _) = bench(rows.clone(), vec![group(&rows)]).await;
    let page = bench.get("/admin/overview").await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let expected = [
        r#"<a class="count" href="/admin/orders?stage=3">3</a>"#,
        "1 stuck",
        "1 slow",
        "last hour 5 / 4",
        r#"href="/admin/orders/r/PO-1""#,
        "overdue",
        r#"href="/admin/orders?stage=3&#38;reason=credentials_refused&#38;held=no">3</a>"#,
        "refused for 3 orders",
        "Orders are stuck at “awaiting shipment”",
        "“Push orders” fails again and again",
        "2 in a row",
        "1,234",
        r#"href="/admin/stock?run=sync_stock-5""#,
        "in 10 min",
        r#"hx-trigger="every 10s""#,
        // The accounts.
        "Clock of the ERP:",
        r#"<span class="mark bad">ours is 42 s ahead: set the time of this machine (NTP)</span>"#,
        "<code>GET /&#60;b&#62;</code>",
        r#"<meter class="gauge" min="0" max="60" high="54" value="57" aria-label="GET /&#60;b&#62;"></meter> 57 of 60 per minute"#,
        "1 of 5 at the same time",
        "3 calls",
    ];
    for words in expected {
        assert!(page.body.contains(words), "{words} is not in {}", page.body);
    }
    assert!(!page.body.contains("DETAIL"), "details of alerts have one language only");
}

#[tokio::test]
async fn one_reading_serves_everybody_for_five_seconds() {
    let (bench, book) = bench(Vec::new(), Vec::new()).await;
    let fragment = bench.send(Method::GET, "/admin/overview", &[("hx-request", "true")], "").await;
    assert!(!fragment.body.contains("<html") && fragment.body.contains("No order has been pulled yet"));
    bench.clock.advance(Span::from_secs(4));
    bench.get("/admin/overview").await;
    assert_eq!(*book.counted.lock().unwrap(), 1);
    bench.get("/admin/overview?route=plain").await;
    bench.clock.advance(Span::from_secs(1));
    bench.get("/admin/overview").await;
    assert_eq!(*book.counted.lock().unwrap(), 3);
}

#[tokio::test]
async fn a_chinese_page_has_no_english_sentence() {
    let rows = vec![row("PO-1", Stage::AwaitingPush, Cause::new(Reason::MissingShopMapping, "77"), 100)];
    let (bench, _) = bench(rows.clone(), vec![group(&rows)]).await;
    bench.post("/admin/display", &[("lang", "zh"), ("back", "/admin/overview")]).await;
    let body = bench.get("/admin/overview").await.body;
    for words in ["零售商 77 未配置 ERP 店铺映射", "“推单到 ERP”连续失败", "待推单", "已超期"]
    {
        assert!(body.contains(words), "{words} is not in {body}");
    }
    for english in ["awaiting", "stuck", "oldest", "last hour", "never"] {
        let main = body.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
        assert!(!main.contains(english), "{english}");
    }
}
