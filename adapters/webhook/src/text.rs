//! What people read: what, since when, what to do.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use ipass_core::ports::Notice;
use ipass_core::reason::{self, is_ours, phrase};
use ipass_core::stage::Stage;

use crate::config::Language;

/// The longest detail, in bytes. Wecom takes 2,048 bytes in all; the sentences take less than 500, and a
/// character that is replaced takes three times as much.
const LONGEST_DETAIL: usize = 500;

/// What a condition is called, and what to do about it.
struct Sentence {
    /// The key up to the colon.
    key: &'static str,
    /// `{}` is the rest of the key.
    zh: (&'static str, &'static str),
    /// The same in English.
    en: (&'static str, &'static str),
}

const SENTENCES: [Sentence; 5] = [
    Sentence {
        key: "stuck",
        zh: ("订单在「{}」状态停留过久", "请打开该状态的订单列表，按每张订单的原因处理"),
        en: ("orders stay too long at \"{}\"", "Open the orders of that stage and act on the reason of each"),
    },
    Sentence {
        key: "quiet",
        zh: ("长时间没有新订单", "请确认渠道是否确实没有订单，并查看 pull_orders 最近的运行"),
        en: (
            "no new order has come for unusually long",
            "Ask whether the channel has none, and look at the last runs of pull_orders",
        ),
    },
    Sentence {
        key: "credentials",
        zh: ("凭据被拒绝", "请更新配置中的凭据并重启服务，再用 ipass doctor 检查"),
        en: (
            "credentials are refused",
            "Renew them in the configuration, restart the service and check with ipass doctor",
        ),
    },
    Sentence {
        key: "stock_guard",
        zh: ("库存同步已被保护机制拦下", "请核对 ERP 库存与仓库映射，确认无误后再运行 sync_stock"),
        en: (
            "the stock guard has stopped a synchronisation",
            "Check the stock in the ERP and the warehouse mapping, then run sync_stock again",
        ),
    },
    Sentence {
        key: "job",
        zh: ("任务 {} 运行不正常", "请查看该任务最近的运行及其错误"),
        en: ("job {} does not run as it should", "Look at the job's last runs and their errors"),
    },
];

/// One or two sentences about a notice.
pub(crate) fn text(notice: &Notice, language: Language) -> String {
    let Notice { route, key, since, recovered, .. } = notice;
    let detail = clipped(&translated(&notice.detail, language));
    let (what, remedy) = sentence(key, language);
    let since = rfc3339(*since);
    match (language, recovered) {
        (Language::Zh, false) => {
            let detail = if detail.is_empty() { detail } else { format!("（{detail}）") };
            let remedy = remedy.map(|remedy| format!("{remedy}。")).unwrap_or_default();
            format!("[ipass] {route}：{what}{detail}，自 {since} 起。{remedy}")
        }
        (Language::Zh, true) => format!("[ipass] {route}：已恢复：{what}，始于 {since}。"),
        (Language::En, false) => {
            let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
            let remedy = remedy.map(|remedy| format!(" {remedy}.")).unwrap_or_default();
            format!("[ipass] {route}: {what}{detail}, since {since}.{remedy}")
        }
        (Language::En, true) => format!("[ipass] {route}: recovered: {what}, since {since}."),
    }
}

/// The moment in whole seconds, UTC, with `Z`.
pub(crate) fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What, and what to do; of a key that is not in the table, the key.
fn sentence(key: &str, language: Language) -> (String, Option<&'static str>) {
    let (name, rest) = key.split_once(':').unwrap_or((key, ""));
    let Some(sentence) = SENTENCES.iter().find(|sentence| sentence.key == name) else {
        return (key.to_owned(), None);
    };
    let stage = rest.parse().ok().filter(|_| name == "stuck").and_then(Stage::from_number);
    let ((what, remedy), stage) = match language {
        Language::Zh => (sentence.zh, stage.map(|stage| stage.names().1)),
        Language::En => (sentence.en, stage.map(|stage| stage.names().0)),
    };
    (what.replace("{}", stage.unwrap_or(rest)), Some(remedy))
}

/// A detail of the core in the language; any other as it is.
fn translated(detail: &str, language: Language) -> Cow<'_, str> {
    match language {
        Language::Zh if is_ours(detail) => phrase(reason::Language::Zh, detail),
        Language::Zh | Language::En => Cow::Borrowed(detail),
    }
}

fn clipped(detail: &str) -> String {
    let detail = detail.trim();
    if detail.len() <= LONGEST_DETAIL {
        return detail.to_owned();
    }
    format!("{}…", &detail[..detail.floor_char_boundary(LONGEST_DETAIL)])
}

#[cfg(test)]
mod tests {
    use ipass_core::ports::RouteName;

    use super::*;

    fn notice(key: &str, detail: &str, recovered: bool) -> Notice {
        Notice {
            route: RouteName("dsco_lingxing".to_owned()),
            key: key.to_owned(),
            detail: detail.to_owned(),
            since: DateTime::from_timestamp(1_764_633_600, 5_000_000).unwrap(),
            recovered,
        }
    }

    #[test]
    fn a_condition_says_what_since_when_and_what_to_do() {
        assert_eq!(
            text(&notice("stuck:3", "12 orders, the oldest is PO-4711", false), Language::Zh),
            "[ipass] dsco_lingxing：订单在「待回传物流」状态停留过久（12 张订单，最早的是 PO-4711），自 2025-12-02T00:00:00Z 起。\
             请打开该状态的订单列表，按每张订单的原因处理。"
        );
        assert_eq!(
            text(&notice("job:push_orders", "3 failures", false), Language::En),
            "[ipass] dsco_lingxing: job push_orders does not run as it should (3 failures), since 2025-12-02T00:00:00Z. \
             Look at the job's last runs and their errors."
        );
    }

    #[test]
    fn an_end_is_told_as_such() {
        assert_eq!(
            text(&notice("quiet", "3 h", true), Language::Zh),
            "[ipass] dsco_lingxing：已恢复：长时间没有新订单，始于 2025-12-02T00:00:00Z。"
        );
        assert_eq!(
            text(&notice("stuck:2", "", true), Language::En),
            "[ipass] dsco_lingxing: recovered: orders stay too long at \"awaiting ack\", since 2025-12-02T00:00:00Z."
        );
    }

    #[test]
    fn every_key_of_the_table_has_a_sentence_in_both_languages() {
        for key in ["stuck:1", "quiet", "credentials", "stock_guard", "job:sync_stock"] {
            for language in [Language::Zh, Language::En] {
                let (what, remedy) = sentence(key, language);
                assert!(what != key && !what.contains("{}") && remedy.is_some(), "{key}");
            }
        }
    }

    #[test]
    fn an_unknown_key_is_told_as_it_is() {
        assert_eq!(
            text(&notice("disk:data", "93 %", false), Language::En),
            "[ipass] dsco_lingxing: disk:data (93 %), since 2025-12-02T00:00:00Z."
        );
        assert_eq!(
            text(&notice("stuck:9", "", false), Language::En),
            "[ipass] dsco_lingxing: orders stay too long at \"9\", since 2025-12-02T00:00:00Z. \
             Open the orders of that stage and act on the reason of each."
        );
    }

    #[test]
    fn a_long_detail_leaves_room_for_the_rest() {
        let text = text(&notice("credentials", &"凭据".repeat(1_000), false), Language::Zh);
        assert!(text.len() <= 1_000 && text.ends_with("检查。"), "{}", text.len());
    }
}
