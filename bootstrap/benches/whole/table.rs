//! The figures, as Markdown and as JSON.

use serde_json::{Value, json};

use crate::machine;
use crate::world::now;

/// Rows in the order in which they were measured.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    what: String,
    value: f64,
    unit: &'static str,
    goal: Option<String>,
}

impl Table {
    pub(crate) fn row(&mut self, what: impl Into<String>, value: f64, unit: &'static str) {
        self.push(what.into(), value, unit, None);
    }

    /// A figure with what it ought to be.
    pub(crate) fn goal(&mut self, what: impl Into<String>, value: f64, unit: &'static str, goal: &str) {
        self.push(what.into(), value, unit, Some(goal.to_owned()));
    }

    fn push(&mut self, what: String, value: f64, unit: &'static str, goal: Option<String>) {
        let goal_text = goal.as_ref().map(|goal| format!(" (goal {goal})")).unwrap_or_default();
        eprintln!("{what}: {} {unit}{goal_text}", figure(value));
        self.rows.push(Row { what, value, unit, goal });
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = format!(
            "{}, {}\n\n| measured | figure | goal |\n|---|---:|---|\n",
            machine::named(),
            now().format("%Y-%m-%d")
        );
        for Row { what, value, unit, goal } in &self.rows {
            let goal = goal.as_deref().unwrap_or_default();
            text += &["| ", what, " | ", &figure(*value), " ", unit, " | ", goal, " |\n"].concat();
        }
        text
    }

    pub(crate) fn json(&self) -> String {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|Row { what, value, unit, goal }| json!({"what": what, "value": value, "unit": unit, "goal": goal}))
            .collect();
        let document = json!({"machine": machine::named(), "date": now().date_naive().to_string(), "rows": rows});
        format!("{document:#}\n")
    }
}

/// A count as a figure; exact up to thousands of millions.
pub(crate) fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Three digits are enough to compare.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
