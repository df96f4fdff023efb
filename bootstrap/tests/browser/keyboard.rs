//! A walk through the pages on which no mouse is touched.

use fantoccini::key::Key;
use ipass_sandbox::{Kind as Story, NewOrder};

use crate::desk::{Desk, PASSWORD, WHO};
use crate::tab::Tab;

/// Presses the tabulator until the focus is on what fits.
#[track_caller]
fn tab_to(tab: &Tab, css: &str) {
    let script =
        "return document.activeElement.matches(arguments[0]) && document.activeElement.matches(':focus-visible')";
    for _ in 0..300 {
        if tab.js(script, &[css.into()]) == true {
            return;
        }
        press(tab, Key::Tab);
    }
    panic!("the tabulator never comes to {css} on {}", tab.path());
}

fn press(tab: &Tab, key: Key) {
    tab.keys(&char::from(key).to_string());
}

#[test]
fn everything_is_done_with_keys_alone() {
    let desk = Desk::closed();
    desk.world.add_orders();
    desk.world.sandbox.add_order(NewOrder::new("PO-X").kind(Story::UnmappedShop));
    desk.world.job("pull_orders");
    desk.world.job("push_orders");
    let tab = &desk.tab;
    tab.go("/admin");
    tab.keys(WHO); // The field has the focus already.
    press(tab, Key::Tab);
    tab.keys(PASSWORD);
    press(tab, Key::Enter);
    tab.at("/admin/overview");

    // The first stop leads past the head line.
    press(tab, Key::Tab);
    tab_to(tab, "a.skip");
    press(tab, Key::Enter);
    assert_eq!(tab.js("return document.activeElement.id", &[]), "main");
    tab.keys("?");
    tab.see("#help[open]", "Keyboard");
    press(tab, Key::Escape);
    tab.wait("the help closes", || (!tab.has("#help[open]")).then_some(()));
    tab.keys("gp");
    tab.at("/admin/orders");

    // Filter.
    tab.keys("/");
    tab.keys("PO-");
    tab_to(tab, "input[name=stage][value='2']");
    tab.keys(" ");
    press(tab, Key::Enter);
    tab.wait("the filter", || tab.path().contains("stage=2").then_some(()));
    let rows = tab.texts("table.orders tbody td:nth-child(2) a");
    assert_eq!(rows.len(), 6);
    // The second row: down, down, down, up; select it, and open it.
    tab.keys("jjjk");
    tab.keys("x");
    assert_eq!(tab.texts("[data-selected-count]"), ["1"]);
    press(tab, Key::Enter);
    tab.at(&format!("/admin/orders/dsco_lingxing/{}", rows[1]));

    // Retry the order that is stuck.
    tab.keys("gc");
    tab.at("/admin/causes");
    tab.keys("jr");
    tab.see("#notices", "1 orders are due now.");
    tab.keys("gt");
    tab.at("/admin/settings");
    tab_to(tab, "input[name='f.push_orders.size']");
    tab.keys("7");
    press(tab, Key::Enter);
    tab.see("h1", "What will change");
    tab_to(tab, "textarea[name=reason]");
    tab.keys("typed without a mouse");
    press(tab, Key::Tab);
    press(tab, Key::Enter);
    tab.see("#notices", "Version 2 is live.");

    // A dialog keeps the focus inside and gives it back.
    tab.go("/admin/orders/dsco_lingxing/PO-X");
    tab_to(tab, "button[data-dialog=hold]");
    press(tab, Key::Enter);
    tab.see("#hold[open]", "Reason");
    for _ in 0..12 {
        press(tab, Key::Tab);
        let inside = "const at = document.activeElement; return at === document.body || at.closest('#hold') !== null";
        assert_eq!(tab.js(inside, &[]), true, "the focus left the dialog");
    }
    press(tab, Key::Escape);
    assert_eq!(tab.js("return document.activeElement.dataset.dialog", &[]), "hold");
    press(tab, Key::Enter);
    tab_to(tab, "#hold textarea");
    tab.keys("the buyer called");
    tab_to(tab, "#hold button.danger");
    press(tab, Key::Enter);
    tab.see("#notices", "PO-X is held.");
}
