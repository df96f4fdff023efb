//! The open API of the running service: who may ask, what is answered, what is done.

use std::time::Duration;

use ipass_sandbox::{Effect, Fault, Kind as Story, NewOrder};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::database::Kind;
use crate::common::process::until;
use crate::common::world::{World, quick};
use crate::service::{Service, client, send};

const TOKEN: &str = "a-token-of-the-test";

/// The service with its API on.
pub(super) struct Api(Service);

impl Api {
    pub(super) fn start(world: &World) -> Self {
        let mut command = world.command(&["serve"]);
        command.env("IPASS__API__TOKEN", TOKEN);
        Self(Service::of(command))
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        client().request(method, self.0.url(&format!("/api/v1{path}"))).bearer_auth(TOKEN)
    }

    /// Sends a request and answers the document; its status has to be this one.
    #[track_caller]
    fn answer(request: reqwest::RequestBuilder, status: u16) -> Value {
        let (found, text) = send(request).expect("an answer");
        assert_eq!(found, status, "{text}");
        if text.is_empty() {
            return Value::Null;
        }
        let document: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        if status >= 400 {
            let error = &document["error"];
            assert!(error["code"].is_string() && error["message"].is_string(), "{document}");
        }
        document
    }

    #[track_caller]
    pub(super) fn get(&self, path: &str, status: u16) -> Value {
        Self::answer(self.request(Method::GET, path), status)
    }

    #[track_caller]
    pub(super) fn post(&self, path: &str, body: &Value, status: u16) -> Value {
        Self::answer(self.request(Method::POST, path).json(body), status)
    }

    /// The status of a GET, whatever it is.
    pub(super) fn status(&self, path: &str) -> u16 {
        send(self.request(Method::GET, path)).expect("an answer").0
    }

    /// A POST without a body.
    #[track_caller]
    fn act(&self, path: &str, status: u16) -> Value {
        Self::answer(self.request(Method::POST, path), status)
    }

    /// Starts a run, and answers its end.
    #[track_caller]
    pub(super) fn run(&self, job: &str) -> Value {
        let started = self.post("/runs", &json!({"route": "dsco_lingxing", "job": job}), 202);
        let id = started["run_id"].as_str().expect("an id").to_owned();
        until(&format!("{job} has ended"), 30, || {
            let run = self.get(&format!("/runs/{id}"), 200);
            (run["state"] != "running").then_some(run)
        })
    }

    pub(super) fn stop(self) {
        self.0.stop();
    }
}

/// Every job off, so that only what is asked for runs.
pub(super) fn quiet(world: &World) {
    let mut settings = world.sandbox.settings_json();
    for (_, job) in settings["jobs"].as_object_mut().expect("jobs") {
        job["enabled"] = false.into();
    }
    settings["jobs"]["sync_stock"]["sync"] = false.into();
    world.import(&settings).code(0);
}

const DONE: &str = "/orders/dsco_lingxing/PO-PLAIN";

#[test]
fn without_a_token_in_the_configuration_there_is_no_api() {
    let world = World::with_orders(Kind::Sqlite);
    quiet(&world);
    let service = Service::start(&world);
    for path in ["/api/v1/routes", "/api/v1/openapi.json", "/api/v1/orders"] {
        let (status, text) = send(client().get(service.url(path)).bearer_auth(TOKEN)).expect("an answer");
        assert_eq!(status, 404, "{path}: {text}");
        assert!(text.contains("api_off"), "{text}");
    }
    service.stop();
}

#[test]
fn only_who_has_the_token_is_answered() {
    let world = World::with_orders(Kind::Sqlite);
    quiet(&world);
    let api = Api::start(&world);
    let url = |path: &str| api.0.url(&format!("/api/v1{path}"));
    Api::answer(client().get(url("/routes")), 401);
    Api::answer(client().get(url("/routes")).bearer_auth("a-token-of-the-tesT"), 401);
    Api::answer(client().post(url("/runs")).json(&json!({"route": "dsco_lingxing", "job": "pull_orders"})), 401);
    Api::answer(api.request(Method::GET, "/routes").header("sec-fetch-site", "cross-site"), 403);
    let routes = api.get("/routes", 200);
    assert!(routes.to_string().contains("dsco_lingxing"), "{routes}");
    assert_eq!(api.get("/runs", 200)["runs"], json!([]), "nothing was started without a token");
    // The description is no secret, and it is the one beside the code.
    let document = Api::answer(client().get(url("/openapi.json")), 200);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../adapters/admin/openapi.json");
    let described: Value = serde_json::from_str(&std::fs::read_to_string(file).expect("a text")).expect("JSON");
    assert_eq!(document, described);
    api.stop();
}

fn orders_are_run_listed_held_and_released(store: Kind) {
    let world = World::with_orders(store);
    quiet(&world);
    world.sandbox.add_order(NewOrder::new("PO-X").kind(Story::UnmappedShop));
    let api = Api::start(&world);
    let run = api.run("pull_orders");
    assert_eq!(
        (&run["state"], &run["trigger"], &run["job"]),
        (&json!("done"), &json!("manual"), &json!("pull_orders"))
    );
    assert_eq!(run["report"]["counts"]["stored"], 7, "{run}");

    api.post(&format!("{DONE}/hold"), &json!({"reason": "buyer called"}), 204);
    assert_eq!(api.get(DONE, 200)["hold"], "buyer called");
    let push = api.run("push_to_lingxing");
    assert_eq!((&push["job"], &push["report"]["counts"]["selected"]), (&json!("push_orders"), &json!(6)), "{push}");
    assert_eq!(world.stages()["PO-PLAIN"], 1);
    api.act(&format!("{DONE}/release"), 204);
    assert_eq!(api.run("push_orders")["report"]["counts"]["advanced"], 1);
    let order = api.get(DONE, 200);
    let acts: Vec<&Value> = order["timeline"]
        .as_array()
        .unwrap_or_else(|| panic!("a history in {order}"))
        .iter()
        .filter(|event| event["kind"] == "operator" && event["by"] == "api")
        .collect();
    assert_eq!(acts.len(), 2, "{order}");

    let list = api.get("/orders?status=1&reason=missing_shop_mapping", 200);
    assert_eq!(list["orders"].as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(list["orders"][0]["po_number"], "PO-X");
    let why = api.get("/orders/dsco_lingxing/PO-X/why", 200);
    assert_eq!((&why["reason"], &why["status"]), (&json!("missing_shop_mapping"), &json!(1)), "{why}");
    assert!(why["next_try_at"].is_string(), "{why}");
    api.act("/orders/dsco_lingxing/PO-X/retry", 204);
    assert!(api.get("/orders/dsco_lingxing/PO-X/why", 200)["next_try_at"].is_null());
    let causes = api.get("/causes?route=dsco_lingxing", 200);
    assert!(causes.to_string().contains("missing_shop_mapping"), "{causes}");
    let stages = api.get("/stages", 200);
    assert!(stages.to_string().contains("awaiting ack"), "{stages}");
    let runs = api.get("/runs?job=push_orders&limit=1", 200);
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1), "{runs}");
    api.stop();
    assert_eq!(world.sandbox.ledger().violations(), Vec::<String>::new());
}

#[test]
fn orders_are_run_listed_held_and_released_on_sqlite() {
    orders_are_run_listed_held_and_released(Kind::Sqlite);
}

#[test]
fn orders_are_run_listed_held_and_released_on_postgres() {
    orders_are_run_listed_held_and_released(Kind::Postgres);
}

#[test]
fn what_cannot_be_done_is_refused_with_its_place() {
    let world = World::with_orders(Kind::Sqlite);
    quiet(&world);
    let api = Api::start(&world);
    api.run("pull_orders");
    for path in ["/orders/dsco_lingxing/PO-NEVER", "/orders/other/PO-PLAIN", "/runs/none", "/nothing"] {
        api.get(path, 404);
    }
    for path in
        ["/orders?status=9", "/orders?colour=red", "/orders?limit=0", "/orders?held=perhaps", "/runs?limit=many"]
    {
        let refused = api.get(path, 422);
        assert!(refused["error"]["detail"][0]["path"].is_string(), "{path}: {refused}");
    }
    for (body, place) in [
        (json!({"route": "dsco_lingxing", "job": "make_coffee"}), "job"),
        (json!({"route": "dsco_lingxing", "job": "pull_orders", "size": 0}), "size"),
        (json!({"route": "dsco_lingxing", "job": "pull_orders", "start": "2026-01-01T00:00:00Z"}), "end"),
    ] {
        let refused = api.post("/runs", &body, 422);
        assert_eq!(refused["error"]["detail"][0]["path"], place, "{refused}");
    }
    api.post("/runs", &json!({"route": "dsco_lingxing", "job": "check_orders"}), 422);
    api.post("/runs", &json!({"route": "other", "job": "pull_orders"}), 404);
    api.post(&format!("{DONE}/hold"), &json!({"reason": " "}), 422);
    api.post("/runs", &json!({"reason": "x".repeat(2 << 20)}), 413);
    Api::answer(api.request(Method::POST, "/runs").body("route=x").header("content-type", "text/plain"), 415);
    Api::answer(api.request(Method::POST, "/runs").body("{").header("content-type", "application/json"), 400);
    assert_eq!(api.get("/runs", 200)["runs"].as_array().map(Vec::len), Some(1), "nothing was begun");
    api.stop();
}

fn a_second_run_is_refused_while_the_first_goes_on(store: Kind) {
    let world = World::with_orders(store);
    quiet(&world);
    let api = Api::start(&world);
    api.run("pull_orders");
    let call = "POST /pb/mp/order/v2/create";
    world.sandbox.fault(Fault::next(call, Effect::Late(Duration::from_secs(3))));
    let body = json!({"route": "dsco_lingxing", "job": "push_orders"});
    let first = api.post("/runs", &body, 202);
    until("the run is in the middle of its work", 30, || {
        world.sandbox.ledger().faults.contains_key(call).then_some(())
    });
    let refused = api.post("/runs", &body, 409);
    assert!(refused["error"]["message"].as_str().is_some_and(|text| text.contains("already running")), "{refused}");
    let id = first["run_id"].as_str().expect("an id");
    assert_eq!(api.get(&format!("/runs/{id}"), 200)["state"], "running");
    let run = until("it goes on to its end", 30, || {
        let run = api.get(&format!("/runs/{id}"), 200);
        (run["state"] != "running").then_some(run)
    });
    assert_eq!(run["report"]["counts"]["advanced"], 6, "{run}");
    world.ipass(&["orders", "set-status", "PO-PLAIN", "5", "--reason", "done elsewhere"]).code(0);
    api.act(&format!("{DONE}/cancel-in-erp"), 409);
    api.stop();
    assert!(world.sandbox.ledger().creates.values().all(|create| create.attempts == 1));
}

#[test]
fn a_second_run_is_refused_while_the_first_goes_on_on_sqlite() {
    a_second_run_is_refused_while_the_first_goes_on(Kind::Sqlite);
}

#[test]
fn a_second_run_is_refused_while_the_first_goes_on_on_postgres() {
    a_second_run_is_refused_while_the_first_goes_on(Kind::Postgres);
}

#[test]
fn the_metrics_hold_what_an_operator_watches() {
    let world = World::new(quick(), Kind::Sqlite);
    world.add_orders();
    quiet(&world);
    let api = Api::start(&world);
    api.run("pull_orders");
    api.run("push_orders");
    let text = until("the gauges show the orders", 60, || {
        let (_, text) = api.0.get("/metrics")?;
        text.contains("ipass_orders{route=\"dsco_lingxing\",stage=\"2\"} 6").then_some(text)
    });
    for series in [
        "ipass_runs_total{route=\"dsco_lingxing\",job=\"pull_orders\",result=\"done\"} 1",
        "ipass_remote_calls_total{",
        "ipass_oldest_order_seconds{route=\"dsco_lingxing\",stage=\"2\"}",
        "ipass_mark_lag_seconds{route=\"dsco_lingxing\",kind=\"created\"}",
        "ipass_mark_lag_seconds{route=\"dsco_lingxing\",kind=\"updated\"}",
        "ipass_run_seconds",
    ] {
        assert!(text.contains(series), "{series} in {text}");
    }
    api.stop();
}
