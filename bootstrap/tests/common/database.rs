//! A fresh store for each test.

use std::path::Path;
use std::process::Command;

use ipass_contract_tests::postgres_server::PostgresServer;

/// Which store a test works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    /// The URL of a new, empty store; a file lies in `folder`.
    pub(crate) fn create(self, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", folder.join("ipass.db").display()),
            Self::Postgres => {
                let name = PostgresServer::database_name();
                administer(&format!("CREATE DATABASE {name}"));
                PostgresServer::get().url(&name)
            }
        }
    }
}

/// Lets the server carry out a statement, beside every database of a test.
pub(crate) fn administer(statement: &str) {
    let url = PostgresServer::get().admin_url();
    let done = Command::new("psql").args(["-qX", "-v", "ON_ERROR_STOP=1", "-d", &url, "-c", statement]).output();
    let done = done.expect("psql is installed with the server");
    assert!(done.status.success(), "{statement}: {}", String::from_utf8_lossy(&done.stderr));
}
