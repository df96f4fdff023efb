//! Exchanges in a fixed order, for readings whose every call counts.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// One exchange: `METHOD path?query` as it stands on the wire, and its answer.
pub(crate) struct Line {
    call: String,
    status: u16,
    body: Vec<u8>,
}

/// An exchange that is answered with 200.
pub(crate) fn ok(call: impl Into<String>, body: &Value) -> Line {
    reply(call, 200, body.to_string())
}

/// An exchange with any answer.
pub(crate) fn reply(call: impl Into<String>, status: u16, body: impl Into<Vec<u8>>) -> Line {
    Line { call: call.into(), status, body: body.into() }
}

/// A server that plays its lines in order; whatever else is asked is answered with 501.
pub(crate) struct Script {
    server: MockServer,
    lines: Arc<Vec<Line>>,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Script {
    pub(crate) async fn start(lines: Vec<Line>) -> Self {
        let script = Self { server: MockServer::start().await, lines: Arc::new(lines), requests: Arc::default() };
        let player = Player { lines: Arc::clone(&script.lines), requests: Arc::clone(&script.requests) };
        Mock::given(any()).respond_with(player).mount(&script.server).await;
        script
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    /// The bodies that came with calls of this method, in order.
    pub(crate) fn bodies(&self, method: &str) -> Vec<Value> {
        let requests = self.requests.lock().unwrap();
        let of_method = requests.iter().filter(|(call, _)| call.starts_with(method));
        of_method.map(|(_, body)| body.clone()).collect()
    }

    /// Panics unless exactly the lines were asked for, in order.
    pub(crate) fn verify(&self) {
        let calls: Vec<String> = self.requests.lock().unwrap().iter().map(|(call, _)| call.clone()).collect();
        let lines: Vec<String> = self.lines.iter().map(|line| line.call.clone()).collect();
        assert_eq!(calls, lines);
    }
}

struct Player {
    lines: Arc<Vec<Line>>,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Respond for Player {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let call = format!("{} {}{query}", request.method, request.url.path());
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        let mut requests = self.requests.lock().unwrap();
        requests.push((call.clone(), body));
        match self.lines.get(requests.len() - 1).filter(|line| line.call == call) {
            Some(line) => ResponseTemplate::new(line.status).set_body_raw(line.body.clone(), "application/json"),
            None => ResponseTemplate::new(501),
        }
    }
}
