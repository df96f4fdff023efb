//! What must never be printed: credentials, and whom an order is for.

use std::path::Path;

use ipass_sandbox::{Effect, Fault, NewOrder, SandboxConfig};

use crate::common::database::Kind;
use crate::common::process::{Ended, run};
use crate::common::world::{JOBS, World, quick};

const TOKEN: &str = "CANARY-token-1f0c7d";
const APP_SECRET: &str = "CANARY-app-secret-77ab";
const PASSWORD: &str = "CANARY-password-5e21";
const PERSON: [&str; 4] = ["Canarya Finchley", "77 Canarystreet", "+1-555-0177-CANARY", "canary@example.test"];

/// Everything that the commands of a test have said.
#[derive(Default)]
struct Said(String);

impl Said {
    fn add(&mut self, ended: &Ended) {
        self.0.push_str(&ended.stdout);
        self.0.push_str(&ended.stderr);
    }

    /// Runs a command, whatever comes of it.
    fn hear(&mut self, world: &World, arguments: &[&str]) {
        self.add(&run(world.command(arguments).env("RUST_LOG", "debug")));
    }

    /// Nothing secret was said, and nothing secret stands in the log files.
    #[track_caller]
    fn assert_clean(mut self, logs: &Path) {
        for file in std::fs::read_dir(logs).expect("there are log files") {
            self.0.push_str(&std::fs::read_to_string(file.expect("a file").path()).expect("a text"));
        }
        assert!(self.0.contains("order done"), "the search has something to search");
        let lower = self.0.to_lowercase();
        for secret in ["canary", "canarya", "finchley", "access_token=", "sign="] {
            let line = lower.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret}");
        }
    }
}

fn world(store: Kind) -> World {
    let config = SandboxConfig { dsco_token: TOKEN.to_owned(), app_secret: APP_SECRET.to_owned(), ..quick() };
    let world = World::bare(config, store);
    if store == Kind::Postgres {
        // The server of the tests trusts everybody, so any password will do.
        let url = world.store_url.replacen("ipass@", &format!("ipass:{PASSWORD}@"), 1);
        world.write("ipass.toml", &world.config_file().replace(&world.store_url, &url));
    }
    world.import(&world.sandbox.settings_json()).code(0);
    for po in ["PO-1", "PO-2"] {
        let [name, street, phone, email] = PERSON.map(|text| Some(text.to_owned()));
        world.sandbox.add_order(NewOrder { name, address_line: street, phone, email, ..NewOrder::new(po) });
    }
    world
}

/// Faults that hit each job at its first calls.
fn plant_failures(world: &World) {
    let refusal = "{\"message\":\"not like this\"}".to_owned();
    for (call, effect) in [
        ("GET /order/page", Effect::Status(500, refusal.clone())),
        ("GET /order/page", Effect::Html),
        ("GET /order/", Effect::Truncated),
        ("POST /pb/mp/order/v2/list", Effect::VendorCode("2001003".to_owned())),
        ("POST /pb/mp/order/v2/create", Effect::ResetBeforeCommit),
        ("POST /order/acknowledge", Effect::Status(400, refusal.clone())),
        ("POST /order/shipment/batch/small", Effect::Status(400, refusal.clone())),
        ("POST /invoice/batch/small", Effect::BrokenBody),
    ] {
        world.sandbox.fault(Fault::next(call, effect).times(2));
    }
}

fn nothing_secret_is_said(store: Kind) {
    let world = world(store);
    let mut said = Said::default();
    plant_failures(&world);
    for _ in 0..4 {
        for job in JOBS {
            said.hear(&world, &["run", job, "--json"]);
        }
        said.hear(&world, &["run", "push_orders"]);
        said.hear(&world, &["orders", "show", "PO-1"]);
        said.hear(&world, &["orders", "why", "PO-2", "--json"]);
    }
    world.sandbox.clear_faults();
    for job in JOBS {
        said.hear(&world, &["run", job]);
    }
    assert!(world.is_finished(), "{:?}", world.orders());
    for arguments in
        [&["orders", "list"][..], &["orders", "show", "PO-1", "--json"], &["config", "check"], &["migrate"]]
    {
        said.hear(&world, arguments);
    }
    said.assert_clean(&world.path().join("logs"));
}

#[test]
fn a_cycle_of_runs_says_nothing_secret_on_sqlite() {
    nothing_secret_is_said(Kind::Sqlite);
}

#[test]
fn a_cycle_of_runs_says_nothing_secret_on_postgres() {
    nothing_secret_is_said(Kind::Postgres);
}

#[test]
fn refused_credentials_and_dead_ends_are_not_shown() {
    let world = world(Kind::Sqlite);
    let mut said = Said::default();
    for job in &JOBS[..2] {
        said.hear(&world, &["run", job]);
    }
    for (variable, value) in [
        ("IPASS__ROUTES__DSCO_LINGXING__CHANNEL__TOKEN", "CANARY-wrong-token"),
        ("IPASS__ROUTES__DSCO_LINGXING__CHANNEL__CLIENT_SECRET", "CANARY-too-many"),
        ("IPASS__ROUTES__DSCO_LINGXING__ERP__APP_SECRET", "CANARY-wrong-secret"),
        ("IPASS__ROUTES__DSCO_LINGXING__ERP__APP_ID", "CANARY-short"),
        ("IPASS__ROUTES__DSCO_LINGXING__ERP__APP_ID", "CANARY-unknown-x"),
        ("IPASS__ROUTES__DSCO_LINGXING__CHANNEL__BASE_URL", "http://127.0.0.1:1/CANARY"),
        ("IPASS__ROUTES__DSCO_LINGXING__ERP__BASE_URL", "http://me:CANARY@127.0.0.1:1"),
        ("IPASS__STORE__URL", "mysql://me:CANARY@here/there"),
        ("IPASS__STORE__URL", "postgres://me:CANARY@[not-an-address/there"),
    ] {
        for job in ["pull_orders", "ack_orders"] {
            let ended = run(world.command(&["run", job, "--json"]).env("RUST_LOG", "debug").env(variable, value));
            said.add(&ended);
        }
    }
    said.assert_clean(&world.path().join("logs"));
}

/// A vendor's refusal may repeat what it was sent.
#[test]
fn personal_data_in_a_refusal_is_not_shown() {
    let world = world(Kind::Sqlite);
    let echo = format!("{{\"message\":\"the receiver {} of {} is not known\"}}", PERSON[0], PERSON[1]);
    for call in ["POST /pb/mp/order/v2/create", "POST /order/acknowledge"] {
        world.sandbox.fault(Fault::next(call, Effect::Status(400, echo.clone())).times(2));
    }
    let mut said = Said::default();
    for job in JOBS {
        said.hear(&world, &["run", job, "--json"]);
        said.hear(&world, &["orders", "why", "PO-1"]);
    }
    said.assert_clean(&world.path().join("logs"));
}

/// A slip of the pen in the file: the message names the place, and not the value.
#[test]
fn a_misspelt_secret_is_not_shown() {
    let world = world(Kind::Sqlite);
    let good = std::fs::read_to_string(world.path().join("ipass.toml")).unwrap();
    let mut shown = Vec::new();
    for (right, wrong) in [
        (format!("token = \"{TOKEN}\""), "token = 7700112233".to_owned()),
        (format!("app_secret = \"{APP_SECRET}\""), "app_secret = 7700112233".to_owned()),
        (format!("token = \"{TOKEN}\""), "token = [\"CANARY-listed\"]".to_owned()),
        (format!("app_secret = \"{APP_SECRET}\""), format!("app_secret = {APP_SECRET}")),
        (format!("token = \"{TOKEN}\""), format!("token = \"{TOKEN}")),
        ("[log]\n".to_owned(), "[admin]\npassword_hash = 7700112233\n[log]\n".to_owned()),
        ("[log]\n".to_owned(), "[api]\ntoken = 7700112233\n[log]\n".to_owned()),
        (format!("url = \"{}\"", world.store_url), "url = \"postgres://me:CANARY@here\nmore\"".to_owned()),
    ] {
        assert!(good.contains(&right), "{right}");
        world.write("ipass.toml", &good.replacen(&right, &wrong, 1));
        let ended = world.ipass(&["config", "check"]).code(2);
        if ended.stderr.contains("CANARY") || ended.stderr.contains("7700112233") {
            shown.push(format!("{wrong}: {}", ended.stderr));
        }
    }
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}
