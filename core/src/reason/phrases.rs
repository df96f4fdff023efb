//! Our own words inside of details, notes and errors, in both languages. What a remote said stays as it is,
//! between quotation marks.
//!
//! Details are stored in English and translated when they are shown. A text is built from entries of the tables:
//! an entry alone, or entries behind one another with `: ` between them (`GET /order/: no answer in time`); several
//! texts stand beside one another with ` · ` between them. A test reads the sources for texts that no entry knows.

mod answers;
mod jobs;
mod orders;
mod settings;

use std::borrow::Cow;

use super::Language;

/// English and Chinese of one text; the holes of both have the same names.
///
/// | hole | stands for |
/// |---|---|
/// | `{call}` | method and path of a call |
/// | `{id}` | an id, code or figure: anything without a space |
/// | `{list}` | ids, names or times: anything, shown as it is |
/// | `{any}` | another text: one of ours is translated, any other is quoted |
///
/// A digit behind the name tells holes of one kind apart.
type Entry = (&'static str, &'static str);

const TABLES: [&[Entry]; 5] = [settings::PROBLEMS, orders::WORDS, jobs::WORDS, answers::SAID, answers::READ];

/// What stands between several texts.
pub(crate) const BETWEEN: &str = " · ";

/// A text of ours in a language; a remote's words as they are, quoted unless they are a mere id.
pub fn phrase(language: Language, text: &str) -> Cow<'_, str> {
    if let Some(ours) = ours(language, text) {
        return Cow::Owned(ours);
    }
    if text.is_empty() || is_name(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(match language {
        Language::En => format!("“{text}”"),
        Language::Zh => format!("「{text}」"),
    })
}

/// Whether a text is made of our own words; a test asks it for every text in the sources.
pub fn is_ours(text: &str) -> bool {
    ours(Language::Zh, text).is_some()
}

/// A text that the tables know, alone, in parts, or several of them.
fn ours(language: Language, text: &str) -> Option<String> {
    // First of all, because a hole of the first one could take in the others.
    several(language, text).or_else(|| one(language, text))
}

fn one(language: Language, text: &str) -> Option<String> {
    whole(language, text).or_else(|| parts(language, text))
}

/// Several texts, each of them ours; what all of them are about may stand in front of the first.
fn several(language: Language, text: &str) -> Option<String> {
    if !text.contains(BETWEEN) {
        return None;
    }
    let said: Option<Vec<String>> = text.split(BETWEEN).map(|text| one(language, text)).collect();
    Some(said?.join(BETWEEN))
}

/// A text that is one entry.
fn whole(language: Language, text: &str) -> Option<String> {
    TABLES.into_iter().find_map(|table| plain(language, table, text)).or_else(|| {
        // An entry without holes says it best, wherever it stands.
        TABLES.into_iter().find_map(|table| open(language, table, text))
    })
}

/// An entry without holes.
fn plain(language: Language, table: &[Entry], text: &str) -> Option<String> {
    table.iter().find(|(en, _)| *en == text).map(|entry| side(language, entry).to_owned())
}

/// An entry whose holes can be filled so that it becomes the text.
fn open(language: Language, table: &[Entry], text: &str) -> Option<String> {
    table.iter().find_map(|entry| Some(filled(language, side(language, entry), &fitted(entry.0, text)?)))
}

const fn side(language: Language, entry: &Entry) -> &'static str {
    match language {
        Language::En => entry.0,
        Language::Zh => entry.1,
    }
}

/// A text of several parts: what it is about, and what is to be said of it.
fn parts(language: Language, text: &str) -> Option<String> {
    let colon = match language {
        Language::En => ": ",
        Language::Zh => "：",
    };
    text.match_indices(": ").find_map(|(at, _)| {
        let (head, tail) = (&text[..at], &text[at + 2..]);
        let about = || open(language, orders::HEADS, head).or_else(|| whole(language, head));
        let known = if is_call(head) { Some(head.to_owned()) } else { about() };
        if let Some(head) = known {
            return Some(format!("{head}{colon}{}", phrase(language, tail)));
        }
        // A remote's words often begin with a code of its own: a name of ours has words of ours behind it.
        let named = is_name(head) || head.starts_with("mapping.");
        let tail = if named { ours(language, tail)? } else { return None };
        Some(format!("{head}{colon}{tail}"))
    })
}

/// What fills the holes of a pattern so that it becomes the text.
fn fitted<'p, 't>(pattern: &'p str, text: &'t str) -> Option<Vec<(&'p str, &'t str)>> {
    let Some((literal, rest)) = pattern.split_once('{') else {
        return (pattern == text).then(Vec::new);
    };
    let text = text.strip_prefix(literal)?;
    let (hole, after) = rest.split_once('}')?;
    let next = after.split('{').next().unwrap_or_default();
    let ends: Vec<usize> =
        if next.is_empty() { vec![text.len()] } else { text.match_indices(next).map(|(at, _)| at).collect() };
    ends.into_iter().find_map(|end| {
        let (value, rest) = text.split_at(end);
        if !takes(hole, value) {
            return None;
        }
        let mut values = fitted(after, rest)?;
        values.push((hole, value));
        Some(values)
    })
}

fn takes(hole: &str, value: &str) -> bool {
    match kind(hole) {
        "call" => is_call(value),
        "id" => !value.is_empty() && !value.contains(char::is_whitespace),
        _ => !value.is_empty(),
    }
}

fn kind(hole: &str) -> &str {
    hole.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn filled(language: Language, pattern: &str, values: &[(&str, &str)]) -> String {
    let mut parts = pattern.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (hole, literal) = part.split_once('}').unwrap_or((part, ""));
        let value = values.iter().find(|(name, _)| *name == hole).map_or("-", |(_, value)| *value);
        match kind(hole) {
            "any" => text.push_str(&phrase(language, value)),
            _ => text.push_str(value),
        }
        text.push_str(literal);
    }
    text
}

/// `GET /order/page`.
fn is_call(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(method, path)| {
        matches!(method, "GET" | "POST" | "PUT" | "PATCH" | "DELETE")
            && path.starts_with('/')
            && !path.contains(char::is_whitespace)
    })
}

/// An id, a code, a list of ids, a figure: nothing that anybody would read as words.
fn is_name(text: &str) -> bool {
    !text.contains(|c: char| c.is_whitespace() || ('\u{3000}'..='\u{9fff}').contains(&c))
}

#[cfg(test)]
mod tests;
