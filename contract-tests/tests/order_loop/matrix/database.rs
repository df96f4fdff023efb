//! The service's own store fails at a point of a run.

use std::collections::BTreeMap;
use std::sync::Mutex;

use ipass_core::job::Job;
use ipass_core::ports::Trigger;
use ipass_core::run::{RunRequest, RunWatch};
use ipass_http_kit::metered;
use sqlx::{Connection as _, SqliteConnection};

use crate::world::{JOBS, SETTLED, WRITES, World};

const TABLES: [&str; 3] = ["order_sync", "remote_write", "pull_mark"];

/// Takes the tables away when the run comes to a point, the n-th time.
struct Breaker {
    url: String,
    at: usize,
    /// Points so far.
    seen: Mutex<Vec<String>>,
}

impl RunWatch for Breaker {
    fn point(&self, name: &str) {
        let mut seen = self.seen.lock().expect("one thread");
        seen.push(name.to_owned());
        if seen.len() == self.at {
            execute(&self.url, |table| format!("ALTER TABLE {table} RENAME TO {table}_away"));
        }
    }
}

/// On a thread of its own: a watch is not asynchronous.
fn execute(url: &str, statement: impl Fn(&str) -> String) {
    let statements = TABLES.map(statement);
    let url = url.to_owned();
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut connection = SqliteConnection::connect(&url).await.expect("a connection");
            for statement in statements {
                sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.expect("a statement");
            }
            connection.close().await.expect("a clean end");
        });
    });
    done.join().expect("the statements are carried out");
}

/// Runs a job whose store fails at its n-th point; answers the point, `None` once there are no more.
async fn broken_at(job: Job, at: usize) -> Option<String> {
    let (world, pos) = World::with_plain(3).await;
    let before = job.stage().map_or(0, ipass_core::stage::Stage::number);
    if before > 0 {
        world.bring(&pos, before).await;
    }
    world.staff_before(job, &pos);
    let url = format!("sqlite://{}", world.folder.path().join("ipass.db").display());
    let breaker = Breaker { url: url.clone(), at, seen: Mutex::default() };
    let run = world.runner.run(&world.route, RunRequest::of(job, Trigger::Manual), &breaker);
    metered(run).await.expect("it begins");
    let point = breaker.seen.into_inner().expect("one thread").get(at - 1).cloned()?;
    execute(&url, |table| format!("ALTER TABLE {table}_away RENAME TO {table}"));
    for _ in 0..6 {
        world.skip(SETTLED);
        world.run(job).await;
    }
    assert_eq!(world.stages().await, BTreeMap::from([(before + 1, 3)]), "broken at {point}");
    if let Some((_, call)) = WRITES.iter().find(|(of, _)| *of == job) {
        for po in &pos {
            assert_eq!(world.counts(call, po), (1, 1), "{po}, broken at {point}");
        }
    }
    world.assert_clean();
    Some(point)
}

#[tokio::test]
async fn a_store_that_fails_at_any_point_of_any_job_repeats_nothing() {
    for job in JOBS {
        let mut points = Vec::new();
        while let Some(point) = broken_at(job, points.len() + 1).await {
            points.push(point);
        }
        assert!(points.len() >= 2, "{job}: {points:?}");
    }
}
