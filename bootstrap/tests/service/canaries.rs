//! The whole service in bad weather: whatever it says anywhere, it says nothing secret and nothing personal.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use ipass_sandbox::{Effect, Fault, Kind as Story, NewOrder, SandboxConfig};

use crate::common::database::Kind;
use crate::common::process::until;
use crate::common::world::{JOBS, World, quick, runtime};
use crate::service::Service;

const TOKEN: &str = "CANARY-token-83b1";
const APP_SECRET: &str = "CANARY-app-secret-83b1";
const API_TOKEN: &str = "CANARY-api-token-83b1";
const PERSON: [&str; 5] =
    ["Canarya Finchley", "77 Canarystreet", "Canaryville", "+1-555-0183-CANARY", "canary@example.test"];
const STORIES: [Story; 6] =
    [Story::Single, Story::TwoParcels, Story::UnmappedShop, Story::ErpRejects, Story::Split, Story::MissingPrice];

/// Takes spans, as a collector does.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<u8>>>);

impl Collector {
    fn open(&self) -> String {
        let router = axum::Router::new().route("/v1/traces", post(take)).with_state(self.clone());
        runtime().block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("an address");
            tokio::spawn(async move { axum::serve(listener, router).await });
            format!("http://{address}")
        })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("nobody panics with it")).into_owned()
    }
}

async fn take(State(collector): State<Collector>, spans: Bytes) {
    collector.0.lock().expect("nobody panics with it").extend_from_slice(&spans);
}

fn weather() -> Vec<Fault> {
    let echo = format!("{{\"message\":\"{} of {}, {} is not known\"}}", PERSON[0], PERSON[1], PERSON[4]);
    // Only what was told of a person can be repeated.
    let echoes = ["POST /pb/mp/order/v2/create", "POST /order/*", "POST /invoice/*"].into_iter().flat_map(|call| {
        [
            Effect::Status(400, echo.clone()),
            Effect::Status(500, echo.clone()),
            Effect::StatusAfterCommit(502, echo.clone()),
        ]
        .map(|effect| Fault::random(call, 0.05, 200, effect))
    });
    let others = [
        Effect::Status(500, "{\"message\":\"busy\"}".to_owned()),
        Effect::ResetBeforeCommit,
        Effect::ResetAfterCommit,
        Effect::BrokenBody,
        Effect::Truncated,
        Effect::Html,
    ]
    .map(|effect| Fault::random("*", 0.04, 200, effect));
    echoes.chain(others).collect()
}

#[test]
fn a_service_in_bad_weather_says_nothing_secret_and_nothing_personal() {
    for store in [Kind::Sqlite, Kind::Postgres] {
        says_nothing(store);
    }
}

fn says_nothing(store: Kind) {
    let config = SandboxConfig { dsco_token: TOKEN.to_owned(), app_secret: APP_SECRET.to_owned(), ..quick() };
    let world = World::bare(config, store);
    let collector = Collector::default();
    let more = format!(
        "[telemetry]\notlp_endpoint = \"{}\"\n[api]\ntoken = \"{API_TOKEN}\"\n[admin]\nexport_dir = \"exports\"\n",
        collector.open()
    );
    world.write("ipass.toml", &format!("{more}{}", world.config_file()));
    let mut settings = world.sandbox.settings_json();
    for job in JOBS.into_iter().chain(["sync_stock"]) {
        settings["jobs"][job]["cron"] = "* * * * * *".into();
    }
    world.import(&settings).code(0);
    for n in 0..24 {
        let [name, address_line, city, phone, email] = PERSON.map(|text| Some(text.to_owned()));
        let order = NewOrder::new(&format!("PO-{n}")).kind(STORIES[n % STORIES.len()]);
        world.sandbox.add_order(NewOrder { name, address_line, city, phone, email, ..order });
    }
    for fault in weather() {
        world.sandbox.fault(fault);
    }
    let mut command = world.command(&["serve"]);
    command.env("RUST_LOG", "debug");
    let service = Service::of(command);
    until("the weather was bad", 90, || (world.sandbox.ledger().faults.values().sum::<u64>() > 20).then_some(()));
    world.sandbox.clear_faults();
    let mut said = String::new();
    until("every order that can is finished", 120, || {
        let retried = world.ipass(&["orders", "retry", "--all"]);
        said.push_str(&retried.stdout);
        said.push_str(&retried.stderr);
        let finished = world.stages().values().filter(|stage| **stage == 5).count();
        (finished >= 12).then_some(())
    });
    until("spans have come", 60, || collector.text().contains("ack_orders").then_some(()));
    for path in ["/metrics", "/healthz", "/readyz", "/api/v1/openapi.json"] {
        let (status, text) = service.get(path).unwrap_or_else(|| panic!("{path} answers"));
        assert!(status == 200, "{path}: {status}");
        said.push_str(&text);
    }
    for arguments in [
        &["export", "orders", "--out", "orders.csv"][..],
        &["export", "stock", "--out", "stock.csv"],
        &["orders", "list", "--limit", "100", "--json"],
        &["doctor"],
        &["settings", "export"],
    ] {
        let ended = world.ipass(arguments);
        said.push_str(&ended.stdout);
        said.push_str(&ended.stderr);
    }
    for file in ["orders.csv", "stock.csv"] {
        said.push_str(&std::fs::read_to_string(world.path().join(file)).expect("the export is there"));
    }
    service.process.signal("TERM");
    let ended = service.process.wait(Duration::from_secs(30)).code(0);
    said.push_str(&ended.stdout);
    said.push_str(&ended.stderr);
    for file in std::fs::read_dir(world.path().join("logs")).expect("logs") {
        said.push_str(&std::fs::read_to_string(file.expect("a file").path()).expect("a text"));
    }
    said.push_str(&collector.text());
    assert!(said.contains("order done") && said.contains("PO-3"), "the search has something to search");
    let said = said.to_lowercase();
    for secret in ["canary", "finchley", "access_token=", "sign="] {
        let at = said.find(secret).map(|at| {
            let from = said[..at].char_indices().rev().nth(150).map_or(0, |(from, _)| from);
            said[from..].chars().take(300).collect::<String>()
        });
        assert_eq!(at, None, "{secret} on {store:?}");
    }
}
