//! `ipass serve` as a child process, and what it answers over HTTP.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::common::process::{Running, start, until};
use crate::common::world::{World, runtime};

/// A stop may wait for a call that is under way, and for no more.
pub(crate) const STOP: Duration = Duration::from_secs(20);

/// The service in a child, and where it listens.
pub(crate) struct Service {
    pub(crate) process: Running,
    address: String,
}

impl Service {
    /// Starts the service of a world, and waits until it answers.
    #[track_caller]
    pub(crate) fn start(world: &World) -> Self {
        Self::of(world.command(&["serve"]))
    }

    /// Starts the service by a command of the caller's.
    #[track_caller]
    pub(crate) fn of(mut command: Command) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        command.env("IPASS__SERVER__LISTEN", free.to_string());
        let service = Self { process: start(&mut command), address: free.to_string() };
        until("the service is up", 30, || service.get("/healthz").filter(|(status, _)| *status == 200));
        service
    }

    /// Status and text, or nothing while nobody listens.
    pub(crate) fn get(&self, path: &str) -> Option<(u16, String)> {
        send(client().get(self.url(path)))
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits for a readiness with this status, and answers which parts are named.
    #[track_caller]
    pub(crate) fn ready(&self, status: u16) -> Vec<String> {
        let text = until(&format!("readiness {status}"), 30, || {
            self.get("/readyz").filter(|(found, _)| *found == status).map(|(_, text)| text)
        });
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(answer["ready"], status == 200, "{answer}");
        let problems = answer["problems"].as_array().expect("a list");
        assert!(problems.iter().all(|problem| problem["problem"].is_string()), "{answer}");
        problems.iter().map(|problem| problem["part"].as_str().expect("a part").to_owned()).collect()
    }

    /// Ends it as a service manager would.
    #[track_caller]
    pub(crate) fn stop(self) {
        self.process.signal("TERM");
        self.process.wait(STOP).code(0);
    }
}

/// A client that asks nobody else on the way.
pub(crate) fn client() -> reqwest::Client {
    // The second call finds it installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client")
}

/// Status and text of an answer, or nothing while nobody listens.
pub(crate) fn send(request: reqwest::RequestBuilder) -> Option<(u16, String)> {
    runtime().block_on(async {
        let answer = request.send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    })
}
