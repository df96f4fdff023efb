use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::*;
use crate::job::Job;
use crate::ports::{Clock as _, MockErpSink, MockFileArea, RouteName, StoreError, Stored};
use crate::settings::Settings;
use crate::testing::{ManualClock, context};

/// Versions, oldest first.
#[derive(Default)]
struct Versions(Mutex<Vec<SettingsVersion>>);

impl Versions {
    fn of(saves: &[(&str, &str)]) -> Self {
        let versions = saves.iter().zip(1..).map(|((author, document), version)| SettingsVersion {
            version,
            document: (*document).to_owned(),
            author: (*author).to_owned(),
            saved_at: ManualClock::default().now(),
        });
        Self(Mutex::new(versions.collect()))
    }

    fn live(&self) -> SettingsVersion {
        self.0.lock().unwrap().last().unwrap().clone()
    }
}

#[async_trait]
impl SettingsStore for Versions {
    async fn settings(&self, _: &RouteName) -> Stored<Option<SettingsVersion>> {
        Ok(self.0.lock().unwrap().last().cloned())
    }

    async fn settings_at(&self, _: &RouteName, version: i64) -> Stored<Option<SettingsVersion>> {
        Ok(self.0.lock().unwrap().iter().find(|known| known.version == version).cloned())
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
        let mut versions = self.0.lock().unwrap();
        let live = versions.last().map_or(0, |version| version.version);
        if expected.is_some_and(|expected| expected != live) {
            return Err(StoreError::Conflict(format!("version {live} is live")));
        }
        versions.push(SettingsVersion {
            version: live + 1,
            document: document.to_owned(),
            author: author.to_owned(),
            saved_at: now,
        });
        Ok(live + 1)
    }
}

fn pair(store: &str, msku: &str, sku: &str) -> SkuPair {
    SkuPair { store_id: store.to_owned(), msku: msku.to_owned(), sku: sku.to_owned() }
}

async fn pull(versions: &Versions, pairs: Vec<SkuPair>) -> Result<PairCounts, String> {
    let document = versions.0.lock().unwrap().last().map_or("{}".to_owned(), |version| version.document.clone());
    let settings: Settings = parse(&document, &[]).unwrap();
    let clock = ManualClock::default();
    let ctx = context(Job::PullSkuPairs, &settings, &clock);
    let mut erp = MockErpSink::new();
    erp.expect_sku_pairs().returning(move |_| Ok(pairs.clone()));
    let mut files = MockFileArea::new();
    files.expect_save().returning(|folder, name, _| Ok(format!("{folder}/{name}")));
    pull_sku_pairs(&ctx, &erp, versions, &files, &[]).await.map_err(|error| error.to_string())?;
    Ok(ctx.report.into_inner().unwrap().pairs.unwrap())
}

const SHOP: &str = r#""shop": {"R": "S1"}"#;

fn document(sku: &str) -> String {
    format!(r#"{{"mapping": {{{SHOP}, "sku": {sku}}}}}"#)
}

#[tokio::test]
async fn new_pairs_are_added_as_a_version_of_their_own() {
    let versions = Versions::of(&[("anna", &document(r#"{"A": "LX-A"}"#))]);
    let counts = pull(&versions, vec![pair("S1", "A", "LX-A"), pair("S1", "B", "LX-B")]).await.unwrap();
    assert_eq!((counts.read, counts.added, counts.kept), (2, 1, 0));
    let live = versions.live();
    assert_eq!((live.version, live.author.as_str()), (2, AUTHOR));
    assert_eq!(sku_mapping(&live.document).get("B").unwrap(), "LX-B");
    assert!(live.document.contains("\"R\""), "the rest of the document stays");
    assert_eq!(pull(&versions, vec![pair("S1", "A", "LX-A"), pair("S1", "B", "LX-B")]).await.unwrap().added, 0);
    assert_eq!(versions.live().version, 2, "nothing new saves nothing");
}

#[tokio::test]
async fn what_a_person_entered_wins_and_what_came_from_the_erp_follows_it() {
    let versions = Versions::of(&[("anna", &document(r#"{"A": "LX-A"}"#))]);
    pull(&versions, vec![pair("S1", "B", "LX-B")]).await.unwrap();
    let counts = pull(&versions, vec![pair("S1", "A", "LX-OTHER"), pair("S1", "B", "LX-B2")]).await.unwrap();
    assert_eq!((counts.changed, counts.kept), (1, 1));
    let mapping = sku_mapping(&versions.live().document);
    assert_eq!((mapping["A"].as_str(), mapping["B"].as_str()), ("LX-A", "LX-B2"));
}

#[tokio::test]
async fn a_pair_whose_sku_a_person_named_otherwise_is_not_added() {
    let versions = Versions::of(&[("anna", &document(r#"{"A": "LX-A"}"#))]);
    let counts = pull(&versions, vec![pair("S1", "A2", "LX-A"), pair("S1", "B", "LX-B")]).await.unwrap();
    assert_eq!((counts.added, counts.kept), (1, 1));
    assert!(!sku_mapping(&versions.live().document).contains_key("A2"), "the way back stays unambiguous");
}

#[tokio::test]
async fn contradictions_change_nothing_and_are_told_with_both_sides() {
    let versions = Versions::of(&[("anna", &document("{}"))]);
    let torn = pull(&versions, vec![pair("S1", "A", "LX-1"), pair("S2", "A", "LX-2")]).await.unwrap_err();
    for part in ["A", "LX-1", "LX-2", "S1", "S2"] {
        assert!(torn.contains(part), "{torn}");
    }
    let merged = pull(&versions, vec![pair("S1", "A", "LX-1"), pair("S1", "B", "LX-1")]).await.unwrap_err();
    assert!(merged.contains("SKU LX-1 ↔ A"), "{merged}");
    assert_eq!(versions.live().version, 1);
}

#[tokio::test]
async fn the_same_pair_in_two_stores_is_no_contradiction() {
    let versions = Versions::of(&[("anna", &document("{}"))]);
    assert_eq!(pull(&versions, vec![pair("S1", "A", "LX-1"), pair("S2", "A", "LX-1")]).await.unwrap().added, 1);
}

#[tokio::test]
async fn an_empty_or_much_smaller_answer_changes_nothing() {
    let versions = Versions::of(&[("anna", &document("{}"))]);
    let many: Vec<SkuPair> = (0..10).map(|n| pair("S1", &format!("M{n}"), &format!("LX-{n}"))).collect();
    pull(&versions, many).await.unwrap();
    for few in [vec![], vec![pair("S1", "M0", "LX-NEW")]] {
        pull(&versions, few).await.unwrap_err();
        assert_eq!(versions.live().version, 2);
    }
}

#[tokio::test]
async fn an_entry_of_ours_gives_way_when_the_erp_lists_its_sku_under_another_name() {
    let versions = Versions::of(&[("anna", &document("{}"))]);
    pull(&versions, vec![pair("S1", "M1", "LX-1"), pair("S1", "M9", "LX-9")]).await.unwrap();
    pull(&versions, vec![pair("S1", "M2", "LX-1"), pair("S1", "M9", "LX-9")]).await.unwrap();
    let mapping = sku_mapping(&versions.live().document);
    assert_eq!((mapping.get("M1"), mapping["M2"].as_str()), (None, "LX-1"));
}
