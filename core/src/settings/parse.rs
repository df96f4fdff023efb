use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Value};

use super::{Attention, CancelInErp, JobSettings, Mapping, Partial, Settings};
use super::{reverse_sku_conflicts, reverse_warehouse_conflicts};
use crate::job::{Job, JobAliases};
use crate::order::{PriceOrder, SkuKey};
use crate::stage::Stage;

/// One thing wrong in a settings document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, for example `jobs.pull_orders.cron`.
    pub path: String,
    /// What, and what to do about it.
    pub problem: String,
}

/// Reads and validates a document as a whole: settings, or every problem in it.
///
/// Absent jobs and keys take their defaults; unknown ones are problems, so that a typo never passes
/// for a default.
pub fn parse(document: &str, aliases: &JobAliases) -> Result<Settings, Vec<Problem>> {
    let value: Value = match serde_json::from_str(document) {
        Ok(value) => value,
        Err(error) => {
            let problem = format!("this is not JSON (line {}, column {})", error.line(), error.column());
            return Err(vec![Problem { path: "(document)".to_owned(), problem }]);
        }
    };
    let mut reader = Reader { problems: Vec::new() };
    let mut settings = Settings::default();
    if let Some(root) = reader.object(&value, "(document)") {
        for (key, value) in root {
            match key.as_str() {
                "jobs" => reader.jobs(value, aliases, &mut settings),
                "mapping" => settings.mapping = reader.mapping(value),
                "sku_key" => {
                    let choices = [("partner_sku_first", SkuKey::PartnerSkuFirst), ("sku_first", SkuKey::SkuFirst)];
                    reader.choice(value, "sku_key", &choices, &mut settings.sku_key);
                }
                "cancel" => reader.cancel(value, &mut settings),
                "attention" => reader.attention(value, &mut settings.attention),
                _ => reader.say(key, "unknown key; known are jobs, mapping, sku_key, cancel, attention"),
            }
        }
    }
    reader.whole(&settings);
    if reader.problems.is_empty() { Ok(settings) } else { Err(reader.problems) }
}

struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn say(&mut self, path: &str, problem: impl Into<String>) {
        self.problems.push(Problem { path: path.to_owned(), problem: problem.into() });
    }

    fn object<'v>(&mut self, value: &'v Value, path: &str) -> Option<&'v Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.say(path, format!("expected an object, found {}", kind(value)));
        }
        object
    }

    fn jobs(&mut self, value: &Value, aliases: &JobAliases, settings: &mut Settings) {
        let Some(jobs) = self.object(value, "jobs") else {
            return;
        };
        let mut named: BTreeMap<Job, &str> = BTreeMap::new();
        for (name, value) in jobs {
            let path = format!("jobs.{name}");
            let Some(job) = Job::parse(name, aliases) else {
                let known: Vec<&str> = Job::ALL.iter().map(|job| job.name()).collect();
                self.say(&path, format!("unknown job; known are {}", known.join(", ")));
                continue;
            };
            if let Some(other) = named.insert(job, name) {
                self.say(&path, format!("the same job as jobs.{other}; keep one of them"));
                continue;
            }
            let Some(object) = self.object(value, &path) else {
                continue;
            };
            for (key, value) in object {
                self.job_key(job, key, value, &format!("{path}.{key}"), settings);
            }
        }
    }

    fn job_key(&mut self, job: Job, key: &str, value: &Value, path: &str, settings: &mut Settings) {
        let mut common = settings.job(job);
        match (job, key) {
            (_, "enabled" | "enable") => self.boolean(value, path, &mut common.enabled),
            (_, "cron") => self.cron(value, path, &mut common.cron),
            (_, "size") => self.size(value, path, &mut common),
            (Job::PullOrders, "lookback_minutes") => {
                self.minutes(value, path, &mut settings.lookback);
            }
            (Job::PullOrders, "start_from") => self.time(value, path, &mut settings.start_from),
            (Job::PullOrders, "shipment_pending_enters") => match value.as_i64() {
                Some(1) => settings.shipment_pending_enters = Stage::AwaitingPush,
                Some(3) => settings.shipment_pending_enters = Stage::AwaitingShipment,
                _ => self.say(path, format!("expected 1 or 3, found {}", kind(value))),
            },
            (Job::PushOrders, "require_warehouse") => {
                self.boolean(value, path, &mut settings.require_warehouse);
            }
            (Job::AckOrders, "multi_ban") => self.boolean(value, path, &mut settings.ack_multi_ban),
            (Job::ShipOrders, "multi_ban") => {
                self.boolean(value, path, &mut settings.ship_multi_ban);
            }
            (Job::ShipOrders, "partial") => {
                let choices = [("wait_all", Partial::WaitAll), ("as_shipped", Partial::AsShipped)];
                self.choice(value, path, &choices, &mut settings.partial);
            }
            (Job::InvoiceOrders, "multi_ban") => {
                self.boolean(value, path, &mut settings.invoice_multi_ban);
            }
            (Job::InvoiceOrders, "price") => {
                let choices = [
                    ("consumer_first", PriceOrder::ConsumerFirst),
                    ("cost_first", PriceOrder::CostFirst),
                    ("expected_cost_first", PriceOrder::CostFirst),
                ];
                self.choice(value, path, &choices, &mut settings.invoice_price);
            }
            (Job::SyncStock, "sync") => self.boolean(value, path, &mut settings.stock_sync),
            (Job::SyncStock, "max_zero_ratio") => {
                self.ratio(value, path, &mut settings.max_zero_per_mille);
            }
            (Job::SyncStock, "retention_days") => {
                self.days(value, path, &mut settings.stock_retention);
            }
            _ => self.say(path, "unknown key for this job"),
        }
        settings.jobs.insert(job, common);
    }

    fn mapping(&mut self, value: &Value) -> Mapping {
        let mut mapping = Mapping::default();
        let Some(object) = self.object(value, "mapping") else {
            return mapping;
        };
        for (name, value) in object {
            let path = format!("mapping.{name}");
            match name.as_str() {
                "shop" => mapping.shop = self.table(value, &path),
                "warehouse" => mapping.warehouse = self.table(value, &path),
                "sku" => mapping.sku = self.table(value, &path),
                "shipment" => mapping.shipment = self.table(value, &path),
                _ => self.say(&path, "unknown mapping; known are shop, warehouse, sku, shipment"),
            }
        }
        mapping
    }

    fn table(&mut self, value: &Value, path: &str) -> BTreeMap<String, String> {
        let mut table = BTreeMap::new();
        let Some(object) = self.object(value, path) else {
            return table;
        };
        for (key, value) in object {
            let place = format!("{path}.{key}");
            if key.trim().is_empty() {
                self.say(&format!("{path}.\"{key}\""), "empty key; name what is mapped or remove the entry");
                continue;
            }
            match value {
                Value::String(text) if !text.trim().is_empty() => {
                    table.insert(key.trim().to_owned(), text.trim().to_owned());
                }
                Value::String(_) => self.say(&place, "empty value; enter the ERP's id or remove the entry"),
                // Ids are longer than a JSON number can carry exactly.
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    self.say(&place, format!("expected text in quotes, found {}", kind(value)));
                }
            }
        }
        table
    }

    fn cancel(&mut self, value: &Value, settings: &mut Settings) {
        let Some(object) = self.object(value, "cancel") else {
            return;
        };
        for (key, value) in object {
            let path = format!("cancel.{key}");
            if key == "in_erp" {
                let choices = [("ask", CancelInErp::Ask), ("auto", CancelInErp::Auto)];
                self.choice(value, &path, &choices, &mut settings.cancel_in_erp);
            } else {
                self.say(&path, "unknown key; known is in_erp");
            }
        }
    }

    fn attention(&mut self, value: &Value, target: &mut Attention) {
        let Some(object) = self.object(value, "attention") else {
            return;
        };
        for (key, value) in object {
            let path = format!("attention.{key}");
            match key.as_str() {
                "slow_hours" => self.hours(value, &path, &mut target.slow),
                "stuck_hours" => self.hours(value, &path, &mut target.stuck),
                "quiet_hours" => self.hours(value, &path, &mut target.quiet),
                "failed_runs" => match value.as_u64().and_then(|runs| u32::try_from(runs).ok()) {
                    Some(runs @ 1..=100) => target.failed_runs = runs,
                    _ => self.say(&path, format!("expected a whole number from 1 to 100, found {}", shown(value))),
                },
                "stages" => {} // Below: it rests on the others.
                _ => {
                    self.say(&path, "unknown key; known are slow_hours, stuck_hours, quiet_hours, failed_runs, stages");
                }
            }
        }
        if let Some(stages) = object.get("stages").and_then(|value| self.object(value, "attention.stages")) {
            for (name, value) in stages {
                self.stage_limits(name, value, target);
            }
        }
        let limits = [1, 2, 3, 4].map(|number| Stage::from_number(number).map(|stage| target.limits(stage)));
        if limits.into_iter().flatten().any(|(slow, stuck)| slow > stuck) {
            self.say("attention", "slow_hours has to be at most stuck_hours, in every stage");
        }
    }

    fn stage_limits(&mut self, name: &str, value: &Value, target: &mut Attention) {
        let path = format!("attention.stages.{name}");
        let stage = name.parse().ok().and_then(Stage::from_number).filter(|stage| !stage.is_final());
        let Some(stage) = stage else {
            return self.say(&path, "expected a stage from 1 to 4");
        };
        let (mut slow, mut stuck) = (target.slow, target.stuck);
        let Some(object) = self.object(value, &path) else {
            return;
        };
        for (key, value) in object {
            let path = format!("{path}.{key}");
            match key.as_str() {
                "slow_hours" => self.hours(value, &path, &mut slow),
                "stuck_hours" => self.hours(value, &path, &mut stuck),
                _ => self.say(&path, "unknown key; known are slow_hours, stuck_hours"),
            }
        }
        target.stages.insert(stage, (slow, stuck));
    }

    fn hours(&mut self, value: &Value, path: &str, target: &mut Duration) {
        match value.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "at most ten years of seconds")]
            Some(hours) if hours > 0.0 && hours <= 87_600.0 => *target = Duration::seconds((hours * 3600.0) as i64),
            _ => self.say(path, format!("expected hours, above 0 and at most 87600, found {}", kind(value))),
        }
    }

    fn days(&mut self, value: &Value, path: &str, target: &mut Duration) {
        match value.as_i64() {
            Some(days @ 1..=3650) => *target = Duration::days(days),
            _ => self.say(path, format!("expected whole days from 1 to 3650, found {}", kind(value))),
        }
    }

    fn boolean(&mut self, value: &Value, path: &str, target: &mut bool) {
        match value {
            Value::Bool(flag) => *target = *flag,
            other @ (Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
                self.say(path, format!("expected true or false, found {}", kind(other)));
            }
        }
    }

    fn cron(&mut self, value: &Value, path: &str, target: &mut String) {
        let Some(text) = value.as_str() else {
            return self.say(path, format!("expected text, found {}", kind(value)));
        };
        match parse_cron(text) {
            Ok(_) => text.clone_into(target),
            Err(why) => self.say(path, why),
        }
    }

    fn size(&mut self, value: &Value, path: &str, target: &mut JobSettings) {
        match value.as_u64().and_then(|size| u32::try_from(size).ok()) {
            Some(size) if size > 0 => target.size = size,
            _ => self.say(path, format!("expected a whole number above 0, found {}", shown(value))),
        }
    }

    fn minutes(&mut self, value: &Value, path: &str, target: &mut Duration) {
        match value.as_i64() {
            Some(minutes @ 0..=525_600) => *target = Duration::minutes(minutes),
            _ => self.say(path, format!("expected whole minutes from 0 to 525600, found {}", kind(value))),
        }
    }

    fn time(&mut self, value: &Value, path: &str, target: &mut DateTime<Utc>) {
        match value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok()) {
            Some(time) => *target = time.with_timezone(&Utc),
            None => self.say(path, "expected a time like 2025-01-01T00:00:00Z"),
        }
    }

    fn ratio(&mut self, value: &Value, path: &str, target: &mut u32) {
        match value.as_f64() {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=1000 fits")]
            Some(ratio) if (0.0..=1.0).contains(&ratio) => {
                *target = (ratio * 1000.0).round() as u32;
            }
            _ => self.say(path, format!("expected a number from 0 to 1, found {}", kind(value))),
        }
    }

    fn choice<T: Copy>(&mut self, value: &Value, path: &str, choices: &[(&str, T)], target: &mut T) {
        if let Some((_, choice)) = value.as_str().and_then(|text| choices.iter().find(|(name, _)| *name == text)) {
            *target = *choice;
        } else {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.say(path, format!("expected one of {}", names.join(", ")));
        }
    }

    /// What only the document as a whole can tell.
    fn whole(&mut self, settings: &Settings) {
        let needs_sku = [Job::ShipOrders, Job::InvoiceOrders, Job::SyncStock];
        if needs_sku.iter().any(|job| settings.job(*job).enabled) {
            for conflict in reverse_sku_conflicts(&settings.mapping) {
                self.say(
                    "mapping.sku",
                    format!("several names for one ERP SKU ({conflict}): ship_orders, invoice_orders and sync_stock need the way back; keep one, or disable these jobs"),
                );
            }
        }
        if settings.job(Job::SyncStock).enabled {
            if settings.mapping.warehouse.is_empty() {
                self.say("mapping.warehouse", "sync_stock is enabled and needs at least one warehouse");
            }
            for conflict in reverse_warehouse_conflicts(&settings.mapping) {
                self.say(
                    "mapping.warehouse",
                    format!("several codes for one ERP warehouse ({conflict}): sync_stock needs the way back; keep one, or disable it"),
                );
            }
        }
    }
}

/// Reads a cron expression of six fields with seconds.
pub fn parse_cron(text: &str) -> Result<croner::Cron, String> {
    if text.split_whitespace().count() != 6 {
        return Err(format!(
            "expected six fields (second minute hour day month weekday, UTC), found {}",
            text.split_whitespace().count()
        ));
    }
    croner::parser::CronParser::builder()
        .seconds(croner::parser::Seconds::Required)
        .build()
        .parse(text)
        .map_err(|error| format!("not a cron expression: {error}"))
}

/// The next moments of a cron expression after `after`, UTC; at most `count`, none if it cannot be read
/// or never comes.
pub fn next_runs(cron: &str, after: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
    let Ok(cron) = parse_cron(cron) else { return Vec::new() };
    let next = |from: &DateTime<Utc>| cron.find_next_occurrence(from, false).ok();
    std::iter::successors(next(&after), next).take(count).collect()
}

/// A number as it stands there; of anything else its kind, because it may be long.
fn shown(value: &Value) -> String {
    value.as_number().map_or_else(|| kind(value).to_owned(), ToString::to_string)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
