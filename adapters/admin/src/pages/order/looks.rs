use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use ipass_core::job::Job;
use ipass_core::order::{Order, PriceOrder};
use ipass_core::ports::{OrderRow, StoredOrder, Trigger};
use ipass_core::reason::OutcomeKind;
use ipass_core::run::{CheckReport, Repair, RunReport, RunRequest};
use ipass_core::settings::Settings;
use ipass_core::stage::Stage;
use ipass_core::write::WriteKind;

use super::acts::{on_route, order_href, refused};
use super::story::what_is_written;
use super::{find, order_path};
use crate::desk::{Answer, Form, Html, Page, Shared, show};
use crate::pages::orders::{channel_status, outcome_mark};
use crate::text::{Text, common as c, order as t};

/// What a look found.
struct Look {
    title: String,
    /// Class of the notice: `good`, `bad`, `warn` or nothing.
    class: &'static str,
    sentences: Vec<String>,
    mark: Option<Html>,
    /// What would be sent: name and value; then item, units, price.
    sent: Vec<(Text, String)>,
    items: Vec<(String, u32, String)>,
    findings: Vec<Found>,
    calls: Vec<(String, String)>,
    /// The page of the order, and where its acts are.
    order: String,
    acts: String,
    of_route: String,
    stage: u8,
}

/// One finding of a check.
struct Found {
    sentence: &'static str,
    channel: Option<String>,
    code: &'static str,
    repair: FoundRepair,
}

enum FoundRepair {
    Pull,
    /// To this stage, with its words.
    Stage(u8, String),
    Look,
}

#[derive(Template)]
#[template(path = "order_look.html")]
struct LookPage<'a> {
    p: &'a Page,
    look: &'a Look,
}

#[derive(Template)]
#[template(path = "order_look_part.html")]
struct LookPart<'a> {
    p: &'a Page,
    look: &'a Look,
}

fn show_look(page: &Page, look: &Look) -> Answer {
    if page.htmx { page.show(&LookPart { p: page, look }) } else { page.show(&LookPage { p: page, look }) }
}

/// `POST …/dry-run`: what the stage's job would do with the order now.
pub(super) async fn dry_run(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path((route, po)): Path<(String, String)>,
    form: Form,
) -> Answer {
    let StoredOrder { row, raw } = find(&desk, &route, &po).await?;
    let route = desk.route(&route)?;
    let Some(job) = Job::of_stage(row.stage) else {
        let href = order_href(&desk, &row);
        return Err(crate::desk::Fault::refused_at("finished", t::FINISHED, t::FINISHED_HELP, href, t::TO_ORDER));
    };
    form.once(&desk, &uri).await?;
    let request = RunRequest { po: Some(row.po.clone()), dry_run: true, ..RunRequest::of(job, Trigger::Manual) };
    let report = match desk.launcher.finish(&route.name, request).await {
        Ok(report) => report,
        Err(why) => return Err(refused(&desk, &route.name, job, &row.po, why).await),
    };
    let settings = desk.runner.settings(route).await.ok().map(|(settings, _)| settings);
    let mut look = empty(&page, &desk, &row, &report, t::DRY_TITLE);
    told(&page, &row, &report, &mut look);
    let sends = report.error.is_none() && report.done.outcomes.iter().any(|one| one.po == row.po && one.kind.is_none());
    if let (true, Some(settings), Ok(order)) = (sends, settings, route.source.parse(&raw)) {
        would_be_sent(&row, &order, &settings, &mut look);
    }
    show_look(&page, &look)
}

fn empty(page: &Page, desk: &crate::desk::Desk, row: &OrderRow, report: &RunReport, title: Text) -> Look {
    Look {
        title: page.t1(title, &row.po),
        class: "",
        sentences: Vec::new(),
        mark: None,
        sent: Vec::new(),
        items: Vec::new(),
        findings: Vec::new(),
        calls: report.calls.iter().map(|(kind, count)| (kind.clone(), show::number(count))).collect(),
        order: order_href(desk, row),
        acts: order_path(&row.route, &row.po),
        of_route: on_route(desk, "", &row.route),
        stage: row.stage.number(),
    }
}

/// The outcome of a dry run in words.
fn told(page: &Page, row: &OrderRow, report: &RunReport, look: &mut Look) {
    let outcome = report.done.outcomes.iter().find(|outcome| outcome.po == row.po);
    if let Some(error) = &report.error {
        look.class = "bad";
        look.sentences.push(page.t1(t::LOOK_FAILED, page.said(error)));
    } else if let Some(outcome) = outcome {
        look.mark = outcome.kind.map(|kind| outcome_mark(page, kind));
        match (outcome.kind, &outcome.cause) {
            (None, _) => {
                look.class = "good";
                look.sentences.push(page.t1(t::WOULD_SEND, would_write(page, row.stage)));
            }
            (Some(OutcomeKind::Advanced), _) => {
                look.class = "good";
                let (before, after) = (page.stage(outcome.before), page.stage(outcome.after));
                look.sentences.push(page.t2(t::WOULD_MOVE, before, after));
            }
            (Some(OutcomeKind::Waiting | OutcomeKind::Blocked | OutcomeKind::Failed), cause) => {
                look.class = "warn";
                look.sentences.push(page.t(t::WOULD_STAY).to_owned());
                look.sentences
                    .extend(cause.as_ref().map(|cause| cause.reason.sentence(page.language(), &cause.detail)));
            }
        }
    } else {
        look.class = "warn";
        look.sentences.push(page.t(t::NOT_TAKEN).to_owned());
    }
    look.sentences.push(page.t(t::DRY_NOTHING).to_owned());
}

/// What the job of a stage sends.
fn would_write(page: &Page, stage: Stage) -> String {
    match stage {
        Stage::AwaitingPush => what_is_written(page, WriteKind::Create, ""),
        Stage::AwaitingAck => what_is_written(page, WriteKind::Acknowledge, ""),
        Stage::AwaitingShipment => page.t(t::WOULD_SHIP).to_owned(),
        Stage::AwaitingInvoice => what_is_written(page, WriteKind::Invoice, ""),
        Stage::Completed | Stage::Cancelled => String::new(),
    }
}

/// The figures of what would be sent, as far as they follow from the payload and the settings; never the address.
fn would_be_sent(row: &OrderRow, order: &Order, settings: &Settings, look: &mut Look) {
    let mapping = &settings.mapping;
    let mut tell = |name: Text, value: Option<&String>| {
        look.sent.extend(value.map(|value| (name, value.clone())));
    };
    let price = match row.stage {
        Stage::AwaitingPush => {
            tell(t::ERP_STORE, order.retailer_id.as_ref().and_then(|retailer| mapping.shop.get(retailer)));
            let warehouse = order.warehouse_code.as_ref().filter(|code| mapping.warehouse.contains_key(*code));
            tell(t::ERP_WAREHOUSE, warehouse.and_then(|code| mapping.warehouse.get(code)));
            let key = warehouse.map(|code| format!("{code}-{}", order.service_level.as_deref().unwrap_or_default()));
            tell(t::LOGISTICS_TYPE, key.and_then(|key| mapping.shipment.get(&key)));
            PriceOrder::ConsumerFirst
        }
        Stage::AwaitingInvoice => settings.invoice_price,
        Stage::AwaitingAck | Stage::AwaitingShipment | Stage::Completed | Stage::Cancelled => return,
    };
    tell(t::CURRENCY, order.currency.as_ref());
    let lines = order.lines.iter().filter(|line| line.expected() > 0);
    look.items = lines
        .map(|line| {
            let key = line.key(settings.sku_key).unwrap_or("?");
            let mapped = mapping.sku.get(key).filter(|_| row.stage == Stage::AwaitingPush);
            let name = mapped.map_or_else(|| key.to_owned(), |erp| format!("{key} → {erp}"));
            (name, line.expected(), line.prices.first(price).map_or_else(|| "–".to_owned(), |price| price.to_string()))
        })
        .collect();
}

/// `POST …/check`: both systems against what is stored.
pub(super) async fn check(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path((route, po)): Path<(String, String)>,
    form: Form,
) -> Answer {
    let row = find(&desk, &route, &po).await?.row;
    form.once(&desk, &uri).await?;
    let request = RunRequest { po: Some(row.po.clone()), ..RunRequest::of(Job::CheckOrders, Trigger::Manual) };
    let report = match desk.launcher.finish(&row.route, request).await {
        Ok(report) => report,
        Err(why) => return Err(refused(&desk, &row.route, Job::CheckOrders, &row.po, why).await),
    };
    let mut look = empty(&page, &desk, &row, &report, t::CHECK_TITLE);
    match (&report.error, &report.done.check) {
        (Some(error), _) => {
            look.class = "bad";
            look.sentences.push(page.t1(t::LOOK_FAILED, page.said(error)));
        }
        (None, check) => found(&page, check.as_ref().unwrap_or(&CheckReport::default()), &mut look),
    }
    show_look(&page, &look)
}

/// The findings of a check in words.
fn found(page: &Page, check: &CheckReport, look: &mut Look) {
    look.class = if check.findings.is_empty() && check.incomplete.is_empty() { "good" } else { "warn" };
    look.findings = check
        .findings
        .iter()
        .map(|finding| Found {
            sentence: page.pick(finding.kind.sentences()),
            channel: (!finding.detail.is_empty())
                .then(|| page.t1(t::AT_CHANNEL, channel_status(page, &finding.detail))),
            code: finding.kind.code(),
            repair: match finding.repair {
                Repair::Pull => FoundRepair::Pull,
                Repair::SetStage(stage) => {
                    FoundRepair::Stage(stage.number(), page.t1(t::REPAIR_STAGE, page.stage(stage)))
                }
                Repair::Look => FoundRepair::Look,
            },
        })
        .collect();
    let incomplete = check.incomplete.iter().map(|what| page.t1(t::CHECK_INCOMPLETE, page.said(what)));
    look.sentences.extend(incomplete);
    if check.findings.is_empty() && check.incomplete.is_empty() {
        let nothing = check.checked > 0 && check.skipped == check.checked;
        look.sentences.push(page.t(if nothing { t::CHECK_SKIPPED } else { t::CHECK_FINE }).to_owned());
    }
}
