//! Coming in, being kept out, going; language; a login that ended elsewhere.

use crate::desk::{Desk, PASSWORD, WHO};
use crate::service::{client, send};

#[test]
fn the_way_in_leads_to_the_page_that_was_asked_for_and_the_way_out_closes_it() {
    let desk = Desk::closed();
    let tab = &desk.tab;
    tab.go("/admin/orders?stage=3&po=A%26B");
    assert!(tab.path().starts_with("/admin/login?next="), "{}", tab.path());
    tab.fill("input[name=who]", WHO);
    tab.fill("input[name=password]", PASSWORD);
    tab.click("main button.primary");
    assert_eq!(tab.at("/admin/orders"), "/admin/orders?stage=3&po=A%26B");

    tab.click("details.menu summary");
    tab.press(".menu button", "Log out");
    tab.at("/admin/login");
    tab.see("#notices", "You are logged out.");
    tab.back();
    tab.go("/admin/orders");
    tab.at("/admin/login");
}

#[test]
fn wrong_passwords_are_refused_in_words_and_then_slowed_down() {
    let desk = Desk::closed();
    let tab = &desk.tab;
    tab.go("/admin/login");
    let try_with = |password: &str| {
        tab.fill("input[name=who]", WHO);
        tab.fill("input[name=password]", password);
        tab.click("main button.primary");
    };
    try_with("wrong");
    let wrong = tab.see("[role=alert]", "password");
    assert_eq!(tab.js("return document.querySelector('input[name=who]').value", &[]), WHO);
    let slowed = tab.wait("the delay", || {
        try_with("wrong");
        tab.texts("[role=alert]").into_iter().find(|text| *text != wrong)
    });
    assert!(slowed.contains('s'), "{slowed}");
    // The right one has to wait as well, or waiting would tell something.
    try_with(PASSWORD);
    tab.wait("the end of the delay", || {
        if tab.path().starts_with("/admin/overview") {
            return Some(());
        }
        try_with(PASSWORD);
        None
    });
}

#[test]
fn the_language_is_switched_where_one_is_and_stays() {
    let desk = Desk::open();
    let tab = &desk.tab;
    tab.go("/admin/orders?stage=2");
    tab.see("h1", "Orders");
    tab.click(".languages button[value=zh]");
    tab.see("h1", "订单");
    assert_eq!(tab.path(), "/admin/orders?stage=2");
    assert_eq!(tab.js("return document.documentElement.lang", &[]), "zh-CN");
    tab.go("/admin/stock");
    tab.see("h1", "库存");
    tab.click(".languages button[value=en]");
    tab.see("h1", "Stock");
}

#[test]
fn a_login_that_ended_in_another_window_ends_here_with_a_word() {
    let desk = Desk::open();
    let tab = &desk.tab;
    tab.go("/admin/jobs");
    let first = tab.new_window();
    tab.go("/admin/overview");
    tab.click("details.menu summary");
    tab.press(".menu button", "Log out");
    tab.at("/admin/login");
    tab.switch(first);

    // What a script asks for gets JSON and opens the dialog; the page stays.
    let status = tab.js_later(
        "const done = arguments[0]; ipass.send('/admin/api/options').then(async (answer) => done([answer.status, (await answer.json()).error.code]))",
        &[],
    );
    assert_eq!(status, serde_json::json!([401, "login_expired"]));
    tab.see("#log-in-again[open]", WHO_AGAIN);
    tab.fill("#log-in-again input[name=password]", "wrong");
    tab.click("#log-in-again button.primary");
    tab.see("#log-in-again .problem", "password");
    tab.fill("#log-in-again input[name=password]", PASSWORD);
    tab.click("#log-in-again button.primary");
    tab.wait("the dialog closes", || (!tab.has("#log-in-again[open]")).then_some(()));
    // The forms of the page that stayed work with the new login.
    tab.press("td.acts button", "Run now");
    tab.at("/admin/jobs");
    tab.see("main", "Pull");

    // A page that is opened without a login leads to it, and says nothing to programs but JSON.
    let (status, text) = send(client().get(desk.service.url("/admin/api/options"))).expect("an answer");
    assert_eq!(status, 401, "{text}");
    assert!(text.contains("login_expired"), "{text}");
}

const WHO_AGAIN: &str = "Log in";
