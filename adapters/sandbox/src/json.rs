//! JSON text, written member by member.
//!
//! The wide documents of both vendors are written for every order of a page. Straight into the
//! text, one costs a tenth of what a tree of values costs that is made, written and dropped.

use serde::Serialize;

/// The text of one object.
pub(crate) fn object(fill: impl FnOnce(&mut Object<'_>)) -> String {
    text(|out| write_object(out, fill))
}

/// The text of an array of objects.
pub(crate) fn array<T>(items: impl IntoIterator<Item = T>, fill: impl FnMut(&mut Object<'_>, T)) -> String {
    text(|out| write_array(out, items, fill))
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}

fn write_object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    fill(&mut Object { out, last: "" });
    out.push(b'}');
}

fn write_array<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut fill: impl FnMut(&mut Object<'_>, T)) {
    out.push(b'[');
    for (position, item) in items.into_iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_object(out, |object| fill(object, item));
    }
    out.push(b']');
}

/// An object whose text has begun. Its members come in the order of their names, like those of
/// every other answer.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    /// Name of the member before; empty before the first one.
    last: &'static str,
}

impl Object<'_> {
    fn name(&mut self, name: &'static str) {
        debug_assert!(self.last < name, "{name} stands behind {}", self.last);
        if !self.last.is_empty() {
            self.out.push(b',');
        }
        self.last = name;
        // No name needs an escape.
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    pub(crate) fn put(&mut self, name: &'static str, value: impl Serialize) {
        self.name(name);
        serde_json::to_writer(&mut *self.out, &value).expect("texts, numbers and trees can be written");
    }

    /// A member that is absent without a value.
    pub(crate) fn put_some(&mut self, name: &'static str, value: Option<impl Serialize>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    pub(crate) fn null(&mut self, name: &'static str) {
        self.put(name, ());
    }

    pub(crate) fn object(&mut self, name: &'static str, fill: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        write_object(self.out, fill);
    }

    /// An array of objects.
    pub(crate) fn array<T>(
        &mut self,
        name: &'static str,
        items: impl IntoIterator<Item = T>,
        fill: impl FnMut(&mut Object<'_>, T),
    ) {
        self.name(name);
        write_array(self.out, items, fill);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_text_is_that_of_the_tree() {
        let text = object(|json| {
            json.array("a", [1, 2], |json, n| json.put("n", n));
            json.put("b", "\"\\\u{1}é/");
            json.put_some("c", None::<u8>);
            json.object("d", |_| {});
            json.null("e");
            json.put("f", format_args!("{}-{}", 1, 2));
            json.put("g", json!([1.5, {}]));
        });
        let tree = json!({
            "a": [{ "n": 1 }, { "n": 2 }], "b": "\"\\\u{1}é/", "d": {}, "e": null, "f": "1-2", "g": [1.5, {}],
        });
        assert_eq!(text, tree.to_string());
        assert_eq!(array([(); 2], |_, ()| {}), "[{},{}]");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), tree);
    }

    #[test]
    #[should_panic(expected = "a stands behind b")]
    fn members_out_of_order_are_a_mistake() {
        object(|json| {
            json.null("b");
            json.null("a");
        });
    }
}
