use std::error::Error as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use ipass_core::ports::{CallMeter, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{any, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::testing::{StepClock, noon};
use crate::{Pace, TaskMeter, by_status, metered};

fn kind() -> CallKind {
    CallKind { name: "GET /things", pace: Pace::free(), timeout: Duration::from_secs(5), max_body: 1_000 }
}

fn account(url: &str) -> Account {
    Account::new(&Http::new(Arc::new(StepClock::new())).unwrap(), "test", url).unwrap()
}

fn passed(account: &Account) -> i64 {
    (account.clock().now() - noon()).num_seconds()
}

/// A server that answers with these in turn, and with 501 from then on.
async fn server(replies: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    for reply in replies {
        Mock::given(any()).respond_with(reply).up_to_n_times(1).expect(1).mount(&server).await;
    }
    Mock::given(any()).respond_with(ResponseTemplate::new(501)).with_priority(u8::MAX).expect(0).mount(&server).await;
    server
}

/// A server that reads a request and then sends `bytes`, or nothing for so long.
async fn raw_server(bytes: &'static [u8], pause: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                tokio::time::sleep(pause).await;
                let _ = stream.write_all(bytes).await;
            });
        }
    });
    url
}

fn status(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

#[test]
fn only_plain_http_urls_are_taken() {
    let http = Http::new(Arc::new(StepClock::new())).unwrap();
    for url in
        ["", "example.com", "ftp://example.com", "http://", "https://u:p@example.com", "https://example.com/?a=1"]
    {
        let error = Account::new(&http, "main", url).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{url}");
        assert!(error.message().starts_with("base URL of main: "), "{error}");
    }
}

#[tokio::test]
async fn base_and_path_are_joined_with_one_slash() {
    let server = MockServer::start().await;
    let reply = Mock::given(method("GET")).and(path("/api/v3/a%2Fb")).and(query_param("q", "1+1 %"));
    reply.respond_with(status(200)).expect(4).mount(&server).await;
    for base in ["/api/v3", "/api/v3/"] {
        let account = account(&format!("{}{base}", server.uri()));
        for path in ["/a%2Fb", "a%2Fb"] {
            account.once(&kind(), Request::get(path).query("q", "1+1 %")).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_read_is_tried_four_times_and_the_last_reply_is_handed_back() {
    let server = server(vec![status(503), status(429), status(500), status(502)]).await;
    let account = account(&server.uri());
    let n_built = AtomicUsize::new(0);
    let build = || {
        n_built.fetch_add(1, Ordering::SeqCst);
        Request::get("/things")
    };
    let reply = account.read(&kind(), build, by_status).await.unwrap();
    assert_eq!((reply.status, n_built.load(Ordering::SeqCst)), (502, 4));
    assert!((5..=9).contains(&passed(&account)), "{}", passed(&account));
}

#[tokio::test]
async fn the_judge_decides_whatever_the_status_is() {
    let server = server(vec![status(500), status(200), status(404)]).await;
    let account = account(&server.uri());
    let build = || Request::get("/things");
    assert_eq!(account.read(&kind(), build, |_| Judgement::Final).await.unwrap().status, 500);
    let again_unless_404 = |reply: &Reply| if reply.status == 404 { Judgement::Fine } else { Judgement::Again(None) };
    assert_eq!(account.read(&kind(), build, again_unless_404).await.unwrap().status, 404);
}

#[tokio::test]
async fn a_wait_asked_for_in_seconds_or_as_a_date_is_kept() {
    for value in ["30", "Tue, 02 Dec 2025 00:00:30 GMT"] {
        let server = server(vec![status(429).insert_header("retry-after", value), status(200)]).await;
        let account = account(&server.uri());
        let reply = account.read(&kind(), || Request::get("/things"), by_status).await.unwrap();
        assert_eq!((reply.status, passed(&account)), (200, 30), "{value}");
    }
}

#[tokio::test]
async fn a_longer_wait_is_left_to_the_caller() {
    let server = server(vec![status(429).insert_header("retry-after", "61")]).await;
    let account = account(&server.uri());
    let error = account.read(&kind(), || Request::get("/things"), by_status).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled { retry_after: Some(Duration::from_secs(61)) });
    assert_eq!(passed(&account), 0);
}

#[tokio::test]
async fn a_write_is_sent_once() {
    let server = server(vec![status(503)]).await;
    let reply = account(&server.uri()).once(&kind(), Request::post("/things")).await.unwrap();
    assert_eq!(reply.status, 503);
}

#[tokio::test]
async fn redirects_are_replies() {
    let server = server(vec![status(302).insert_header("location", "http://127.0.0.1:1/")]).await;
    assert_eq!(account(&server.uri()).once(&kind(), Request::get("/things")).await.unwrap().status, 302);
}

#[tokio::test]
async fn what_went_wrong_tells_whether_anything_was_sent_and_nothing_private() {
    let reset = raw_server(b"", Duration::ZERO).await;
    let cut = raw_server(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nPRIV", Duration::ZERO).await;
    let slow = raw_server(b"", Duration::from_mins(1)).await;
    let large = server(vec![status(200).set_body_string("PRIVATE".repeat(200))]).await;
    let kind = CallKind { timeout: Duration::from_millis(300), ..kind() };
    for (url, sent, expected, what) in [
        (reset, true, ErrorKind::Retryable, "GET /things: the connection broke"),
        (cut, true, ErrorKind::Retryable, "GET /things: the connection broke"),
        (slow, true, ErrorKind::Retryable, "GET /things: no answer in time"),
        (large.uri(), true, ErrorKind::Invalid, "GET /things: the answer is larger than 1000 bytes"),
        ("http://127.0.0.1:1".to_owned(), false, ErrorKind::Retryable, "GET /things: cannot connect"),
    ] {
        let request = Request::get("/PRIVATE").query("token", "PRIVATE").header("authorization", "PRIVATE");
        let SendError { sent: was_sent, error } = account(&url).once(&kind, request).await.unwrap_err();
        assert_eq!((was_sent, error.kind(), error.message()), (sent, expected, what));
        let mut source = error.source();
        while let Some(cause) = source {
            assert!(!cause.to_string().contains("PRIVATE"), "{cause}");
            source = cause.source();
        }
        assert!(!format!("{error:?}").contains("PRIVATE"), "{error:?}");
    }
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_sends_nothing() {
    let server = server(vec![]).await;
    let failure =
        account(&server.uri()).once(&kind(), Request::get("/a").header("x-a", "PRIVATE\n")).await.unwrap_err();
    assert!(!failure.sent);
    assert_eq!(failure.error.message(), "GET /things: header x-a cannot be sent");
}

#[tokio::test]
async fn every_attempt_is_counted_for_its_run() {
    let server = server(vec![status(503), status(200), status(200)]).await;
    let account = account(&server.uri());
    metered(async {
        account.read(&kind(), || Request::get("/things"), by_status).await.unwrap();
        account.once(&kind(), Request::get("/things")).await.unwrap();
        assert_eq!(TaskMeter.calls()["GET /things"], 3);
    })
    .await;
}

#[tokio::test]
async fn bodies_and_common_headers_are_as_they_should_be() {
    let server = MockServer::start().await;
    let reply = Mock::given(header("user-agent", concat!("ipass/", env!("CARGO_PKG_VERSION"))));
    reply.and(header("accept-encoding", "identity")).respond_with(status(200)).expect(4).mount(&server).await;
    let account = account(&server.uri());
    let pairs = || vec![("a".to_owned(), "1 +".to_owned())];
    for body in [
        Body::Json(Bytes::from_static(b"{}")),
        Body::Raw("text/plain", Bytes::from_static(b"x")),
        Body::Form(pairs()),
        Body::Multipart(pairs()),
    ] {
        assert_eq!(account.once(&kind(), Request::post("/things").body(body)).await.unwrap().status, 200);
    }
    let sent = server.received_requests().await.unwrap();
    let types: Vec<&str> = sent.iter().map(|request| request.headers["content-type"].to_str().unwrap()).collect();
    assert_eq!(types[..3], ["application/json", "text/plain", "application/x-www-form-urlencoded"]);
    assert!(types[3].starts_with("multipart/form-data; boundary="));
    assert_eq!(sent[2].body, b"a=1+%2B");
}

#[test]
fn every_status_but_success_is_an_error_of_some_kind() {
    let kinds = [200, 204, 302, 401, 403, 404, 408, 429, 500, 503].map(error_of_status);
    let [auth, again, no] = ["auth", "retryable", "rejected"].map(Some);
    assert_eq!(kinds, [None, None, no, auth, auth, no, again, Some("throttled"), again, again]);
}

#[tokio::test]
async fn a_call_given_up_on_keeps_its_place() {
    let slow = raw_server(b"", Duration::from_mins(1)).await;
    let account = account(&slow);
    let kind = CallKind { pace: Pace::in_flight(1, Duration::ZERO), timeout: Duration::from_millis(50), ..kind() };
    for calls_before in 0..2 {
        // The clock of this test moves only by sleeping: two minutes for each place that is held.
        assert!(account.once(&kind, Request::get("/things")).await.is_err());
        assert!(passed(&account) >= 120 * calls_before);
    }
}
