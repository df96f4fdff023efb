use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use ipass_core::ports::StoreError;
use ipass_core::testing::ManualClock;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::testing::{RuntimeClock, noon};
use crate::{Account, CallKind, Http, Request};

/// A store on one clock, like a database's; it keeps exactly what it promises, without any reserve.
struct Leases {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    down: AtomicBool,
    asked: AtomicUsize,
}

#[derive(Default)]
struct State {
    /// Number, key, start and end.
    slots: Vec<(i64, String, DateTime<Utc>, DateTime<Utc>)>,
    last_start: Option<DateTime<Utc>>,
    next: i64,
    draws: Vec<(String, DateTime<Utc>)>,
}

impl Leases {
    fn new(clock: &Arc<dyn Clock>) -> Arc<Self> {
        let (down, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
        Arc::new(Self { clock: Arc::clone(clock), state: Mutex::default(), down, asked })
    }

    fn begin(&self) -> Stored<()> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) { Err(StoreError::Unavailable("test".to_owned())) } else { Ok(()) }
    }

    fn occupied(&self) -> usize {
        let now = self.clock.now();
        self.state.lock().unwrap().slots.iter().filter(|slot| slot.3 > now).count()
    }
}

#[async_trait]
impl LeaseStore for Leases {
    async fn take_slot(&self, key: &str, capacity: u32, ttl: Duration, gap: Duration) -> Stored<SlotAnswer> {
        self.begin()?;
        let (now, mut state) = (self.clock.now(), self.state.lock().unwrap());
        state.slots.retain(|slot| slot.3 > now);
        if let Some(last) = state.last_start
            && now < last + gap
        {
            return Ok(SlotAnswer::Wait((last + gap - now).to_std().unwrap()));
        }
        if state.slots.iter().filter(|slot| slot.1 == key).count() >= capacity as usize {
            return Ok(SlotAnswer::Wait(Duration::from_millis(50)));
        }
        state.next += 1;
        state.last_start = Some(now);
        let number = state.next;
        state.slots.push((number, key.to_owned(), now, now + ttl));
        Ok(SlotAnswer::Taken(number))
    }

    async fn keep_slot(&self, slot: i64, ttl: Duration) -> Stored<()> {
        let (now, mut state) = (self.clock.now(), self.state.lock().unwrap());
        for held in state.slots.iter_mut().filter(|held| held.0 == slot && held.3 > now) {
            held.3 = now + ttl;
        }
        Ok(())
    }

    async fn free_slot(&self, slot: i64) -> Stored<()> {
        self.begin()?;
        self.state.lock().unwrap().slots.retain(|held| held.0 != slot);
        Ok(())
    }

    async fn draw(&self, key: &str, per_second: Option<u32>, per_minute: u32) -> Stored<Option<Duration>> {
        self.begin()?;
        let (now, mut state) = (self.clock.now(), self.state.lock().unwrap());
        for (window, limit) in [(1, per_second.unwrap_or(u32::MAX)), (60, per_minute)] {
            let window = TimeDelta::seconds(window);
            let inside = state.draws.iter().filter(|draw| draw.0 == key && draw.1 > now - window);
            let inside: Vec<_> = inside.map(|draw| draw.1).collect();
            if inside.len() >= limit as usize {
                return Ok(Some((inside[0] + window - now).to_std().unwrap()));
            }
        }
        state.draws.push((key.to_owned(), now));
        Ok(None)
    }
}

fn manual() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at(noon()))
}

fn runtime() -> Arc<dyn Clock> {
    Arc::new(RuntimeClock::new())
}

fn shared(leases: &Arc<Leases>) -> Arc<Shared> {
    Arc::new(Shared::new(Arc::clone(leases) as Arc<dyn LeaseStore>, "test".into(), "https://example.com", "key"))
}

fn account(leases: &Arc<Leases>, clock: &Arc<dyn Clock>, url: &str, credential: &str) -> Account {
    let http = Http::new(Arc::clone(clock)).unwrap().sharing(Arc::clone(leases) as Arc<dyn LeaseStore>);
    Account::new(&http, "test", url).unwrap().scope(credential)
}

fn kind(pace: Pace) -> CallKind {
    CallKind { name: "GET /things", pace, timeout: Duration::from_millis(200), max_body: 1_000 }
}

async fn server() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    server
}

fn most_in(starts: &[i64], window: i64) -> usize {
    let within = |from: i64| starts.iter().filter(|at| (from..from + window).contains(*at)).count();
    starts.iter().map(|from| within(*from)).max().unwrap_or_default()
}

#[tokio::test]
async fn two_instances_together_stay_inside_the_windows() {
    let (server, clock) = (server().await, manual());
    let leases = Leases::new(&clock);
    let instances =
        [(); 2].map(|()| (account(&leases, &clock, &server.uri(), "key"), kind(Pace::windows(Some(2), 30))));
    let mut starts = Vec::new();
    for n in 0..80 {
        let (account, kind) = &instances[n % 2];
        let call = account.once_with(kind, || {
            starts.push((clock.now() - noon()).num_milliseconds());
            Request::get("/things")
        });
        assert!(call.await.is_ok());
    }
    assert!(most_in(&starts, 60_000) <= 30, "{}", most_in(&starts, 60_000));
    assert!(most_in(&starts, 1_000) <= 2, "{}", most_in(&starts, 1_000));
    assert!(starts.last().unwrap() / 60_000 <= 3, "the shared limit is used up: {} ms", starts.last().unwrap());
}

#[tokio::test(start_paused = true)]
async fn two_instances_together_never_have_too_many_calls_on_their_way() {
    let clock = runtime();
    let leases = Leases::new(&clock);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut calls = Vec::new();
    for _ in 0..2 {
        let (pace, shared) = (Pace::in_flight(3, Duration::from_millis(100)), shared(&leases));
        for _ in 0..10 {
            let (pace, shared, clock) = (pace.clone(), Arc::clone(&shared), Arc::clone(&clock));
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            calls.push(tokio::spawn(async move {
                let sending = pace.turn("GET /things", Some(&shared), &clock).await.sending();
                let began = clock.now();
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                clock.sleep(Duration::from_secs(1)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                sending.done(&clock).await;
                began
            }));
        }
    }
    let mut starts = Vec::new();
    for call in calls {
        starts.push(call.await.unwrap());
    }
    starts.sort_unstable();
    assert_eq!((most.load(Ordering::SeqCst), leases.occupied()), (3, 0));
    assert!(starts.windows(2).all(|pair| (pair[1] - pair[0]).num_milliseconds() >= 100));
}

#[tokio::test]
async fn an_answered_call_frees_its_slot_and_one_given_up_on_keeps_it() {
    let (server, clock) = (server().await, manual());
    let leases = Leases::new(&clock);
    let slow = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_delay(Duration::from_mins(1))).mount(&slow).await;
    let one = || kind(Pace::in_flight(1, Duration::ZERO));
    account(&leases, &clock, &server.uri(), "key").once(&one(), Request::get("/things")).await.unwrap();
    assert_eq!(leases.occupied(), 0);
    account(&leases, &clock, &slow.uri(), "key").once(&one(), Request::get("/things")).await.unwrap_err();
    assert_eq!(leases.occupied(), 1);
    // Another instance, with its own limit unused, waits as long as the vendor holds the place.
    account(&leases, &clock, &slow.uri(), "key").once(&one(), Request::get("/things")).await.unwrap_err();
    assert!((clock.now() - noon()).num_seconds() >= 120);
}

#[tokio::test(start_paused = true)]
async fn a_long_call_keeps_its_slot_and_a_process_that_dies_does_not() {
    let clock = runtime();
    let leases = Leases::new(&clock);
    let living = shared(&leases);
    let pace = Pace::in_flight(1, Duration::ZERO);
    let call = pace.turn("GET /things", Some(&living), &clock).await.sending();
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(leases.occupied(), 1, "the call is still on its way");
    call.done(&clock).await;
    assert_eq!(leases.occupied(), 0);
    // What a process takes and never keeps is free soon after its death.
    let leases: Arc<dyn LeaseStore> = leases;
    leases.take_slot("dead", 1, ALIVE, Duration::ZERO).await.unwrap();
    tokio::time::sleep(ALIVE).await;
    assert!(matches!(leases.take_slot("dead", 1, ALIVE, Duration::ZERO).await, Ok(SlotAnswer::Taken(_))));
}

#[tokio::test]
async fn a_request_that_cannot_be_built_frees_its_slot() {
    let clock = manual();
    let leases = Leases::new(&clock);
    let account = account(&leases, &clock, "http://127.0.0.1:1", "key");
    let request = Request::get("/things").header("x-a", "\n");
    account.once(&kind(Pace::in_flight(1, Duration::ZERO)), request).await.unwrap_err();
    assert_eq!((leases.occupied(), leases.asked.load(Ordering::SeqCst)), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_leaves_a_slot_no_longer_than_two_minutes_and_a_dropped_waiter_none() {
    let clock = runtime();
    let leases = Leases::new(&clock);
    let (busy, waiting) = (shared(&leases), shared(&leases));
    let (busy_pace, waiting_pace) = (Pace::in_flight(1, Duration::ZERO), Pace::in_flight(1, Duration::ZERO));
    let sending = busy_pace.turn("GET /things", Some(&busy), &clock).await.sending();
    let turn = tokio::time::timeout(Duration::from_secs(1), waiting_pace.turn("GET /things", Some(&waiting), &clock));
    assert!(turn.await.is_err());
    drop(sending);
    let turn = waiting_pace.turn("GET /things", Some(&waiting), &clock).await;
    // The waiter's own place was free at once, the shared one after the vendor's two minutes.
    assert!((120_000..120_100).contains(&(clock.now() - noon()).num_milliseconds()));
    turn.unused(&clock).await;
    assert_eq!(leases.occupied(), 0);
}

#[tokio::test]
async fn a_store_that_fails_leaves_the_own_limit_in_force() {
    let (server, clock) = (server().await, manual());
    let leases = Leases::new(&clock);
    leases.down.store(true, Ordering::SeqCst);
    for pace in [Pace::windows(Some(2), 60), Pace::in_flight(1, Duration::from_millis(500))] {
        let (kind, began) = (kind(pace), clock.now());
        let account = account(&leases, &clock, &server.uri(), "key");
        for _ in 0..5 {
            account.once(&kind, Request::get("/things")).await.unwrap();
        }
        assert!((clock.now() - began).num_milliseconds() >= 2_000, "the own limit was not kept");
    }
    assert!(leases.asked.load(Ordering::SeqCst) >= 10);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_holds_a_call_up_for_three_seconds() {
    struct Hanging;
    #[async_trait]
    impl LeaseStore for Hanging {
        async fn take_slot(&self, _: &str, _: u32, _: Duration, _: Duration) -> Stored<SlotAnswer> {
            std::future::pending().await
        }
        async fn keep_slot(&self, _: i64, _: Duration) -> Stored<()> {
            std::future::pending().await
        }
        async fn free_slot(&self, _: i64) -> Stored<()> {
            std::future::pending().await
        }
        async fn draw(&self, _: &str, _: Option<u32>, _: u32) -> Stored<Option<Duration>> {
            std::future::pending().await
        }
    }
    let clock = runtime();
    let shared = Arc::new(Shared::new(Arc::new(Hanging), "test".into(), "https://example.com", "key"));
    let turn = Pace::windows(None, 60).turn("GET /things", Some(&shared), &clock).await;
    turn.sending().done(&clock).await;
    assert_eq!((clock.now() - noon()).num_seconds(), 3);
}

#[tokio::test]
async fn nothing_is_shared_without_a_limit_without_a_scope_or_without_a_store() {
    let (server, clock) = (server().await, manual());
    let leases = Leases::new(&clock);
    let windows = kind(Pace::windows(Some(10), 600));
    let sharing = Http::new(Arc::clone(&clock)).unwrap().sharing(Arc::clone(&leases) as Arc<dyn LeaseStore>);
    let unscoped = Account::new(&sharing, "test", &server.uri()).unwrap();
    unscoped.once(&windows, Request::get("/things")).await.unwrap();
    let alone = Account::new(&Http::new(Arc::clone(&clock)).unwrap(), "test", &server.uri()).unwrap().scope("key");
    alone.once(&windows, Request::get("/things")).await.unwrap();
    let scoped = account(&leases, &clock, &server.uri(), "key");
    scoped.once(&kind(Pace::free()), Request::get("/things")).await.unwrap();
    assert_eq!(leases.asked.load(Ordering::SeqCst), 0);
    scoped.once(&windows, Request::get("/things")).await.unwrap();
    assert_eq!(leases.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn credentials_and_calls_are_limited_apart_and_the_key_holds_no_secret() {
    let (server, clock) = (server().await, manual());
    let leases = Leases::new(&clock);
    for credential in ["PRIVATE-1", "PRIVATE-2", "PRIVATE-1"] {
        let account = account(&leases, &clock, &server.uri(), credential);
        account.once(&kind(Pace::windows(None, 60)), Request::get("/things")).await.unwrap();
    }
    let state = leases.state.lock().unwrap();
    let keys: Vec<&str> = state.draws.iter().map(|draw| draw.0.as_str()).collect();
    assert_eq!(keys[0], keys[2]);
    assert_ne!(keys[0], keys[1]);
    // The first 8 bytes of the SHA-256 of "PRIVATE-1".
    assert_eq!(keys[0], format!("{}#1535371ec1923244|GET /things", server.uri()));
}

#[test]
fn a_failing_store_is_spoken_of_once_a_minute() {
    let clock = manual();
    let shared = shared(&Leases::new(&clock));
    let warned: Vec<bool> =
        [0, 1, 59, 60, 61, 119, 120].map(|s| shared.may_warn(noon() + TimeDelta::seconds(s))).into();
    assert_eq!(warned, [true, false, false, true, false, false, true]);
}
