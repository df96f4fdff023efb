//! `ipass doctor`: every place that is wrong, with what to do about it, and nothing secret.

use ipass_sandbox::{Effect, Fault, SandboxConfig};
use serde_json::{Value, json};

use crate::common::database::Kind;
use crate::common::process::{Ended, run};
use crate::common::world::{World, quick};

const TOKEN: &str = "CANARY-token-40c1";
const APP_SECRET: &str = "CANARY-app-secret-9d";

fn world(store: Kind) -> World {
    let config = SandboxConfig { dsco_token: TOKEN.to_owned(), app_secret: APP_SECRET.to_owned(), ..quick() };
    World::new(config, store)
}

/// The doctor's findings that are wrong, as `(place, what, detail)`, with a part of the environment changed.
#[track_caller]
fn wrong(world: &World, variable: &str, value: &str) -> Vec<(String, String, String)> {
    let told = run(world.command(&["doctor", "--json"]).env(variable, value).env("RUST_LOG", "debug")).code(1);
    clean(&told);
    let document = told.json();
    let wrong = of(&document, false);
    assert_eq!(document["problems"], wrong.len(), "{document}");
    let text = run(world.command(&["doctor"]).env(variable, value)).code(1);
    clean(&text);
    assert!(text.stderr.contains(&format!("{} problems", wrong.len())), "{text:?}");
    for (place, what, _) in &wrong {
        let start = format!("WRONG {place}  {what}: ");
        assert!(text.stdout.lines().any(|line| line.starts_with(&start)), "{start} in {text:?}");
    }
    wrong
}

fn of(document: &Value, ok: bool) -> Vec<(String, String, String)> {
    let text = |finding: &Value, key: &str| finding[key].as_str().expect("a text").to_owned();
    let findings = document["findings"].as_array().expect("findings").iter().filter(|finding| finding["ok"] == ok);
    findings.map(|finding| (text(finding, "place"), text(finding, "what"), text(finding, "detail"))).collect()
}

#[track_caller]
fn clean(ended: &Ended) {
    for text in [&ended.stdout, &ended.stderr] {
        let lower = text.to_lowercase();
        for secret in ["canary", "access_token=", "sign="] {
            assert!(!lower.contains(secret), "{secret} in {text}");
        }
    }
}

/// Every finding is about the side, and tells a word of the remedy.
#[track_caller]
fn all_about(wrong: &[(String, String, String)], side: &str, remedy: &str) {
    assert!(!wrong.is_empty());
    for (place, what, detail) in wrong {
        assert_eq!(place, "dsco_lingxing");
        assert!(what.starts_with(side) && detail.contains(remedy), "{what}: {detail}");
    }
}

fn all_is_well(store: Kind) {
    let world = world(store);
    let document = world.ipass(&["doctor", "--json"]).code(0).json();
    assert_eq!((of(&document, false), &document["problems"]), (Vec::new(), &json!(0)));
    let fine = of(&document, true);
    for what in [
        "database",
        "settings",
        "channel: TLS",
        "channel: credentials, one order",
        "channel: list of orders",
        "channel: invoices",
        "channel: stock",
        "ERP: credentials, list of orders",
        "ERP: outbound documents",
        "mapping.shop",
        "mapping.warehouse",
        "mapping.shipment",
        "mapping.warehouse at the channel",
    ] {
        assert!(fine.iter().any(|finding| finding.1 == what), "{what} in {fine:?}");
    }
    let text = world.ipass(&["doctor"]).code(0);
    clean(&text);
    assert_eq!(text.stdout.lines().filter(|line| line.starts_with("ok ")).count(), fine.len(), "{text:?}");
    let ledger = world.sandbox.ledger();
    assert!(ledger.creates.is_empty() && ledger.acks.is_empty() && ledger.stock.is_empty(), "it only reads");
    assert_eq!(ledger.violations(), Vec::<String>::new());
}

#[test]
fn all_is_well_on_sqlite() {
    all_is_well(Kind::Sqlite);
}

#[test]
fn all_is_well_on_postgres() {
    all_is_well(Kind::Postgres);
}

#[test]
fn a_wrong_token_is_told_of_the_channel() {
    let wrong = wrong(&world(Kind::Sqlite), "IPASS__ROUTES__DSCO_LINGXING__CHANNEL__TOKEN", "CANARY-other");
    all_about(&wrong, "channel: ", "Check the credentials");
    assert!(wrong.iter().any(|finding| finding.1 == "channel: credentials, one order"), "{wrong:?}");
}

#[test]
fn a_wrong_app_secret_is_told_of_the_erp() {
    let wrong = wrong(&world(Kind::Sqlite), "IPASS__ROUTES__DSCO_LINGXING__ERP__APP_SECRET", "CANARY-other");
    all_about(&wrong, "ERP: ", "Check the credentials");
    assert!(wrong.iter().any(|finding| finding.1 == "ERP: credentials, list of orders"), "{wrong:?}");
}

#[test]
fn an_address_where_nobody_answers_is_told_of_its_side() {
    for (variable, side) in [("CHANNEL__BASE_URL", "channel: "), ("ERP__BASE_URL", "ERP: ")] {
        let variable = format!("IPASS__ROUTES__DSCO_LINGXING__{variable}");
        let wrong = wrong(&world(Kind::Sqlite), &variable, "http://127.0.0.1:1/CANARY");
        all_about(&wrong, side, "base URL");
    }
}

#[test]
fn credentials_in_the_clear_are_told() {
    let wrong =
        wrong(&world(Kind::Sqlite), "IPASS__ROUTES__DSCO_LINGXING__ERP__BASE_URL", "http://nowhere.invalid/CANARY");
    let tls = wrong.iter().find(|finding| finding.1 == "ERP: TLS").expect("it is told");
    assert!(tls.2.contains("https"), "{tls:?}");
}

#[test]
fn a_mapping_to_nothing_is_told_with_its_entry() {
    let world = world(Kind::Sqlite);
    let mut settings = world.sandbox.settings_json();
    settings["mapping"]["warehouse"]["WH-ZZ"] = "99999".into();
    settings["mapping"]["shop"]["1000011436"] = "1".into();
    world.import(&settings).code(0);
    let wrong = wrong(&world, "IPASS__LOG__DIR", "logs");
    let found: Vec<(&str, bool)> =
        wrong.iter().map(|(_, what, detail)| (what.as_str(), detail.contains("Correct the"))).collect();
    assert_eq!(
        found,
        [("mapping.shop", true), ("mapping.warehouse", true), ("mapping.warehouse at the channel", true)]
    );
    for (finding, entry) in wrong.iter().zip(["1000011436 → 1", "WH-ZZ → 99999", "WH-ZZ"]) {
        assert!(finding.2.contains(entry), "{entry} in {finding:?}");
        assert!(!finding.2.contains("WH-CA") && !finding.2.contains("1000011437"), "{finding:?}");
    }
}

#[test]
fn a_call_that_the_account_may_not_make_is_told_alone() {
    let world = world(Kind::Sqlite);
    let refusal = Effect::Status(403, "{\"message\":\"not allowed\"}".to_owned());
    world.sandbox.fault(Fault::next("GET /invoice", refusal).times(1000));
    let wrong = wrong(&world, "IPASS__LOG__DIR", "logs");
    assert_eq!(wrong.iter().map(|finding| finding.1.as_str()).collect::<Vec<_>>(), ["channel: invoices"]);
}

#[test]
fn a_store_without_schema_and_missing_settings_are_told() {
    let world = World::bare(quick(), Kind::Sqlite);
    let wrong = wrong(&world, "IPASS__LOG__DIR", "logs");
    let whats: Vec<&str> = wrong.iter().map(|finding| finding.1.as_str()).collect();
    assert!(whats.starts_with(&["database", "settings"]), "{wrong:?}");
    assert!(wrong[0].2.contains("ipass migrate"), "{wrong:?}");
    world.ipass(&["migrate"]).code(0);
    let migrated = self::wrong(&world, "IPASS__LOG__DIR", "logs");
    let settings = migrated.iter().find(|finding| finding.1 == "settings").expect("it is told");
    assert!(settings.2.contains("ipass settings import"), "{settings:?}");
}
