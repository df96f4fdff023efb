//! Stock: what differs, by how much, what would be sent, and sending exactly that.

use ipass_sandbox::SandboxConfig;

use crate::common::world::quick;
use crate::desk::Desk;

#[test]
fn differences_are_filtered_looked_at_and_sent_on_confirmation() {
    let desk = Desk::of(SandboxConfig { stock_items: 30, stock_differs_per_mille: 400, ..quick() }, |_| {});
    desk.log_in();
    let tab = &desk.tab;
    tab.go("/admin/stock");
    tab.see(".empty", "No stock record yet");
    tab.press("button", "Compare now");
    tab.at("/admin/jobs/runs/");
    tab.see(".mark", "done");

    tab.go("/admin/stock?size=200");
    tab.see("table.rows", "different");
    let shown = || tab.texts("table.rows tbody td:nth-child(8)");
    let (all, mut found, mut kinds) = (shown().len(), 0, 0);
    let far = 1_000_000;
    for (band, from, to) in
        [("below −5", -far, -6), ("−5 to −1", -5, -1), ("0 (equal)", 0, 0), ("1 to 5", 1, 5), ("above 5", 6, far)]
    {
        tab.press("nav.pages a", band);
        tab.wait(band, || tab.texts("nav.pages a[aria-current]").contains(&band.to_owned()).then_some(()));
        let differences = shown();
        for text in &differences {
            let number = text.replace(['+', ','], "").replace('−', "-").parse::<i64>();
            let number = number.unwrap_or_else(|_| panic!("{text} is no number"));
            assert!((from..=to).contains(&number), "{band}: {differences:?}");
        }
        found += differences.len();
        kinds += usize::from(!differences.is_empty());
    }
    assert!(found <= all && kinds >= 3, "{found} of {all} in {kinds} bands");

    // A look sends nothing; what it shows is sent after a reason.
    let before = desk.world.sandbox.stock_differences().len();
    assert!(before > 0);
    tab.go("/admin/stock");
    tab.press("button", "Sync now: show what would be sent");
    tab.at("/admin/stock/sync/");
    tab.see("h2", "Would be sent:");
    assert!(desk.world.sandbox.ledger().stock.is_empty(), "a look sends nothing");
    tab.press("button", "Send these figures");
    assert!(desk.world.sandbox.ledger().stock.is_empty(), "without a reason nothing is sent");
    tab.fill("textarea[name=reason]", "the count of tonight");
    tab.press("button", "Send these figures");
    tab.at("/admin/jobs/runs/");
    tab.see(".mark", "done");
    let after = desk.world.sandbox.stock_differences().len();
    assert!(after < before, "{after} of {before} are left");
    tab.go("/admin/audit?what=run");
    tab.see("table.rows", "the count of tonight");
}
