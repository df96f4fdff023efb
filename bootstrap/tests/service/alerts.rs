//! Alerts end to end: one message when a condition begins, one when it has ended, whoever is looking.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::State;
use axum::routing::post;
use ipass_sandbox::SandboxConfig;
use serde_json::{Value, json};

use crate::common::database::Kind;
use crate::common::process::{run, until};
use crate::common::world::{World, quick, runtime};
use crate::service::Service;

const KEY: &str = "CANARY-hook-51";
/// Longer than three looks take without a shortened wait.
const LOOKS: u64 = 120;

/// Receives messages.
#[derive(Clone, Default)]
struct Inbox(Arc<Mutex<Vec<Value>>>);

impl Inbox {
    /// Listens, and answers where.
    fn open(&self) -> String {
        let router = axum::Router::new().route(&format!("/{KEY}"), post(take)).with_state(self.clone());
        runtime().block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("an address");
            tokio::spawn(async move { axum::serve(listener, router).await });
            format!("http://{address}/{KEY}")
        })
    }

    fn all(&self) -> Vec<Value> {
        self.0.lock().expect("nobody panics with it").clone()
    }

    /// Key and whether it is over, in the order of their coming.
    fn told(&self) -> Vec<(String, bool)> {
        let read = |message: &Value| {
            (message["key"].as_str().expect("a key").to_owned(), message["recovered"].as_bool().expect("a flag"))
        };
        self.all().iter().map(read).collect()
    }

    #[track_caller]
    fn wait(&self, count: usize) {
        until(&format!("{count} messages"), LOOKS, || (self.all().len() >= count).then_some(()));
    }
}

async fn take(State(inbox): State<Inbox>, Json(message): Json<Value>) -> &'static str {
    inbox.0.lock().expect("nobody panics with it").push(message);
    "ok"
}

/// Nothing runs by itself; an order that stands for two seconds is stuck if `impatient`.
fn settings(world: &World, impatient: bool) -> Value {
    let mut settings = world.sandbox.settings_json();
    for (_, job) in settings["jobs"].as_object_mut().expect("jobs") {
        job["enabled"] = false.into();
    }
    if impatient {
        settings["attention"] = json!({"slow_hours": 0.0003, "stuck_hours": 0.0006});
    }
    settings
}

/// Two services look at the same store; each message comes once.
fn each_message_comes_once(store: Kind) {
    let secret = "CANARY-app-secret-07";
    let world = World::bare(SandboxConfig { app_secret: secret.to_owned(), ..quick() }, store);
    let inbox = Inbox::default();
    let section = format!("[alerts.ops]\nkind = \"generic\"\nurl = \"{}\"\n", inbox.open());
    world.write("ipass.toml", &format!("{}{section}", world.config_file()));
    world.import(&settings(&world, false)).code(0);
    world.add_orders();
    world.job("pull_orders");
    let wrong = || {
        let mut command = world.command(&["run", "sync_stock"]);
        run(command.env("IPASS__ROUTES__DSCO_LINGXING__ERP__APP_SECRET", "CANARY-wrong"))
    };
    for _ in 0..3 {
        wrong().code(1);
    }
    let services = [Service::start(&world), Service::start(&world)];
    inbox.wait(1);
    // The next condition shows that there was another look, at which the first was not told again.
    world.import(&settings(&world, true)).code(0);
    inbox.wait(2);
    wrong().code(1);
    world.import(&settings(&world, false)).code(0);
    inbox.wait(3);
    world.job("sync_stock");
    inbox.wait(4);
    world.import(&settings(&world, true)).code(0);
    inbox.wait(5);
    for service in services {
        service.stop();
    }
    let job = "job:sync_stock".to_owned();
    let stuck = "stuck:1".to_owned();
    let expected = [(job.clone(), false), (stuck.clone(), false), (stuck.clone(), true), (job, true), (stuck, false)];
    assert_eq!(inbox.told(), expected);

    let messages = inbox.all();
    for message in &messages {
        assert_eq!(message["route"], "dsco_lingxing");
        assert!(message["since"].as_str().is_some_and(|since| since.ends_with('Z')), "{message}");
        assert!(!message.to_string().to_lowercase().contains("canary"), "{message}");
    }
    let text = |index: usize| messages[index]["text"].as_str().expect("a text");
    assert!(text(0).contains("sync_stock") && text(0).contains("dsco_lingxing"), "{}", text(0));
    assert!(messages[0]["detail"].as_str().is_some_and(|detail| detail.contains("3 runs")), "{}", messages[0]);
    assert!(messages[1]["detail"].as_str().is_some_and(|detail| detail.contains("6 orders")), "{}", messages[1]);
    assert!(text(3).contains("恢复"), "{}", text(3));
    assert_eq!((&messages[0]["since"], &messages[1]["since"]), (&messages[3]["since"], &messages[2]["since"]));
    for file in std::fs::read_dir(world.path().join("logs")).expect("logs") {
        let log = std::fs::read_to_string(file.expect("a file").path()).expect("a text");
        assert!(!log.contains("CANARY"), "the address of a receiver holds its key");
    }
}

#[test]
fn each_message_comes_once_on_sqlite() {
    each_message_comes_once(Kind::Sqlite);
}

#[test]
fn each_message_comes_once_on_postgres() {
    each_message_comes_once(Kind::Postgres);
}
