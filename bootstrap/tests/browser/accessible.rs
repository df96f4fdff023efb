//! Everybody can use the pages: axe-core finds nothing on any page, in light and in dark.

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::places::{all, full};
use crate::tab::Tab;

const TAGS: [&str; 2] = ["wcag2a", "wcag2aa"];

/// `.ci/test` puts it there.
fn axe() -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/axe/node_modules/axe-core/axe.min.js");
    let file = std::env::var("IPASS_TEST_AXE").unwrap_or_else(|_| file.to_owned());
    std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{file}: {error}; npm install --prefix target/axe axe-core, as .ci/test does"))
}

/// What is wrong with the page: rule, element, why.
fn violations(tab: &Tab, axe: &str) -> Vec<String> {
    if tab.js("return typeof window.axe", &[]) != "object" {
        tab.js(&format!("{axe}; window.axe = axe;"), &[]);
    }
    let script = "const done = arguments[1];
        axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}, resultTypes: ['violations']})
            .then((told) => done(told.violations.map((one) => [one.id, one.help, one.nodes.map((node) => node.html.slice(0, 200) + ' ' + node.any.map((why) => why.message).join('; '))])))
            .catch((error) => done([['axe', String(error), []]]));";
    let told = tab.js_later(script, &[json!(TAGS)]);
    told.as_array().expect("a list").iter().map(Value::to_string).collect()
}

#[test]
fn axe_finds_nothing_on_any_page_in_light_and_in_dark() {
    let axe = axe();
    let desk = Desk::in_world(full());
    desk.log_in();
    let tab = &desk.tab;
    let mut found = Vec::new();
    for (name, path) in all(&desk) {
        tab.go(&path);
        // What a click opens is part of the page.
        tab.js("for (const one of document.querySelectorAll('details')) one.open = true", &[]);
        for theme in ["light", "dark"] {
            tab.js("document.documentElement.dataset.theme = arguments[0]", &[theme.into()]);
            found.extend(violations(tab, &axe).into_iter().map(|one| format!("{name} {theme}: {one}")));
        }
        let dialogs = "return Array.from(document.querySelectorAll('dialog'), (one) => one.id)";
        for id in tab.js(dialogs, &[]).as_array().expect("a list") {
            tab.js("document.getElementById(arguments[0]).showModal()", std::slice::from_ref(id));
            found.extend(violations(tab, &axe).into_iter().map(|one| format!("{name} {id}: {one}")));
            tab.js("document.getElementById(arguments[0]).close()", std::slice::from_ref(id));
        }
    }
    assert!(found.is_empty(), "{} violations:\n{}", found.len(), found.join("\n"));
}
