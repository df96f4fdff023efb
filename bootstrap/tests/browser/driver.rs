//! `chromedriver`, one for each test process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Ends the driver when the pipe closes, that is with the process that holds its other end, however that ends.
const LEASH: &str = "chromedriver --port=0 & driver=$!; read -r _; kill $driver";

struct Driver {
    url: String,
    /// Holds the other end of the pipe.
    shell: Child,
}

/// Where the driver listens; started at the first call.
pub(crate) fn url() -> &'static str {
    static DRIVER: OnceLock<Driver> = OnceLock::new();
    &DRIVER.get_or_init(start).url
}

fn start() -> Driver {
    let mut shell = Command::new("sh");
    shell.args(["-c", LEASH]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut driver = Driver { url: String::new(), shell: shell.spawn().expect("a shell") };
    let words = driver.shell.stdout.take().expect("a pipe");
    let mut lines = BufReader::new(words).lines().map_while(Result::ok);
    let port = lines.find_map(|line| Some(line.split_once("started successfully on port ")?.1.to_owned()));
    let port = port.expect("no chromedriver: apt-get install chromium chromium-driver");
    driver.url = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
    driver
}
