//! `ipass run`.

use ipass_core::job::Job;
use ipass_core::order::PoNumber;
use ipass_core::ports::Trigger;
use ipass_core::reason::Language;
use ipass_core::run::{Refused, RunReport, RunRequest};
use ipass_core::usecase::PullRange;
use ipass_http_kit::metered;
use tokio_util::sync::CancellationToken;

use super::{End, Service, print};
use crate::cli::RunArgs;
use crate::config::BootConfig;
use crate::watch::ProcessWatch;

pub(super) async fn run(config: BootConfig, args: RunArgs, json: bool) -> Result<(), End> {
    let service = Service::open(config).await?;
    let route = service.route(args.route.as_deref())?;
    let job = Job::parse(&args.job, route.aliases()).ok_or_else(|| {
        let known: Vec<&str> = Job::ALL.iter().map(|job| job.name()).collect();
        End::usage(format!("there is no job {}; known are {}", args.job, known.join(", ")))
    })?;
    let po = match args.po {
        None => None,
        Some(text) => Some(PoNumber::new(text).ok_or_else(|| End::usage("--po is empty"))?),
    };
    let range = args.start.zip(args.end).map(|(start, end)| PullRange { start, end });
    let named = po.clone();
    let request =
        RunRequest { po, range, size: args.size, dry_run: args.dry_run, ..RunRequest::of(job, Trigger::Manual) };

    let stop = CancellationToken::new();
    let watch = ProcessWatch::new(stop.clone());
    let signal = tokio::spawn(async move {
        crate::serve::stop_signal().await;
        stop.cancel();
    });
    let result = metered(service.runner.run(&route, request, &watch)).await;
    signal.abort();
    service.store.close().await;
    let report = match result {
        Ok(report) => report,
        Err(refused) => {
            let end = End::refused(&refused);
            if json {
                print(
                    &serde_json::json!({"error": {"code": code(&refused), "message": refused.to_string()}}).to_string(),
                );
            }
            return Err(end);
        }
    };
    if let (Some(po), Some(stage), 0) = (&named, job.stage(), report.done.selected) {
        eprintln!(
            "ipass: {po} is not in stage {stage} ({}), so {job} had nothing to do; see `ipass orders show {po}`",
            stage.names().0
        );
    }
    print(&if json { report.to_json(true).to_string() } else { text(&report) });
    match report.error {
        None => Ok(()),
        Some(error) => Err(End { code: 1, message: (!json).then_some(error) }),
    }
}

fn code(refused: &Refused) -> &'static str {
    match refused {
        Refused::AlreadyRunning => "already_running",
        Refused::Settings(_) => "invalid_settings",
        Refused::Usage(_) => "usage",
        Refused::Store(_) => "store",
    }
}

fn text(report: &RunReport) -> String {
    let counts: Vec<String> = report.counts().iter().map(|(name, count)| format!("{name} {count}")).collect();
    let calls: Vec<String> = report.calls.iter().map(|(call, count)| format!("{call} {count}")).collect();
    let mut lines = vec![
        format!(
            "{} on {}: {} in {} ms",
            report.job,
            report.route,
            report.result(),
            (report.finished_at - report.started_at).num_milliseconds()
        ),
        format!("  {}", counts.join(", ")),
        format!("  remote calls: {}", if calls.is_empty() { "none".to_owned() } else { calls.join(", ") }),
    ];
    for outcome in &report.done.outcomes {
        if let Some(cause) = &outcome.cause {
            lines.push(format!(
                "  {} stays at {}: {}",
                outcome.po,
                outcome.before,
                cause.reason.sentence(Language::En, &cause.detail)
            ));
        }
    }
    lines.extend(report.done.stock_records.iter().map(|record| format!("  {}", super::stock::line(record))));
    for finding in report.done.check.iter().flat_map(|check| &check.findings) {
        lines.push(format!("  {}: {}", finding.po, finding.kind.sentences().0));
    }
    lines.join("\n")
}
