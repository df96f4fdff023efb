use std::path::PathBuf;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ipass_core::ports::{ExportColumn, FileError, RowSink};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use super::fault::Say;
use super::{Answer, Desk, Fault};
use crate::text::common as c;

/// Bytes that are sent at once.
const CHUNK: usize = 64 * 1024;

/// Makes CSV files that people take away. They stay in the export directory until it is cleaned up.
pub trait Exports: Send + Sync {
    /// Begins the file of a plain name (letters, digits, `-`), unique among all.
    fn create(&self, name: &str, columns: &[ExportColumn]) -> Result<Box<dyn Export>, FileError>;
}

/// A file being written. Dropped before its end it leaves nothing behind.
pub trait Export: RowSink {
    /// Ends the file. The error is the first one that happened, also to a row.
    fn finish(self: Box<Self>) -> Result<ExportedFile, FileError>;
}

/// A file that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// Its name without any folder.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Rows below the head line.
    pub rows: u64,
}

/// Begins a file `<kind>-<time in UTC>-<random>`.
pub(crate) fn begin_export(desk: &Desk, kind: &str, columns: &[ExportColumn]) -> Result<Box<dyn Export>, Fault> {
    let random = desk.token();
    let name = format!("{kind}-{}-{}", desk.now().format("%Y%m%dT%H%M%SZ"), random.get(..6).unwrap_or_default());
    desk.files.create(&name, columns).map_err(|error| unwritten(&error))
}

/// Ends a file and sends it, in memory that does not grow with it.
pub(crate) async fn download(file: Box<dyn Export>) -> Answer {
    let file = file.finish().map_err(|error| unwritten(&error))?;
    let open = File::open(&file.path).await.map_err(|error| unwritten(&FileError(error.to_string())))?;
    let length = open.metadata().await.map(|metadata| metadata.len()).ok();
    let chunks = futures_util::stream::unfold(open, |mut open| async move {
        let mut chunk = vec![0; CHUNK];
        match open.read(&mut chunk).await {
            Ok(0) => None,
            Ok(read) => {
                chunk.truncate(read);
                Some((Ok::<_, std::io::Error>(Bytes::from(chunk)), open))
            }
            Err(error) => Some((Err(error), open)),
        }
    });
    let mut answer: Response = Body::from_stream(chunks).into_response();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let plain: String = file.name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"")) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(answer)
}

fn unwritten(error: &FileError) -> Fault {
    tracing::warn!(%error, "an export failed");
    let help = Say::said(c::EXPORT_FAILED_HELP, &error);
    Fault::with_status(StatusCode::SERVICE_UNAVAILABLE, "export_failed", c::EXPORT_FAILED, help)
}
