//! A server that answers each path with what was put there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

type Answers = Arc<Mutex<HashMap<String, (u16, Vec<u8>)>>>;

/// The server; paths without an answer are not found.
pub(crate) struct Vendor {
    server: MockServer,
    answers: Answers,
}

struct Answering(Answers);

impl Respond for Answering {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, body) = answers.get(request.url.path()).cloned().unwrap_or((404, b"{}".to_vec()));
        ResponseTemplate::new(status).set_body_raw(body, "application/json")
    }
}

impl Vendor {
    pub(crate) async fn start() -> Self {
        let server = MockServer::start().await;
        let answers = Answers::default();
        Mock::given(any()).respond_with(Answering(Arc::clone(&answers))).mount(&server).await;
        Self { server, answers }
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    /// From now on the path is answered with this.
    pub(crate) fn answers(&self, path: &str, status: u16, body: Vec<u8>) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), (status, body));
    }
}
