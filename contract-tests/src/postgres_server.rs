//! A throw-away `PostgreSQL` server for tests: one per test process, a fresh database per test.
//!
//! With `IPASS_TEST_POSTGRES_URL` (of a user who may create databases) the databases are made on that
//! server instead. Without both, a test fails: a suite that did not run proves nothing.
#![expect(clippy::missing_panics_doc, reason = "a test without its server has failed")]

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// Where a server can be reached.
#[derive(Debug, Clone)]
pub struct PostgresServer {
    base: String,
    query: String,
}

impl PostgresServer {
    /// The server of this process; started at the first call.
    pub fn get() -> &'static Self {
        static SERVER: OnceLock<PostgresServer> = OnceLock::new();
        SERVER.get_or_init(|| match env::var("IPASS_TEST_POSTGRES_URL") {
            Ok(url) => Self::at(&url),
            Err(_) => start().unwrap_or_else(|problem| {
                panic!(
                    "no PostgreSQL for this test: {problem}\n\
                     Install the server (apt-get install postgresql), or set IPASS_TEST_POSTGRES_URL to one \
                     whose user may create databases."
                )
            }),
        })
    }

    fn at(url: &str) -> Self {
        let (base, query) =
            url.split_once('?').map_or((url, String::new()), |(base, query)| (base, format!("?{query}")));
        // The database is the part after the host; it is replaced by the name of each test's own.
        let host_at = base.find("://").map_or(0, |at| at + 3);
        let base = base[host_at..].find('/').map_or(base, |at| &base[..host_at + at]);
        Self { base: base.to_owned(), query }
    }

    /// URL of the database that every server has.
    pub fn admin_url(&self) -> String {
        self.url("postgres")
    }

    /// URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}{}", self.base, self.query)
    }

    /// A name that no other test uses.
    pub fn database_name() -> String {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        format!("ipass_test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
    }
}

/// Starts a server on a socket in a directory of its own, as somebody other than root.
fn start() -> Result<PostgresServer, String> {
    let bin = find_programs()?;
    let root = env::temp_dir().join(format!("ipass-postgres-{}", std::process::id()));
    let data = root.join("data");
    fs::create_dir_all(&root).map_err(|error| format!("{} cannot be made: {error}", root.display()))?;
    // The server refuses to run as root.
    let user = if is_root() { Some(unprivileged_user()?) } else { None };
    if let Some((uid, gid)) = user {
        chown(&root, Some(uid), Some(gid)).map_err(|error| format!("the directory cannot be given away: {error}"))?;
    }
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
    run(as_user(user, &bin.join("initdb")).arg("-D").arg(&data).args([
        "-U",
        "ipass",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]))?;
    let log = fs::File::create(root.join("log")).map_err(|error| error.to_string())?;
    // Durability is not what is tested, and a log that nobody reads again need not fill the disk; everything
    // else is as it comes.
    let mut server = as_user(user, &bin.join("postgres"));
    server.arg("-D").arg(&data).arg("-k").arg(&root);
    for setting in ["listen_addresses=", "max_connections=300", "max_wal_size=256MB"] {
        server.args(["-c", setting]);
    }
    if env::var_os("IPASS_TEST_POSTGRES_DURABLE").is_none() {
        server.args(["-c", "fsync=off"]);
    }
    let process = server
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(|error| format!("postgres cannot be started: {error}"))?;
    stop_with_this_process(&root, process.id())?;
    let socket = root.join(".s.PGSQL.5432");
    for _ in 0..600 {
        let ready = as_user(user, &bin.join("pg_isready")).arg("-q").arg("-h").arg(&root).status();
        if socket.exists() && ready.is_ok_and(|status| status.success()) {
            return Ok(PostgresServer {
                base: "postgres://ipass@localhost".to_owned(),
                query: format!("?host={}", root.display()),
            });
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err(format!("the server does not answer: {}", fs::read_to_string(root.join("log")).unwrap_or_default()))
}

/// A test process ends without a last word, also when it is killed. A watcher outlives it, stops the
/// server and removes its files.
fn stop_with_this_process(root: &Path, server: u32) -> Result<(), String> {
    let script = "while kill -0 \"$1\" 2>/dev/null; do sleep 0.5; done; kill -INT \"$2\" 2>/dev/null; \
                  while kill -0 \"$2\" 2>/dev/null; do sleep 0.1; done; rm -rf \"$3\"";
    Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(std::process::id().to_string())
        .arg(server.to_string())
        .arg(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(drop)
        .map_err(|error| format!("the watcher of the server cannot be started: {error}"))
}

fn find_programs() -> Result<PathBuf, String> {
    let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    let mut packaged: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    packaged.sort();
    let complete = |directory: &PathBuf| {
        ["initdb", "postgres", "pg_isready"].iter().all(|program| directory.join(program).exists())
    };
    packaged.into_iter().rev().chain(on_path).find(complete).ok_or_else(|| {
        "initdb, postgres and pg_isready are neither in /usr/lib/postgresql/*/bin nor in PATH".to_owned()
    })
}

fn is_root() -> bool {
    id(&["-u"]).is_some_and(|uid| uid == 0)
}

/// User and group to run as: the package's own user, else nobody.
fn unprivileged_user() -> Result<(u32, u32), String> {
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)))
        .ok_or_else(|| "this is root, and there is neither a user postgres nor nobody".to_owned())
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn as_user(user: Option<(u32, u32)>, program: &Path) -> Command {
    let mut command = match user {
        Some((uid, gid)) => {
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).arg("--clear-groups").arg(program);
            command
        }
        None => Command::new(program),
    };
    command.current_dir("/").env("LC_ALL", "C");
    command
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?} cannot be started: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        for (url, expected) in [
            ("postgres://u:p@h:5433/admin", "postgres://u:p@h:5433/t"),
            ("postgres://u@h", "postgres://u@h/t"),
            (
                "postgres://u@localhost/x?host=/run/pg&sslmode=disable",
                "postgres://u@localhost/t?host=/run/pg&sslmode=disable",
            ),
        ] {
            assert_eq!(PostgresServer::at(url).url("t"), expected);
        }
    }
}
