use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use ipass_core::ports::*;
use serde_json::{Value, json};

use crate::desk::tests::store::Memory;
use crate::desk::tests::{Answer, Bench};
use crate::pages::overview::testing::Book;

/// Versions in memory, of all routes together.
#[derive(Default)]
pub(crate) struct Versions(Mutex<Vec<SettingsVersion>>);

impl Versions {
    pub(crate) fn with(documents: &[Value]) -> Arc<Self> {
        let versions = Self::default();
        for document in documents {
            versions.add(&document.to_string(), "Han Meimei", DateTime::from_timestamp(1_769_500_000, 0).unwrap());
        }
        Arc::new(versions)
    }

    fn add(&self, document: &str, author: &str, now: DateTime<Utc>) -> i64 {
        let mut all = self.0.lock().unwrap();
        let version = i64::try_from(all.len()).unwrap() + 1;
        let (document, author) = (document.to_owned(), author.to_owned());
        all.push(SettingsVersion { version, document, author, saved_at: now });
        version
    }

    pub(crate) fn newest(&self) -> Value {
        serde_json::from_str(&self.0.lock().unwrap().last().unwrap().document).unwrap()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[async_trait]
impl SettingsStore for Versions {
    async fn settings(&self, _: &RouteName) -> Stored<Option<SettingsVersion>> {
        Ok(self.0.lock().unwrap().last().cloned())
    }

    async fn settings_at(&self, _: &RouteName, version: i64) -> Stored<Option<SettingsVersion>> {
        Ok(self.0.lock().unwrap().iter().find(|saved| saved.version == version).cloned())
    }

    async fn settings_history(&self, _: &RouteName, limit: u32) -> Stored<Vec<SettingsVersion>> {
        Ok(self.0.lock().unwrap().iter().rev().take(limit as usize).cloned().collect())
    }

    async fn save_settings(
        &self,
        _: &RouteName,
        document: &str,
        author: &str,
        expected: Option<i64>,
        now: DateTime<Utc>,
    ) -> Stored<i64> {
        if expected.is_some_and(|expected| usize::try_from(expected) != Ok(self.count())) {
            return Err(StoreError::Conflict("other settings are live".to_owned()));
        }
        Ok(self.add(document, author, now))
    }
}

async fn bench(documents: &[Value]) -> (Bench, Arc<Versions>) {
    let versions = Versions::with(documents);
    let memory = Memory { settings: versions.clone(), book: Arc::new(Book::default()), ..Memory::new() };
    let bench = Bench::with(memory, |_| {});
    bench.log_in().await;
    (bench, versions)
}

/// Sends a form with the secret and a fresh key of the editor.
async fn send(bench: &Bench, path: &str, fields: &[(&str, &str)]) -> Answer {
    let (csrf, once) = bench.hidden("/admin/settings").await;
    let mut all = vec![("csrf", csrf.as_str()), ("once", once.as_str())];
    all.extend(fields);
    bench.post(path, &all).await
}

const OFF: &str = r#"{"jobs": {"push_orders": {"enabled": false, "size": 9}}}"#;

fn on() -> Value {
    json!({"jobs": {"push_orders": {"enabled": true, "size": 9}}})
}

#[tokio::test]
async fn a_change_is_seen_before_it_is_saved_and_kept_with_its_reason() {
    let (bench, versions) = bench(&[on()]).await;
    let preview = send(&bench, "/admin/settings/preview", &[("document", OFF), ("expected", "1")]).await;
    assert_eq!(preview.status, StatusCode::OK, "{preview:?}");
    assert!(preview.body.contains("<code>jobs.push_orders.enabled</code>"), "{}", preview.body);
    assert!(preview.body.contains("“Push orders” is switched off"), "{}", preview.body);
    assert_eq!(versions.count(), 1, "a preview saves nothing");

    let fields = [("document", OFF), ("expected", "1"), ("reason", "holiday")];
    let unsaid = send(&bench, "/admin/settings/save", &fields[..2]).await;
    assert_eq!((unsaid.status, versions.count()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let saved = send(&bench, "/admin/settings/save", &fields).await;
    assert_eq!((saved.status, saved.header("location")), (StatusCode::SEE_OTHER, "/admin/settings"));
    assert_eq!(versions.newest(), serde_json::from_str::<Value>(OFF).unwrap());
    assert_eq!(bench.acts().last().unwrap(), &("Li Lei".to_owned(), "settings".to_owned(), "2".to_owned()));
    let history = bench.get("/admin/settings/history").await.body;
    assert!(history.contains("holiday") && history.contains("Li Lei") && history.contains("Han Meimei"), "{history}");
}

#[tokio::test]
async fn what_is_wrong_stands_by_its_field_and_nothing_is_saved() {
    let (bench, versions) = bench(&[on()]).await;
    let wrong = r#"{"jobs": {"push_orders": {"size": 0, "cron": "* *"}}}"#;
    for path in ["/admin/settings/preview", "/admin/settings/save"] {
        let fields = [("document", wrong), ("expected", "1"), ("reason", "because")];
        let answer = send(&bench, path, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains("2 problems") && answer.body.contains("<code>jobs.push_orders.size</code>"));
        assert_eq!(answer.body.matches(r#"aria-invalid="true""#).count(), 2, "{}", answer.body);
        assert!(answer.body.contains("expected a whole number above 0"), "{}", answer.body);
    }
    let broken = send(&bench, "/admin/settings/preview", &[("document", "{\"jobs\": <"), ("expected", "1")]).await;
    assert!(broken.body.contains("this is not JSON") && broken.body.contains("{&#34;jobs&#34;: &#60;"), "{broken:?}");
    assert_eq!(versions.count(), 1);
}

#[tokio::test]
async fn a_second_tab_is_told_who_saved_what_and_keeps_its_text() {
    let (bench, versions) = bench(&[on(), json!({"sku_key": "sku_first"})]).await;
    for path in ["/admin/settings/preview", "/admin/settings/save"] {
        let fields = [("document", OFF), ("expected", "1"), ("reason", "mine")];
        let answer = send(&bench, path, &fields).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        let body = &answer.body;
        assert!(body.contains("Somebody saved other settings meanwhile") && body.contains("Han Meimei"), "{body}");
        assert!(body.contains("<code>sku_key</code>") && body.contains("&#34;size&#34;: 9"), "{body}");
        assert_eq!(answer.field("expected"), "2", "the next preview compares with what is live now");
    }
    assert_eq!(versions.count(), 2);
}

#[tokio::test]
async fn an_older_version_comes_back_as_a_new_one_with_a_reason() {
    let (bench, versions) = bench(&[on(), json!({"sku_key": "sku_first"})]).await;
    let page = bench.get("/admin/settings/versions/1").await.body;
    assert!(page.contains("becomes a new version") && page.contains("is switched on"), "{page}");
    let back = "/admin/settings/versions/1/rollback";
    let stale = send(&bench, back, &[("expected", "1"), ("reason", "wrong one")]).await;
    assert_eq!((stale.status, versions.count()), (StatusCode::CONFLICT, 2));
    let unsaid = send(&bench, back, &[("expected", "2")]).await;
    assert_eq!((unsaid.status, versions.count()), (StatusCode::UNPROCESSABLE_ENTITY, 2));
    let done = send(&bench, back, &[("expected", "2"), ("reason", "wrong one")]).await;
    assert_eq!((done.status, versions.newest()), (StatusCode::SEE_OTHER, on()));
    assert_eq!(bench.get("/admin/settings/versions/9").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_editor_starts_where_the_address_says_and_the_document_can_be_taken_away() {
    let (bench, _) = bench(&[on()]).await;
    let page = bench.get("/admin/settings?key=mapping.shop.1000011436").await.body;
    assert!(page.contains(r#"value="1000011436""#) && page.matches("autofocus").count() == 1, "{page}");
    let page = bench.get("/admin/settings?key=jobs.ship_orders.multi_ban").await.body;
    assert_eq!(page.matches("autofocus").count(), 1);
    let file = send(&bench, "/admin/settings/export", &[]).await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"settings-r-1.json\"");
    assert_eq!(file.json(), on());
}

#[tokio::test]
async fn a_chinese_reader_finds_chinese_problems_and_consequences() {
    let (bench, _) = bench(&[on()]).await;
    bench.post("/admin/display", &[("lang", "zh"), ("back", "/admin/settings")]).await;
    let wrong = r#"{"jobs": {"push_orders": {"size": 0}}}"#;
    let answer = send(&bench, "/admin/settings/preview", &[("document", wrong), ("expected", "1")]).await;
    assert!(answer.body.contains("应为大于 0 的整数") && !answer.body.contains("whole number"), "{}", answer.body);
    let preview = send(&bench, "/admin/settings/preview", &[("document", OFF), ("expected", "1")]).await;
    assert!(preview.body.contains("“推单到 ERP”将停用"), "{}", preview.body);
}
