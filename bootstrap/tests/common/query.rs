//! Questions to a `PostgreSQL` store that no command answers.

use std::process::Command;

use super::common::world::World;

/// The rows of a query, as text.
#[track_caller]
pub(crate) fn query(world: &World, statement: &str) -> Vec<Vec<String>> {
    let mut psql = Command::new("psql");
    psql.args(["-qXAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", &world.store_url, "-c", statement]);
    let done = psql.output().expect("psql is installed with the server");
    assert!(done.status.success(), "{statement}: {}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).expect("UTF-8");
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// A time of the store as RFC 3339.
pub(crate) fn rfc3339(column: &str) -> String {
    format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
}
