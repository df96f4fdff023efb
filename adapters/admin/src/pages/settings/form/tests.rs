use ipass_core::settings::{Settings, parse};
use serde_json::json;

use super::*;
use crate::desk::links::encode;

const ALIASES: &[(&str, Job)] = &[("pull_dsco_orders", Job::PullOrders)];

/// A form as a browser sends it: everything that is shown, with some fields changed.
fn sent(document: &Value, changes: &[(&str, &str)]) -> Query {
    let fields = Fields::of(document, ALIASES, None, None);
    let mut pairs = Vec::new();
    for field in fields.jobs.iter().flat_map(|job| &job.fields).chain(&fields.general) {
        pairs.push((format!("o.{}", field.id), field.was.clone()));
        pairs.push((format!("f.{}", field.id), field.value.clone()));
    }
    for rows in &fields.tables {
        let name = rows.table.key();
        pairs.push((format!("m.{name}.rows"), rows.lines.len().to_string()));
        for (at, row) in rows.lines.iter().enumerate() {
            let values = [("k", &row.key), ("v", &row.value), ("wk", &row.was_key), ("wv", &row.was_value)];
            pairs.extend(values.map(|(part, value)| (format!("m.{name}.{at}.{part}"), value.clone())));
        }
    }
    for (name, value) in changes {
        let pair = pairs.iter_mut().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no field {name}"));
        pair.1 = (*value).to_owned();
    }
    let text: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    Query::of(&text.join("&"))
}

/// The document after a form was sent.
fn after(shown: &Value, text: &Value, changes: &[(&str, &str)]) -> (Value, Vec<String>) {
    let mut document = text.clone();
    let problems = apply(&mut document, &sent(shown, changes), ALIASES);
    (document, problems.into_iter().map(|(path, _)| path).collect())
}

#[test]
fn what_the_form_shows_for_an_absent_key_is_its_default() {
    let mut document = json!({});
    let fields = Fields::of(&document, ALIASES, None, None);
    let places: Vec<Place> =
        jobs().flat_map(|job| places_of(job, &json!({}), ALIASES)).chain(general_places()).collect();
    for place in places {
        set(&mut document, &place.keys, Some(typed(place.kind, &place.default)));
    }
    assert_eq!(parse(&document.to_string(), ALIASES).unwrap(), Settings::default());
    assert_eq!(fields.jobs.len(), 8);
}

#[test]
fn a_form_that_nobody_touched_changes_nothing() {
    let document = json!({
        "jobs": {"pull_dsco_orders": {"enable": true, "size": 20}},
        "mapping": {"shop": {"1": "2"}, "sku": {"A.B/C~": "x"}}
    });
    assert_eq!(after(&document, &document, &[]), (document.clone(), vec![]));
    assert_eq!(after(&json!({}), &json!({}), &[]), (json!({}), vec![]));
}

#[test]
fn a_change_goes_where_the_document_has_the_key() {
    let document = json!({"jobs": {"pull_dsco_orders": {"enable": true}}});
    let changes = [("f.pull_orders.enabled", "false"), ("f.pull_orders.size", "7"), ("f.cancel.in_erp", "auto")];
    let wanted = json!({"jobs": {"pull_dsco_orders": {"enable": false, "size": 7}}, "cancel": {"in_erp": "auto"}});
    assert_eq!(after(&document, &document, &changes), (wanted, vec![]));
    let cleared = after(
        &json!({"jobs": {"push_orders": {"size": 9}}}),
        &json!({"jobs": {"push_orders": {"size": 9}}}),
        &[("f.push_orders.size", "")],
    );
    assert_eq!(cleared.0, json!({"jobs": {"push_orders": {}}}), "an empty field is the default again");
}

#[test]
fn the_form_and_the_text_are_both_taken_unless_they_contradict_each_other() {
    let shown = json!({"jobs": {"push_orders": {"size": 50}}});
    let text = json!({"jobs": {"push_orders": {"size": 60, "enabled": true}}});
    let (document, problems) = after(&shown, &text, &[("f.sku_key", "sku_first")]);
    assert_eq!(problems, [""; 0]);
    let both = json!({"jobs": {"push_orders": {"size": 60, "enabled": true}}, "sku_key": "sku_first"});
    assert_eq!(document, both);
    let (document, problems) = after(&shown, &text, &[("f.push_orders.size", "70")]);
    assert_eq!((document, problems), (text, vec!["jobs.push_orders.size".to_owned()]));
}

#[test]
fn rows_are_added_changed_renamed_and_removed() {
    let document = json!({"mapping": {"shop": {"1": "a", "2": "b", "3": "c"}}});
    let changes = [
        ("m.shop.0.v", "z"),
        ("m.shop.1.k", "20"),
        ("m.shop.2.k", ""),
        ("m.shop.2.v", ""),
        ("m.shop.3.k", " 9 "),
        ("m.shop.3.v", "n"),
        ("m.sku.0.k", "A.B"),
        ("m.sku.0.v", "X"),
    ];
    let expected = json!({"mapping": {"shop": {"1": "z", "20": "b", "9": "n"}, "sku": {"A.B": "X"}}});
    assert_eq!(after(&document, &document, &changes), (expected, vec![]));
}

#[test]
fn rows_that_cannot_be_are_named_and_leave_the_document_alone() {
    let document = json!({"mapping": {"shop": {"1": "a", "2": "b"}}});
    let changes = [("m.shop.2.k", "1"), ("m.shop.2.v", "other"), ("m.shop.3.v", "lonely")];
    let (same, problems) = after(&document, &document, &changes);
    assert_eq!(same, document);
    assert_eq!(problems, ["mapping.shop.1", "mapping.shop"]);
}

#[test]
fn a_row_that_was_asked_for_is_there() {
    let document = json!({"mapping": {"shop": {"1": "a"}}});
    let rows = |path| Fields::of(&document, ALIASES, None, Some(path)).tables.remove(0).lines;
    let wanted = |path| rows(path).iter().position(|row| row.wanted).map(|at| rows(path)[at].key.clone());
    assert_eq!(wanted("mapping.shop.1000011436").as_deref(), Some("1000011436"));
    assert_eq!(wanted("mapping.shop.1").as_deref(), Some("1"));
    assert_eq!((wanted("mapping.shop"), rows("mapping.shop.1").len()), (None, 3));
}
