//! The check finds what was planted, and nothing else; its repairs put it right.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use ipass_core::job::Job;
use ipass_core::ports::{Clock as _, StageEdit, Trigger};
use ipass_core::run::{CheckReport, FindingKind, Repair, RunRequest};
use ipass_core::stage::Stage;
use ipass_core::usecase::PullRange;
use ipass_sandbox::{ChannelStatus, Effect, Fault, NewOrder, WorldAction};

use crate::world::{SETTLED, World, number};

async fn check(world: &World) -> CheckReport {
    let now = world.clock.now();
    let range = PullRange { start: now - TimeDelta::days(2), end: now };
    let request = RunRequest { range: Some(range), ..RunRequest::of(Job::CheckOrders, Trigger::Manual) };
    let report = world.request(request).await;
    assert_eq!(report.error, None);
    report.done.check.expect("a check")
}

fn by_kind(check: &CheckReport) -> BTreeMap<FindingKind, usize> {
    let mut kinds = BTreeMap::new();
    for finding in &check.findings {
        *kinds.entry(finding.kind).or_default() += 1;
    }
    kinds
}

/// 300 good orders, 60 in each stage that is checked.
async fn good(world: &World) -> BTreeMap<u8, Vec<String>> {
    let mut stages = BTreeMap::new();
    for (stage, prefix) in [(5_u8, "DONE"), (4, "SHIP"), (3, "ACK"), (2, "PUSH"), (6, "END")] {
        let pos: Vec<String> = (0..60).map(|n| format!("{prefix}-{n:03}")).collect();
        for po in &pos {
            world.plant(NewOrder::new(po));
        }
        if stage == 6 {
            world.run(Job::PullOrders).await;
            for po in &pos {
                world.cancel(po);
            }
            world.run(Job::PushOrders).await;
        } else {
            world.bring(&pos, stage).await;
        }
        stages.insert(stage, pos);
    }
    let expected: BTreeMap<u8, usize> = [2, 3, 4, 5, 6].map(|stage| (stage, 60)).into();
    assert_eq!(world.stages().await, expected);
    stages
}

#[tokio::test]
async fn sixty_planted_differences_of_six_kinds_are_found_among_three_hundred_and_repaired() {
    let world = World::builder().set("/jobs/pull_orders/size", 1000).build().await;
    let stages = good(&world).await;
    let early = check(&world).await;
    assert_eq!(early.findings, [], "what is not visible yet is no difference");
    world.skip(SETTLED);
    let clean = check(&world).await;
    assert_eq!((by_kind(&clean), &clean.incomplete), (BTreeMap::new(), &Vec::new()));
    assert_eq!(clean.checked, 300);

    for n in 0..10_usize {
        let of = |stage: u8| stages[&stage].get(n).cloned().expect("sixty of each");
        world.act(WorldAction::DeleteInErp { po: of(2) });
        world.act(WorldAction::ResetAtChannel { po: of(3), status: ChannelStatus::Created });
        world.act(WorldAction::ResetAtChannel { po: of(4), status: ChannelStatus::ShipmentPending });
        world.act(WorldAction::RemoveInvoice { po: of(5) });
        world.act(WorldAction::ResetAtChannel { po: of(6), status: ChannelStatus::Created });
        world.plant(NewOrder::new(&format!("LOST-{n:03}")));
    }
    world.skip(SETTLED);
    let planted = check(&world).await;
    let ten = |kind| (kind, 10);
    let expected = [
        FindingKind::MissingLocalRecord,
        FindingKind::NotInErp,
        FindingKind::NotAccepted,
        FindingKind::NotShipped,
        FindingKind::NoInvoice,
        FindingKind::NotCancelled,
    ];
    assert_eq!((by_kind(&planted), &planted.incomplete), (expected.map(ten).into(), &Vec::new()));
    for finding in &planted.findings {
        let told = format!("{finding:?}");
        let index: usize = finding.po.as_str()[finding.po.as_str().len() - 3..].parse().expect("a number");
        assert!(index < 10, "{told}");
        match finding.repair {
            Repair::Pull => {
                let request =
                    RunRequest { po: Some(finding.po.clone()), ..RunRequest::of(Job::PullOrders, Trigger::Manual) };
                world.request(request).await;
            }
            Repair::SetStage(to) => set_stage(&world, finding.po.as_str(), to).await,
            // The ERP's order was deleted, and its number stays taken: people have to restore it.
            Repair::Look => assert_eq!(finding.kind, FindingKind::NotInErp, "{told}"),
        }
    }
    world.skip(SETTLED);
    let kinds = by_kind(&check(&world).await);
    assert!(!kinds.contains_key(&FindingKind::MissingLocalRecord), "{kinds:?}");
    assert!(!kinds.contains_key(&FindingKind::NoInvoice), "{kinds:?}");
}

async fn set_stage(world: &World, po: &str, to: Stage) {
    let edit =
        StageEdit { po: number(po), to, reason: "check".to_owned(), by: "anna".to_owned(), now: world.clock.now() };
    world.store.set_stage(&world.route.name, &edit).await.expect("the order is there");
}

#[tokio::test]
async fn a_side_that_cannot_be_read_is_named_and_nothing_is_concluded_from_it() {
    let (world, pos) = World::with_plain(3).await;
    world.bring(&pos, 3).await;
    world.skip(SETTLED);
    for call in ["GET /order/page", "GET /order/"] {
        world.fault(Fault::random(call, 1.0, 1000, Effect::Status(500, String::new())));
    }
    let report = check(&world).await;
    assert_eq!(report.findings, []);
    assert!(!report.incomplete.is_empty());
}

#[tokio::test]
async fn a_list_that_goes_in_circles_is_named_as_not_read_to_its_end() {
    let (world, pos) = World::with_plain(3).await;
    world.bring(&pos, 3).await;
    world.skip(SETTLED);
    world.fault(Fault::random("GET /order/page", 1.0, 1000, Effect::EndlessCursor));
    let report = check(&world).await;
    assert_eq!(report.findings, []);
    assert!(report.incomplete.iter().any(|text| text.contains("goes in circles")), "{:?}", report.incomplete);
}

#[tokio::test]
async fn one_order_is_checked_by_its_number() {
    let (world, pos) = World::with_plain(2).await;
    world.bring(&pos, 5).await;
    world.skip(SETTLED);
    world.act(WorldAction::RemoveInvoice { po: pos[1].clone() });
    let request = |po: &str| RunRequest { po: Some(number(po)), ..RunRequest::of(Job::CheckOrders, Trigger::Manual) };
    let fine = world.request(request(&pos[0])).await.done.check.expect("a check");
    assert_eq!((fine.checked, fine.findings.len()), (1, 0));
    let wrong = world.request(request(&pos[1])).await.done.check.expect("a check");
    assert_eq!(wrong.findings[0].kind, FindingKind::NoInvoice);
    assert_eq!(wrong.findings[0].repair, Repair::SetStage(Stage::AwaitingInvoice));

    // The log of the earlier invoice says that it was done; only the object tells that it is gone.
    set_stage(&world, &pos[1], Stage::AwaitingInvoice).await;
    world.run(Job::InvoiceOrders).await;
    world.skip(SETTLED);
    let again = world.request(request(&pos[1])).await.done.check.expect("a check");
    assert_eq!((world.stage(&pos[1]).await, again.findings), (5, Vec::new()));
}
