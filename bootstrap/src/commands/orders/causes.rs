//! `ipass orders causes`.

use ipass_core::ports::CauseGroup;
use ipass_core::reason::Language;
use ipass_core::run::Route;
use ipass_core::usecase::{UnreadGroup, unread_groups};
use serde_json::{Value, json};

use crate::commands::{End, Service, print, time};

/// Why orders stay, and those that no job can work on.
pub(super) async fn causes(service: &Service, route: Option<&Route>, json: bool) -> Result<(), End> {
    let groups = service.store.causes(route.map(|route| &route.name)).await.map_err(End::failed)?;
    let mut unread: Vec<(&str, UnreadGroup)> = Vec::new();
    for one in service.routes.iter().filter(|one| route.is_none_or(|only| only.name == one.name)) {
        let found = unread_groups(&*service.store, &one.name).await.map_err(End::failed)?;
        unread.extend(found.into_iter().map(|group| (one.name.0.as_str(), group)));
    }
    if json {
        let causes: Vec<Value> = groups.iter().map(group_json).collect();
        let unread: Vec<Value> = unread.iter().map(|(route, group)| unread_json(route, group)).collect();
        print(&json!({"causes": causes, "unreadable": unread}).to_string());
        return Ok(());
    }
    if groups.is_empty() && unread.is_empty() {
        print("No unfinished order has a reason to stay.");
    }
    for group in &groups {
        let detail = group.detail.as_deref().unwrap_or(&group.sample_detail);
        print(&format!(
            "{:>6} orders at {} since {}, e.g. {}, who acts: {}\n        {}\n        {}",
            group.orders,
            group.stage,
            time(group.oldest),
            group.sample,
            group.reason.actor().names().0,
            group.reason.sentence(Language::En, detail),
            group.reason.sentence(Language::Zh, detail),
        ));
    }
    for (route, group) in &unread {
        print(&format!(
            "{:>6} orders that could not be read, e.g. {}, who acts: {}\n        {}\n        {}\n        All of them: ipass orders unreadable --route {route}",
            group.orders,
            group.sample,
            group.reason.actor().names().0,
            group.reason.sentence(Language::En, &group.sample_detail),
            group.reason.sentence(Language::Zh, &group.sample_detail),
        ));
    }
    Ok(())
}

fn group_json(group: &CauseGroup) -> Value {
    let detail = group.detail.as_deref().unwrap_or(&group.sample_detail);
    json!({
        "route": group.route.0,
        "status": group.stage.number(),
        "reason": group.reason.code(),
        "outcome": group.reason.kind().as_str(),
        "detail": group.detail,
        "orders": group.orders,
        "oldest_since": time(group.oldest),
        "sample": group.sample.as_str(),
        "sentence": {
            "en": group.reason.sentence(Language::En, detail),
            "zh": group.reason.sentence(Language::Zh, detail),
        },
        "who_acts": {"en": group.reason.actor().names().0, "zh": group.reason.actor().names().1},
    })
}

fn unread_json(route: &str, group: &UnreadGroup) -> Value {
    json!({
        "route": route,
        "reason": group.reason.code(),
        "orders": group.orders,
        "sample": group.sample,
        "sentence": {
            "en": group.reason.sentence(Language::En, &group.sample_detail),
            "zh": group.reason.sentence(Language::Zh, &group.sample_detail),
        },
        "who_acts": {"en": group.reason.actor().names().0, "zh": group.reason.actor().names().1},
    })
}
