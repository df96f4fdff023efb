use super::*;
use crate::reason::Reason;
use crate::stage::Stage;

fn all() -> impl Iterator<Item = Entry> {
    TABLES.into_iter().flatten().copied()
}

fn has_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// A text as an entry's place would write it.
fn sample(pattern: &str) -> String {
    let mut parts = pattern.split('{');
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (hole, literal) = part.split_once('}').unwrap();
        text.push_str(match kind(hole) {
            "id" => "X-1",
            "list" => "X-1 ← Y-2",
            "any" => "city",
            other => panic!("{other} in {pattern}"),
        });
        text.push_str(literal);
    }
    text
}

/// Words of English in a Chinese text: neither quoted nor part of a code, a path or an abbreviation.
fn english(text: &str) -> Vec<String> {
    let mut rest = String::new();
    let mut quoted = 0_usize;
    for c in text.chars() {
        match c {
            '「' => quoted += 1,
            '」' => quoted = quoted.saturating_sub(1),
            c if quoted == 0 => rest.push(c),
            _ => {}
        }
    }
    let part = |c: char| c.is_ascii_alphanumeric() || ['_', '.', '/', '-'].contains(&c);
    let tokens = rest.split(|c: char| !part(c)).map(|token| token.trim_matches('.'));
    let code = |token: &str| token.contains(['_', '.', '/']) || token.chars().any(char::is_uppercase);
    tokens.filter(|token| token.len() > 1 && !code(token) && !is_figure(token)).map(str::to_owned).collect()
}

fn is_figure(token: &str) -> bool {
    token.chars().any(|c| c.is_ascii_digit())
}

#[test]
fn every_entry_is_translated_whole_and_keeps_what_fills_its_holes() {
    for (en, zh) in all() {
        let text = sample(en);
        let holes = |pattern: &str| {
            let mut names: Vec<String> =
                pattern.split('{').skip(1).map(|part| part.split('}').next().unwrap().to_owned()).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(holes(en), holes(zh), "{en}");
        assert!(!has_chinese(en) && (has_chinese(zh) || ["ACK", "HTTP {id}，{any}"].contains(&zh)), "{en}");
        assert!(is_ours(&text) && is_ours(&format!("{text}: city")), "{text}");
        let chinese = phrase(Language::Zh, &text);
        assert_eq!(english(&chinese), Vec::<String>::new(), "{text} → {chinese}");
        assert_eq!(phrase(Language::En, &text), text);
    }
}

#[test]
fn no_entry_is_there_twice() {
    let mut seen = std::collections::HashSet::new();
    for (en, _) in all() {
        assert!(seen.insert(en), "{en}");
    }
}

#[test]
fn every_reason_says_its_sentence_in_one_language_whatever_its_detail() {
    let details: Vec<String> = all().map(|(en, _)| sample(en)).chain(["PO-1".to_owned(), String::new()]).collect();
    for reason in Reason::ALL {
        for detail in details.iter().filter(|detail| reason.tells_words() || is_name(detail)) {
            let zh = reason.sentence(Language::Zh, detail);
            let left: Vec<String> = english(&zh).into_iter().filter(|word| *word != *detail).collect();
            assert_eq!(left, Vec::<String>::new(), "{reason}: {zh}");
            let en = reason.sentence(Language::En, detail);
            assert!(!has_chinese(&en), "{reason}: {en}");
        }
    }
}

#[test]
fn an_order_that_nobody_looked_at_is_explained_in_every_stage() {
    for stage in Stage::ALL {
        let (en, zh) = stage.untouched();
        assert!(!has_chinese(en) && has_chinese(zh) && en.ends_with('.'), "{stage}");
        assert_eq!(english(zh), Vec::<String>::new(), "{stage}");
    }
}

#[test]
fn a_remotes_words_are_quoted_and_what_is_said_of_them_is_translated() {
    let zh = |text| phrase(Language::Zh, text).into_owned();
    assert_eq!(zh("GET /order/: no answer in time"), "GET /order/：应答超时");
    assert_eq!(
        zh("GET /order/: refused (400): bad: no such order"),
        "GET /order/：对方拒绝（400）：「bad: no such order」"
    );
    assert_eq!(zh("POST /x/y: 102 参数 wrong (request 7)"), "POST /x/y：「102 参数 wrong (request 7)」");
    assert_eq!(
        zh("order PO-1: the answer to the create names success and error"),
        "订单 PO-1：创建订单的应答同时显示成功与失败"
    );
    assert_eq!(zh("PO-1 in the ERP: POST /x: HTTP 502, no JSON"), "ERP 中的 PO-1：POST /x：HTTP 502，应答不是 JSON");
    assert_eq!(zh("SKU不存在"), "「SKU不存在」");
    assert_eq!(zh("E-1,E-2"), "E-1,E-2");
    assert_eq!(zh("notFound: no such order"), "「notFound: no such order」");
    let en = |text| phrase(Language::En, text).into_owned();
    assert_eq!(en("POST /x/y: 102 参数 wrong"), "POST /x/y: “102 参数 wrong”");
    assert_eq!(en("city"), "city");
    for (head, zh) in orders::HEADS {
        assert!(ours(Language::Zh, &sample(head)).is_none(), "{head} says nothing by itself");
        let text = format!("{}: no answer", sample(head));
        assert_eq!(phrase(Language::Zh, &text), format!("{}：没有应答", sample(zh)));
    }
    assert_eq!(
        Reason::ErpRejected.sentence(Language::Zh, "order closed"),
        "ERP 拒绝了该订单：「order closed」。请在 ERP 或映射中修正，系统会重试。"
    );
    assert_eq!(
        Reason::MissingShopMapping.sentence(Language::En, "R 9&"),
        "No ERP store is mapped for retailer R 9&. Add it under settings, mapping.shop."
    );
}

#[test]
fn problems_of_the_settings_are_told_each_in_the_readers_language() {
    let document = r#"{"jobs": {"push_orders": {"cron": 5, "size": 0}, "sync_stock": {"enabled": true, "cron": "* *"}},
        "mapping": {"shop": {"R 9": ""}, "sku": {"A": "X", "B": "X", "C": "Y", "D": "Y"}}, "cancel": {"in_erp": "x"}}"#;
    let problems = crate::settings::parse(document, &[]).unwrap_err();
    assert_eq!(problems.len(), 8, "{problems:?}");
    let listed = crate::settings::listed(&problems);
    for text in [
        format!("with the ERP's pairs the settings would be invalid: {listed}"),
        crate::run::Refused::Settings(problems.clone()).to_string(),
    ] {
        assert!(is_ours(&text), "{text}");
        let zh = phrase(Language::Zh, &text);
        let left: Vec<String> = english(&zh).into_iter().filter(|word| !["ask", "auto"].contains(&&**word)).collect();
        assert_eq!(left, Vec::<String>::new(), "{zh}");
        assert_eq!(zh.matches(BETWEEN).count(), 7, "{zh}");
        assert_eq!(phrase(Language::En, &text), text);
    }
    assert_eq!(phrase(Language::Zh, "one · two words"), "「one · two words」", "a remote's words stay together");
}

#[test]
fn whatever_comes_is_shown_and_never_lost() {
    for text in ["", ":", ": ", "{", "{id}", "a: ", ": b", "GET /: ", "order : ", "「x」 y", "a: b: c: d e"] {
        for language in [Language::En, Language::Zh] {
            let shown = phrase(language, text);
            assert!(text.split(": ").all(|part| shown.contains(part.trim_start_matches("order "))), "{text} → {shown}");
        }
    }
}
