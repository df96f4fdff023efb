//! `ipass doctor`: one line for each thing that has to work, with the remedy.

use std::sync::Arc;

use ipass_core::ports::Clock;
use ipass_core::run::Route;
use ipass_core::settings::{Settings, parse};
use ipass_core::usecase::{Diagnosis, diagnose};
use ipass_http_kit::metered;
use serde_json::{Value, json};

use super::{End, print};
use crate::clock::SystemClock;
use crate::config::{BootConfig, ChannelConfig, ErpConfig, RouteConfig};
use crate::telemetry::{self, Console};
use crate::wiring;

/// A remote that answers in this time answers.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(3);

pub(super) async fn doctor(config: BootConfig, json: bool) -> Result<(), End> {
    let _telemetry = telemetry::start(None, Console::Stderr, "").map_err(End::usage)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::from_environment());
    let mut found: Vec<(String, Diagnosis)> = Vec::new();
    let say = |found: &mut Vec<(String, Diagnosis)>, place: &str, what: &str, result: Result<String, String>| {
        let finding = Diagnosis { what: what.to_owned(), result };
        if !json {
            print(&line(place, &finding));
        }
        found.push((place.to_owned(), finding));
    };
    let store = match wiring::store(&config.store.url).await {
        Ok(store) => {
            let checked = store.check().await.map(|()| "answers, schema up to date".to_owned());
            let remedy = |error| format!("{error}. Run `ipass migrate`, or look at the database.");
            say(&mut found, "service", "database", checked.map_err(remedy));
            Some(store)
        }
        Err(error) => {
            say(&mut found, "service", "database", Err(error));
            None
        }
    };
    for route in &config.routes {
        for (what, url) in base_urls(route) {
            say(&mut found, &route.name, what, tls(url));
        }
    }
    let routes = match wiring::routes(config.routes, &clock, None) {
        Ok(routes) => routes,
        Err(error) => {
            say(&mut found, "service", "routes", Err(error));
            Vec::new()
        }
    };
    for route in &routes {
        let settings = match &store {
            None => Settings::default(),
            Some(store) => match live_settings(&**store, route).await {
                Ok(settings) => {
                    say(&mut found, &route.name.0, "settings", Ok("valid".to_owned()));
                    settings
                }
                Err(error) => {
                    say(&mut found, &route.name.0, "settings", Err(error));
                    Settings::default()
                }
            },
        };
        if let Ok(findings) = tokio::time::timeout(PATIENCE, metered(diagnose(route, &settings, clock.now()))).await {
            for finding in findings {
                say(&mut found, &route.name.0, &finding.what, finding.result);
            }
        } else {
            let slow = "no end after 3 minutes. Check the network, and whether something else uses the account.";
            say(&mut found, &route.name.0, "accounts", Err(slow.to_owned()));
        }
    }
    let bad = found.iter().filter(|(_, finding)| finding.result.is_err()).count();
    if json {
        let rows: Vec<Value> = found.iter().map(|(place, finding)| row(place, finding)).collect();
        print(&json!({"findings": rows, "problems": bad}).to_string());
    }
    if let Some(store) = store {
        store.close().await;
    }
    if bad == 0 { Ok(()) } else { Err(End { code: 1, message: (!json).then(|| format!("{bad} problems")) }) }
}

fn line(place: &str, finding: &Diagnosis) -> String {
    match &finding.result {
        Ok(fine) => format!("ok    {place}  {}: {fine}", finding.what),
        Err(wrong) => format!("WRONG {place}  {}: {wrong}", finding.what),
    }
}

fn row(place: &str, finding: &Diagnosis) -> Value {
    let (ok, detail) = match &finding.result {
        Ok(fine) => (true, fine),
        Err(wrong) => (false, wrong),
    };
    json!({"place": place, "what": finding.what, "ok": ok, "detail": detail})
}

fn base_urls(route: &RouteConfig) -> [(&'static str, &str); 2] {
    let ChannelConfig::Dsco(channel) = &route.channel;
    let ErpConfig::Lingxing(erp) = &route.erp;
    [("channel: TLS", &channel.base_url), ("ERP: TLS", &erp.base_url)]
}

/// Credentials travel encrypted, unless they do not leave the machine.
fn tls(url: &str) -> Result<String, String> {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    if url.starts_with("https://") {
        Ok("https".to_owned())
    } else if local.iter().any(|prefix| url.starts_with(prefix)) {
        Ok("a double on this machine, without TLS".to_owned())
    } else {
        Err("the base URL is not https: credentials would travel in the clear. Use the https URL.".to_owned())
    }
}

async fn live_settings(store: &dyn ipass_core::ports::SyncStore, route: &Route) -> Result<Settings, String> {
    let saved = store.settings(&route.name).await.map_err(|error| error.to_string())?;
    let Some(saved) = saved else {
        return Err("nothing is saved yet. Import settings: `ipass settings import`.".to_owned());
    };
    parse(&saved.document, route.aliases()).map_err(|problems| {
        let problems: Vec<String> =
            problems.iter().map(|problem| format!("{}: {}", problem.path, problem.problem)).collect();
        format!("version {} is not valid: {}. Save a valid one, or roll back.", saved.version, problems.join("; "))
    })
}
