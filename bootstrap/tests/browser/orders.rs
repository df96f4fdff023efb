//! The list of orders: filters in the address, pages, columns, the file of a view.

use std::collections::BTreeSet;

use ipass_sandbox::{Kind as Story, NewOrder};

use crate::csv::Table;
use crate::desk::Desk;
use crate::tab::Tab;

const NUMBERS: &str = "table.orders tbody td:nth-child(2) a";

/// Forty-five orders at stage 2, and three at stage 1 that lack a mapping.
fn desk() -> Desk {
    let desk = Desk::closed();
    for number in 0..45 {
        desk.world.sandbox.add_order(NewOrder::new(&format!("PO-{number:03}")));
    }
    for number in 0..3 {
        desk.world.sandbox.add_order(NewOrder::new(&format!("PO-X{number}")).kind(Story::UnmappedShop));
    }
    desk.world.job("pull_orders");
    desk.world.job("push_orders");
    desk.log_in();
    desk
}

fn numbers(tab: &Tab) -> Vec<String> {
    tab.texts(NUMBERS)
}

#[test]
fn a_filter_is_in_the_address_and_the_address_shows_the_same_in_a_fresh_window() {
    let desk = desk();
    let tab = &desk.tab;
    tab.go("/admin/orders");
    tab.fill(".orders-filters input[name=po]", "X");
    tab.click("input[name=stage][value='1']");
    tab.set("select[name=outcome]", "blocked");
    tab.click(".orders-filters button.primary");
    tab.wait("three orders", || (numbers(tab).len() == 3).then_some(()));
    let (address, shown) = (tab.path(), numbers(tab));
    for part in ["po=X", "stage=1", "outcome=blocked"] {
        assert!(address.contains(part), "{part} in {address}");
    }
    tab.see("table.orders", "1000099999");

    tab.new_window();
    tab.go(&address);
    assert_eq!(numbers(tab), shown);
    assert_eq!(tab.js("return document.querySelector('.orders-filters input[name=po]').value", &[]), "X");
    assert_eq!(tab.js("return document.querySelector('select[name=outcome]').value", &[]), "blocked");
    tab.press("a.button", "Clear filters");
    tab.wait("all orders", || (numbers(tab).len() > 3).then_some(()));
    tab.go("/admin/orders?po=NOBODY");
    tab.see(".empty", "No order matches the filters");
}

#[test]
fn pages_lead_to_the_end_and_back() {
    let desk = desk();
    let tab = &desk.tab;
    tab.go("/admin/orders?size=20&stage=2");
    let first = numbers(tab);
    let mut all: BTreeSet<String> = first.iter().cloned().collect();
    let mut pages = vec![first];
    while tab.has("a[rel=next]") {
        tab.click("a[rel=next]");
        let page = numbers(tab);
        assert!(page.iter().all(|po| all.insert(po.clone())), "{page:?} has something twice");
        pages.push(page);
    }
    assert_eq!((all.len(), pages.len()), (45, 3));
    for page in pages.iter().rev().skip(1) {
        tab.click("a[data-back]");
        tab.wait("the page before", || (numbers(tab) == *page).then_some(()));
    }
    assert!(!tab.has("a[data-back]"), "the first page has none before it");
}

#[test]
fn a_hidden_column_stays_hidden() {
    let desk = desk();
    let tab = &desk.tab;
    tab.go("/admin/orders");
    tab.see("table.orders th", "Retailer");
    tab.click("details.columns summary");
    tab.click("details.columns input[value=retailer]");
    tab.press("details.columns button", "Keep");
    let gone = || (!tab.texts("table.orders th").iter().any(|head| head == "Retailer")).then_some(());
    tab.wait("the column goes", gone);
    tab.new_window();
    tab.go("/admin/orders?stage=1");
    assert!(gone().is_some(), "{:?}", tab.texts("table.orders th"));
    tab.see("table.orders th", "Created");
}

#[test]
fn the_file_of_a_view_holds_the_orders_of_the_view() {
    let desk = desk();
    let tab = &desk.tab;
    tab.go("/admin/orders?stage=1&size=200");
    let mut shown = numbers(tab);
    tab.press("button", "CSV of this view");
    let file = Table::read(&tab.download(".csv"));
    let mut held: Vec<&str> = file.column("po_number");
    held.sort_unstable();
    shown.sort_unstable();
    assert_eq!(held, shown);
    assert_eq!(file.column("status"), ["1"; 3]);
    tab.go("/admin/audit?what=export");
    tab.see("table", "stage=1");
}
