//! Problems of a settings document in the reader's language.

use ipass_core::reason::Language;
use ipass_core::settings::Problem;

use crate::desk::Page;
use crate::text::{Text, settings as t};

/// The sentences of `ipass_core::settings::parse`; the English side is how they are known.
const SENTENCES: &[Text] = &[
    t::P_NOT_JSON,
    t::P_UNKNOWN_JOB_KEY,
    t::P_UNKNOWN_KEY,
    t::P_KNOWN_IS,
    t::P_OBJECT,
    t::P_UNKNOWN_JOB,
    t::P_SAME_JOB,
    t::P_ONE_OR_THREE,
    t::P_UNKNOWN_MAPPING,
    t::P_EMPTY_KEY,
    t::P_EMPTY_VALUE,
    t::P_QUOTES,
    t::P_RUNS,
    t::P_SLOW_STUCK,
    t::P_STAGE,
    t::P_HOURS,
    t::P_DAYS,
    t::P_BOOLEAN,
    t::P_TEXT,
    t::P_ABOVE_ZERO,
    t::P_MINUTES,
    t::P_TIME,
    t::P_RATIO,
    t::P_ONE_OF,
    t::P_SKU_CONFLICT,
    t::P_NEEDS_WAREHOUSE,
    t::P_WAREHOUSE_CONFLICT,
    t::P_SIX_FIELDS,
    t::P_CRON,
];
/// Kinds of values, as the sentences name them.
const KINDS: &[Text] = &[t::K_BOOLEAN, t::K_NUMBER, t::K_TEXT, t::K_LIST, t::K_OBJECT];

/// Path and sentence.
pub(super) fn told(p: &Page, problems: &[Problem]) -> Vec<(String, String)> {
    problems.iter().map(|one| (one.path.clone(), sentence(p.language(), &one.problem))).collect()
}

fn sentence(language: Language, english: &str) -> String {
    match language {
        Language::En => english.to_owned(),
        Language::Zh => {
            translated(english).unwrap_or_else(|| crate::text::common::VERBATIM.fill(language, &[&english]))
        }
    }
}

fn translated(english: &str) -> Option<String> {
    SENTENCES.iter().find_map(|text| {
        let holes = holes_of(text.en, english)?;
        let holes: Vec<&str> = holes.into_iter().map(kind).collect();
        let values: Vec<&dyn std::fmt::Display> = holes.iter().map(|hole| hole as _).collect();
        Some(text.fill(Language::Zh, &values))
    })
}

fn kind(word: &str) -> &str {
    KINDS.iter().find(|kind| kind.en == word).map_or(word, |kind| kind.zh)
}

/// What fills `{0}`, `{1}` of a pattern, in that order; `None` if the text is another one.
fn holes_of<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut literals = pattern.split('{').enumerate().map(|(at, part)| match at {
        0 => Some(part),
        _ => part.split_once('}').map(|(_, rest)| rest),
    });
    let mut rest = text.strip_prefix(literals.next()??)?;
    let mut holes = Vec::new();
    for literal in literals {
        let literal = literal?;
        let at = if literal.is_empty() { rest.len() } else { rest.find(literal)? };
        let (hole, tail) = rest.split_at(at);
        holes.push(hole);
        rest = tail.strip_prefix(literal)?;
    }
    rest.is_empty().then_some(holes)
}

#[cfg(test)]
mod tests {
    use ipass_core::job::Job;
    use ipass_core::settings::parse;

    use super::*;

    /// Every kind of mistake that the core knows.
    const WRONG: &[&str] = &[
        "{",
        "[]",
        r#"{"job": 1, "jobs": 1, "mapping": [], "cancel": "x", "attention": null, "sku_key": 1}"#,
        r#"{"jobs": {"push": {}, "push_orders": {"enable": 1, "cron": 5, "size": 0, "x": 1, "require_warehouse": "y"},
            "pull_orders": {"lookback_minutes": -1, "start_from": "today", "shipment_pending_enters": 2, "cron": "* *"},
            "pull_everything": {}, "ship_orders": {"partial": "x", "cron": "0 99 * * * *"},
            "sync_stock": {"enabled": true, "max_zero_ratio": 7, "retention_days": 0}}}"#,
        r#"{"mapping": {"shop": {" ": "1", "a": "", "b": 7}, "store": {}, "sku": []}}"#,
        r#"{"mapping": {"sku": {"a": "1", "b": "1"}, "warehouse": {"a": "1", "b": "1"}},
            "jobs": {"sync_stock": {"enabled": true}}}"#,
        r#"{"cancel": {"x": 1, "in_erp": "y"}, "attention": {"slow_hours": 0, "failed_runs": 0, "x": 1,
            "stages": {"5": {}, "1": {"slow_hours": 99, "stuck_hours": 1, "y": 1}, "2": 3}}}"#,
    ];

    #[test]
    fn every_problem_that_the_core_finds_is_told_in_chinese() {
        let mut seen = 0;
        for document in WRONG {
            let problems = parse(document, &[("pull_everything", Job::PullOrders)]).unwrap_err();
            for one in problems {
                let chinese = translated(&one.problem);
                assert!(chinese.is_some(), "{}: {}", one.path, one.problem);
                assert_eq!(sentence(Language::En, &one.problem), one.problem);
                seen += 1;
            }
        }
        assert!(seen > 30, "{seen}");
    }

    #[test]
    fn what_stands_in_the_holes_is_kept_and_kinds_are_translated() {
        assert_eq!(translated("expected text, found a number").unwrap(), "应为文本，实际为数字");
        assert_eq!(translated("expected one of ask, auto").unwrap(), "只能是以下之一：ask, auto");
        assert_eq!(holes_of("a {0} b {1}", "a x y b z"), Some(vec!["x y", "z"]));
        assert_eq!((holes_of("a {0} b", "a x c"), holes_of("a", "ab")), (None, None));
        let unknown = sentence(Language::Zh, "something new");
        assert!(unknown.contains("something new") && unknown.starts_with("系统提示"), "{unknown}");
    }
}
