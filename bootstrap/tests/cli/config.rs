//! The boot configuration: where it may come from, and how a wrong one is refused.

use std::process::Command;

use crate::common::database::Kind;
use crate::common::process::{Ended, ipass, run};
use crate::common::world::{World, quick};

/// Exit code 2, and a message with all of these parts: the place, and what to do about it.
#[track_caller]
fn refused(ended: Ended, parts: &[&str]) {
    let ended = ended.code(2);
    for part in parts {
        assert!(ended.stderr.contains(part), "{part:?} in {}", ended.stderr);
    }
    assert_eq!(ended.stdout, "");
}

/// `config check` of the world's configuration with a part of its text replaced.
#[track_caller]
fn check_with(replaced: &str, by: &str) -> Ended {
    let world = World::bare(quick(), Kind::Sqlite);
    let text = world.config_file();
    assert!(text.contains(replaced), "{replaced} in {text}");
    world.write("ipass.toml", &text.replace(replaced, by));
    world.ipass(&["config", "check"])
}

#[test]
fn a_good_configuration_is_confirmed() {
    let world = World::bare(quick(), Kind::Sqlite);
    let ended = world.ipass(&["config", "check"]).code(0);
    assert!(ended.stdout.contains("dsco_lingxing"), "{ended:?}");
    let answer = world.ipass(&["config", "check", "--json"]).code(0).json();
    assert_eq!(answer, serde_json::json!({"result": "done", "routes": ["dsco_lingxing"]}));
}

#[test]
fn unknown_keys_are_refused_by_name() {
    refused(check_with("[log]\ndir", "[log]\ndirectory"), &["log", "directory", "expected"]);
    refused(check_with("[log]\n", "[logs]\n"), &["logs", "expected"]);
    refused(check_with("consistency = 1\nlimits", "consistancy = 1\nlimits"), &["routes[0].channel", "consistancy"]);
    refused(check_with("app_secret =", "app_sekret ="), &["routes[0].erp", "app_sekret"]);
}

#[test]
fn a_value_of_the_wrong_type_is_refused_by_its_place() {
    refused(check_with("[log]\n", "[admin]\nexport_max_days = \"many\"\n[log]\n"), &["admin.export_max_days"]);
    refused(check_with("consistency = 1\nlimits", "consistency = \"soon\"\nlimits"), &["routes[0].channel"]);
    refused(check_with("[log]\n", "[server]\nlisten = \"everywhere\"\n[log]\n"), &["server.listen", "127.0.0.1:8080"]);
    refused(
        check_with("[log]\n", "[admin]\ndisplay_timezone = \"Mars\"\n[log]\n"),
        &["admin.display_timezone", "Asia/Shanghai"],
    );
}

#[test]
fn a_file_that_is_not_toml_or_not_there_is_refused() {
    refused(check_with("[log]\n", "[log\n"), &["ipass.toml"]);
    let world = World::bare(quick(), Kind::Sqlite);
    refused(world.ipass(&["--config", "elsewhere.toml", "config", "check"]), &["elsewhere.toml", "--config"]);
}

#[test]
fn missing_and_misshapen_credentials_are_refused() {
    let token = "token = \"sandbox-dsco-token\"\n";
    refused(check_with(token, ""), &["route dsco_lingxing, channel", "token", "client_id"]);
    refused(check_with(token, "client_id = \"me\"\n"), &["channel", "client_secret"]);
    refused(check_with("app_secret = \"sandbox+app/secret==\"\n", ""), &["routes[0].erp", "app_secret"]);
    refused(check_with("ak_SandboxApp001", "ak_Short"), &["route dsco_lingxing, erp", "app_id", "16"]);
    // Sixteen characters are not sixteen bytes.
    refused(check_with("ak_SandboxApp001", "ak_SandboxApp00店"), &["route dsco_lingxing, erp", "app_id", "16"]);
}

#[test]
fn a_store_that_cannot_be_reached_is_refused() {
    let world = World::bare(quick(), Kind::Sqlite);
    // A file is no folder, for nobody.
    let nowhere = format!("sqlite://{}/ipass.toml/data/ipass.db", world.path().display());
    let canary = "postgres://ipass:CANARY-PASSWORD@127.0.0.1:1/nowhere";
    for url in [nowhere.as_str(), canary, "mysql://somewhere"] {
        for arguments in [&["config", "check"][..], &["migrate"], &["run", "pull_orders"], &["orders", "list"]] {
            let ended = run(world.command(arguments).env("IPASS__STORE__URL", url));
            assert!(!ended.stderr.contains("CANARY"), "{ended:?}");
            refused(ended, &["store.url"]);
            if url == canary {
                break; // A refused connection is tried for a while; once is enough.
            }
        }
    }
}

#[test]
fn an_unknown_job_and_an_unknown_route_are_refused() {
    let world = World::bare(quick(), Kind::Sqlite);
    refused(world.ipass(&["run", "push_everything"]), &["push_everything", "push_orders", "invoice_orders"]);
    refused(world.ipass(&["run", "push_orders", "--route", "other"]), &["other", "dsco_lingxing"]);
    // Needs a range or an order.
    refused(world.ipass(&["run", "check_orders"]), &["check_orders", "start"]);
}

#[test]
fn several_routes_need_a_choice() {
    let world = World::bare(quick(), Kind::Sqlite);
    world.write("ipass.toml", &format!("{}{}", world.config_file(), world.route("second")));
    refused(world.ipass(&["run", "pull_orders"]), &["dsco_lingxing, second", "--route"]);
    refused(world.ipass(&["settings", "show"]), &["--route"]);
    refused(world.ipass(&["orders", "show", "PO-1"]), &["--route"]);
    let report = world.ipass(&["run", "pull_orders", "--route", "second", "--json"]).code(0).json();
    assert_eq!(report["route"], "second");
    world.write("ipass.toml", &format!("{}{}", world.config_file(), world.route("dsco_lingxing")));
    refused(world.ipass(&["config", "check"]), &["routes[1].name", "twice"]);
}

#[test]
fn a_configuration_without_a_route_is_refused() {
    let world = World::bare(quick(), Kind::Sqlite);
    world.write("ipass.toml", "");
    refused(world.ipass(&["run", "pull_orders"]), &["routes", "[[routes]]"]);
    refused(world.ipass(&["config", "check"]), &["routes", "[[routes]]"]);
}

#[test]
fn the_environment_wins_over_the_file() {
    let world = World::bare(quick(), Kind::Sqlite);
    let text = world.config_file();
    let text = text.replace("sandbox-dsco-token", "wrong").replace(&world.store_url, "mysql://wrong");
    world.write("ipass.toml", &text);
    let with = |token: &str| {
        run(world
            .command(&["run", "pull_orders"])
            .env("IPASS__STORE__URL", &world.store_url)
            .env("IPASS__ROUTES__DSCO_LINGXING__CHANNEL__TOKEN", token))
    };
    with("wrong, too").code(1);
    with("sandbox-dsco-token").code(0);
}

/// Everything that a route to the world's sandbox needs.
fn variables(world: &World) -> Vec<(&'static str, String)> {
    vec![
        ("IPASS__STORE__URL", world.store_url.clone()),
        ("IPASS__LOG__DIR", "env-logs".to_owned()),
        ("IPASS__ROUTES__DSCO_LINGXING__CHANNEL__KIND", "dsco".to_owned()),
        ("IPASS__ROUTES__DSCO_LINGXING__CHANNEL__BASE_URL", world.sandbox.dsco_base_url()),
        ("IPASS__ROUTES__DSCO_LINGXING__CHANNEL__TOKEN", "sandbox-dsco-token".to_owned()),
        ("IPASS__ROUTES__DSCO_LINGXING__CHANNEL__CONSISTENCY", "1".to_owned()),
        ("IPASS__ROUTES__DSCO_LINGXING__CHANNEL__LIMITS__ENABLED", "false".to_owned()),
        ("IPASS__ROUTES__DSCO_LINGXING__ERP__KIND", "lingxing".to_owned()),
        ("IPASS__ROUTES__DSCO_LINGXING__ERP__BASE_URL", world.sandbox.lingxing_base_url()),
        ("IPASS__ROUTES__DSCO_LINGXING__ERP__APP_ID", "ak_SandboxApp001".to_owned()),
        ("IPASS__ROUTES__DSCO_LINGXING__ERP__APP_SECRET", "sandbox+app/secret==".to_owned()),
        ("IPASS__ROUTES__DSCO_LINGXING__ERP__PLATFORM_CODE", "10011".to_owned()),
        ("IPASS__ROUTES__DSCO_LINGXING__ERP__PACE__GAP_CAPACITY_ONE", "0.01".to_owned()),
    ]
}

/// A run that has to reach the ERP, which refuses a wrong signature.
#[track_caller]
fn pulls_and_pushes(mut command: impl FnMut(&[&str]) -> Command) {
    run(&mut command(&["run", "pull_orders"])).code(0);
    let report = run(&mut command(&["run", "push_orders", "--json"])).code(0).json();
    assert_eq!(report["counts"]["advanced"], 6, "{report}");
}

#[test]
fn the_environment_alone_is_a_configuration() {
    let world = World::with_orders(Kind::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    pulls_and_pushes(|arguments| {
        let mut command = ipass(folder.path());
        command.args(arguments).envs(variables(&world));
        command
    });
    assert!(folder.path().join("env-logs").is_dir());
}

#[test]
fn a_dot_env_file_is_a_configuration_and_the_process_wins_over_it() {
    let world = World::with_orders(Kind::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = variables(&world).iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    std::fs::write(folder.path().join(".env"), lines.join("\n")).unwrap();
    pulls_and_pushes(|arguments| {
        let mut command = ipass(folder.path());
        command.args(arguments);
        command
    });
    let wrong = run(ipass(folder.path()).args(["config", "check"]).env("IPASS__STORE__URL", "mysql://wrong"));
    refused(wrong, &["store.url"]);
    std::fs::write(folder.path().join(".env"), "CANARY-SECRET without a sign\n").unwrap();
    let broken = run(ipass(folder.path()).args(["config", "check"])).code(2);
    assert!(broken.stderr.contains(".env") && !broken.stderr.contains("CANARY"), "{broken:?}");
}

#[test]
fn the_configuration_file_may_be_named_anywhere_on_the_line() {
    let world = World::bare(quick(), Kind::Sqlite);
    let file = world.write("other.toml", &world.config_file());
    std::fs::remove_file(world.path().join("ipass.toml")).unwrap();
    let file = file.display().to_string();
    for arguments in [
        ["--config", &file, "orders", "list", "--json"],
        ["orders", "--config", &file, "list", "--json"],
        ["orders", "list", "--config", &file, "--json"],
        ["orders", "list", "--json", "--config", &file],
        ["--json", "orders", "list", "--config", &file],
    ] {
        assert!(world.ipass(&arguments).code(0).json()["orders"].is_array());
    }
    world.ipass(&["orders", "list"]).code(2);
}
