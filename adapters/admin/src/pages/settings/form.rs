//! The common keys of a settings document as fields of a form, and back.
//!
//! Each field carries what it showed (`o.<id>`), so that only what a person changed goes into the document:
//! the text beside the form may have been edited as well.

use ipass_core::job::{Job, JobAliases};
use serde_json::{Map, Value};

use super::table::Table;
use super::words;
use crate::desk::{Page, Query};
use crate::pages::jobs::words::name as job_name;
use crate::text::{Text, common as c, settings as t};

/// Rows of a table that are shown; longer ones are edited in the text.
const MAX_ROWS: usize = 200;
/// Empty rows below a table.
const BLANK: usize = 2;

/// How a field is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Switch,
    Number,
    Words,
    /// Values and their words; numbers if they read so.
    Choice(&'static [(&'static str, Text)]),
}

/// A key that the form knows.
struct Spec {
    /// The job; `None` for the keys of the document itself.
    job: Option<Job>,
    /// Object and key, or the key alone.
    path: &'static str,
    label: Text,
    kind: Kind,
    default: &'static str,
}

const fn spec(job: Option<Job>, path: &'static str, label: Text, kind: Kind, default: &'static str) -> Spec {
    Spec { job, path, label, kind, default }
}

const ENTERS: Kind = Kind::Choice(&[("3", t::ENTERS_3), ("1", t::ENTERS_1)]);
const PARTIAL: Kind = Kind::Choice(&[("wait_all", t::WAIT_ALL), ("as_shipped", t::AS_SHIPPED)]);
const PRICE: Kind =
    Kind::Choice(&[("consumer_first", t::CONSUMER_FIRST), ("expected_cost_first", t::EXPECTED_COST_FIRST)]);
const SKU_KEY: Kind = Kind::Choice(&[("partner_sku_first", t::PARTNER_SKU_FIRST), ("sku_first", t::SKU_FIRST)]);
const IN_ERP: Kind = Kind::Choice(&[("ask", t::CANCEL_ASK), ("auto", t::CANCEL_AUTO)]);

/// Switches of single jobs.
const OF_JOBS: [Spec; 12] = [
    spec(Some(Job::PullOrders), "lookback_minutes", t::LOOKBACK, Kind::Number, "15"),
    spec(Some(Job::PullOrders), "start_from", t::START_FROM, Kind::Words, "2025-01-01T00:00:00Z"),
    spec(Some(Job::PullOrders), "shipment_pending_enters", t::SHIPMENT_PENDING, ENTERS, "3"),
    spec(Some(Job::PushOrders), "require_warehouse", t::REQUIRE_WAREHOUSE, Kind::Switch, "true"),
    spec(Some(Job::AckOrders), "multi_ban", t::MULTI_BAN, Kind::Switch, "false"),
    spec(Some(Job::ShipOrders), "multi_ban", t::MULTI_BAN, Kind::Switch, "false"),
    spec(Some(Job::ShipOrders), "partial", t::PARTIAL, PARTIAL, "wait_all"),
    spec(Some(Job::InvoiceOrders), "multi_ban", t::MULTI_BAN, Kind::Switch, "false"),
    spec(Some(Job::InvoiceOrders), "price", t::PRICE, PRICE, "consumer_first"),
    spec(Some(Job::SyncStock), "sync", t::STOCK_SYNC, Kind::Switch, "false"),
    spec(Some(Job::SyncStock), "max_zero_ratio", t::MAX_ZERO, Kind::Number, "0.2"),
    spec(Some(Job::SyncStock), "retention_days", t::RETENTION, Kind::Number, "90"),
];
/// Keys of the document itself.
const GENERAL: [Spec; 6] = [
    spec(None, "sku_key", t::SKU_KEY, SKU_KEY, "partner_sku_first"),
    spec(None, "cancel.in_erp", t::CANCEL_IN_ERP, IN_ERP, "ask"),
    spec(None, "attention.slow_hours", t::SLOW_HOURS, Kind::Number, "24"),
    spec(None, "attention.stuck_hours", t::STUCK_HOURS, Kind::Number, "72"),
    spec(None, "attention.quiet_hours", t::QUIET_HOURS, Kind::Number, "24"),
    spec(None, "attention.failed_runs", t::FAILED_RUNS, Kind::Number, "3"),
];

/// A field as it is shown.
#[derive(Debug)]
pub(super) struct Field {
    /// Name in the form, the same whatever the job is called in the document.
    pub(super) id: String,
    /// Path in the document, as problems name it.
    pub(super) path: String,
    pub(super) label: Text,
    pub(super) kind: Kind,
    pub(super) value: String,
    /// What it shows if nobody touches it.
    pub(super) was: String,
}

/// The fields of a job.
#[derive(Debug)]
pub(super) struct JobFields {
    pub(super) job: Job,
    pub(super) cron: String,
    pub(super) fields: Vec<Field>,
}

impl JobFields {
    pub(super) const fn name(&self) -> Text {
        job_name(self.job)
    }
}

/// A mapping table as rows; the last ones are empty.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) table: Table,
    pub(super) entries: usize,
    /// Too long for a form: only the row that was asked for, and empty ones.
    pub(super) cut: bool,
    pub(super) lines: Vec<Row>,
}

#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) was_key: String,
    pub(super) was_value: String,
    /// It was asked for.
    pub(super) wanted: bool,
}

/// The whole form.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) jobs: Vec<JobFields>,
    pub(super) general: Vec<Field>,
    pub(super) tables: Vec<Rows>,
}

/// Everything about a field but its value.
struct Place {
    id: String,
    keys: Vec<String>,
    label: Text,
    kind: Kind,
    default: String,
}

impl Place {
    fn path(&self) -> String {
        self.keys.join(".")
    }

    fn find<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        self.keys.iter().try_fold(document, |value, key| value.get(key))
    }

    fn text(&self, document: &Value) -> String {
        match self.find(document) {
            None => self.default.clone(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    fn field(&self, document: &Value, sent: Option<&Query>) -> Field {
        let shown = self.text(document);
        let was =
            sent.and_then(|sent| sent.get(&format!("o.{}", self.id))).map_or_else(|| shown.clone(), str::to_owned);
        let value = sent.and_then(|sent| sent.get(&format!("f.{}", self.id))).map_or(shown, str::to_owned);
        Field { id: self.id.clone(), path: self.path(), label: self.label, kind: self.kind, value, was }
    }
}

/// Where the fields of a job are in a document that may call it, and its switch, by another name.
fn places_of(job: Job, document: &Value, aliases: &JobAliases) -> Vec<Place> {
    let jobs = document.get("jobs").and_then(Value::as_object);
    let name = jobs.and_then(|jobs| jobs.keys().find(|name| Job::parse(name, aliases) == Some(job)));
    let name = name.map_or(job.name(), String::as_str);
    let object = jobs.and_then(|jobs| jobs.get(name));
    let enabled = if object.is_some_and(|object| object.get("enable").is_some()) { "enable" } else { "enabled" };
    let defaults = ipass_core::settings::Settings::default().job(job);
    let place = |id: &str, key: &str, label, kind, default: String| Place {
        id: format!("{}.{id}", job.name()),
        keys: vec!["jobs".to_owned(), name.to_owned(), key.to_owned()],
        label,
        kind,
        default,
    };
    let mut places = vec![
        place("enabled", enabled, t::ENABLED, Kind::Switch, defaults.enabled.to_string()),
        place("cron", "cron", t::CRON, Kind::Words, defaults.cron),
        place("size", "size", t::SIZE, Kind::Number, defaults.size.to_string()),
    ];
    let own = OF_JOBS.iter().filter(|spec| spec.job == Some(job));
    places.extend(own.map(|spec| place(spec.path, spec.path, spec.label, spec.kind, spec.default.to_owned())));
    places
}

fn general_places() -> Vec<Place> {
    let place = |spec: &Spec| Place {
        id: spec.path.to_owned(),
        keys: spec.path.split('.').map(str::to_owned).collect(),
        label: spec.label,
        kind: spec.kind,
        default: spec.default.to_owned(),
    };
    GENERAL.iter().map(place).collect()
}

/// Jobs that have settings.
fn jobs() -> impl Iterator<Item = Job> {
    Job::ALL.into_iter().filter(|job| *job != Job::CheckOrders)
}

impl Fields {
    /// The form of a document. `sent` shows what was typed instead, for a text that cannot be read; `wanted` is
    /// the path of the field or row to begin with.
    pub(super) fn of(document: &Value, aliases: &JobAliases, sent: Option<&Query>, wanted: Option<&str>) -> Self {
        let of_job = |job| {
            let places = places_of(job, document, aliases);
            let fields: Vec<Field> = places.iter().map(|place| place.field(document, sent)).collect();
            let cron = fields.iter().find(|field| field.label == t::CRON).map(|field| field.value.clone());
            JobFields { job, cron: cron.unwrap_or_default(), fields }
        };
        Self {
            jobs: jobs().map(of_job).collect(),
            general: general_places().iter().map(|place| place.field(document, sent)).collect(),
            tables: Table::ALL.into_iter().map(|table| rows(table, document, wanted)).collect(),
        }
    }
}

fn rows(table: Table, document: &Value, wanted: Option<&str>) -> Rows {
    let none = Map::new();
    let entries = document.pointer(&format!("/mapping/{}", table.key())).and_then(Value::as_object).unwrap_or(&none);
    let wanted = wanted.and_then(|path| path.strip_prefix("mapping.")?.strip_prefix(table.key())?.strip_prefix('.'));
    let cut = entries.len() > MAX_ROWS;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let row = |(key, value): (&String, &Value)| Row {
        key: key.clone(),
        value: text(value),
        was_key: key.clone(),
        was_value: text(value),
        wanted: wanted == Some(key.as_str()),
    };
    let mut rows: Vec<Row> = entries.iter().map(row).filter(|row| !cut || row.wanted).collect();
    if let Some(key) = wanted
        && !entries.contains_key(key)
    {
        rows.push(Row { key: key.to_owned(), wanted: true, ..Row::default() });
    }
    rows.extend((0..BLANK).map(|_| Row::default()));
    Rows { table, entries: entries.len(), cut, lines: rows }
}

/// Puts what was changed in the form into the document. Answers what cannot be: path and sentence.
pub(super) fn apply(document: &mut Value, sent: &Query, aliases: &JobAliases) -> Vec<(String, Text)> {
    let mut problems = Vec::new();
    let places: Vec<Place> = jobs().flat_map(|job| places_of(job, document, aliases)).chain(general_places()).collect();
    for place in places {
        let Some(was) = sent.get(&format!("o.{}", place.id)) else { continue };
        let new = sent.value(&format!("f.{}", place.id)).trim();
        let present = place.text(document);
        if new == was || new == present {
            continue;
        }
        if present == was {
            set(document, &place.keys, (!new.is_empty()).then(|| typed(place.kind, new)));
        } else {
            problems.push((place.path(), t::CHANGED_TWICE));
        }
    }
    for table in Table::ALL {
        apply_rows(table, document, sent, &mut problems);
    }
    problems
}

fn typed(kind: Kind, text: &str) -> Value {
    let number = || serde_json::from_str::<Value>(text).ok().filter(Value::is_number);
    match (kind, text) {
        (Kind::Switch, "true") => Value::Bool(true),
        (Kind::Switch, "false") => Value::Bool(false),
        (Kind::Number | Kind::Choice(_), _) => number().unwrap_or_else(|| Value::String(text.to_owned())),
        (Kind::Switch | Kind::Words, _) => Value::String(text.to_owned()),
    }
}

/// Sets or removes a value. What is in the way is left: the validation names it.
fn set(document: &mut Value, keys: &[String], value: Option<Value>) {
    let Some((last, above)) = keys.split_last() else { return };
    let mut at = document;
    for key in above {
        let Some(object) = at.as_object_mut() else { return };
        at = object.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
    }
    let Some(object) = at.as_object_mut() else { return };
    match value {
        Some(value) => object.insert(last.clone(), value),
        None => object.remove(last),
    };
}

/// Puts an entry into a mapping.
pub(crate) fn map(document: &mut Value, table: Table, key: &str, value: &str) {
    let keys = ["mapping", table.key(), key].map(str::to_owned);
    set(document, &keys, Some(Value::String(value.to_owned())));
}

fn apply_rows(table: Table, document: &mut Value, sent: &Query, problems: &mut Vec<(String, Text)>) {
    let name = table.key();
    let count: usize = sent.value(&format!("m.{name}.rows")).parse().unwrap_or(0);
    for at in 0..count.min(MAX_ROWS + BLANK + 1) {
        let field = |part: &str| sent.value(&format!("m.{name}.{at}.{part}")).trim().to_owned();
        let (was_key, was_value, key, value) = (field("wk"), field("wv"), field("k"), field("v"));
        if key == was_key && value == was_value {
            continue;
        }
        let path = |key: &str| format!("mapping.{name}.{key}");
        let keys = |key: &str| vec!["mapping".to_owned(), name.to_owned(), key.to_owned()];
        let present = |document: &Value, key: &str| {
            keys(key).iter().try_fold(document, |value, key| value.get(key)).and_then(Value::as_str).map(str::to_owned)
        };
        if key.is_empty() && !value.is_empty() && was_key.is_empty() {
            problems.push((format!("mapping.{name}"), c::MISSING));
            continue;
        }
        if key != was_key && !key.is_empty() && present(document, &key).is_some_and(|other| other != value) {
            problems.push((path(&key), t::KEY_TWICE));
            continue;
        }
        if !was_key.is_empty() {
            if present(document, &was_key).is_some_and(|present| present != was_value && present != value) {
                problems.push((path(&was_key), t::CHANGED_TWICE));
                continue;
            }
            set(document, &keys(&was_key), None);
        }
        let untouched = value.is_empty() && was_key.is_empty() && present(document, &key).is_some();
        if !(key.is_empty() || untouched) {
            set(document, &keys(&key), Some(Value::String(value)));
        }
    }
}

/// What the validation says, told in the reader's language, and what the form says.
pub(crate) fn told(
    p: &Page,
    form: &[(String, Text)],
    problems: &[ipass_core::settings::Problem],
) -> Vec<(String, String)> {
    let form = form.iter().map(|(path, text)| (path.clone(), p.t(*text).to_owned()));
    form.chain(words::told(p, problems)).collect()
}

#[cfg(test)]
mod tests;
