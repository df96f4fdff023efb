//! The real binary as a child process.

use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A command that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(90);

/// Our binary in `folder`, with nothing of this process's environment but the search path.
pub(crate) fn ipass(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipass"));
    command.current_dir(folder).env_clear().env("IPASS_WAIT_DIVISOR", "50");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path); // The crash points call `kill`.
    }
    command
}

/// How a command ended, and everything that it said.
#[derive(Debug)]
pub(crate) struct Ended {
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Checks the exit code; what was said stands in the failure.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(self.status.code(), Some(expected), "{self:?}");
        self
    }

    /// Checks that it was killed.
    #[track_caller]
    pub(crate) fn killed(self) -> Self {
        assert_eq!(self.status.signal(), Some(9), "{self:?}");
        self
    }

    /// The one JSON document on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not one JSON document: {error}\n{self:?}"))
    }
}

/// Runs a command to its end.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Ended {
    start(command).wait(PATIENCE)
}

/// Starts a command.
pub(crate) fn start(command: &mut Command) -> Running {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let stdout = child.stdout.take().map(reader);
    let stderr = child.stderr.take().map(reader);
    Running { child, stdout, stderr }
}

fn reader(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A pipe that breaks has said what it had to say.
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A command that is still running; it does not outlive its test.
pub(crate) struct Running {
    child: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

impl Running {
    /// Sends a signal, `TERM` or `KILL`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("kill can be called").success(), "the process is gone already");
    }

    /// Waits for the end, at most so long.
    #[track_caller]
    pub(crate) fn wait(mut self, patience: Duration) -> Ended {
        let deadline = Instant::now() + patience;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the child can be asked") {
                break status;
            }
            if Instant::now() > deadline {
                self.end();
                panic!("still running after {patience:?}: {} {}", text(self.stdout.take()), text(self.stderr.take()));
            }
            thread::sleep(Duration::from_millis(5));
        };
        Ended { status, stdout: text(self.stdout.take()), stderr: text(self.stderr.take()) }
    }

    fn end(&mut self) {
        // One that has ended already cannot be killed, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

fn text(reader: Option<JoinHandle<String>>) -> String {
    reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
}

/// Looks until there is something to see; fails after so many seconds.
#[track_caller]
pub(crate) fn until<T>(what: &str, seconds: u64, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited {seconds} s in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
