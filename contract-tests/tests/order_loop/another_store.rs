//! The ERP holds a PO number in another store than the mapping names for its retailer.

use ipass_core::erp::{DraftLine, ErpOrderDraft};
use ipass_core::job::Job;
use ipass_core::ports::Effect;
use ipass_core::reason::{Actor, Language, Reason};
use ipass_sandbox::WorldAction;

use crate::world::{CREATE, SETTLED, World};

const PO: &str = "PO-1";
/// The store in which the ERP's staff enters the retailer's orders.
const STAFFS: &str = "110658143132021760";
/// The store that is mapped.
const MAPPED: &str = "110658143132021824";
const MAPPING: &str = "/mapping/shop/1000011436";

async fn one_order(cancel: &str) -> World {
    let world = World::builder().set(MAPPING, MAPPED).set("/cancel/in_erp", cancel).build().await;
    world.plant_plain(1);
    world.skip(SETTLED);
    world.run(Job::PullOrders).await;
    world
}

/// Staff enters the order in its own store; it leaves at once.
fn enter_by_hand(world: &World) {
    world.act(WorldAction::EnterByHand { po: PO.to_owned() });
}

/// Another program creates the order in the staff's store; it is not reviewed yet.
async fn create_elsewhere(world: &World) {
    let asked = world.row(PO).await.reference();
    let answer = world.route.source.fetch(&[asked]).await.expect("an answer").remove(0);
    let order = answer.result.expect("an answer").expect("it is there").order.expect("it can be read");
    let lines = order.lines.iter().map(|line| DraftLine {
        msku: line.sku.clone().expect("a SKU"),
        sku: None,
        quantity: line.quantity,
        unit_price: line.prices.consumer.or(line.prices.retail).unwrap_or_default(),
    });
    let draft = ErpOrderDraft {
        lines: lines.collect(),
        po: order.po,
        store_id: STAFFS.to_owned(),
        address: order.address,
        note: None,
        routing: None,
        currency: order.currency,
        purchased_at: order.created_at,
    };
    let outcome = world.route.erp.create(&[draft]).await.expect("an answer").remove(0);
    assert!(matches!(outcome.effect, Effect::Applied(_)), "{outcome:?}");
}

#[tokio::test]
async fn an_order_in_another_store_is_not_created_again_and_waits_with_a_reason_that_helps() {
    let world = one_order("ask").await;
    enter_by_hand(&world);
    world.cycles(2).await;
    assert_eq!(world.counts(CREATE, PO), (0, 0), "its goods would leave twice");
    let (code, detail) = world.cause(PO).await;
    assert_eq!((world.stage(PO).await, code), (3, "erp_other_store"), "{detail}");
    let reason = Reason::from_code(code).expect("a reason");
    assert_eq!(reason.actor(), Actor::Operator);
    for language in [Language::En, Language::Zh] {
        let sentence = reason.sentence(language, &detail);
        assert!(["mapping.shop", STAFFS, MAPPED].iter().all(|part| sentence.contains(part)), "{sentence}");
    }
    // What the reason says to do helps.
    world.change_settings(MAPPING, STAFFS).await;
    world.cycles(2).await;
    assert_eq!(world.stage(PO).await, 5, "{:?}", world.cause(PO).await);
    world.assert_clean();
}

#[tokio::test]
async fn an_order_of_the_mapped_store_is_not_mistaken_for_one_with_its_number_in_another() {
    let world = one_order("auto").await;
    world.run(Job::PushOrders).await;
    enter_by_hand(&world);
    world.cancel(PO);
    world.skip(SETTLED);
    world.run(Job::AckOrders).await;
    assert_eq!(world.stage(PO).await, 6, "{:?}", world.cause(PO).await);
    world.assert_clean();
}

#[tokio::test]
async fn nothing_that_somebody_else_created_in_another_store_is_cancelled_without_being_asked() {
    let world = one_order("auto").await;
    create_elsewhere(&world).await;
    world.skip(SETTLED);
    world.run(Job::PushOrders).await;
    world.cancel(PO);
    world.skip(SETTLED);
    world.run(Job::AckOrders).await;
    assert_eq!(world.cause(PO).await.0, "cancel_needs_decision");
    // A person has looked at it.
    world.approve_cancel(PO).await;
    world.run(Job::AckOrders).await;
    assert_eq!(world.stage(PO).await, 6, "{:?}", world.cause(PO).await);
}
