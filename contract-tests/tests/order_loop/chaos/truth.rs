//! What has to be true of every order when all is quiet.

use ipass_core::erp::{DocumentStatus, ErpStatus};
use ipass_core::order::{ChannelStatus, PoNumber};
use ipass_core::ports::{DocumentQuery, OrderRow};
use ipass_sandbox::{CancelPolicy, Expectation, Kind, Ledger};

use crate::every_kind::reached;
use crate::world::{World, number};

pub(crate) async fn assert_true(world: &World, policy: CancelPolicy, cancelled: &[String]) {
    world.assert_clean();
    let (rows, ledger) = (world.rows().await, world.ledger());
    let mut wrong = Vec::new();
    let mut unreadable = 0;
    for expected in world.sandbox.expectations_under(policy) {
        let row = rows.get(&expected.po);
        if expected.invalid {
            unreadable += 1;
        } else if cancelled.contains(&expected.po) {
            let Some(row) = row else {
                wrong.push(format!("\n{} is lost", expected.po));
                continue;
            };
            if let Err(why) = cancelled_is_true(world, policy, &expected, row, &ledger).await {
                let last = row.last_outcome.as_ref().and_then(|last| last.cause.as_ref());
                let (po, kind, stage) = (&expected.po, expected.kind, row.stage.number());
                wrong.push(format!("\n{po} ({kind:?}), cancelled, at stage {stage}, {last:?}: {why}"));
            }
        } else {
            let reached = reached(&expected, row, &ledger);
            if reached != expected && !came_in_unknown_words(world, &expected.po).await {
                wrong.push(format!("\nexpected {expected:?}\n reached {reached:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
    let kept = world.store.unreadable(&world.route.name, 1000).await.expect("the store answers");
    assert_eq!(kept.len(), unreadable, "{kept:?}");
}

/// Whether the channel's state at first sight was none that anybody knows: such an order begins at the beginning,
/// wherever its true state would have put it, and is created in an ERP that does not hold it.
async fn came_in_unknown_words(world: &World, po: &str) -> bool {
    let timeline = world.store.timeline(&world.route.name, &number(po), 1000).await.expect("the store answers");
    let pulled = timeline.iter().find(|event| event.kind == "pulled");
    pulled.is_some_and(|event| matches!(ChannelStatus::parse(&event.what), ChannelStatus::Other(_)))
}

/// An order that the retailer cancelled at any moment ends cancelled, or tells truly why it does not.
async fn cancelled_is_true(
    world: &World,
    policy: CancelPolicy,
    expected: &Expectation,
    row: &OrderRow,
    ledger: &Ledger,
) -> Result<(), String> {
    let po: PoNumber = number(&expected.po);
    let answers = world.route.erp.find(std::slice::from_ref(&po)).await.expect("the ERP answers");
    let held = answers.into_iter().next().expect("an answer").result.expect("rows");
    let alive: Vec<&ErpStatus> = held
        .iter()
        .filter(|row| !row.deleted && !row.resent && row.status != ErpStatus::Cancelled)
        .map(|row| &row.status)
        .collect();
    let query = DocumentQuery { po: po.clone(), store_id: None, since: row.created_at };
    let answers = world.route.erp.documents(&[query]).await.expect("the ERP answers");
    let documents = answers.into_iter().next().expect("an answer").result.expect("documents");
    let left = alive.contains(&&ErpStatus::Shipped)
        || documents.iter().any(|document| document.status == DocumentStatus::Shipped);
    let invoiced = ledger.invoices.get(&expected.po).is_some_and(|record| record.applied == 1);
    let reason = row.last_outcome.as_ref().and_then(|last| last.cause.as_ref()).map(|cause| cause.reason.code());
    match (row.stage.number(), reason) {
        (6, _) if alive.is_empty() => Ok(()),
        // Entered by hand, and cancelled before the service had pushed it: by the rules it ends unasked.
        (6, _) if expected.kind == Kind::AlreadyInErp => Ok(()),
        (6, _) => Err(format!("the ERP goes on with it: {alive:?}")),
        (5, _) if invoiced || expected.kind == Kind::ShippedAtFirst => Ok(()),
        (5, _) => Err("completed without an invoice".to_owned()),
        (_, Some("cancelled_too_late")) if left || row.stage.number() == 4 => Ok(()),
        (_, Some("cancelled_too_late")) => Err(format!("nothing has left: {alive:?}")),
        (_, Some("cancel_needs_decision")) if policy == CancelPolicy::Ask && !alive.is_empty() => Ok(()),
        (_, Some("cancel_refused")) if expected.kind == Kind::RecallRefused || left => Ok(()),
        (_, other) => Err(format!("{other:?} does not tell it; in the ERP: {alive:?}")),
    }
}
