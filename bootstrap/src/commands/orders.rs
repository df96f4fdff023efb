//! `ipass orders`.

mod causes;

use ipass_core::order::PoNumber;
use ipass_core::ports::{Clock as _, OrderFilter, OrderRow, OrderSort, StageEdit, StoreError, TimelineEvent};
use ipass_core::reason::{Actor, Language, OutcomeKind};
use ipass_core::run::Route;
use ipass_core::stage::Stage;
use serde_json::{Value, json};

use super::{End, Service, po_number as po, print, time};
use crate::cli::{ListArgs, OrderFilterArgs, OrdersCommand};
use crate::clock::SystemClock;
use crate::config::BootConfig;

/// Events of an order's history that are shown.
const HISTORY: u32 = 200;
/// Unreadable orders that are shown, newest first.
const UNREADABLE: u32 = 1000;

pub(super) async fn orders(config: BootConfig, command: OrdersCommand, json: bool) -> Result<(), End> {
    let service = Service::open(config).await?;
    match command {
        OrdersCommand::List(args) => list(&service, *args, json).await,
        OrdersCommand::Show(args) => {
            let route = service.route(args.route.as_deref())?;
            show(&service, &route, &po(&args.po)?, json).await
        }
        OrdersCommand::Why(args) => {
            let route = service.route(args.route.as_deref())?;
            let row = row(&service, &route, &po(&args.po)?).await?;
            print(&if json { why_json(&row).to_string() } else { why(&row) });
            Ok(())
        }
        OrdersCommand::Unreadable(args) => {
            let route = service.route(args.route.as_deref())?;
            unreadable(&service, &route, json).await
        }
        OrdersCommand::SetStatus(args) => {
            let route = service.route(args.route.as_deref())?;
            let to = Stage::from_number(i64::from(args.status)).ok_or_else(|| End::usage("the status is 1 to 6"))?;
            if args.reason.trim().is_empty() {
                return Err(End::usage("--reason is empty; say why, it is kept in the order's history"));
            }
            let po = po(&args.po)?;
            row(&service, &route, &po).await?;
            let edit =
                StageEdit { po, to, reason: args.reason, by: args.by, now: SystemClock::from_environment().now() };
            service.store.set_stage(&route.name, &edit).await.map_err(|error| match error {
                StoreError::Conflict(what) => End { code: 3, message: Some(what) },
                other @ (StoreError::Unavailable(_) | StoreError::FenceLost | StoreError::Corrupt { .. }) => {
                    End::failed(other)
                }
            })?;
            print(&if json {
                json!({"result": "done", "po_number": edit.po.as_str(), "status": args.status}).to_string()
            } else {
                format!("{} is in stage {} ({}) now.", edit.po, to, to.names().0)
            });
            Ok(())
        }
        OrdersCommand::Retry(args) => {
            let route = service.route(args.route.as_deref())?;
            let po = args.po.as_deref().map(po).transpose()?;
            if let Some(po) = &po {
                row(&service, &route, po).await?;
            }
            let due = service
                .store
                .retry(&route.name, po.as_ref(), SystemClock::from_environment().now())
                .await
                .map_err(End::failed)?;
            print(&if json {
                json!({"result": "done", "due": due}).to_string()
            } else {
                format!("{due} orders need not wait any longer; the next run of their job takes them.")
            });
            Ok(())
        }
        OrdersCommand::Causes(args) => {
            let route = args.route.as_deref().map(|name| service.route(Some(name))).transpose()?;
            causes::causes(&service, route.as_deref(), json).await
        }
        OrdersCommand::Hold { po: number, reason, by } => {
            if reason.trim().is_empty() {
                return Err(End::usage("--reason is empty; say why, it is shown with the order"));
            }
            let route = service.route(by.route.as_deref())?;
            let number = po(&number)?;
            let now = SystemClock::from_environment().now();
            service.store.set_hold(&route.name, &number, Some(&reason), &by.by, now).await.map_err(End::failed)?;
            done(json, &number, "is on hold; the schedule leaves it alone until it is released");
            Ok(())
        }
        OrdersCommand::Release { po: number, by } => {
            let route = service.route(by.route.as_deref())?;
            let number = po(&number)?;
            let now = SystemClock::from_environment().now();
            service.store.set_hold(&route.name, &number, None, &by.by, now).await.map_err(End::failed)?;
            done(json, &number, "is released, and due now");
            Ok(())
        }
        OrdersCommand::CancelInErp { po: number, by } => {
            let route = service.route(by.route.as_deref())?;
            let number = po(&number)?;
            let now = SystemClock::from_environment().now();
            service.store.approve_cancel(&route.name, &number, &by.by, now).await.map_err(End::failed)?;
            done(
                json,
                &number,
                "may be cancelled in the ERP; the next run of its job does it, if the channel still calls it cancelled",
            );
            Ok(())
        }
    }
}

fn done(json: bool, po: &PoNumber, what: &str) {
    print(&if json {
        json!({"result": "done", "po_number": po.as_str()}).to_string()
    } else {
        format!("{po} {what}.")
    });
}

async fn row(service: &Service, route: &Route, po: &PoNumber) -> Result<OrderRow, End> {
    let found = service.store.order(&route.name, po).await.map_err(End::failed)?;
    found.map(|order| order.row).ok_or_else(|| {
        End::failed(format!(
            "route {} has no order {po}; pull it with `ipass run pull_orders --po {po}`, or look for it among those that could not be read: `ipass orders unreadable`",
            route.name
        ))
    })
}

async fn unreadable(service: &Service, route: &Route, json: bool) -> Result<(), End> {
    let kept = service.store.unreadable(&route.name, UNREADABLE).await.map_err(End::failed)?;
    if json {
        let rows: Vec<Value> = kept
            .iter()
            .map(|(key, cause)| {
                json!({
                    "key": key,
                    "reason": cause.reason.code(),
                    "detail": cause.detail,
                    "sentence": {
                        "en": cause.reason.sentence(Language::En, &cause.detail),
                        "zh": cause.reason.sentence(Language::Zh, &cause.detail),
                    },
                })
            })
            .collect();
        print(&json!({"unreadable": rows}).to_string());
        return Ok(());
    }
    if kept.is_empty() {
        print("Every order that came could be read.");
    }
    for (key, cause) in &kept {
        print(&format!("{key}  {}", cause.reason.sentence(Language::En, &cause.detail)));
    }
    Ok(())
}

pub(super) fn filter_of(args: OrderFilterArgs) -> OrderFilter {
    OrderFilter {
        po: args.po,
        stages: args.status.iter().filter_map(|number| Stage::from_number(i64::from(*number))).collect(),
        outcome: args.outcome.as_deref().and_then(OutcomeKind::parse),
        reason: args.reason,
        channel_status: args.channel_status,
        retailer_id: args.retailer,
        warehouse_code: args.warehouse,
        service_level: args.shipment,
        sku: args.sku,
        tracking: args.tracking,
        invoice_id: args.invoice,
        created_from: args.start,
        created_until: args.end,
        held: args.held.then_some(true),
        sort: args.sort.as_deref().and_then(OrderSort::parse).unwrap_or_default(),
        ..OrderFilter::default()
    }
}

async fn list(service: &Service, args: ListArgs, json: bool) -> Result<(), End> {
    let route = args.route.as_deref().map(|name| service.route(Some(name))).transpose()?;
    let filter = filter_of(args.filter);
    let page = service
        .store
        .search(route.as_ref().map(|route| &route.name), &filter, args.cursor.as_deref(), args.limit)
        .await
        .map_err(End::failed)?;
    if json {
        let rows: Vec<Value> = page.rows.iter().map(row_json).collect();
        print(&json!({"orders": rows, "next": page.next}).to_string());
        return Ok(());
    }
    if page.rows.is_empty() {
        print("No order matches.");
    }
    for row in &page.rows {
        let cause = row.last_outcome.as_ref().and_then(|last| last.cause.as_ref());
        print(&format!(
            "{}  {}  {} {:<18} {}",
            row.po,
            time(row.created_at),
            row.stage,
            row.stage.names().0,
            cause.map_or_else(String::new, |cause| format!("{} ({})", cause.reason, cause.detail))
        ));
    }
    if let Some(next) = page.next {
        eprintln!("More: --cursor '{next}'");
    }
    Ok(())
}

async fn show(service: &Service, route: &Route, po: &PoNumber, json: bool) -> Result<(), End> {
    let row = row(service, route, po).await?;
    let timeline = service.store.timeline(&route.name, po, HISTORY).await.map_err(End::failed)?;
    if json {
        let mut document = row_json(&row);
        if let Some(object) = document.as_object_mut() {
            object.insert("timeline".to_owned(), timeline.iter().map(event_json).collect());
        }
        print(&document.to_string());
        return Ok(());
    }
    let (en, zh) = row.stage.names();
    let mut lines = vec![
        format!("{} on {}: stage {} {en} {zh} since {}", row.po, row.route, row.stage, time(row.stage_entered_at)),
        format!("  channel: {} (order {}), created {}", row.channel_status, row.channel_order_id, time(row.created_at)),
        format!("  items: {}", row.sku_list),
        format!(
            "  ERP order {}, tracking {}, invoice {}",
            row.evidence.erp_order_no.as_deref().unwrap_or("-"),
            row.evidence.tracking.as_deref().unwrap_or("-"),
            row.evidence.invoice_id.as_deref().unwrap_or("-")
        ),
        why(&row),
    ];
    lines.extend(timeline.iter().map(|event| {
        let times =
            if event.times > 1 { format!(" (×{} until {})", event.times, time(event.last_at)) } else { String::new() };
        format!("  {}  {:<8} {} {}{times}  by {}", time(event.at), event.kind, event.what, event.detail, event.by)
    }));
    print(&lines.join("\n"));
    Ok(())
}

/// The cause in one sentence, since when, how often, next try, who acts; both languages.
fn why(row: &OrderRow) -> String {
    if row.stage.is_final() {
        return format!("  {} is {} {}; nothing is left to do.", row.po, row.stage.names().0, row.stage.names().1);
    }
    let Some((last, cause)) = row.last_outcome.as_ref().and_then(|last| Some((last, last.cause.as_ref()?))) else {
        return format!(
            "  {} has not been looked at in this stage yet; the next run of its job does.\n  该订单在当前阶段尚未处理，下次任务运行时会处理。",
            row.po
        );
    };
    let actor = cause.reason.actor();
    format!(
        "  {}\n  {}\n  since {}, tried {} times, last {}, next try {}, who acts: {} {}",
        cause.reason.sentence(Language::En, &cause.detail),
        cause.reason.sentence(Language::Zh, &cause.detail),
        time(row.stage_entered_at),
        row.attempts,
        time(last.at),
        row.next_try_at.map_or_else(|| "now".to_owned(), time),
        actor.names().0,
        actor.names().1,
    )
}

fn why_json(row: &OrderRow) -> Value {
    let last = row.last_outcome.as_ref();
    let cause = last.and_then(|last| last.cause.as_ref());
    let actor = cause.map_or(Actor::Nobody, |cause| cause.reason.actor());
    json!({
        "po_number": row.po.as_str(),
        "status": row.stage.number(),
        "outcome": last.map(|last| last.kind.as_str()),
        "reason": cause.map(|cause| cause.reason.code()),
        "detail": cause.map(|cause| cause.detail.as_str()),
        "sentence": {
            "en": cause.map(|cause| cause.reason.sentence(Language::En, &cause.detail)),
            "zh": cause.map(|cause| cause.reason.sentence(Language::Zh, &cause.detail)),
        },
        "since": time(row.stage_entered_at),
        "attempts": row.attempts,
        "last_try_at": last.map(|last| time(last.at)),
        "next_try_at": row.next_try_at.map(time),
        "who_acts": {"en": actor.names().0, "zh": actor.names().1},
    })
}

fn row_json(row: &OrderRow) -> Value {
    json!({
        "route": row.route.0,
        "po_number": row.po.as_str(),
        "channel_order_id": row.channel_order_id,
        "channel_status": row.channel_status,
        "created_at": time(row.created_at),
        "updated_at": row.updated_at.map(time),
        "status": row.stage.number(),
        "status_since": time(row.stage_entered_at),
        "retailer_id": row.retailer_id,
        "warehouse_code": row.warehouse_code,
        "service_level": row.service_level,
        "skus": row.sku_list,
        "ship_by": row.ship_by.map(time),
        "erp_order_no": row.evidence.erp_order_no,
        "tracking": row.evidence.tracking,
        "invoice_id": row.evidence.invoice_id,
        "hold": row.hold,
        "why": why_json(row),
    })
}

fn event_json(event: &TimelineEvent) -> Value {
    json!({
        "at": time(event.at),
        "last_at": time(event.last_at),
        "times": event.times,
        "kind": event.kind,
        "by": event.by,
        "from": event.from.map(Stage::number),
        "to": event.to.map(Stage::number),
        "what": event.what,
        "detail": event.detail,
    })
}
