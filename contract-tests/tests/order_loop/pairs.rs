//! SKU pairs of the ERP become the mapping.

use ipass_core::job::Job;
use ipass_sandbox::{Effect, Fault, WorldAction};
use serde_json::{Value, json};

use crate::world::World;

const LIST: &str = "POST /pb/mp/listing/v2/getPairList";
const STORE: &str = "110658143132021760";

async fn mapping(world: &World) -> (i64, Value) {
    let saved = world.store.settings(&world.route.name).await.expect("the store answers").expect("settings");
    let document: Value = serde_json::from_str(&saved.document).expect("JSON");
    (saved.version, document["mapping"]["sku"].clone())
}

#[tokio::test]
async fn the_pairs_are_the_mapping_afterwards_with_an_audit_and_a_second_run_saves_nothing() {
    let world = World::builder().set("/mapping/sku", json!({})).build().await;
    let expected = world.sandbox.settings_json()["mapping"]["sku"].clone();
    let report = world.run(Job::PullSkuPairs).await;
    assert_eq!(report.error, None);
    let (version, now) = mapping(&world).await;
    assert_eq!(version, 2);
    for (msku, sku) in expected.as_object().expect("a mapping") {
        assert!(now.get(msku).is_none_or(|known| known == sku), "{msku}");
    }
    assert!(!now.as_object().expect("a mapping").is_empty());
    let folder = world.folder.path().join("exports").join("sku-mapping-pull");
    let day = std::fs::read_dir(folder).expect("the audit").next().expect("a day").expect("a day").path();
    let mut kinds: Vec<String> = std::fs::read_dir(day)
        .expect("a day")
        .map(|file| file.expect("a file").file_name().to_string_lossy().rsplit('-').next().unwrap_or("").to_owned())
        .collect();
    kinds.sort();
    assert_eq!(kinds, ["diff.json", "new.json", "old.json"]);
    world.run(Job::PullSkuPairs).await;
    assert_eq!(mapping(&world).await.0, 2);
}

#[tokio::test]
async fn contradicting_pairs_and_failed_readings_change_nothing() {
    let world = World::builder().set("/mapping/sku", json!({})).build().await;
    world.fault(Fault::random(LIST, 1.0, 1000, Effect::Status(503, String::new())));
    assert!(world.run(Job::PullSkuPairs).await.error.is_some());
    world.sandbox.clear_faults();
    let pair = |msku: &str, sku: &str| WorldAction::PairSku {
        store: STORE.to_owned(),
        msku: msku.to_owned(),
        sku: sku.to_owned(),
    };
    world.act(pair("TWICE-1", "LX-TWICE"));
    world.act(pair("TWICE-2", "LX-TWICE"));
    let error = world.run(Job::PullSkuPairs).await.error.expect("refused");
    assert!(error.contains("TWICE-1") && error.contains("TWICE-2"), "{error}");
    assert_eq!(mapping(&world).await.0, 1);
}
