//! Start, idling, reading again what is known, and work at the vendors' limits.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::life::{megabytes, throttled};
use crate::measured;
use crate::table::{Table, number};
use crate::world::{Store, Vendors, World, now, sql};

const FREE: Vendors = Vendors { latency: Duration::ZERO, limits: false };

/// Size of the binary, time until it answers, and what it holds when nothing happens.
pub(crate) fn start(table: &mut Table) {
    let binary = fs::metadata(Path::new(env!("CARGO_BIN_EXE_ipass"))).expect("it is built");
    table.row("binary", megabytes(binary.len()), "MB");
    for store in [Store::Sqlite, Store::Postgres] {
        let world = World::new(0, store, FREE);
        let mut settings = world.sandbox.settings_json();
        for job in settings["jobs"].as_object_mut().into_iter().flatten() {
            job.1["enabled"] = false.into();
        }
        fs::write(world.path().join("settings.json"), settings.to_string()).expect("the folder can be written");
        world.ipass(&["settings", "import", "settings.json"]);
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let mut command = world.command(&["serve"]);
        command.env("IPASS__SERVER__LISTEN", free.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        let mut child = command.spawn().expect("the binary starts");
        while !is_ready(&free.to_string()) {
            assert!(begun.elapsed() < Duration::from_secs(30), "it never became ready");
            thread::sleep(Duration::from_millis(1));
        }
        table.row(format!("start until ready, {}", store.name()), begun.elapsed().as_secs_f64() * 1000.0, "ms");
        thread::sleep(Duration::from_secs(5));
        let idle = measured::resident(child.id()).unwrap_or_default();
        table.goal(format!("idle memory of serve, {}", store.name()), megabytes(idle), "MB", "≤ 32");
        // It is of no further use.
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn is_ready(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

/// 100,000 orders that are known already.
pub(crate) fn repull(table: &mut Table) {
    const ORDERS: usize = 100_000;
    let world = World::new(ORDERS, Store::Postgres, FREE);
    let (first, report) = world.job("pull_orders", ORDERS);
    assert_eq!(report["counts"]["stored"], ORDERS, "{}", report["counts"]);
    table.row("first pull of 100,000 orders, PostgreSQL", number(ORDERS as u64) / first.wall.as_secs_f64(), "orders/s");
    table.row("… most memory", megabytes(first.peak), "MB");
    let url = world.postgres.as_deref().expect("it is PostgreSQL");
    let rows = || sql(url, "SELECT md5(string_agg(ctid::text || xmin::text, ',' ORDER BY po)) FROM order_sync");
    let before = rows();
    let end = now().to_rfc3339();
    let start = (now() - chrono::TimeDelta::days(3)).to_rfc3339();
    let again = world.ipass(&["run", "pull_orders", "--json", "--start", &start, "--end", &end]);
    let report: serde_json::Value = serde_json::from_str(&again.stdout).expect("a JSON document");
    assert_eq!(report["counts"]["unchanged"], ORDERS, "{}", report["counts"]);
    let calls = &report["calls"];
    table.row("re-pull of 100,000 unchanged orders, PostgreSQL", again.wall.as_secs_f64(), "s");
    table.row("… our processor time", again.cpu.as_secs_f64(), "s");
    let own = read_alone(&world, calls["GET /order/page"].as_u64().unwrap_or_default());
    table.row("… the vendor's own time for the same pages", own.as_secs_f64(), "s");
    table.goal("… beyond the vendor's own time", again.wall.saturating_sub(own).as_secs_f64(), "s", "≤ 5");
    table.goal("… order rows written", f64::from(u8::from(rows() != before)), "(0: none)", "0");
    table.row("… most memory", megabytes(again.peak), "MB");
}

/// The time in which a client that throws the answers away reads all pages.
fn read_alone(world: &World, calls: u64) -> Duration {
    let base = world.sandbox.dsco_base_url();
    let authority = base.trim_start_matches("http://").split('/').next().expect("an authority").to_owned();
    let since = (now() - chrono::TimeDelta::days(3)).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let until = (now() - chrono::TimeDelta::seconds(10)).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let first = format!("/api/v3/order/page?ordersPerPage=1000&ordersCreatedSince={since}&until={until}");
    let begun = Instant::now();
    let mut path = first;
    for _ in 0..calls {
        let body = get(&authority, &path);
        let Some(scroll) = scroll_id(&body) else { break };
        path = format!("/api/v3/order/page?scrollId={scroll}");
    }
    begun.elapsed()
}

fn get(authority: &str, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(authority).expect("the sandbox listens");
    let token = ipass_sandbox::SandboxConfig::default().dsco_token;
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {authority}\r\nauthorization: bearer {token}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("it takes requests");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..answer.len().min(400)]));
    answer
}

fn scroll_id(body: &[u8]) -> Option<String> {
    let key = b"\"scrollId\":\"";
    let at = body.windows(key.len()).position(|window| window == key)? + key.len();
    let rest = &body[at..];
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let text = String::from_utf8_lossy(&rest[..end]);
    Some(text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"))
}

/// Orders of a back-fill at the vendors' limits, 300 ms per call.
pub(crate) fn backfill(table: &mut Table) {
    const ORDERS: usize = 10_000;
    let vendors = Vendors { latency: Duration::from_millis(300), limits: true };
    let world = World::new(ORDERS, Store::Postgres, vendors);
    let begun = Instant::now();
    let life = crate::life::live(&world, ORDERS);
    let took = begun.elapsed();
    let calls = world.sandbox.ledger().calls;
    let creates = calls.get("POST /pb/mp/order/v2/create").copied().unwrap_or_default();
    let calls: u64 = calls.values().sum();
    table.row(
        "back-fill of 10,000 orders, 300 ms per call, limits on",
        number(ORDERS as u64) / took.as_secs_f64(),
        "orders/s",
    );
    let allowed = life.pushed.as_secs_f64() / vendors.latency.as_secs_f64();
    table.goal("… creates, of those that one at a time allows", 100.0 * number(creates) / allowed, "%", "≥ 90");
    table.row("… remote calls", number(calls), "");
    table.goal("… throttled of a thousand calls", throttled(&world) * 1000.0 / number(calls), "", "≤ 1");
}
