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

/// The names of all recorded answers.
pub(crate) fn answers() -> Vec<String> {
    let folder = format!("{}/../../contract-tests/fixtures/lingxing", env!("CARGO_MANIFEST_DIR"));
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_answer = |name: &String| !name.starts_with("req_") && !name.starts_with('_') && name != "sign_vectors.json";
    let mut answers: Vec<String> = names.filter(is_answer).collect();
    answers.sort_unstable();
    assert!(answers.len() > 60, "{}", answers.len());
    answers
}
