//! One of the services, and which runs are its own.

use std::collections::BTreeSet;
use std::process::Command;

use chrono::{DateTime, Utc};

use crate::common::process::{Running, until};
use crate::common::world::{World, now};
use crate::query::{query, rfc3339};
use crate::service::Service;

/// A service with a log of its own.
pub(crate) struct Instance {
    pub(crate) name: &'static str,
    pub(crate) service: Service,
    logs: std::path::PathBuf,
}

impl Instance {
    pub(crate) fn start(world: &World, name: &'static str) -> Self {
        Self { name, service: Service::of(command(world, name)), logs: world.path().join(name) }
    }

    /// Starts it again, as a service manager does.
    pub(crate) fn restart(&mut self, world: &World) {
        self.service = Service::of(command(world, self.name));
    }

    /// The runs that it has begun, of all its lives.
    pub(crate) fn begun(&self) -> BTreeSet<String> {
        let files = std::fs::read_dir(&self.logs).into_iter().flatten().flatten();
        let texts: Vec<String> = files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
        let lines = texts.iter().flat_map(|text| text.lines()).filter(|line| line.contains("task begin"));
        lines.filter_map(|line| Some(line.split_once("\"run_id\":\"")?.1.split_once('"')?.0.to_owned())).collect()
    }
}

fn command(world: &World, name: &str) -> Command {
    let mut command = world.command(&["serve"]);
    command.env("IPASS__LOG__DIR", name);
    command
}

impl Running {
    /// Sends a signal, and answers when.
    pub(crate) fn signalled(&self, name: &str) -> DateTime<Utc> {
        let at = now();
        self.signal(name);
        at
    }
}

/// The run of a job that is at work.
pub(crate) fn running(world: &World, job: &str) -> Option<String> {
    let rows = query(world, &format!("SELECT run_id FROM job_run WHERE job = '{job}' AND state = 'running'"));
    rows.into_iter().next().map(|row| row[0].clone())
}

/// Whose run it is.
pub(crate) fn owner(instances: &[Instance; 2], run: &str) -> Option<usize> {
    instances.iter().position(|instance| instance.begun().contains(run))
}

/// When the other instance has begun a run of the job after the blow.
pub(crate) fn hand_over(
    world: &World,
    job: &str,
    other: &Instance,
    struck: DateTime<Utc>,
    meanwhile: &mut dyn FnMut(),
) -> DateTime<Utc> {
    let begun = format!("SELECT run_id, {} FROM job_run WHERE job = '{job}' ORDER BY run_no", rfc3339("started_at"));
    until(&format!("{} takes {job} over", other.name), 60, || {
        meanwhile();
        let own = other.begun();
        let mut times = query(world, &begun).into_iter().filter(|row| own.contains(&row[0])).filter_map(|row| {
            let at: DateTime<Utc> = row[1].parse().ok()?;
            (at > struck).then_some(at)
        });
        times.next()
    })
}
