//! The adapter against the simulated vendor, which rebuilds every signature from the bytes that it
//! gets, keeps in-flight buckets and breaks when told to.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ipass_contract_tests::replay::ManualClock;
use ipass_core::erp::{DocumentStatus, DraftLine, ErpOrderDraft, ErpStatus};
use ipass_core::order::Address;
use ipass_core::ports::{Clock, DocumentQuery, Effect, ErpSink, ErrorKind};
use ipass_lingxing::LingxingErp;
use ipass_sandbox::{Effect as Trouble, Fault, Kind, NewLine, NewOrder, Sandbox, SandboxConfig};
use serde_json::json;

use crate::world::{NOW, at, by_po, erp, po, pos};

const STORE: &str = "110658143132021760";
const CREATE: &str = "POST /pb/mp/order/v2/create";
const LIST: &str = "POST /pb/mp/order/v2/list";

struct Simulated {
    sandbox: Sandbox,
    clock: Arc<ManualClock>,
    erp: LingxingErp,
}

impl Simulated {
    async fn start(orders: &[(&str, Kind)]) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let config = SandboxConfig { orders: 0, ..SandboxConfig::default() };
        let credential = json!({
            "app_id": config.app_id,
            "app_secret": config.app_secret,
            "platform_code": config.platform_code
        });
        let now = Arc::clone(&clock);
        let sandbox = Sandbox::start(config, Arc::new(move || now.now())).await.unwrap();
        for (number, kind) in orders {
            let order = NewOrder {
                retailer_id: Some("1000011436".to_owned()),
                lines: Some(vec![NewLine::new("SKU-AAA-01", 2, 500)]),
                ..NewOrder::new(number).kind(*kind)
            };
            sandbox.add_order(order);
        }
        let erp = erp(&sandbox.lingxing_base_url(), Arc::clone(&clock) as Arc<dyn Clock>, &credential);
        Self { sandbox, clock, erp }
    }

    async fn create(&self, numbers: &[&str]) -> Vec<Effect<String>> {
        let drafts: Vec<ErpOrderDraft> = numbers.iter().map(|number| draft(number)).collect();
        self.erp.create(&drafts).await.unwrap().into_iter().map(|outcome| outcome.effect).collect()
    }

    async fn n_found(&self, number: &str) -> usize {
        self.clock.advance(Duration::from_mins(2));
        self.erp.find(&pos(&[number])).await.unwrap().remove(0).result.unwrap().len()
    }
}

fn draft(number: &str) -> ErpOrderDraft {
    let some = |text: &str| Some(text.to_owned());
    ErpOrderDraft {
        po: po(number),
        store_id: STORE.to_owned(),
        address: Address {
            name: some("Zoë O'Hara <test> & Co"),
            line1: some("12 \"Main\" St #4/5 \\ 50% a+b=c"),
            city: some("St. Paul"),
            country: some("US"),
            postal_code: some("01234"),
            ..Address::default()
        },
        note: some("请轻放 易碎品\u{2028}\u{7f}😀"),
        routing: None,
        currency: some("USD"),
        purchased_at: at("2025-12-05T19:58:00Z"),
        lines: vec![DraftLine { msku: "SKU-AAA-01".to_owned(), sku: None, quantity: 2, unit_price: 5.into() }],
    }
}

#[tokio::test]
async fn an_order_goes_in_and_its_shipments_come_out() {
    let world = Simulated::start(&[("P-1", Kind::Single), ("P-2", Kind::Split), ("P-3", Kind::TwoParcels)]).await;
    world.erp.check_credentials().await.unwrap();
    let effects = world.create(&["P-1", "P-2", "P-3"]).await;
    assert!(
        effects.iter().all(|effect| matches!(effect, Effect::Applied(number) if number.len() == 18)),
        "{effects:?}"
    );
    world.clock.advance(Duration::from_hours(1));

    let found = by_po(world.erp.find(&pos(&["P-1", "P-2", "P-3", "P-NONE"])).await.unwrap());
    let statuses = |number: &str| -> Vec<ErpStatus> {
        found[number].as_ref().unwrap().iter().map(|order| order.status.clone()).collect()
    };
    assert_eq!(statuses("P-1"), [ErpStatus::Shipped]);
    assert_eq!(statuses("P-2"), [ErpStatus::Shipped, ErpStatus::Shipped]);
    assert!(statuses("P-NONE").is_empty());

    let query = |number: &str| DocumentQuery {
        po: po(number),
        store_id: Some(STORE.to_owned()),
        since: at("2025-12-05T19:58:00Z"),
    };
    let held = world.erp.documents(&["P-1", "P-2", "P-3", "P-NONE"].map(query)).await.unwrap();
    for (number, documents) in by_po(held) {
        let documents = documents.unwrap();
        let units: u32 = documents.iter().flat_map(|document| &document.lines).map(|line| line.quantity).sum();
        assert_eq!(units, if number == "P-NONE" { 0 } else { 2 }, "{number}");
        for document in documents {
            assert_eq!(document.status, DocumentStatus::Shipped);
            let shipped_at = document.shipped_at.unwrap();
            assert!(shipped_at > at(NOW) && shipped_at < world.clock.now(), "{shipped_at}");
            assert!(document.lines.iter().all(|line| line.sku == "SKU-AAA-01"));
        }
    }
    let ledger = world.sandbox.ledger();
    assert!(ledger.throttled.is_empty() && ledger.unknown_paths.is_empty(), "{ledger:?}");
}

#[tokio::test]
async fn an_answer_lost_after_the_commit_is_unknown_and_then_found() {
    for trouble in [
        Trouble::ResetAfterCommit,
        Trouble::BrokenBody,
        Trouble::Truncated,
        Trouble::StatusAfterCommit(502, "<html>bad gateway</html>".to_owned()),
    ] {
        let world = Simulated::start(&[("P-1", Kind::Single)]).await;
        world.sandbox.fault(Fault::next(CREATE, trouble.clone()));
        assert!(matches!(world.create(&["P-1"]).await[..], [Effect::Unknown(_)]), "{trouble:?}");
        assert_eq!(world.n_found("P-1").await, 1, "{trouble:?}");
        assert_eq!(world.sandbox.ledger().creates["P-1"].applied, 1, "{trouble:?}");
    }
}

#[tokio::test]
async fn what_was_not_done_is_unknown_or_refused_and_then_absent() {
    for trouble in [Trouble::ResetBeforeCommit, Trouble::Html, Trouble::Status(500, "oops".to_owned())] {
        let world = Simulated::start(&[("P-1", Kind::Single)]).await;
        world.sandbox.fault(Fault::next(CREATE, trouble.clone()));
        assert!(matches!(world.create(&["P-1"]).await[..], [Effect::Unknown(_)]), "{trouble:?}");
        assert_eq!(world.n_found("P-1").await, 0, "{trouble:?}");
    }
    let world = Simulated::start(&[("P-1", Kind::Single)]).await;
    world.sandbox.fault(Fault::next(CREATE, Trouble::VendorCode("3001008".to_owned())));
    let error = world.erp.create(&[draft("P-1")]).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Throttled { .. }), "{error}");
    assert_eq!(world.n_found("P-1").await, 0);
}

#[tokio::test]
async fn a_token_that_another_program_replaced_costs_one_renewal() {
    let world = Simulated::start(&[("P-1", Kind::Single)]).await;
    world.erp.check_credentials().await.unwrap();
    world.sandbox.fault(Fault::next(CREATE, Trouble::TokenReplaced));
    assert!(matches!(world.create(&["P-1"]).await[..], [Effect::Applied(_)]));
    assert_eq!(world.sandbox.ledger().creates["P-1"].applied, 1);
}

#[tokio::test]
async fn a_list_that_leaves_rows_out_is_never_an_absence() {
    let world = Simulated::start(&[("P-1", Kind::Single), ("P-2", Kind::Single)]).await;
    world.create(&["P-1", "P-2"]).await;
    world.clock.advance(Duration::from_mins(2));
    world.sandbox.fault(Fault::next(LIST, Trouble::HalfPage).times(9));
    let found = world.erp.find(&pos(&["P-1", "P-2"])).await.unwrap();
    assert!(found.iter().all(|answer| answer.result.is_err()));
    world.sandbox.clear_faults();
    assert_eq!(world.n_found("P-2").await, 1);
}

#[tokio::test]
async fn twenty_callers_at_once_never_meet_the_limiter() {
    let world = Simulated::start(&[]).await;
    let callers: BTreeSet<usize> = (0..20).collect();
    let calls: Vec<_> = callers
        .iter()
        .map(|n| {
            let erp = world.erp.clone();
            let number = format!("P-{n}");
            tokio::spawn(async move { erp.find(&pos(&[&number])).await.unwrap().remove(0).result.is_ok() })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap());
    }
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.calls[LIST], 20);
    assert!(ledger.throttled.is_empty() && ledger.max_in_flight[LIST] <= 5, "{ledger:?}");
}
