//! Fixtures for unit tests.

use bytes::Bytes;
use ipass_http_kit::Reply;

/// The text of a recorded document.
pub(crate) fn fixture_text(name: &str) -> String {
    let path = format!("{}/../../contract-tests/fixtures/lingxing/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A recorded document as an answer.
pub(crate) fn fixture(name: &str) -> Reply {
    reply(200, &fixture_text(name))
}

/// An answer.
pub(crate) fn reply(status: u16, body: &str) -> Reply {
    Reply { status, retry_after: None, body: Bytes::copy_from_slice(body.as_bytes()) }
}
