//! Every sentence of the pages, in both languages. One file for each page, `common` for what all share.
//!
//! [`messages!`] makes a constant of each: a text without its second language, a use of a text that is not
//! there, and different holes (`{0}` to `{9}`) in the two languages do not compile; the lints name a text that
//! nobody uses.

pub(crate) mod audit;
pub(crate) mod causes;
pub(crate) mod check;
pub(crate) mod common;
pub(crate) mod jobs;
pub(crate) mod login;
pub(crate) mod order;
pub(crate) mod orders;
pub(crate) mod overview;
pub(crate) mod settings;
pub(crate) mod stock;

use std::fmt::Display;

use ipass_core::reason::Language;

/// A sentence in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) en: &'static str,
    pub(crate) zh: &'static str,
}

impl Text {
    /// The sentence, its holes open.
    pub(crate) const fn of(self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Zh => self.zh,
        }
    }

    /// The sentence with its holes filled, in one pass: what fills a hole is not searched for holes.
    pub(crate) fn fill(self, language: Language, values: &[&dyn Display]) -> String {
        let mut parts = self.of(language).split('{');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let hole = part.split_once('}').and_then(|(n, rest)| Some((n.parse::<usize>().ok()?, rest)));
            if let Some((n, rest)) = hole {
                filled.push_str(&values.get(n).map_or_else(|| "-".to_owned(), ToString::to_string));
                filled.push_str(rest);
            } else {
                filled.push('{');
                filled.push_str(part);
            }
        }
        filled
    }
}

/// Which of the holes `{0}` to `{9}` a text has, one bit each.
pub(crate) const fn holes(text: &str) -> u16 {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (0, 0);
    while at + 2 < bytes.len() {
        if bytes[at] == b'{' && bytes[at + 1].is_ascii_digit() && bytes[at + 2] == b'}' {
            found |= 1 << (bytes[at + 1] - b'0');
        }
        at += 1;
    }
    found
}

/// `NAME = "English", "中文";`
macro_rules! messages {
    ($( $name:ident = $en:literal, $zh:literal; )+) => {
        $(
            pub(crate) const $name: $crate::text::Text = {
                assert!($crate::text::holes($en) == $crate::text::holes($zh), "the holes of the languages differ");
                $crate::text::Text { en: $en, zh: $zh }
            };
        )+

        /// All texts of this file.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, $crate::text::Text)] = &[ $( (stringify!($name), $name), )+ ];
    };
}
pub(crate) use messages;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_english_on_one_side_and_chinese_on_the_other() {
        // Names of languages are written in themselves; marks and abbreviations have no language.
        let same = ["LANGUAGE_EN", "LANGUAGE_ZH", "UTC"];
        for (name, text) in [
            common::ALL,
            login::ALL,
            order::ALL,
            orders::ALL,
            audit::ALL,
            overview::ALL,
            settings::ALL,
            causes::ALL,
            check::ALL,
            jobs::ALL,
            stock::ALL,
        ]
        .concat()
        {
            if same.contains(&name) {
                continue;
            }
            let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(!text.en.trim().is_empty() && !chinese(text.en), "{name}: {}", text.en);
            assert!(chinese(text.zh), "{name}: {}", text.zh);
        }
    }

    #[test]
    fn holes_are_filled_once_and_in_any_order() {
        let text = Text { en: "{1} of {0}, {x} {", zh: "{0} 中的 {1}" };
        assert_eq!(text.fill(Language::En, &[&"{1}", &7]), "7 of {1}, {x} {");
        assert_eq!(text.fill(Language::Zh, &[&3]), "3 中的 -");
        assert_eq!((holes("a {0} {2}"), holes("{x} {10} {")), (0b101, 0));
    }
}
