//! Impatience and second windows: an act is done once.

use crate::desk::Desk;

#[test]
fn a_double_click_begins_one_run() {
    let desk = Desk::open();
    let tab = &desk.tab;
    tab.go("/admin/jobs");
    tab.js(
        "const button = document.querySelector(\"button[aria-label='Run now: Pull orders']\"); button.click(); button.click();",
        &[],
    );
    tab.at("/admin/jobs/runs/");
    tab.see(".mark", "done");
    tab.go("/admin/jobs/runs?job=pull_orders");
    assert_eq!(tab.texts("table.rows tbody tr").len(), 1);
}

#[test]
fn a_form_that_two_windows_hold_is_carried_out_once() {
    let desk = Desk::closed();
    desk.world.add_orders();
    desk.world.job("pull_orders");
    desk.log_in();
    let tab = &desk.tab;
    tab.go("/admin/orders/dsco_lingxing/PO-PLAIN");
    // The second window is a copy of the first, with the same key in its forms.
    let key = tab.js("return document.querySelector('#hold input[name=once]').value", &[]);
    let hold = || {
        tab.press("section.why button", "Hold");
        tab.js("document.querySelector('#hold input[name=once]').value = arguments[0]", std::slice::from_ref(&key));
        tab.fill("#hold textarea", "the buyer called");
        tab.press("#hold button", "Confirm");
    };
    let first = tab.new_window();
    tab.go("/admin/orders/dsco_lingxing/PO-PLAIN");
    let second = tab.switch(first);
    hold();
    tab.see("#notices", "PO-PLAIN is held.");
    tab.switch(second);
    hold();
    tab.see("#notices", "This was done already; it was not done twice.");
    tab.go("/admin/audit?what=hold");
    assert_eq!(tab.texts("table.rows tbody tr").len(), 1);
}
