//! Texts that a database can hold, and look for.

/// A text without the one character that `PostgreSQL` cannot store, and at which `SQLite` would cut it off.
pub fn clean(text: &str) -> String {
    text.replace('\0', "")
}

/// The same for a text that may be absent.
pub fn clean_option(text: Option<&String>) -> Option<String> {
    text.map(|text| clean(text))
}

/// A pattern for "has this part", with `\` as the escape.
pub fn like(part: &str) -> String {
    let part = clean(part).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{part}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_letters() {
        assert_eq!(like(r"50%_\"), r"%50\%\_\\%");
    }
}
