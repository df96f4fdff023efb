//! The demo's answer: stages, reasons, remote calls, time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ipass_core::reason::{Language, Reason};
use ipass_core::stage::Stage;
use serde_json::{Value, json};

use super::once::Findings;

/// Orders per stage, every stage present.
fn stages(findings: &Findings) -> BTreeMap<Stage, usize> {
    let mut stages: BTreeMap<Stage, usize> = Stage::ALL.into_iter().map(|stage| (stage, 0)).collect();
    for row in &findings.rows {
        *stages.entry(row.stage).or_default() += 1;
    }
    stages
}

/// Unfinished orders per stage and reason, with one detail as a sample.
fn reasons(findings: &Findings) -> BTreeMap<(Stage, &'static str), (Option<Reason>, String, usize)> {
    let mut reasons: BTreeMap<(Stage, &'static str), (Option<Reason>, String, usize)> = BTreeMap::new();
    for row in findings.rows.iter().filter(|row| !row.stage.is_final()) {
        let cause = row.last_outcome.as_ref().and_then(|last| last.cause.as_ref());
        let key = (row.stage, cause.map_or("(none)", |cause| cause.reason.code()));
        let entry = reasons.entry(key).or_insert_with(|| {
            (cause.map(|cause| cause.reason), cause.map(|cause| cause.detail.clone()).unwrap_or_default(), 0)
        });
        entry.2 += 1;
    }
    reasons
}

fn count(findings: &Findings, ending: &str) -> usize {
    findings.violations.iter().filter(|violation| violation.contains(ending)).count()
}

pub(super) fn text(findings: &Findings) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} orders through the whole loop, {} cycles, {:.1} s\n",
        findings.orders, findings.cycles, findings.seconds
    );
    let _ = writeln!(out, "stage                          orders");
    for (stage, orders) in stages(findings) {
        let (en, zh) = stage.names();
        let _ = writeln!(out, "{stage}  {en:<18} {orders:>14}   {zh}");
    }
    let _ = writeln!(out, "-  {:<18} {:>14}   无法解析", "kept unread", findings.unreadable.len());
    let _ = writeln!(out, "\nwhy the unfinished ones wait");
    for ((stage, code), (reason, detail, orders)) in reasons(findings) {
        let sentence =
            reason.map_or_else(|| "no reason is known".to_owned(), |reason| reason.sentence(Language::En, &detail));
        let _ = writeln!(out, "{stage}  {code:<26} {orders:>6}   {sentence}");
    }
    let _ = writeln!(out, "\nremote calls");
    for (call, calls) in &findings.calls {
        let _ = writeln!(out, "{calls:>8}  {call}");
    }
    let total: u64 = findings.calls.values().sum();
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    let per_order = total as f64 / f64::from(findings.orders.max(1));
    let _ = writeln!(out, "{total:>8}  in all, {per_order:.2} for each order; {} throttled", findings.throttled);
    let _ = writeln!(out, "\nwhat the simulated vendors saw");
    let _ = writeln!(
        out,
        "  duplicate creates {}, shipments {}, invoices {}; early acknowledgements {}",
        count(findings, "was created"),
        count(findings, "was reported "),
        count(findings, "was invoiced"),
        count(findings, "acknowledged before")
    );
    for problem in findings.violations.iter().chain(&findings.failed_runs).chain(&findings.misplaced).take(50) {
        let _ = writeln!(out, "  ! {problem}");
    }
    if findings.violations.is_empty() && findings.misplaced.is_empty() && findings.failed_runs.is_empty() {
        let _ = writeln!(out, "  every order is where it should be");
    }
    out.truncate(out.trim_end().len());
    out
}

pub(super) fn json(findings: &Findings) -> Value {
    let reasons: Vec<Value> = reasons(findings)
        .into_iter()
        .map(|((stage, code), (_, detail, orders))| json!({"status": stage.number(), "reason": code, "orders": orders, "sample": detail}))
        .collect();
    let stages: BTreeMap<String, usize> =
        stages(findings).into_iter().map(|(stage, orders)| (stage.number().to_string(), orders)).collect();
    json!({
        "orders": findings.orders,
        "cycles": findings.cycles,
        "seconds": findings.seconds,
        "stages": stages,
        "unread": findings.unreadable.len(),
        "reasons": reasons,
        "calls": findings.calls,
        "throttled": findings.throttled,
        "violations": findings.violations,
        "failed_runs": findings.failed_runs,
        "misplaced": findings.misplaced,
    })
}
