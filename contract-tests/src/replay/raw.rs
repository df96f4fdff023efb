//! A server that breaks connections, which a well-behaved one cannot be made to do.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What one connection gets after its request has been read.
#[derive(Debug, Clone)]
pub enum RawReply {
    /// A whole answer.
    Whole(u16, Vec<u8>),
    /// The head and this body, announced as one byte longer; then the connection ends.
    Cut(u16, Vec<u8>),
    /// Nothing; the connection ends.
    Nothing,
}

/// A server that answers one request per connection from a list, and then no more.
#[derive(Debug)]
pub struct RawServer {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl RawServer {
    /// A server with these answers, in order.
    ///
    /// # Panics
    /// If this machine gives no port.
    pub async fn start(replies: Vec<RawReply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound port"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            for reply in replies {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                if let Ok(request) = read(&mut stream).await {
                    seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                }
                // The other side may be gone, as it may in life.
                let _ = answer(&mut stream, reply).await;
            }
        });
        Self { url, requests, task }
    }

    /// Base URL of the server.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The first lines of the requests so far, for example `GET /order/page?scrollId=x HTTP/1.1`.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads one request to its last byte, and answers its first line.
async fn read(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let head = loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await?;
        bytes.extend_from_slice(&buffer[..read]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
    });
    let mut rest = vec![0; (head + length.unwrap_or(0)).saturating_sub(bytes.len())];
    stream.read_exact(&mut rest).await?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

async fn answer(stream: &mut TcpStream, reply: RawReply) -> std::io::Result<()> {
    let (status, body, missing) = match reply {
        RawReply::Whole(status, body) => (status, body, 0),
        RawReply::Cut(status, body) => (status, body, 1),
        RawReply::Nothing => return stream.shutdown().await,
    };
    let announced = body.len() + missing;
    let head = [
        format!("HTTP/1.1 {status} X"),
        "content-type: application/json".to_owned(),
        format!("content-length: {announced}"),
        "connection: close\r\n\r\n".to_owned(),
    ];
    let head = head.join("\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await
}
