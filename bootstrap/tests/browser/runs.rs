//! Jobs by hand: one with its progress, all of them, a range; a check and its repair.

use std::time::Duration;

use ipass_sandbox::{Effect, Fault, NewOrder};

use crate::desk::Desk;

#[test]
fn a_run_is_followed_to_its_end_on_a_page_that_is_never_reloaded() {
    let desk = Desk::closed();
    desk.world.add_orders();
    desk.world.job("pull_orders");
    desk.log_in();
    desk.world.sandbox.fault(Fault::next("POST /pb/mp/order/v2/create", Effect::Late(Duration::from_secs(3))));
    let tab = &desk.tab;
    tab.go("/admin/jobs");
    tab.click("button[aria-label='Run now: Push orders']");
    let path = tab.at("/admin/jobs/runs/");
    tab.see(".mark", "running");
    tab.js("window.stays = true", &[]);
    // A second start is told where the first one is.
    let first = tab.new_window();
    tab.go("/admin/jobs");
    tab.click("button[aria-label='Run now: Push orders']");
    tab.see("main", "This job is being run already");
    tab.press("a", "Watch the run");
    assert_eq!(tab.path(), path);
    tab.switch(first);
    tab.see(".mark", "done");
    tab.see("table.rows", "PO-SPLIT");
    assert_eq!(tab.js("return window.stays", &[]), true);
    let log = tab.texts("pre.log").concat();
    assert!(log.lines().count() > 1 && log.lines().all(|line| line.chars().any(char::is_alphabetic)), "{log}");
    assert!(desk.world.stages().values().all(|stage| *stage == 2));
    tab.go("/admin/jobs/runs");
    assert_eq!(tab.texts("table.rows tbody tr").iter().filter(|row| row.contains("Push orders")).count(), 1);
}

#[test]
fn all_jobs_run_one_after_the_other() {
    let desk = Desk::open();
    desk.world.add_orders();
    let tab = &desk.tab;
    tab.go("/admin/jobs");
    tab.press("button", "Run all in order");
    tab.at("/admin/jobs/all/");
    tab.see("main", "All steps have ended.");
    assert_eq!(tab.texts("table.rows tbody .mark"), ["done"; 5]);
    assert!(desk.world.stages().values().all(|stage| *stage >= 2), "{:?}", desk.world.stages());
}

#[test]
fn a_range_is_shown_in_utc_before_it_is_pulled() {
    let desk = Desk::open();
    desk.world.add_orders();
    let tab = &desk.tab;
    tab.go("/admin/jobs/pull");
    tab.set("input[name=from]", "2026-01-02T08:00");
    tab.set("input[name=until]", "2026-01-01T08:00");
    tab.press("button", "Show the range");
    tab.see("[role=alert]", "the end has to be after the start");
    tab.set("input[name=from]", "2026-01-01T08:00");
    tab.set("input[name=until]", "2026-01-02T08:00");
    tab.press("button", "Show the range");
    tab.see("main", "2026-01-01T00:00:00Z");
    assert!(desk.world.stages().is_empty(), "showing pulls nothing");
    tab.press("a.button", "7 days");
    tab.press("button", "Start pulling");
    tab.at("/admin/jobs/runs/");
    tab.see(".mark", "done");
    assert_eq!(desk.world.stages().len(), 6);
}

#[test]
fn a_check_finds_what_was_planted_and_its_repair_is_confirmed() {
    let desk = Desk::closed();
    desk.world.add_orders();
    desk.world.job("pull_orders");
    desk.world.job("push_orders");
    let slip = ["orders", "set-status", "PO-PLAIN", "5", "--reason", "a slip of the hand"];
    desk.world.ipass(&slip).code(0);
    desk.world.sandbox.add_order(NewOrder::new("PO-LOST"));
    desk.log_in();
    let tab = &desk.tab;
    tab.go("/admin/check");
    tab.press("button", "Check now");
    tab.see("[role=alert]", "give a range or a PO number");
    tab.press("a.button", "7 days");
    tab.press("button", "Check now");
    tab.at("/admin/check/");
    // What has only just moved is too early to be judged: it is checked again.
    tab.wait("both findings", || {
        let rows = tab.texts("table.rows tbody tr").join("\n");
        if rows.contains("PO-PLAIN") && rows.contains("PO-LOST") {
            return Some(());
        }
        if tab.has("main form p.buttons button") {
            tab.press("main form p.buttons button", "Check again");
        }
        None
    });
    tab.press("table.rows a.button", "Set to awaiting invoice");
    tab.see("h1", "Repair");
    tab.see("main", "PO-PLAIN");
    tab.fill("textarea[name=reason]", "the invoice was forgotten");
    tab.press("button", "Confirm");
    tab.see("#notices", "PO-PLAIN is set to awaiting invoice.");
    assert_eq!(desk.world.stages()["PO-PLAIN"], 4);
    tab.press("table.rows button", "Pull it");
    tab.wait("the order", || desk.world.stages().contains_key("PO-LOST").then_some(()));
    tab.go("/admin/audit?what=repair");
    tab.see("table.rows", "the invoice was forgotten");
}
