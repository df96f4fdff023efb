//! What saving pulled orders does, and what it leaves alone.

use std::collections::HashSet;

use ipass_core::job::Job;
use ipass_core::order::ChannelStatus;
use ipass_core::ports::{
    Evidence, KEPT_PAYLOADS, KnownPayload, OrderFilter, PayloadDigest, PullState, SaveCounts, SaveOrder, Selection,
    SyncStore, UnreadableOrder, WindowKind,
};
use ipass_core::reason::{Cause, Reason};
use ipass_core::stage::Stage;
use ipass_core::write::{Intent, WriteKey, WriteKind};

use super::prelude::*;

/// The derived columns are stored, and the first sight is in the timeline.
pub async fn new_orders_enter_at_their_first_stage(store: &dyn SyncStore) {
    let pull = begin(store, Job::PullOrders, None).await;
    let mut old = pulled("2", 2);
    old.first_stage = Stage::Completed;
    let counts = save(store, &pull.run, &[pulled("1", 1), old]).await;
    assert_eq!(counts, SaveCounts { stored: 2, ..SaveCounts::default() });
    let row = row(store, "1").await;
    assert_eq!(row.stage, Stage::AwaitingPush);
    assert_eq!((row.created_at, row.updated_at, row.ship_by), (minute(1), Some(minute(1)), Some(minute(5001))));
    assert_eq!(row.stage_entered_at, minute(100));
    assert_eq!((row.channel_order_id.as_str(), row.channel_status.as_str()), ("channel-1", "created"));
    assert_eq!((row.retailer_id.as_deref(), row.warehouse_code.as_deref()), (Some("retailer-1"), Some("W1")));
    assert_eq!((row.service_level.as_deref(), row.sku_list.as_str()), (Some("GROUND"), "SKU-A(2)"));
    assert_eq!((row.attempts, row.last_outcome, row.next_try_at, row.hold), (0, None, None, None));
    assert_eq!(row.evidence, Evidence::default());
    let events = timeline(store, "2").await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].kind.as_str(), events[0].from, events[0].to), ("pulled", None, Some(Stage::Completed)));
    assert_eq!(events[0].by, pull.run.run_id);
}

/// Same bytes, later run: counted, and nothing else is different.
pub async fn an_unchanged_order_writes_nothing(store: &dyn SyncStore) {
    let orders = [pulled("1", 1), pulled("2", 2)];
    stored(store, &orders).await;
    let before = (order(store, "1").await.row, timeline(store, "1").await);
    let pull = begin(store, Job::PullOrders, None).await;
    let counts = store.save_orders(&pull.run, &orders, &[], minute(777)).await.expect("orders are saved");
    assert_eq!(counts, SaveCounts { unchanged: 2, ..SaveCounts::default() });
    assert_eq!((order(store, "1").await.row, timeline(store, "1").await), before);
}

/// A payload is known while it is its order's present one, on its own route.
pub async fn only_present_payloads_are_known(store: &dyn SyncStore) {
    let digest = |order: &SaveOrder| PayloadDigest::of(&order.raw);
    let (first, second) = (pulled("1", 1), pulled("2", 2));
    let newer = changed(&first, 60, ChannelStatus::ShipmentPending);
    let all = [digest(&first), digest(&newer), digest(&second), PayloadDigest::of(b"nobody's")];
    stored(store, &[first.clone(), second.clone()]).await;
    let known = store.known_payloads(&route(), &all).await.expect("the store answers");
    let of =
        |order: &SaveOrder| KnownPayload { created_at: order.order.created_at, updated_at: order.order.updated_at };
    assert_eq!(known, [(digest(&first), of(&first)), (digest(&second), of(&second))].into());

    stored(store, std::slice::from_ref(&newer)).await;
    let known = store.known_payloads(&route(), &all).await.expect("the store answers");
    assert_eq!(known, [(digest(&newer), of(&newer)), (digest(&second), of(&second))].into());
    // What it said before is news again, also where it is dated later.
    let back = changed(&newer, 61, ChannelStatus::Created);
    stored(store, std::slice::from_ref(&back)).await;
    let known = store.known_payloads(&route(), &[digest(&newer), digest(&back)]).await.expect("the store answers");
    assert_eq!(known.into_keys().collect::<Vec<_>>(), [digest(&back)]);

    let another = other_route();
    assert!(store.known_payloads(&another, &all).await.expect("the store answers").is_empty());
    assert!(store.known_payloads(&route(), &[]).await.expect("the store answers").is_empty());
}

/// At every stage: payload and columns follow the channel, stage and evidence do not.
pub async fn a_changed_payload_never_touches_stage_or_evidence(store: &dyn SyncStore) {
    for stage in Stage::ALL {
        let number = format!("PO-{stage}");
        let before = pulled(&number, 1);
        stored(store, std::slice::from_ref(&before)).await;
        let evidence = Evidence {
            erp_order_no: Some("E1".to_owned()),
            tracking: Some("T1".to_owned()),
            invoice_id: Some("I1".to_owned()),
        };
        let first = Stage::AwaitingPush;
        let mut step = stayed(&number, first, Reason::MissingShopMapping, "x");
        step.evidence = evidence.clone();
        look_once(store, step, 10).await;
        if stage != first {
            place(store, &number, stage).await;
        }
        let entered = row(store, &number).await.stage_entered_at;
        let mut after = changed(&before, 60, ChannelStatus::Other("odd".to_owned()));
        after.order.warehouse_code = None;
        after.order.retailer_id = Some("retailer-2".to_owned());
        after.sku_list = "SKU-B(1)".into();
        let pull = begin(store, Job::PullOrders, None).await;
        let counts = save(store, &pull.run, std::slice::from_ref(&after)).await;
        finish(store, pull).await;
        assert_eq!(counts, SaveCounts { updated: 1, ..SaveCounts::default() });
        let now = order(store, &number).await;
        assert_eq!(now.raw, after.raw);
        assert_eq!((now.row.stage, now.row.stage_entered_at), (stage, entered));
        assert_eq!(now.row.evidence, evidence);
        assert_eq!((now.row.channel_status.as_str(), now.row.sku_list.as_str()), ("odd", "SKU-B(1)"));
        assert_eq!((now.row.warehouse_code, now.row.retailer_id.as_deref()), (None, Some("retailer-2")));
        assert_eq!(now.row.updated_at, Some(minute(60)));
    }
}

/// `at_push` moves orders of the first stage only.
pub async fn only_an_order_that_awaits_its_push_follows_the_channel(store: &dyn SyncStore) {
    for stage in Stage::ALL {
        let number = format!("PO-{stage}");
        let before = pulled(&number, 1);
        stored(store, std::slice::from_ref(&before)).await;
        if stage != Stage::AwaitingPush {
            place(store, &number, stage).await;
        }
        let mut after = changed(&before, 60, ChannelStatus::Cancelled);
        after.at_push = Some(Stage::Cancelled);
        stored(store, &[after]).await;
        let expected = if stage == Stage::AwaitingPush { Stage::Cancelled } else { stage };
        assert_eq!(row(store, &number).await.stage, expected);
        let events = timeline(store, &number).await;
        let last = events.last().expect("an event");
        assert_eq!((last.kind.as_str(), last.what.as_str()), ("changed", "cancelled"));
        assert_eq!(last.to, (stage == Stage::AwaitingPush).then_some(Stage::Cancelled));
    }
}

/// The run that works on an order decides where it goes.
pub async fn an_order_claimed_by_another_run_is_not_moved_by_a_pull(store: &dyn SyncStore) {
    let before = pulled("1", 1);
    stored(store, std::slice::from_ref(&before)).await;
    let push = begin(store, Job::PushOrders, None).await;
    assert_eq!(claim(store, &push.run, &due(Stage::AwaitingPush, 9, 5)).await, ["1"]);
    let mut after = changed(&before, 60, ChannelStatus::Cancelled);
    after.at_push = Some(Stage::Cancelled);
    stored(store, std::slice::from_ref(&after)).await;
    let now = order(store, "1").await;
    assert_eq!((now.row.stage, now.raw), (Stage::AwaitingPush, after.raw));
    let step = advanced("1", Stage::AwaitingPush, Stage::AwaitingAck);
    assert_eq!(record(store, &push.run, &[step], 61).await, Vec::<String>::new());
}

/// The run that holds it has read it before, and sends it into a back-off that the news is not to wait for.
pub async fn news_of_an_order_that_a_run_holds_makes_it_due_afterwards(store: &dyn SyncStore) {
    let first = pulled("1", 1);
    stored(store, std::slice::from_ref(&first)).await;
    let mut step = stayed("1", Stage::AwaitingPush, Reason::MissingShopMapping, "r");
    step.next_try_at = Some(minute(900));
    let push = begin(store, Job::PushOrders, None).await;
    let mut before = first;
    for (minutes, status, by_itself, next) in [
        (10, ChannelStatus::Created, false, Some(minute(900))),
        (20, ChannelStatus::ShipmentPending, false, None),
        // What the run has read itself is no news to it.
        (30, ChannelStatus::Cancelled, true, Some(minute(900))),
    ] {
        let selection = Selection { ignore_next_try: true, ..due(Stage::AwaitingPush, 9, minutes) };
        assert_eq!(claim(store, &push.run, &selection).await, ["1"]);
        let after = changed(&before, minutes, status);
        if by_itself {
            save(store, &push.run, std::slice::from_ref(&after)).await;
        } else {
            stored(store, std::slice::from_ref(&after)).await;
        }
        assert_eq!(record(store, &push.run, std::slice::from_ref(&step), minutes).await, Vec::<String>::new());
        assert_eq!(row(store, "1").await.next_try_at, next, "{minutes}");
        before = after;
    }
}

/// What was said of the stage before is not said of the new one.
pub async fn an_order_that_a_pull_moves_has_no_reason_to_stay(store: &dyn SyncStore) {
    let first = pulled("1", 1);
    stored(store, std::slice::from_ref(&first)).await;
    look_once(store, stayed("1", Stage::AwaitingPush, Reason::MissingShopMapping, "r"), 10).await;
    let mut after = changed(&first, 60, ChannelStatus::Cancelled);
    after.at_push = Some(Stage::Cancelled);
    stored(store, std::slice::from_ref(&after)).await;
    let filter = OrderFilter { reason: Some(Reason::MissingShopMapping.code().to_owned()), ..OrderFilter::default() };
    assert_eq!(store.count_orders(Some(&route()), &filter, 9).await.expect("a count"), 0);
    assert_eq!(row(store, "1").await.stage, Stage::Cancelled);
}

/// What the ERP may hold is not ended before somebody has asked the ERP.
pub async fn an_order_with_an_open_create_is_not_moved_by_a_pull(store: &dyn SyncStore) {
    let before = pulled("1", 1);
    stored(store, std::slice::from_ref(&before)).await;
    let push = begin(store, Job::PushOrders, None).await;
    let key = WriteKey::whole(WriteKind::Create, po("1"));
    let intent = Intent { key, request_hash: "0".repeat(64) };
    assert!(store.intend(&push.run, &[intent], minute(2)).await.expect("an intent is kept").is_empty());
    finish(store, push).await;
    let mut after = changed(&before, 60, ChannelStatus::Cancelled);
    after.at_push = Some(Stage::Cancelled);
    stored(store, std::slice::from_ref(&after)).await;
    let now = order(store, "1").await;
    assert_eq!((now.row.stage, now.row.channel_status.as_str()), (Stage::AwaitingPush, "cancelled"));
}

/// Pages come late and out of order.
pub async fn an_older_payload_is_ignored(store: &dyn SyncStore) {
    let first = pulled("1", 1);
    let newer = changed(&first, 60, ChannelStatus::ShipmentPending);
    stored(store, std::slice::from_ref(&newer)).await;
    let pull = begin(store, Job::PullOrders, None).await;
    let counts = save(store, &pull.run, &[first]).await;
    assert_eq!(counts, SaveCounts { unchanged: 1, ..SaveCounts::default() });
    assert_eq!(order(store, "1").await.raw, newer.raw);
}

/// A change of status is a fact; a change of anything else is not.
pub async fn a_status_change_is_in_the_timeline(store: &dyn SyncStore) {
    let first = pulled("1", 1);
    stored(store, std::slice::from_ref(&first)).await;
    stored(store, &[changed(&first, 2, ChannelStatus::Created)]).await;
    assert_eq!(facts(store, "1").await, ["pulled created"]);
    stored(store, &[changed(&first, 3, ChannelStatus::ShipmentPending)]).await;
    assert_eq!(facts(store, "1").await, ["pulled created", "changed shipment_pending"]);
    assert_eq!(timeline(store, "1").await[1].detail, "created -> shipment_pending");
}

/// A cancellation above all; other changes wait for the back-off.
pub async fn news_of_the_channels_status_makes_an_order_due(store: &dyn SyncStore) {
    let first = pulled("1", 1);
    stored(store, std::slice::from_ref(&first)).await;
    let mut step = stayed("1", Stage::AwaitingPush, Reason::MissingShopMapping, "r");
    step.next_try_at = Some(minute(900));
    look_once(store, step, 10).await;
    let before = row(store, "1").await;
    stored(store, &[changed(&first, 2, ChannelStatus::Created)]).await;
    assert_eq!(row(store, "1").await.next_try_at, Some(minute(900)));
    stored(store, &[changed(&first, 3, ChannelStatus::Cancelled)]).await;
    let row = row(store, "1").await;
    assert_eq!((row.next_try_at, row.channel_status.as_str()), (None, "cancelled"));
    assert_eq!((row.stage, row.attempts, row.last_outcome), (before.stage, before.attempts, before.last_outcome));
}

/// The first order keeps its number; the second is kept for a person, in the same page as well.
pub async fn a_second_order_with_the_same_po_is_kept_unread(store: &dyn SyncStore) {
    let first = pulled("1", 1);
    let mut second = pulled("1", 2);
    second.order.channel_order_id = "another".into();
    second.raw = b"second".to_vec();
    let pull = begin(store, Job::PullOrders, None).await;
    let counts = save(store, &pull.run, &[first.clone(), second.clone()]).await;
    assert_eq!(counts, SaveCounts { stored: 1, invalid: 1, ..SaveCounts::default() });
    let counts = save(store, &pull.run, &[second, first.clone()]).await;
    assert_eq!(counts, SaveCounts { unchanged: 1, invalid: 1, ..SaveCounts::default() });
    assert_eq!(order(store, "1").await.raw, first.raw);
    let unreadable = store.unreadable(&route(), 10).await.expect("a list");
    assert_eq!(unreadable, [("another".to_owned(), Cause::new(Reason::DuplicatePo, "1"))]);
    assert_eq!(store.shared_numbers(&route()).await.expect("numbers"), HashSet::from([po("1")]));
    assert_eq!(store.shared_numbers(&other_route()).await.expect("numbers"), HashSet::new());
}

/// The last of them is what is kept.
pub async fn an_order_repeated_within_a_page_is_one_order(store: &dyn SyncStore) {
    let first = pulled("1", 1);
    let second = changed(&first, 2, ChannelStatus::ShipmentPending);
    let pull = begin(store, Job::PullOrders, None).await;
    let page = [first.clone(), first, pulled("2", 1), second.clone(), second.clone()];
    let counts = save(store, &pull.run, &page).await;
    assert_eq!(counts, SaveCounts { stored: 2, updated: 1, unchanged: 2, invalid: 0 });
    assert_eq!(order(store, "1").await.raw, second.raw);
}

/// With key and cause, newest change first.
pub async fn unreadable_orders_are_kept(store: &dyn SyncStore) {
    let pull = begin(store, Job::PullOrders, None).await;
    let bad = |key: &str, raw: &[u8], detail: &str| UnreadableOrder {
        key: key.to_owned(),
        raw: raw.to_vec(),
        cause: Cause::new(Reason::InvalidPayload, detail),
    };
    let first = [bad("a", b"{", "no end"), bad("b", b"\xff\0", "no text")];
    let counts = store.save_orders(&pull.run, &[], &first, minute(1)).await.expect("they are kept");
    assert_eq!(counts, SaveCounts { invalid: 2, ..SaveCounts::default() });
    store.save_orders(&pull.run, &[], &[bad("b", b"{}", "empty")], minute(2)).await.expect("they are kept");
    let counts = store.save_orders(&pull.run, &[], &first[..1], minute(3)).await.expect("they are kept");
    assert_eq!(counts.invalid, 1);
    let keys =
        |list: Vec<(String, Cause)>| list.into_iter().map(|(k, c)| format!("{k} {}", c.detail)).collect::<Vec<_>>();
    // The unchanged one did not move up.
    assert_eq!(keys(store.unreadable(&route(), 10).await.expect("a list")), ["b empty", "a no end"]);
    assert_eq!(keys(store.unreadable(&route(), 1).await.expect("a list")), ["b empty"]);
    assert_eq!(store.unreadable(&other_route(), 10).await.expect("a list"), []);
}

/// Its channel key ties them together.
pub async fn an_order_that_can_be_read_again_is_not_listed_as_unreadable(store: &dyn SyncStore) {
    let pull = begin(store, Job::PullOrders, None).await;
    let bad = UnreadableOrder {
        key: "channel-1".to_owned(),
        raw: b"{".to_vec(),
        cause: Cause::new(Reason::InvalidPayload, "no end"),
    };
    store.save_orders(&pull.run, &[], &[bad], minute(1)).await.expect("it is kept");
    save(store, &pull.run, &[pulled("1", 1)]).await;
    assert_eq!(store.unreadable(&route(), 10).await.expect("a list"), []);
}

/// Its id, else its number; and also when it comes again as it was before it could not be read.
pub async fn whatever_can_be_read_again_is_not_listed_as_unreadable(store: &dyn SyncStore) {
    let pull = begin(store, Job::PullOrders, None).await;
    let order = [pulled("1", 1)];
    save(store, &pull.run, &order).await;
    let digest = [PayloadDigest::of(&order[0].raw)];
    let known = async || store.known_payloads(&route(), &digest).await.expect("payloads").len();
    assert_eq!(known().await, 1);
    for key in ["channel-1", "1"] {
        let cause = Cause::new(Reason::InvalidPayload, "no end");
        let bad = UnreadableOrder { key: key.to_owned(), raw: b"{".to_vec(), cause };
        store.save_orders(&pull.run, &[], &[bad], minute(1)).await.expect("it is kept");
        // Not taken for known, so that it is read and saved.
        assert_eq!(known().await, 0, "{key}");
        let counts = save(store, &pull.run, &order).await;
        assert_eq!(counts, SaveCounts { unchanged: 1, ..SaveCounts::default() });
        assert_eq!(store.unreadable(&route(), 10).await.expect("a list"), [], "{key}");
        assert_eq!(known().await, 1, "{key}");
    }
}

/// Also what is no text at all.
pub async fn a_payload_is_kept_byte_for_byte(store: &dyn SyncStore) {
    let mut save = pulled("1", 1);
    save.raw = (0..=255).cycle().take(100_000).collect();
    stored(store, std::slice::from_ref(&save)).await;
    assert_eq!(order(store, "1").await.raw, save.raw);
}

/// What the channel said before is kept with the time of its end; an unchanged payload replaces nothing.
pub async fn payloads_that_were_replaced_are_kept_the_newest_few(store: &dyn SyncStore) {
    let first = pulled("1", 1);
    stored(store, &[first.clone(), pulled("2", 1)]).await;
    assert_eq!(store.payloads(&route(), &po("1")).await.expect("payloads"), []);
    let pull = begin(store, Job::PullOrders, None).await;
    let mut versions = vec![first.raw.clone()];
    for minutes in 2..=8 {
        let next = changed(&first, minutes, ChannelStatus::Created);
        versions.push(next.raw.clone());
        for _ in 0..2 {
            store.save_orders(&pull.run, std::slice::from_ref(&next), &[], minute(minutes)).await.expect("saved");
        }
    }
    let kept = store.payloads(&route(), &po("1")).await.expect("payloads");
    let newest: Vec<Vec<u8>> = versions.iter().rev().skip(1).take(KEPT_PAYLOADS as usize).cloned().collect();
    assert_eq!(kept.iter().map(|payload| payload.raw.clone()).collect::<Vec<_>>(), newest);
    assert_eq!(kept[0].replaced_at, minute(8));
    assert_eq!(store.payloads(&route(), &po("2")).await.expect("payloads"), []);
    assert_eq!(store.payloads(&other_route(), &po("1")).await.expect("payloads"), []);
}

/// One order with a zero character, quotes or emoji in it is no reason to lose a page.
pub async fn odd_characters_do_not_fail_a_page(store: &dyn SyncStore) {
    let mut zero_in_fields = pulled("1", 1);
    zero_in_fields.order.retailer_id = Some("re\0tailer".to_owned());
    zero_in_fields.order.status = ChannelStatus::Other("o\0dd".to_owned());
    zero_in_fields.sku_list = "S\0(1)".into();
    zero_in_fields.sku_names = vec!["S\0".to_owned()];
    let zero_in_key = pulled("2\x002", 1);
    let mut odd = pulled("'; -- \"\\ 订单 🧾 {},", 1);
    odd.sku_names = vec!["a,b".to_owned(), "{\"c\"}".to_owned(), "NULL".to_owned()];
    let pull = begin(store, Job::PullOrders, None).await;
    let counts = save(store, &pull.run, &[zero_in_fields, zero_in_key, odd, pulled("3", 1)]).await;
    finish(store, pull).await;
    assert_eq!(counts, SaveCounts { stored: 3, invalid: 1, ..SaveCounts::default() });
    let number = "'; -- \"\\ 订单 🧾 {},";
    let mut step = stayed(number, Stage::AwaitingPush, Reason::ErpRejected, "wo\0rds '\" 🧾");
    step.evidence.tracking = Some("T\0".to_owned());
    look_once(store, step, 5).await;
    let row = row(store, number).await;
    let cause = row.last_outcome.and_then(|outcome| outcome.cause).expect("a cause");
    assert_eq!((cause.detail.as_str(), row.evidence.tracking.as_deref()), ("words '\" 🧾", Some("T")));
}

/// More than any batch of statements holds.
pub async fn a_page_of_many_orders_is_saved_at_once(store: &dyn SyncStore) {
    let mut page: Vec<_> = (0..1234).map(|n| pulled(&format!("PO-{n}"), n)).collect();
    let pull = begin(store, Job::PullOrders, None).await;
    assert_eq!(save(store, &pull.run, &page).await.stored, 1234);
    for order in page.iter_mut().step_by(2) {
        *order = changed(order, 5000, ChannelStatus::ShipmentPending);
    }
    page.push(pulled("new", 1));
    let counts = save(store, &pull.run, &page).await;
    assert_eq!(counts, SaveCounts { stored: 1, updated: 617, unchanged: 617, invalid: 0 });
}

/// Whoever comes second finds the order stored; nothing fails.
pub async fn orders_saved_by_two_runs_at_once_are_stored_once(store: &dyn SyncStore) {
    let (pull, check) = (begin(store, Job::PullOrders, None).await, begin(store, Job::CheckOrders, None).await);
    let page: Vec<_> = (0..700).map(|n| pulled(&format!("PO-{n}"), n)).collect();
    let backwards: Vec<_> = page.iter().rev().cloned().collect();
    let (a, b) = tokio::join!(save(store, &pull.run, &page), save(store, &check.run, &backwards));
    assert_eq!((a.stored + b.stored, a.unchanged + b.unchanged), (700, 700));
    let facts = facts(store, "PO-5").await;
    assert_eq!(facts, ["pulled created"]);
}

/// Per route and kind.
pub async fn marks_move_forward_only(store: &dyn SyncStore) {
    assert_eq!(store.pull_state(&route()).await.expect("a state"), PullState::default());
    let pull = begin(store, Job::PullOrders, None).await;
    for to in [10, 30, 20] {
        store.move_mark(&pull.run, WindowKind::Created, minute(to)).await.expect("a mark is moved");
    }
    store.move_mark(&pull.run, WindowKind::Updated, minute(5)).await.expect("a mark is moved");
    save(store, &pull.run, &[pulled("1", 7), pulled("2", 3)]).await;
    let state = store.pull_state(&route()).await.expect("a state");
    let expected =
        PullState { created_mark: Some(minute(30)), updated_mark: Some(minute(5)), newest_created: Some(minute(7)) };
    assert_eq!(state, expected);
    assert_eq!(store.pull_state(&other_route()).await.expect("a state"), PullState::default());
}
