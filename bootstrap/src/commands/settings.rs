//! `ipass settings`.

use std::io::Read as _;
use std::path::Path;

use ipass_core::run::Route;
use ipass_core::settings::parse;
use serde_json::{Value, json};

use super::{End, Service, print, time};
use crate::cli::SettingsCommand;
use crate::clock::SystemClock;
use crate::config::BootConfig;
use ipass_core::ports::Clock as _;

pub(super) async fn settings(config: BootConfig, command: SettingsCommand, json: bool) -> Result<(), End> {
    let service = Service::open(config).await?;
    match command {
        SettingsCommand::Show(args) | SettingsCommand::Export(args) => {
            let route = service.route(args.route.as_deref())?;
            let saved = service.store.settings(&route.name).await.map_err(End::failed)?;
            match saved {
                Some(saved) => print(&saved.document),
                None if json => print("{}"),
                None => {
                    eprintln!(
                        "Nothing is saved for {} yet: every job is off but the clean-up, and nothing is mapped.",
                        route.name
                    );
                    print("{}");
                }
            }
            Ok(())
        }
        SettingsCommand::Import { file, route, by } => {
            let route = service.route(route.as_deref())?;
            save(&service, &route, &read(&file)?, &by, json).await
        }
        SettingsCommand::History { route, limit } => {
            let route = service.route(route.as_deref())?;
            let versions = service.store.settings_history(&route.name, limit).await.map_err(End::failed)?;
            if json {
                let rows: Vec<Value> = versions
                    .iter()
                    .map(|saved| {
                        json!({"version": saved.version, "author": saved.author, "saved_at": time(saved.saved_at)})
                    })
                    .collect();
                print(&json!({"route": route.name.0, "versions": rows}).to_string());
                return Ok(());
            }
            if versions.is_empty() {
                print("Nothing is saved yet.");
            }
            for (index, saved) in versions.iter().enumerate() {
                let live = if index == 0 { "  live" } else { "" };
                print(&format!("{:>5}  {}  {}{live}", saved.version, time(saved.saved_at), saved.author));
            }
            Ok(())
        }
        SettingsCommand::Rollback { version, route, by } => {
            let route = service.route(route.as_deref())?;
            let saved = service.store.settings_at(&route.name, version).await.map_err(End::failed)?;
            let saved = saved.ok_or_else(|| {
                End::usage(format!("route {} has no version {version}; see `ipass settings history`", route.name))
            })?;
            save(&service, &route, &saved.document, &by, json).await
        }
    }
}

/// Validates a document and makes it live.
async fn save(service: &Service, route: &Route, document: &str, by: &str, json: bool) -> Result<(), End> {
    if let Err(problems) = parse(document, route.aliases()) {
        if json {
            let problems: Vec<Value> =
                problems.iter().map(|problem| json!({"path": problem.path, "problem": problem.problem})).collect();
            print(&json!({"result": "refused", "problems": problems}).to_string());
            return Err(End { code: 2, message: None });
        }
        let lines: Vec<String> =
            problems.iter().map(|problem| format!("  {}: {}", problem.path, problem.problem)).collect();
        return Err(End::usage(format!("{} problems, nothing was changed:\n{}", lines.len(), lines.join("\n"))));
    }
    let now = SystemClock::from_environment().now();
    let version = service.store.save_settings(&route.name, document, by, None, now).await.map_err(End::failed)?;
    print(&if json {
        json!({"result": "done", "route": route.name.0, "version": version}).to_string()
    } else {
        format!("Settings of {} are live as version {version}.", route.name)
    });
    Ok(())
}

fn read(file: &Path) -> Result<String, End> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(End::failed)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(|error| End::usage(format!("{}: {error}", file.display())))
}
