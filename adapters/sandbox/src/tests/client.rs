//! A minimal HTTP client: one request per connection, so that broken answers show as such.

use std::fmt::Write;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::lingxing::sign_for_tests;
use crate::{Now, Sandbox, SandboxConfig};

/// A clock that only the test moves.
#[derive(Clone)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_790_000_000_000)))
    }

    pub(crate) fn get(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Now {
        let clock = self.clone();
        Arc::new(move || clock.get())
    }
}

pub(crate) struct Client {
    pub(crate) sandbox: Sandbox,
    pub(crate) clock: Clock,
    config: SandboxConfig,
    token: String,
}

impl Client {
    pub(crate) async fn start(config: SandboxConfig) -> Self {
        let clock = Clock::new();
        let sandbox = Sandbox::start(config.clone(), clock.now()).await.unwrap();
        let mut client = Self { sandbox, clock, config, token: String::new() };
        client.token = client.erp_token().await;
        client
    }

    /// Status and body, or the error of a broken connection.
    pub(crate) async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<(u16, String)> {
        let rest = url.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).await?;
        let mut head = format!("{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap();
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let text = String::from_utf8(answer).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        if length.is_some_and(|length| length.parse::<usize>().unwrap() != body.len()) {
            return Err(broken());
        }
        Ok((status, body.to_owned()))
    }

    pub(crate) async fn dsco(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.sandbox.dsco_base_url());
        let bearer = format!("Bearer {}", self.config.dsco_token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = self.send(method, &url, &headers, &text).await.unwrap();
        (status, serde_json::from_str(&answer).unwrap_or(Value::Null))
    }

    pub(crate) async fn erp_token(&self) -> String {
        let url = format!("{}/api/auth-server/oauth/access-token", self.sandbox.lingxing_base_url());
        let boundary = "XX";
        let mut body = String::new();
        let fields = [("appId", &self.config.app_id), ("appSecret", &self.config.app_secret)];
        for (name, value) in fields {
            write!(body, "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").unwrap();
        }
        write!(body, "--{boundary}--\r\n").unwrap();
        let headers = [("content-type", "multipart/form-data; boundary=XX")];
        let (_, answer) = self.send("POST", &url, &headers, &body).await.unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["code"], "200", "{answer}");
        answer["data"]["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn erp_url(&self, path: &str, body: &str) -> String {
        let timestamp = self.clock.get().timestamp().to_string();
        let sign = sign_for_tests(&self.config.app_id, &self.token, &timestamp, body);
        let sign = sign.replace('+', "%2B").replace('/', "%2F");
        format!(
            "{}{path}?access_token={}&app_key={}&timestamp={timestamp}&sign={sign}",
            self.sandbox.lingxing_base_url(),
            self.token,
            self.config.app_id,
        )
    }

    pub(crate) async fn erp_raw(&self, path: &str, body: &Value) -> io::Result<(u16, String)> {
        let text = body.to_string();
        let url = self.erp_url(path, &text);
        self.send("POST", &url, &[("content-type", "application/json")], &text).await
    }

    pub(crate) async fn erp(&self, path: &str, body: &Value) -> Value {
        let (_, answer) = self.erp_raw(path, body).await.unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    pub(crate) async fn renew(&mut self) {
        self.token = self.erp_token().await;
    }
}
