//! The settings: refused in place, saved with a reason, brought back; nobody's work is overwritten.

use crate::desk::Desk;

const SIZE: &str = "input[name='f.push_orders.size']";

/// Saves another size for pushing.
fn save(desk: &Desk, size: &str) {
    let tab = &desk.tab;
    tab.go("/admin/settings");
    tab.fill(SIZE, size);
    tab.click("form button.primary");
    tab.fill("textarea[name=reason]", "a busy season");
    tab.press("button", "Save and make live");
}

#[test]
fn invalid_settings_are_refused_in_place_with_path_and_problem() {
    let desk = Desk::open();
    let tab = &desk.tab;
    tab.go("/admin/settings");
    tab.fill(SIZE, "0");
    tab.fill("input[name='f.push_orders.cron']", "often");
    tab.click("form button.primary");
    let told = tab.see("[role=alert]", "2 problems");
    for part in ["jobs.push_orders.size", "whole number above 0", "jobs.push_orders.cron", "six fields"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert_eq!(tab.js(&format!("return document.querySelector(\"{SIZE}\").getAttribute('aria-invalid')"), &[]), "true");
    assert_eq!(tab.js(&format!("return document.querySelector(\"{SIZE}\").value"), &[]), "0", "what was typed stays");
    tab.see(".problem", "whole number above 0");
    tab.go("/admin/settings/history");
    assert_eq!(tab.texts("table.rows tbody tr").len(), 1, "nothing was saved");

    // The text is judged the same way.
    tab.go("/admin/settings");
    tab.fill("#document", "{\"jobs\": {\"make_coffee\": {}}}");
    tab.click("form button.primary");
    tab.see("[role=alert]", "make_coffee");
}

#[test]
fn a_version_is_brought_back_after_its_consequences_were_shown() {
    let desk = Desk::open();
    let tab = &desk.tab;
    save(&desk, "77");
    tab.see("#notices", "Version 2 is live.");
    tab.press("a.button", "History");
    tab.see("table.rows", "a busy season");
    tab.press("table.rows a[data-open]", "1");
    tab.press("button", "Make this version live again");
    tab.see("#rollback[open]", "jobs.push_orders.size");
    tab.fill("#rollback textarea", "the season is over");
    tab.press("#rollback button", "Confirm");
    tab.see("#notices", "Version 3 is live");
    tab.go("/admin/settings");
    let size = tab.js(&format!("return document.querySelector(\"{SIZE}\").value"), &[]);
    assert_ne!(size, "77");
    tab.go("/admin/audit?what=settings");
    tab.see("table.rows", "the season is over");
}

#[test]
fn of_two_editors_the_second_is_told_what_the_first_changed() {
    let desk = Desk::open();
    let tab = &desk.tab;
    tab.go("/admin/settings");
    tab.fill(SIZE, "11");
    let first = tab.new_window();
    save(&desk, "22");
    tab.see("#notices", "Version 2 is live.");
    tab.switch(first);
    tab.click("form button.primary");
    tab.see("[role=alert]", "Somebody saved other settings meanwhile");
    tab.see("table.diff", "22");
    assert_eq!(tab.js(&format!("return document.querySelector(\"{SIZE}\").value"), &[]), "11", "what was typed stays");
}
