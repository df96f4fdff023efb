//! `ipass check`.

use ipass_core::job::Job;
use ipass_core::ports::{StageEdit, Trigger};
use ipass_core::run::{Finding, Repair, Route, RunReport, RunRequest, Unwatched};
use ipass_core::usecase::PullRange;
use ipass_http_kit::metered;

use super::{End, Service, po_number, print};
use crate::cli::CheckArgs;
use crate::config::BootConfig;

pub(super) async fn check(config: BootConfig, args: CheckArgs, json: bool) -> Result<(), End> {
    let service = Service::open(config).await?;
    let route = service.route(args.route.as_deref())?;
    let request = RunRequest {
        po: args.po.as_deref().map(po_number).transpose()?,
        range: args.start.zip(args.end).map(|(start, end)| PullRange { start, end }),
        ..RunRequest::of(Job::CheckOrders, Trigger::Manual)
    };
    let report =
        metered(service.runner.run(&route, request, &Unwatched)).await.map_err(|refused| End::refused(&refused))?;
    print(&if json { report.to_json(true).to_string() } else { text(&report) });
    if let Some(error) = report.error {
        return Err(End { code: 1, message: (!json).then_some(error) });
    }
    let check = report.done.check.unwrap_or_default();
    if args.repair {
        for finding in &check.findings {
            repair(&service, &route, finding, &args.by).await?;
        }
    }
    service.store.close().await;
    if check.incomplete.is_empty() {
        Ok(())
    } else {
        let message = format!("{} things could not be read, so the check is incomplete", check.incomplete.len());
        Err(End { code: 1, message: (!json).then_some(message) })
    }
}

/// Does what the check proposes for one order.
async fn repair(service: &Service, route: &Route, finding: &Finding, by: &str) -> Result<(), End> {
    let po = finding.po.clone();
    match finding.repair {
        Repair::Pull => {
            let request = RunRequest { po: Some(po), ..RunRequest::of(Job::PullOrders, Trigger::Manual) };
            let report = metered(service.runner.run(route, request, &Unwatched))
                .await
                .map_err(|refused| End::refused(&refused))?;
            report.error.map_or(Ok(()), |error| Err(End::failed(error)))?;
            eprintln!("{}: pulled", finding.po);
        }
        Repair::SetStage(to) => {
            // A job may have moved it since the check looked.
            let now = service.store.order(&route.name, &po).await.map_err(End::failed)?;
            if now.map(|order| order.row.stage) != finding.stage {
                eprintln!("{}: it has moved since the check; check it again", finding.po);
                return Ok(());
            }
            let reason = format!("check_orders: {}", finding.kind.code());
            let edit = StageEdit { po, to, reason, by: by.to_owned(), now: service.runner.clock.now() };
            service.store.set_stage(&route.name, &edit).await.map_err(End::failed)?;
            eprintln!("{}: set to stage {to}", finding.po);
        }
        Repair::Look => eprintln!("{}: nothing to be done here, look at it in the channel's portal", finding.po),
    }
    Ok(())
}

fn text(report: &RunReport) -> String {
    let check = report.done.check.clone().unwrap_or_default();
    let mut lines = vec![format!(
        "{} orders checked, {} of them too early to compare (not pushed yet, or only just moved), {} findings",
        check.checked,
        check.skipped,
        check.findings.len()
    )];
    for finding in &check.findings {
        let (en, zh) = finding.kind.sentences();
        let repair = match finding.repair {
            Repair::Pull => "pull it".to_owned(),
            Repair::SetStage(stage) => format!("set stage {stage}"),
            Repair::Look => "look at it in the channel's portal".to_owned(),
        };
        let stage = finding.stage.map_or_else(|| "-".to_owned(), |stage| stage.to_string());
        let detail = if finding.detail.is_empty() { String::new() } else { format!(" (channel: {})", finding.detail) };
        lines.push(format!("  {} stage {stage}  {en} {zh}{detail} Repair: {repair}", finding.po));
    }
    lines.extend(check.incomplete.iter().map(|what| format!("  not read: {what}")));
    if check.incomplete.is_empty() {
        lines.push("Both sides were read completely.".to_owned());
    }
    if check.findings.iter().any(|finding| finding.repair != Repair::Look) {
        lines.push("Do all repairs: the same command with --repair.".to_owned());
    }
    lines.join("\n")
}
