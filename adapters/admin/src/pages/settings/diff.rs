//! What is different between two settings documents.

use serde_json::{Map, Value};

/// One value that differs. A side that has none is `None`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    /// For example `jobs.push_orders.size`.
    pub(crate) path: String,
    pub(crate) old: Option<Value>,
    pub(crate) new: Option<Value>,
}

/// Every value that was added, removed or changed, by path. Objects are compared key by key, lists as a whole.
pub(crate) fn diff(old: &Value, new: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    walk("", Some(old), Some(new), &mut found);
    found
}

fn walk(path: &str, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<Change>) {
    if old == new {
        return;
    }
    let none = Map::new();
    // An object that comes or goes is told by its values, unless it has none.
    let (left, right) = match (old, new) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => (left, right),
        (Some(Value::Object(left)), None) if !left.is_empty() => (left, &none),
        (None, Some(Value::Object(right))) if !right.is_empty() => (&none, right),
        (_, _) => {
            let path = if path.is_empty() { "(document)" } else { path };
            found.push(Change { path: path.to_owned(), old: old.cloned(), new: new.cloned() });
            return;
        }
    };
    let mut keys: Vec<&String> = left.keys().chain(right.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        walk(&path, left.get(key), right.get(key), found);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(old: &Value, new: &Value) -> Vec<String> {
        let text = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
        diff(old, new).iter().map(|c| format!("{} {} {}", c.path, text(&c.old), text(&c.new))).collect()
    }

    #[test]
    fn every_value_that_differs_is_named_once_by_its_path() {
        let old = json!({"jobs": {"push_orders": {"size": 50, "enabled": true}}, "mapping": {"sku": {"A.B": "1"}}});
        let new = json!({"jobs": {"push_orders": {"size": 20, "enabled": true}, "ack_orders": {"size": 5}},
                         "mapping": {"sku": {}}, "sku_key": "sku_first"});
        let expected = [
            "jobs.ack_orders.size - 5",
            "jobs.push_orders.size 50 20",
            "mapping.sku.A.B \"1\" -",
            "sku_key - \"sku_first\"",
        ];
        assert_eq!(lines(&old, &new), expected);
        assert_eq!(lines(&old, &old), [""; 0]);
    }

    #[test]
    fn a_number_and_its_text_are_different_and_so_are_kinds() {
        assert_eq!(lines(&json!({"a": 1}), &json!({"a": "1"})), ["a 1 \"1\""]);
        assert_eq!(lines(&json!({"a": {"b": 1}}), &json!({"a": [1]})), [r#"a {"b":1} [1]"#]);
        assert_eq!(lines(&json!({}), &json!({"a": {}})), ["a - {}"]);
        assert_eq!(lines(&json!({}), &json!([])), ["(document) {} []"]);
    }
}
