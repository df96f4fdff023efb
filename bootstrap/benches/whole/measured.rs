//! A child process and what it used.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Ticks of `/proc/<pid>/stat` in a second, on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// What a process used until it ended.
#[derive(Debug, Default, Clone)]
pub(crate) struct Used {
    pub(crate) wall: Duration,
    /// User and system time; a hundredth of a second fine.
    pub(crate) cpu: Duration,
    /// Most memory at a time, in bytes.
    pub(crate) peak: u64,
    pub(crate) stdout: String,
}

/// Runs a command to its end, which has to be a good one.
pub(crate) fn run(mut command: Command) -> Used {
    let file = tempfile::NamedTempFile::new().expect("a file");
    command.stdin(Stdio::null()).stdout(file.reopen().expect("the file")).stderr(Stdio::inherit());
    let begun = Instant::now();
    let mut child = command.spawn().expect("the binary starts");
    let mut used = Used::default();
    // A process that has ended keeps its times until somebody waits for it.
    while !ended(&child) {
        used.peak = used.peak.max(peak(child.id()).unwrap_or_default());
        // Looking costs the cores that are measured a tenth of a millisecond each time.
        thread::sleep(Duration::from_millis(10));
    }
    used.wall = begun.elapsed();
    used.cpu = cpu(child.id()).unwrap_or_default();
    let status = child.wait().expect("it has ended");
    used.stdout = fs::read_to_string(file.path()).expect("what it printed");
    assert!(status.success(), "{command:?}: {status}: {}", used.stdout);
    used
}

fn ended(child: &Child) -> bool {
    stat(child.id()).is_none_or(|fields| fields.first().is_some_and(|state| state == "Z"))
}

/// User and system time so far.
pub(crate) fn cpu(pid: u32) -> Option<Duration> {
    let fields = stat(pid)?;
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(Duration::from_secs_f64(ticks / TICKS))
}

/// The fields of `/proc/<pid>/stat` behind the name, the state first.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// Most resident memory so far, in bytes.
pub(crate) fn peak(pid: u32) -> Option<u64> {
    memory(pid, "VmHWM")
}

/// Resident memory now, in bytes.
pub(crate) fn resident(pid: u32) -> Option<u64> {
    memory(pid, "VmRSS")
}

fn memory(pid: u32, name: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
}
