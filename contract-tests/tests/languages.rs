//! Texts of ours that people can meet on a page are translated: reads the sources for string literals.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use ipass_core::reason::is_ours;

/// Whose errors and notes reach a page.
const SOURCES: [&str; 8] = [
    "../core/src",
    "../adapters/dsco/src",
    "../adapters/lingxing/src",
    "../adapters/http-kit/src",
    "../adapters/files/src",
    "../adapters/sql-kit/src",
    "../adapters/sqlite/src",
    "../adapters/postgres/src",
];

/// Files whose texts people meet elsewhere: at the start, or at `ipass doctor`.
const ELSEWHERE: [&str; 9] = [
    "core/src/reason.rs",
    "core/src/usecase/diagnose.rs",
    "dsco/src/config.rs",
    "lingxing/src/apps.rs",
    "lingxing/src/config.rs",
    "lingxing/src/sign.rs",
    "lingxing/src/time.rs",
    "http-kit/src/http.rs",
    "http-kit/src/seconds.rs",
];

/// Texts that no person meets on a page: checks of the configuration, and what remotes or machines read.
const NOT_SHOWN: [&str; 9] = [
    "base URL of {name}: {why}",
    "neither http nor https",
    "no credentials, query or fragment are allowed in it",
    "no host",
    "authorization header",
    "missing authentication token",
    "ipass {account}: stock read, deleted after use",
    "ipass lingxing access token, sealed form 10",
    "save settings",
];

#[test]
fn every_text_of_ours_has_a_chinese_side() {
    let (mut missing, mut seen) = (Vec::new(), 0);
    for (path, texts) in sources() {
        let store = ["sql-kit", "sqlite", "postgres"].iter().any(|store| path.contains(store));
        for pair in texts.iter().map(Some).chain([None]).collect::<Vec<_>>().windows(2) {
            let [Some(text), next] = pair else { continue };
            let chinese = |text: &String| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            // A text with its Chinese side beside it needs no entry.
            if next.is_some_and(chinese)
                || chinese(text)
                || !is_prose(text, store)
                || NOT_SHOWN.contains(&text.as_str())
            {
                continue;
            }
            seen += 1;
            if !is_ours(&filled(text)) {
                missing.push(format!("{path}: {text}"));
            }
        }
    }
    assert!(seen > 150, "only {seen} texts were found: does the test still read the sources?");
    assert!(missing.is_empty(), "add these to core/src/reason/phrases/:\n{}", missing.join("\n"));
}

/// String literals of each file, in order, without those of tests, comments, attributes, logs and metrics.
fn sources() -> Vec<(String, Vec<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    // An adapter may be left out of a copy of the sources; the core is always there.
    for folder in SOURCES.iter().map(|folder| root.join(folder)).filter(|folder| folder.is_dir()) {
        walk(&folder, &mut files);
    }
    files.sort();
    files
        .into_iter()
        .map(|path| (path.to_string_lossy().into_owned(), path))
        .filter(|(name, _)| !ELSEWHERE.iter().any(|end| name.ends_with(end)) && !name.contains("/src/reason/"))
        .map(|(name, path)| (name, literals(&fs::read_to_string(path).unwrap())))
        .collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            walk(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") && name != "tests.rs" && name != "testing.rs" {
            files.push(path);
        }
    }
}

fn literals(source: &str) -> Vec<String> {
    let source = source.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(skipped) =
            ["tracing::", "metrics::", "#[", "#!["].iter().find(|start| rest.starts_with(**start))
        {
            rest = past_brackets(&rest[skipped.len() - 1..]);
        } else if let Some((text, after)) = rest.strip_prefix("r#\"").and_then(|raw| raw.split_once("\"#")) {
            found.push(text.to_owned());
            rest = after;
        } else if c == '"' {
            let (text, after) = string(&rest[1..]);
            found.push(text);
            rest = after;
        } else if c == '\'' {
            rest = past_char(rest);
        } else {
            rest = &rest[c.len_utf8()..];
        }
    }
    found
}

/// A literal's text, and what follows its closing quotation mark.
fn string(source: &str) -> (String, &str) {
    let (mut text, mut chars) = (String::new(), source.char_indices().peekable());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, &source[at + 1..]),
            '\\' => match chars.next() {
                Some((_, '\n')) => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some((_, 'n')) => text.push('\n'),
                Some((_, c)) => text.push(c),
                None => break,
            },
            c => text.push(c),
        }
    }
    panic!("a literal without an end: {}", &source[..source.floor_char_boundary(80)]);
}

/// A character literal, or the mark of a lifetime.
fn past_char(source: &str) -> &str {
    let body = &source[1..];
    let end = if body.starts_with('\\') { body[2..].find('\'').map(|at| at + 2) } else { None };
    let plain = || body.char_indices().nth(1).filter(|(_, c)| *c == '\'').map(|(at, _)| at);
    end.or_else(plain).map_or(body, |at| &body[at + 1..])
}

/// What follows the first bracket's other half.
fn past_brackets(source: &str) -> &str {
    let Some(open) = source.find(['(', '[', '{', ';', '\n']) else { return "" };
    let (mut rest, mut depth) = (&source[open..], 0_usize);
    if rest.starts_with([';', '\n']) {
        return rest;
    }
    while let Some(c) = rest.chars().next() {
        match c {
            '"' => {
                rest = string(&rest[1..]).1;
                continue;
            }
            '\'' => {
                rest = past_char(rest);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
        if depth == 0 {
            break;
        }
    }
    rest
}

/// English words, and not a statement for a database.
fn is_prose(text: &str, store: bool) -> bool {
    let bare: String = filled(text).replace("X-1", " ");
    let words = bare.split(|c: char| !c.is_ascii_alphabetic());
    let words: Vec<&str> =
        words.filter(|word| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase())).collect();
    let call = ["GET /", "POST /", "PUT /"].iter().any(|start| text.starts_with(start)) && !text.contains(": ");
    let statement = store
        && (bare.contains(['=', '<', '>', '_', '?', '"', '@', '\''])
            || bare
                .split_whitespace()
                .any(|word| word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase()) && word != "URL")
            || bare.contains("a.id"));
    words.len() > 1 && text.trim().contains(' ') && !call && !statement && !text.contains('\n')
}

/// The text with something in its holes.
fn filled(text: &str) -> String {
    let mut parts = text.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        filled.push_str("X-1");
        filled.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    filled.trim_end_matches([':', ' ']).to_owned()
}
