//! A full world, and the address of every page in it.

use ipass_sandbox::{Kind as Story, NewOrder, SandboxConfig, WorldAction};

use crate::common::world::{World, quick};
use crate::desk::{Desk, world};
use crate::tab::Tab;

/// A name, and its path.
pub(crate) type Place = (&'static str, String);

/// What a vendor may send: markup, quotes, and a cell that would be a formula.
pub(crate) const NASTY: &str = "<script>alert('\"1\"')</script>";

/// Orders in every stage, stock that differs, four saved versions; nothing runs by itself.
pub(crate) fn full() -> World {
    let config = SandboxConfig { orders: 90, stock_items: 30, stock_differs_per_mille: 300, ..quick() };
    let world = world(config, |_| {});
    world.add_orders();
    let nasty = NewOrder::new("PO-'\"><b>1").kind(Story::UnmappedShop).name(NASTY).retailer(NASTY);
    world.sandbox.add_order(nasty);
    world.sandbox.add_order(NewOrder::new("PO-STUCK").kind(Story::UnmappedShop));
    for job in crate::common::world::JOBS {
        world.ipass(&["run", job]);
    }
    world.sandbox.advance_erp(WorldAction::DeleteInErp { po: "PO-PLAIN".to_owned() }).expect("it is there");
    world.sandbox.add_order(NewOrder::new("PO-LOST"));
    world.ipass(&["run", "ack_orders"]);
    world.ipass(&["orders", "hold", "PO-UNITS", "--reason", NASTY]);
    world.ipass(&["orders", "set-status", "PO-LINES", "5", "--reason", NASTY]).code(0);
    world
}

/// Every page. The desk is the one of a [`full`] world; runs that pages are about are made on the way.
pub(crate) fn all(desk: &Desk) -> Vec<Place> {
    let tab = &desk.tab;
    let mut places: Vec<Place> = [
        ("login", "/admin/login"),
        ("overview", "/admin/overview"),
        ("orders", "/admin/orders"),
        ("orders-none", "/admin/orders?po=NOBODY"),
        ("orders-refused", "/admin/orders?age=often"),
        ("order-stuck", "/admin/orders/dsco_lingxing/PO-STUCK"),
        ("order-finished", "/admin/orders/dsco_lingxing/PO-LINES"),
        ("order-under-way", "/admin/orders/dsco_lingxing/PO-MAPPED"),
        ("order-nasty", "/admin/orders/dsco_lingxing/PO-'%22%3E%3Cb%3E1"),
        ("order-unknown", "/admin/orders/dsco_lingxing/NOBODY"),
        ("hold-many", "/admin/orders/bulk?act=hold&stage=3&all=1"),
        ("causes", "/admin/causes"),
        ("jobs", "/admin/jobs"),
        ("pull-range", "/admin/jobs/pull?from=2026-01-01T08%3A00&until=2026-01-02T08%3A00"),
        ("runs", "/admin/jobs/runs"),
        ("runs-none", "/admin/jobs/runs?job=cleanup_exports"),
        ("check", "/admin/check"),
        ("stock-none", "/admin/stock?sku=NOTHING"),
        ("settings", "/admin/settings"),
        ("settings-at", "/admin/settings?key=mapping.shop.1000099999"),
        ("history", "/admin/settings/history"),
        ("version", "/admin/settings/versions/1"),
        ("audit", "/admin/audit"),
        ("audit-none", "/admin/audit?who=nobody"),
        ("not-found", "/admin/nowhere"),
    ]
    .map(|(name, path)| (name, path.to_owned()))
    .to_vec();

    tab.go("/admin/stock");
    tab.click("form[action='/admin/stock/compare'] button");
    places.push(("run-stock", ended(tab)));
    places.push(("stock", "/admin/stock".to_owned()));
    tab.go("/admin/stock");
    tab.click("form[action='/admin/stock/sync'] button.primary");
    places.push(("stock-send", tab.wait("the look", || tab.has("textarea").then(|| tab.path()))));
    tab.go("/admin/orders/dsco_lingxing/PO-STUCK");
    tab.click("form[action='/admin/orders/dsco_lingxing/PO-STUCK/run'] button");
    places.push(("run", ended(tab)));
    tab.go("/admin/jobs");
    tab.click("form[action='/admin/jobs/all'] button");
    places.push((
        "run-all",
        tab.wait("all jobs", || {
            let done = tab.texts("table.rows .mark.good").len() + tab.texts("table.rows .mark.bad").len();
            (done >= 5).then(|| tab.path())
        }),
    ));
    tab.go("/admin/check");
    tab.click("fieldset a.button:last-of-type");
    tab.click("p.buttons button.primary");
    places.push(("findings", tab.wait("findings", || tab.has("table.rows").then(|| tab.path()))));
    if let Some(repair) =
        tab.js("return document.querySelector('table.rows a.button')?.getAttribute('href')", &[]).as_str()
    {
        places.push(("repair", repair.to_owned()));
    }
    places
}

fn ended(tab: &Tab) -> String {
    tab.at("/admin/jobs/runs/");
    tab.wait("the end of the run", || tab.has(".mark.good, .mark.bad").then(|| tab.path()))
}
