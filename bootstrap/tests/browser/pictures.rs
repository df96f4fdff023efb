//! Pictures of every page, wide and narrow, in both languages, with what can be judged without eyes.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::places::{all, full};
use crate::tab::Tab;

/// Pages longer than this are cut in the picture.
const HIGHEST: u64 = 4_000;
const NARROW: u64 = 360;

/// What is wrong with the words and the width of a page: sentences of the other language, names of messages, holes
/// that nothing fills, and what is wider than the window. Codes, ids and quotations are left out.
const JUDGE: &str = r"
const [language, width] = arguments, found = [];
const apart = 'code, pre, kbd, .id, textarea, option, script, style, noscript, .languages, .data';
const wrong = language === 'zh' ? /[A-Za-z][A-Za-z'’-]*(?:[ ,]+[A-Za-z][A-Za-z'’-]*){2,}/ : /[\u3400-\u9fff]/;
const plain = (text) => text.replace(/“[^”]*”|「[^」]*」/g, '').trim();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = plain(walker.currentNode.data);
  if (!text || walker.currentNode.parentElement.closest(apart)) continue;
  if (wrong.test(text)) found.push(`not in ${language}: ${text}`);
  if (/\{\d?\}|\b[A-Z]+_[A-Z_]+\b/.test(text)) found.push(`no text: ${text}`);
}
for (const one of document.querySelectorAll('[title], [aria-label], [placeholder]')) {
  if (one.closest(apart)) continue;
  for (const name of ['title', 'aria-label', 'placeholder']) {
    const text = plain(one.getAttribute(name) || '');
    if (wrong.test(text)) found.push(`not in ${language}: ${name} ${text}`);
  }
}
if (document.documentElement.scrollWidth > width) {
  const wide = Array.from(document.querySelectorAll('body *')).filter(
    (one) => one.getBoundingClientRect().right > width + 1 && !one.closest('.scroll, pre, .offscreen, .skip, textarea'));
  found.push(`${document.documentElement.scrollWidth} px wide: ` + wide.slice(0, 5).map((one) => one.outerHTML.slice(0, 120)).join(' | '));
}
return found;
";

fn shape(tab: &Tab, width: u64, height: u64) {
    let shape = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
    tab.cdp("Emulation.setDeviceMetricsOverride", &shape);
}

#[test]
#[ignore = "makes pictures for people to look at; .ci/screenshots runs it"]
fn every_page_has_its_picture_its_language_and_room_on_a_narrow_screen() {
    let folder = std::env::var("SCREENSHOTS")
        .map_or_else(|_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots")), PathBuf::from);
    std::fs::create_dir_all(&folder).expect("a folder");
    let desk = Desk::in_world(full());
    desk.log_in();
    let tab = &desk.tab;
    let places = all(&desk);
    let mut found = Vec::new();
    for language in ["zh", "en"] {
        tab.go("/admin/login");
        tab.click(&format!(".languages button[value={language}]"));
        for width in [1280, NARROW] {
            for (name, path) in &places {
                shape(tab, width, 900);
                tab.go(path);
                let told = tab.js(JUDGE, &[language.into(), width.into()]);
                for one in told.as_array().expect("a list").iter().filter_map(Value::as_str) {
                    found.push(format!("{name} {language} {width}: {one}"));
                }
                let height = tab.js("return document.documentElement.scrollHeight", &[]).as_u64().unwrap_or(900);
                shape(tab, width, height.clamp(600, HIGHEST));
                let file = folder.join(format!("{name}-{language}-{width}.png"));
                std::fs::write(file, tab.picture()).expect("a file");
            }
        }
    }
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
}
