//! The demo's answer: stages, reasons, remote calls, time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ipass_core::reason::{Language, Reason};
use ipass_core::run::finding_json;
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
    let (pairs, stock) = (&findings.pairs, &findings.stock);
    let _ = writeln!(
        out,
        "  cancelled in the ERP after the channel cancelled: {} orders, none acknowledged, shipped or invoiced afterwards",
        findings.cancelled_in_erp
    );
    let _ = writeln!(out, "\nstock, SKU pairs, check");
    let _ = writeln!(
        out,
        "  {} figures compared, {} differed, {} written in {} items; afterwards {} items differ from the ERP's sum",
        stock.first.compared,
        stock.first.different,
        stock.first.written,
        stock.first.items_written,
        stock.still_different
    );
    let _ = writeln!(
        out,
        "  inventory writes of a second run {}, with the ERP unreadable {}, with a warehouse empty {}, with half of the stock gone {} (guard: {} items)",
        stock.second_writes, stock.unread_writes, stock.empty_writes, stock.guarded_writes, stock.guarded
    );
    let _ = writeln!(
        out,
        "  {} SKU pairs read, {} added to the mapping, {} differ from a person's entry",
        pairs.read, pairs.added, pairs.kept
    );
    let _ = writeln!(
        out,
        "  {} orders checked against both sides, {} findings{}",
        findings.check.checked,
        findings.check.findings.len(),
        if findings.check.incomplete.is_empty() { ", both sides read completely" } else { ", NOT read completely" }
    );
    for finding in findings.check.findings.iter().take(5) {
        let _ = writeln!(out, "    {}  {}", finding.po, finding.kind.sentences().0);
    }
    let _ = writeln!(out);
    let stock_problems = stock.problems();
    for problem in stock_problems
        .iter()
        .chain(&findings.violations)
        .chain(&findings.failed_runs)
        .chain(&findings.misplaced)
        .take(50)
    {
        let _ = writeln!(out, "  ! {problem}");
    }
    if findings.is_fine() {
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
        "cancelled_in_erp": findings.cancelled_in_erp,
        "stock": {
            "compared": findings.stock.first.compared,
            "different": findings.stock.first.different,
            "written": findings.stock.first.written,
            "items_written": findings.stock.first.items_written,
            "still_different": findings.stock.still_different,
            "second_run_writes": findings.stock.second_writes,
            "unread_writes": findings.stock.unread_writes,
            "empty_warehouse_writes": findings.stock.empty_writes,
            "guarded": findings.stock.guarded,
            "guarded_writes": findings.stock.guarded_writes,
        },
        "sku_pairs": {"read": findings.pairs.read, "added": findings.pairs.added, "kept": findings.pairs.kept},
        "check": {
            "checked": findings.check.checked,
            "findings": findings.check.findings.iter().map(finding_json).collect::<Vec<_>>(),
            "incomplete": findings.check.incomplete,
        },
    })
}
