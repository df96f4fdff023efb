mod logins;
mod pages;
pub(crate) mod store;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use chrono::Duration;
use ipass_core::ports::{ExportColumn, FileError, NoCalls, RowSink, SyncStore};
use ipass_core::run::Runner;
use ipass_core::testing::ManualClock;
use secrecy::SecretString;
use serde_json::Value;
use tower::ServiceExt as _;

use super::links::encode;
use super::{AdminState, Export, ExportedFile, Exports, Secrets, admin_router};
use crate::Progress;
use store::{DeskMemory, Memory};

pub(crate) const PASSWORD: &str = "correct horse 马";

/// Cheap, because tests log in often; the service takes what the hash says.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
    argon.hash_password(PASSWORD.as_bytes()).unwrap().to_string()
});

/// The pages with a clock, a memory and a browser's cookies.
pub(crate) struct Bench {
    router: Router,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) desk: Arc<DeskMemory>,
    pub(crate) progress: Arc<Progress>,
    cookies: Mutex<Vec<(String, String)>>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The value of the first field of a name.
    pub(crate) fn field(&self, name: &str) -> String {
        let start = format!(r#"name="{name}" value=""#);
        let (_, rest) = self.body.split_once(&start).unwrap_or_else(|| panic!("no field {name} in {}", self.body));
        rest.split('"').next().unwrap().to_owned()
    }
}

/// Numbers that are never the same.
#[derive(Default)]
struct Counted(AtomicU64);

impl Secrets for Counted {
    fn random(&self) -> [u8; 32] {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&self.0.fetch_add(1, Ordering::SeqCst).to_le_bytes());
        bytes
    }
}

/// Files in a folder of the system that is thrown away by nobody: each test's name is its own.
struct Folder;

struct Lines(PathBuf, String, u64);

impl Exports for Folder {
    fn create(&self, name: &str, columns: &[ExportColumn]) -> Result<Box<dyn Export>, FileError> {
        let head: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let path = std::env::temp_dir().join(format!("ipass-test-{}-{name}.csv", std::process::id()));
        Ok(Box::new(Lines(path, format!("{}\n", head.join(",")), 0)))
    }
}

impl RowSink for Lines {
    fn row(&mut self, cells: &[Option<&str>]) -> bool {
        let cells: Vec<&str> = cells.iter().map(|cell| cell.unwrap_or_default()).collect();
        self.1.push_str(&cells.join(","));
        self.1.push('\n');
        self.2 += 1;
        true
    }
}

impl Export for Lines {
    fn finish(self: Box<Self>) -> Result<ExportedFile, FileError> {
        std::fs::write(&self.0, &self.1).map_err(|error| FileError(error.to_string()))?;
        let name = self.0.file_name().unwrap().to_str().unwrap().to_owned();
        Ok(ExportedFile { name, path: self.0.clone(), rows: self.2 })
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Memory::new(), |_| {})
    }

    /// With a store, and a change of the state.
    pub(crate) fn with(memory: Memory, change: impl FnOnce(&mut AdminState)) -> Self {
        let clock = Arc::new(ManualClock::default());
        let desk = Arc::clone(&memory.desk);
        let service = crate::double::service(None);
        let store: Arc<dyn SyncStore> = Arc::new(memory);
        let runner = Runner {
            store: Arc::clone(&store),
            clock: clock.clone(),
            meter: Arc::new(NoCalls),
            files: Arc::clone(&service.runner.files),
        };
        let progress = Arc::new(Progress::new(clock.clone()));
        let mut state = AdminState {
            store,
            runner: Arc::new(runner),
            routes: service.routes,
            launcher: service.launcher,
            progress: Arc::clone(&progress),
            password_hash: SecretString::from(HASH.as_str()),
            display_zone: chrono_tz::Asia::Shanghai,
            export_max_days: 366,
            files: Arc::new(Folder),
            behind_tls: false,
            idle: Duration::minutes(30),
            absolute: Duration::hours(12),
            secrets: Arc::new(Counted::default()),
        };
        change(&mut state);
        Self { router: admin_router(state), clock, desk, progress, cookies: Mutex::default() }
    }

    /// Somebody who is logged in as `Li Lei`.
    pub(crate) async fn logged_in() -> Self {
        let bench = Self::new();
        bench.log_in().await;
        bench
    }

    pub(crate) async fn log_in(&self) {
        let answer = self.post("/admin/login", &[("who", "Li Lei"), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    /// A request as a browser on the same host sends it; `headers` come on top.
    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(path).header(HOST, "ipass.example:8080");
        if method != Method::GET {
            request = request.header(ORIGIN, "http://ipass.example:8080");
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let cookies: Vec<String> = self.cookies.lock().unwrap().iter().map(|(k, v)| format!("{k}={v}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(axum::http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let answer =
            Answer { status: head.status, headers: head.headers, body: String::from_utf8(body.to_vec()).unwrap() };
        self.keep(&answer);
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'; script-src 'self';"));
        assert!(!answer.header("content-security-policy").contains("unsafe"), "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
        assert!(!answer.header("cache-control").is_empty(), "{answer:?}");
        assert!(!answer.body.contains("db.internal"), "what the database said: {answer:?}");
        answer
    }

    fn keep(&self, answer: &Answer) {
        let mut cookies = self.cookies.lock().unwrap();
        for set in answer.headers.get_all(SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            cookies.retain(|(key, _)| key != name);
            if !set.contains("Max-Age=0") {
                cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    /// A form as it stands, without secret and key.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, &[], fields).await
    }

    pub(crate) async fn post_with(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<String> = fields.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
        self.send(Method::POST, path, headers, &fields.join("&")).await
    }

    /// Secret and key of the first form of a page.
    pub(crate) async fn hidden(&self, page: &str) -> (String, String) {
        let answer = self.get(page).await;
        (answer.field("csrf"), answer.field("once"))
    }

    /// What the audit has: who, what, subject.
    pub(crate) fn acts(&self) -> Vec<(String, String, String)> {
        let acts = self.desk.acts.lock().unwrap();
        acts.iter().map(|act| (act.who.clone(), act.what.clone(), act.subject.clone())).collect()
    }
}
