//! From a stuck order to its cause, its cure and its next stage; a stage set by hand.

use ipass_sandbox::{Kind as Story, NewOrder};

use crate::desk::{Desk, WHO};

#[test]
fn a_missing_mapping_is_added_from_the_order_that_lacks_it() {
    let desk = Desk::closed();
    let store = desk.world.sandbox.settings_json()["mapping"]["shop"].clone();
    let store = store.as_object().and_then(|shops| shops.values().next()?.as_str()).expect("a store").to_owned();
    for po in ["PO-A", "PO-B"] {
        desk.world.sandbox.add_order(NewOrder::new(po).kind(Story::UnmappedShop));
    }
    desk.world.job("pull_orders");
    desk.world.job("push_orders");
    desk.log_in();
    let tab = &desk.tab;
    tab.go("/admin/causes");
    tab.see("table", "1000099999");
    tab.go("/admin/orders?stage=1");
    tab.press("table a[data-open]", "PO-A");
    tab.see("section.why", "1000099999");
    tab.press("section.why a", "Add the mapping");

    // The editor is open at the row that is missing.
    tab.at("/admin/settings");
    assert_eq!(tab.js("return document.activeElement.closest('tr').querySelector('input').value", &[]), "1000099999");
    let field = tab.js("return document.activeElement.name", &[]);
    tab.fill(&format!("input[name='{}']", field.as_str().expect("a name")), &store);
    tab.click("form button.primary");
    tab.see("h1", "What will change");
    tab.see("table.diff", "mapping.shop.1000099999");
    tab.see("table.diff ins", &store);
    tab.see("main li", "2 blocked orders lack");
    tab.fill("textarea[name=reason]", "a new retailer");
    tab.press("button", "Save and make live");
    tab.see("#notices", "Version 2 is live.");

    tab.go("/admin/orders/dsco_lingxing/PO-A");
    tab.press("section.why button", "Run now");
    tab.at("/admin/jobs/runs/");
    tab.see("table.rows", "PO-A");
    tab.see(".mark", "done");
    tab.go("/admin/orders/dsco_lingxing/PO-A");
    tab.see("h1 .mark", "2 awaiting ack");
    assert_eq!(desk.world.stages()["PO-B"], 1, "only the order that was asked for was run");
    desk.world.job("push_orders");
    tab.go("/admin/causes");
    tab.see(".empty", "No order is kept from moving");
}

#[test]
fn a_stage_set_by_hand_needs_a_reason_and_is_in_the_audit() {
    let desk = Desk::closed();
    desk.world.sandbox.add_order(NewOrder::new("PO-A"));
    desk.world.job("pull_orders");
    desk.log_in();
    let tab = &desk.tab;
    tab.go("/admin/orders/dsco_lingxing/PO-A");
    tab.press("section.why button", "Set the stage");
    tab.see("#set-stage[open]", "The evidence stays");
    tab.set("#set-stage select[name=to]", "5");
    tab.press("#set-stage button", "Confirm");
    assert!(tab.has("#set-stage[open]"), "without a reason nothing is sent");
    tab.fill("#set-stage textarea", "shipped by the old system");
    tab.press("#set-stage button", "Confirm");
    tab.see("#notices", "PO-A is at “completed” now.");
    tab.see(".timeline", "shipped by the old system");
    assert_eq!(desk.world.stages()["PO-A"], 5);
    tab.go("/admin/audit?what=stage&subject=PO-A");
    let row = tab.see("table.rows tbody tr", "shipped by the old system");
    assert!(row.contains(WHO), "{row}");
}
