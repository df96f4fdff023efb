//! Tokens that instances share through a store.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ipass_contract_tests::replay::{Exchange, ManualClock, Replay, fixture_json};
use ipass_core::ports::{
    Clock, ErpSink, ErrorKind, LeaseStore, SharedStore, SharedValue, SlotAnswer, StoreError, Stored,
};
use ipass_http_kit::Http;
use ipass_lingxing::{Apps, LingxingErp};
use serde_json::json;
use tokio::sync::Notify;

use crate::world::{NOW, TOKEN, config, list, pos, token};

/// The store of all instances, as far as tokens need it.
#[derive(Default)]
struct Memory {
    values: Mutex<BTreeMap<String, SharedValue>>,
    taken: Mutex<Option<i64>>,
    freed: Notify,
    last_slot: AtomicI64,
    /// Questions for a turn that an instance which died still holds.
    dead_turns: AtomicU32,
    broken: AtomicBool,
}

impl Memory {
    fn works(&self) -> Stored<()> {
        let broken = self.broken.load(Ordering::SeqCst);
        if broken { Err(StoreError::Unavailable("down".to_owned())) } else { Ok(()) }
    }

    fn only_value(&self) -> (String, SharedValue) {
        let values = self.values.lock().unwrap();
        assert_eq!(values.len(), 1);
        values.first_key_value().map(|(name, value)| (name.clone(), value.clone())).unwrap()
    }
}

#[async_trait]
impl SharedStore for Memory {
    async fn shared(&self, name: &str) -> Stored<Option<SharedValue>> {
        self.works()?;
        Ok(self.values.lock().unwrap().get(name).cloned())
    }

    async fn share(
        &self,
        name: &str,
        expected: Option<i64>,
        sealed: &[u8],
        renew_at: DateTime<Utc>,
    ) -> Stored<SharedValue> {
        self.works()?;
        let mut values = self.values.lock().unwrap();
        let held = values.get(name).map(|value| value.version);
        if held == expected {
            let value = SharedValue { version: held.unwrap_or(0) + 1, sealed: sealed.to_vec(), renew_at };
            values.insert(name.to_owned(), value);
        }
        Ok(values[name].clone())
    }
}

#[async_trait]
impl LeaseStore for Memory {
    /// While another has the slot, waits for its end before it answers, so that no test polls.
    async fn take_slot(&self, _: &str, capacity: u32, ttl: Duration, gap: Duration) -> Stored<SlotAnswer> {
        self.works()?;
        assert_eq!((capacity, ttl, gap), (1, Duration::from_mins(1), Duration::ZERO));
        let alive = |left: u32| left.checked_sub(1);
        if self.dead_turns.fetch_update(Ordering::SeqCst, Ordering::SeqCst, alive).is_ok() {
            return Ok(SlotAnswer::Wait(Duration::from_mins(1)));
        }
        let freed = self.freed.notified();
        {
            let mut taken = self.taken.lock().unwrap();
            if taken.is_none() {
                let slot = self.last_slot.fetch_add(1, Ordering::SeqCst) + 1;
                *taken = Some(slot);
                return Ok(SlotAnswer::Taken(slot));
            }
        }
        freed.await;
        Ok(SlotAnswer::Wait(Duration::from_mins(1)))
    }

    async fn keep_slot(&self, _: i64, _: Duration) -> Stored<()> {
        Ok(())
    }

    async fn free_slot(&self, slot: i64) -> Stored<()> {
        self.works()?;
        assert_eq!(self.taken.lock().unwrap().take(), Some(slot));
        self.freed.notify_waiters();
        Ok(())
    }

    async fn draw(&self, _: &str, _: Option<u32>, _: u32) -> Stored<Option<Duration>> {
        Ok(None)
    }
}

struct Instances {
    replay: Replay,
    clock: Arc<ManualClock>,
    memory: Arc<Memory>,
}

impl Instances {
    async fn start() -> Self {
        let memory = Arc::new(Memory::default());
        Self { replay: Replay::start().await, clock: Arc::new(ManualClock::at(NOW)), memory }
    }

    /// One process.
    fn instance(&self, secret: &str) -> LingxingErp {
        let apps = Apps::sharing(Arc::clone(&self.memory) as _, Arc::clone(&self.memory) as _);
        let http = Http::new(Arc::clone(&self.clock) as Arc<dyn Clock>).unwrap();
        apps.connect("erp", &config(&self.replay.url(), &json!({ "app_secret": secret })), &http).unwrap()
    }

    fn two(&self) -> (LingxingErp, LingxingErp) {
        (self.instance("PRIVATE"), self.instance("PRIVATE"))
    }

    async fn n_tokens(&self) -> usize {
        self.replay.calls("POST", TOKEN).await
    }
}

async fn look(erp: &LingxingErp) -> Result<(), ErrorKind> {
    let mut answers = erp.find(&pos(&["PO-1"])).await.unwrap();
    answers.remove(0).result.map(drop).map_err(|error| error.kind())
}

fn empty() -> Exchange {
    list().reply_file(200, "lingxing/order_list_empty.json")
}

fn refused() -> Exchange {
    list().reply_file(200, "lingxing/access_token_not_match.json")
}

#[tokio::test]
async fn two_instances_share_one_token() {
    let world = Instances::start().await;
    world.replay.on(token()).await;
    world.replay.on(empty().any_times()).await;
    let (a, b) = world.two();
    let (first, second) = tokio::join!(look(&a), look(&b));
    assert_eq!((first, second), (Ok(()), Ok(())));
    look(&world.instance("PRIVATE")).await.unwrap();
    world.replay.verify().await;
    assert!(world.memory.taken.lock().unwrap().is_none());
}

#[tokio::test]
async fn the_store_never_sees_a_token_or_a_credential() {
    let world = Instances::start().await;
    world.replay.on(token()).await;
    world.replay.on(empty()).await;
    look(&world.instance("PRIVATE")).await.unwrap();
    let (name, value) = world.memory.only_value();
    let token = fixture_json("lingxing/token_ok.json")["data"]["access_token"].as_str().unwrap().to_owned();
    for private in [token.as_str(), &token[..8], "PRIVATE", "ak_TestAppId0001"] {
        assert!(!value.sealed.windows(private.len()).any(|bytes| bytes == private.as_bytes()), "{private}");
        assert!(!name.contains(private), "{private}");
    }
    assert_eq!(value.renew_at.to_rfc3339(), "2025-12-05T21:54:59+00:00");
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed_by_one_of_them() {
    let world = Instances::start().await;
    world.replay.on(token().times(2)).await;
    world.replay.on(empty().any_times()).await;
    let (a, b) = world.two();
    look(&a).await.unwrap();
    look(&b).await.unwrap();
    world.clock.advance(Duration::from_mins(115));
    let (first, second) = tokio::join!(look(&a), look(&b));
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!(world.memory.only_value().1.version, 2);
    world.replay.verify().await;
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_by_one_of_them() {
    let world = Instances::start().await;
    world.replay.on(token().times(2)).await;
    world.replay.on(empty().times(2)).await;
    let (a, b) = world.two();
    look(&a).await.unwrap();
    look(&b).await.unwrap();
    world.replay.on(refused().times(2)).await;
    world.replay.on(empty().times(2)).await;
    let (first, second) = tokio::join!(look(&a), look(&b));
    assert_eq!((first, second), (Ok(()), Ok(())));
    world.replay.verify().await;
}

#[tokio::test]
async fn a_refused_token_that_the_store_has_replaced_costs_no_request() {
    let world = Instances::start().await;
    world.replay.on(token().times(2)).await;
    world.replay.on(empty().times(2)).await;
    let (a, b) = world.two();
    look(&a).await.unwrap();
    look(&b).await.unwrap();
    for instance in [&a, &b] {
        world.replay.on(refused()).await;
        world.replay.on(empty()).await;
        look(instance).await.unwrap();
        assert_eq!(world.n_tokens().await, 2);
    }
    world.replay.verify().await;
}

#[tokio::test]
async fn a_token_that_lives_for_a_minute_is_not_taken_from_each_other() {
    let world = Instances::start().await;
    let short = json!({ "code": "200", "data": { "access_token": "short", "expires_in": 60 } });
    world.replay.on(Exchange::post(TOKEN).times(2).reply_json(200, &short)).await;
    world.replay.on(empty().any_times()).await;
    let (a, b) = world.two();
    for instance in [&a, &b, &a] {
        look(instance).await.unwrap();
    }
    assert_eq!(world.n_tokens().await, 1);
    world.clock.advance(Duration::from_secs(61));
    for instance in [&a, &b, &a] {
        look(instance).await.unwrap();
    }
    world.replay.verify().await;
}

#[tokio::test]
async fn what_another_secret_sealed_counts_as_absent_and_is_replaced() {
    let world = Instances::start().await;
    world.replay.on(token().times(2)).await;
    world.replay.on(empty().any_times()).await;
    look(&world.instance("OLD")).await.unwrap();
    look(&world.instance("NEW")).await.unwrap();
    assert_eq!(world.memory.only_value().1.version, 2);
    look(&world.instance("NEW")).await.unwrap();
    world.replay.verify().await;
}

#[tokio::test]
async fn the_turn_of_an_instance_that_died_is_waited_out() {
    let world = Instances::start().await;
    world.replay.on(token()).await;
    world.replay.on(empty()).await;
    world.memory.dead_turns.store(120, Ordering::SeqCst);
    let began = world.clock.now();
    look(&world.instance("PRIVATE")).await.unwrap();
    assert!((world.clock.now() - began).num_seconds() >= 60);
    world.replay.verify().await;
}

#[tokio::test]
async fn a_turn_that_never_comes_is_an_error_that_passes() {
    let world = Instances::start().await;
    world.memory.dead_turns.store(u32::MAX, Ordering::SeqCst);
    assert_eq!(look(&world.instance("PRIVATE")).await, Err(ErrorKind::Retryable));
    world.replay.verify().await;
}

#[tokio::test]
async fn while_the_store_is_down_each_keeps_its_own() {
    let world = Instances::start().await;
    world.memory.broken.store(true, Ordering::SeqCst);
    world.replay.on(token().times(2)).await;
    world.replay.on(empty().any_times()).await;
    let (a, b) = world.two();
    for instance in [&a, &b, &a, &b] {
        look(instance).await.unwrap();
    }
    assert!(world.memory.values.lock().unwrap().is_empty());
    world.replay.verify().await;
}

#[tokio::test]
async fn a_refused_credential_is_asked_about_once_a_minute_by_each_instance() {
    let world = Instances::start().await;
    let wrong = Exchange::post(TOKEN).reply_file(200, "lingxing/token_error_secret.json");
    world.replay.on(wrong.times(2)).await;
    let erp = world.instance("PRIVATE");
    assert_eq!(look(&erp).await, Err(ErrorKind::Auth));
    assert_eq!(look(&erp).await, Err(ErrorKind::Auth));
    assert_eq!(world.n_tokens().await, 1);
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(look(&erp).await, Err(ErrorKind::Auth));
    assert!(world.memory.values.lock().unwrap().is_empty() && world.memory.taken.lock().unwrap().is_none());
    world.replay.verify().await;
}
