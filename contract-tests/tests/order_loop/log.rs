//! What the channel accepts and then keeps quiet about, or refuses.

use ipass_core::job::Job;
use ipass_sandbox::{Effect, Fault};

use crate::world::{ACK, INVOICE, SETTLED, SHIP, World};

const QUEUED: [(Job, &str); 3] = [(Job::AckOrders, ACK), (Job::ShipOrders, SHIP), (Job::InvoiceOrders, INVOICE)];

/// One order of which the next write meets the effect.
async fn before(job: Job, call: &str, effect: Effect) -> (World, u8) {
    let stage = job.stage().expect("a stage").number();
    let (world, pos) = World::with_plain(1).await;
    world.bring(&pos, stage).await;
    world.staff_before(job, &pos);
    world.fault(Fault::next(call, effect));
    (world, stage)
}

#[tokio::test]
async fn a_silent_log_of_a_write_that_took_place_is_settled_from_the_object() {
    for (job, call) in QUEUED {
        let (world, stage) = before(job, call, Effect::LogSilent { applied: true, item: None }).await;
        world.run(job).await;
        if world.stage("PO-1").await == stage {
            world.run(job).await;
        }
        assert_eq!(world.stage("PO-1").await, stage + 1, "{call}: {:?}", world.cause("PO-1").await);
        assert_eq!(world.counts(call, "PO-1"), (1, 1), "{call}");
        world.assert_clean();
    }
}

#[tokio::test]
async fn a_silent_log_of_a_write_that_did_not_take_place_leads_to_one_resend() {
    for (job, call) in QUEUED {
        let (world, stage) = before(job, call, Effect::LogSilent { applied: false, item: None }).await;
        world.run(job).await;
        assert_eq!(world.stage("PO-1").await, stage, "{call}");
        assert_eq!(world.cause("PO-1").await.0, "write_unconfirmed", "{call}");
        assert_eq!(world.counts(call, "PO-1"), (1, 0), "{call}");
        world.skip(SETTLED);
        world.run(job).await;
        assert_eq!(world.stage("PO-1").await, stage + 1, "{call}: {:?}", world.cause("PO-1").await);
        assert_eq!(world.counts(call, "PO-1"), (2, 1), "{call}");
        world.assert_clean();
    }
}

#[tokio::test]
async fn a_refusal_in_the_log_is_shown_in_the_channels_words_and_tried_again() {
    for (job, call) in QUEUED {
        let reason = "Retailer says: not like this".to_owned();
        let (world, stage) = before(job, call, Effect::LogFails { reason: reason.clone(), item: None }).await;
        world.run(job).await;
        let (code, detail) = world.cause("PO-1").await;
        assert_eq!((world.stage("PO-1").await, code), (stage, "channel_rejected"), "{call}: {detail}");
        assert!(detail.contains(&reason), "{call}: {detail}");
        assert_eq!(world.counts(call, "PO-1"), (1, 0), "{call}");
        world.run(job).await;
        assert_eq!(world.stage("PO-1").await, stage + 1, "{call}: {:?}", world.cause("PO-1").await);
        assert_eq!(world.counts(call, "PO-1"), (2, 1), "{call}");
        world.assert_clean();
    }
}

#[tokio::test]
async fn one_refused_order_of_a_batch_holds_no_other_back() {
    for (job, call) in QUEUED {
        let stage = job.stage().expect("a stage").number();
        let (world, pos) = World::with_plain(6).await;
        world.bring(&pos, stage).await;
        world.staff_before(job, &pos);
        world.fault(Fault::next(call, Effect::LogFails { reason: "no".to_owned(), item: Some(2) }));
        let report = world.run(job).await;
        let advanced = report.done.outcomes.iter().filter(|outcome| outcome.after != outcome.before).count();
        assert_eq!(advanced, 5, "{call}");
        world.run(job).await;
        assert_eq!(world.stages().await, [(stage + 1, 6)].into(), "{call}");
        world.assert_clean();
    }
}
