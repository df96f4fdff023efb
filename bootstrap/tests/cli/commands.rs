//! The small commands, and the demo.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;

use crate::common::database::Kind;
use crate::common::process::{ipass, run};
use crate::common::world::{World, quick};

#[test]
fn help_and_version_need_no_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let help = run(ipass(folder.path()).arg("--help")).code(0);
    for command in ["demo", "serve", "run", "orders", "settings", "config", "migrate", "sandbox", "hash-password"] {
        assert!(help.stdout.contains(command), "{command} in {}", help.stdout);
        run(ipass(folder.path()).args([command, "--help"])).code(0);
    }
    let version = run(ipass(folder.path()).arg("--version")).code(0);
    assert_eq!(version.stdout.trim(), format!("ipass {}", env!("CARGO_PKG_VERSION")));
    run(ipass(folder.path()).arg("fly")).code(2);
    run(&mut ipass(folder.path())).code(2);
}

#[test]
fn migrate_may_be_called_again_and_again() {
    for store in [Kind::Sqlite, Kind::Postgres] {
        let world = World::bare(quick(), store);
        let first = world.ipass(&["migrate"]).code(0);
        assert!(first.stdout.contains("up to date"), "{first:?}");
        assert_eq!(world.ipass(&["migrate", "--json"]).code(0).json(), json!({"result": "done"}));
        assert!(world.orders().is_empty());
    }
}

#[test]
fn a_password_is_hashed_and_never_shown() {
    let hash = |password: &str| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = ipass(folder.path());
        command.arg("hash-password").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let (first, second) = (hash("correct horse\n"), hash("correct horse"));
    for output in [&first, &second] {
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.starts_with("$argon2id$"), "{output:?}");
        assert!(!text.contains("horse"));
    }
    assert_ne!(first.stdout, second.stdout, "each hash has its own salt");
    let short = hash("short\n");
    assert_eq!(short.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&short.stderr).contains("short\n"));
}

#[test]
fn the_demo_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let findings = run(ipass(folder.path()).args(["demo", "--once", "--orders", "60", "--json"])).code(0).json();
    assert_eq!(findings["orders"], 60, "{findings}");
    for none in ["violations", "misplaced", "failed_runs"] {
        assert_eq!(findings[none], json!([]), "{none}");
    }
    let stages = findings["stages"].as_object().unwrap();
    assert_eq!(stages.len(), 6);
    let placed: u64 = stages.values().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(placed + findings["unread"].as_u64().unwrap(), 60, "{findings}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "the demo leaves nothing behind");
}
