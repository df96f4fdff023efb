//! What a run tells about itself while it goes on: few lines, in both languages.

use std::collections::VecDeque;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::OrderOutcome;
use crate::reason::{Language, Reason, phrase};
use crate::write::WriteKind;

/// Lines that are kept of a run; the oldest go first.
pub const LOG_LINES: usize = 200;

macro_rules! facts {
    ($( $(#[$doc:meta])* $name:ident = $code:literal, $en:literal, $zh:literal; )+) => {
        /// A notable fact of a run. The holes of its sentence are numbered; `{0:words}` is a text to be
        /// translated, `{0:time}` a moment as RFC 3339, `{0:write}` a kind of write, `{0:why}` a reason's code
        /// whose detail is the next value.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Fact { $( $(#[$doc])* $name, )+ }

        impl Fact {
            /// All facts.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )+ ];

            /// The stable code.
            pub const fn code(self) -> &'static str { match self { $( Self::$name => $code, )+ } }

            const fn template(self, language: Language) -> &'static str {
                match (self, language) { $( (Self::$name, Language::En) => $en, (Self::$name, Language::Zh) => $zh, )+ }
            }
        }
    };
}

facts! {
    /// Orders were taken for work: how many.
    Chosen = "chosen", "{0} orders are chosen for work.", "已选取 {0} 张订单。";
    /// No order is due.
    NothingDue = "nothing_due", "No order is due.", "没有待处理的订单。";
    /// A window by creation time is read: from, until.
    ReadCreated = "read_created", "Reading the orders created from {0:time} to {1:time}.", "正在读取创建于 {0:time} 至 {1:time} 的订单。";
    /// A window by update time is read: from, until.
    ReadUpdated = "read_updated", "Reading the orders changed from {0:time} to {1:time}.", "正在读取更新于 {0:time} 至 {1:time} 的订单。";
    /// A page was read: orders, new, changed, unchanged, unreadable.
    Page = "page", "A page of {0} orders: {1} new, {2} changed, {3} unchanged, {4} unreadable.", "读取一页 {0} 张订单：新增 {1}，更新 {2}，无变化 {3}，无法解析 {4}。";
    /// The list is read again from its start.
    ReadAgain = "read_again", "The channel lost its place in the list; it is read again from the start.", "渠道分页中断，从头重新读取。";
    /// A mark moved by creation time: to.
    MarkCreated = "mark_created", "All orders created before {0:time} are read.", "{0:time} 之前创建的订单已全部读取。";
    /// A mark moved by update time: to.
    MarkUpdated = "mark_updated", "All changes made before {0:time} are read.", "{0:time} 之前的变更已全部读取。";
    /// Earlier writes of unknown end are read back first: how many.
    ReadBack = "read_back", "{0} earlier writes are read back before anything is sent.", "发送前先回查 {0} 项先前的写入。";
    /// A call was sent: how many things, of what kind.
    Sent = "sent", "Sent in one call: {0} × {1:write}.", "一次发送 {0} 项：{1:write}。";
    /// A batch was refused as a whole and is sent in parts: how many, why.
    Split = "split", "A batch of {0} was refused ({1:words}); it is sent again in parts.", "一批 {0} 项被拒绝（{1:words}），拆分后重新发送。";
    /// Nothing more is sent: why.
    SendingStopped = "sending_stopped", "Nothing more is sent in this run: {0:words}.", "本次运行不再发送：{0:words}。";
    /// Writes are not confirmed: how many, seconds until they are asked for again.
    NotConfirmed = "not_confirmed", "{0} writes are not confirmed yet; asked again in {1} s.", "{0} 项写入尚未确认，{1} 秒后再查。";
    /// Waited for limits of calls: seconds in all so far.
    Waited = "waited", "Waited {0} s in all for the limits of the remote systems.", "因对方系统限流累计等待 {0} 秒。";
    /// Outcomes are recorded: advanced, waiting, blocked, failed.
    Recorded = "recorded", "Recorded: {0} advanced, {1} waiting, {2} blocked, {3} failed.", "已保存结果：推进 {0}，等待 {1}，受阻 {2}，失败 {3}。";
    /// An order is blocked or failed: PO number, reason, detail.
    Stayed = "stayed", "{0}: {1:why}", "{0}：{1:why}";
    /// An order had moved on meanwhile: PO number.
    Lost = "lost", "{0}: it had moved on meanwhile; this look at it was not recorded.", "{0}：订单已变化，本次结果未记录。";
    /// A warehouse was read: its code, rows.
    Warehouse = "warehouse", "Warehouse {0}: the ERP lists {1} rows.", "仓库 {0}：ERP 有 {1} 行库存。";
    /// Nothing is sent for a warehouse: its code, reason, detail.
    Doubtful = "doubtful", "Warehouse {0}: {1:why}", "仓库 {0}：{1:why}";
    /// Stock is compared: items, items that differ.
    Compared = "compared", "{0} items are compared; {1} of them differ.", "已对比 {0} 个商品，其中 {1} 个有差异。";
    /// Pairs were read: how many, from how many stores.
    Pairs = "pairs", "{0} SKU pairs are read from {1} stores.", "已从 {1} 个店铺读取 {0} 个 SKU 配对。";
    /// New settings were saved: entries added, changed.
    PairsSaved = "pairs_saved", "mapping.sku is saved: {0} added, {1} changed.", "mapping.sku 已保存：新增 {0}，变更 {1}。";
    /// A check looked at orders: how many, findings, things that could not be read.
    Checked = "checked", "{0} orders are checked: {1} findings, {2} things could not be read.", "已核对 {0} 张订单：不一致 {1}，未能读取 {2}。";
    /// A file was removed: its name, bytes.
    Removed = "removed", "{0} is removed ({1} bytes).", "已删除 {0}（{1} 字节）。";
    /// The run is being stopped.
    Stopping = "stopping", "The service is stopping: nothing new is begun.", "服务正在停止，不再开始新的工作。";
    /// The run failed as a whole: why.
    Failed = "failed", "The run failed: {0:words}.", "运行失败：{0:words}。";
    /// The run came to its end.
    Done = "done", "Done.", "已完成。";
}

/// One line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// What.
    pub fact: Fact,
    /// What fills the holes of its sentence; never anything personal.
    pub values: Vec<String>,
}

impl LogLine {
    /// The line as people read it; `time` says a moment.
    pub fn sentence(&self, language: Language, time: &dyn Fn(&DateTime<Utc>) -> String) -> String {
        let mut parts = self.fact.template(language).split('{');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (hole, literal) = part.split_once('}').unwrap_or((part, ""));
            let (place, kind) = hole.split_once(':').unwrap_or((hole, ""));
            let place: usize = place.parse().unwrap_or(usize::MAX);
            let value = |at: usize| self.values.get(at).map_or("-", String::as_str);
            let value = match DateTime::parse_from_rfc3339(value(place)) {
                Ok(at) if kind == "time" => time(&at.to_utc()),
                Ok(_) | Err(_) => shown(language, kind, value(place), value(place.saturating_add(1))),
            };
            text.push_str(&value);
            text.push_str(literal);
        }
        text
    }

    /// `at`, `code`, `values`.
    pub fn to_json(&self) -> Value {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        json!({"at": at, "code": self.fact.code(), "values": self.values})
    }

    /// Reads what [`to_json`](Self::to_json) wrote; `None` for a line that this version does not know.
    pub fn of_json(line: &Value) -> Option<Self> {
        let at = DateTime::parse_from_rfc3339(line["at"].as_str()?).ok()?.to_utc();
        let fact = Fact::ALL.iter().copied().find(|fact| line["code"] == fact.code())?;
        let values = line["values"].as_array()?.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
        Some(Self { at, fact, values })
    }
}

fn shown(language: Language, kind: &str, value: &str, next: &str) -> String {
    let pick = |(en, zh): (&str, &str)| match language {
        Language::En => en.to_owned(),
        Language::Zh => zh.to_owned(),
    };
    let known = match kind {
        "words" => Some(phrase(language, value).into_owned()),
        "why" => Reason::from_code(value).map(|reason| reason.sentence(language, next)),
        "write" => WriteKind::parse(value).map(|kind| pick(kind.names())),
        _ => None,
    };
    known.unwrap_or_else(|| value.to_owned())
}

/// The newest lines of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunLog {
    lines: VecDeque<LogLine>,
}

impl RunLog {
    /// Adds a line; the oldest one goes when there are [`LOG_LINES`].
    pub fn add(&mut self, line: LogLine) {
        if self.lines.len() >= LOG_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &LogLine> {
        self.lines.iter()
    }

    /// The log as it is kept with the run.
    pub fn to_json(&self) -> Value {
        self.lines().map(LogLine::to_json).collect()
    }
}

/// How outcomes are told: their numbers, then each order that is blocked or failed.
pub(crate) fn told(outcomes: &[OrderOutcome]) -> Vec<(Fact, Vec<String>)> {
    use crate::reason::OutcomeKind::{Advanced, Blocked, Failed, Waiting};
    let count = |kind| outcomes.iter().filter(|outcome| outcome.kind == Some(kind)).count().to_string();
    let mut lines = vec![(Fact::Recorded, [Advanced, Waiting, Blocked, Failed].map(count).to_vec())];
    let stayed = outcomes.iter().filter(|outcome| matches!(outcome.kind, Some(Blocked | Failed)));
    lines.extend(stayed.filter_map(|outcome| {
        let cause = outcome.cause.as_ref()?;
        let values = vec![outcome.po.as_str().to_owned(), cause.reason.code().to_owned(), cause.detail.clone()];
        Some((Fact::Stayed, values))
    }));
    lines
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;
    use crate::reason::{Cause, OutcomeKind};
    use crate::stage::Stage;
    use crate::testing::po;

    fn line(fact: Fact, values: &[&str]) -> LogLine {
        let at = Utc.timestamp_opt(1_769_590_800, 0).unwrap();
        LogLine { at, fact, values: values.iter().map(|value| (*value).to_owned()).collect() }
    }

    #[test]
    fn every_fact_has_the_same_holes_in_both_languages_and_comes_back_from_json() {
        let mut codes = std::collections::HashSet::new();
        for fact in Fact::ALL {
            let holes = |language| {
                let mut holes: Vec<&str> =
                    fact.template(language).split('{').skip(1).map(|part| part.split('}').next().unwrap()).collect();
                holes.sort_unstable();
                holes
            };
            assert_eq!(holes(Language::En), holes(Language::Zh), "{fact:?}");
            assert!(codes.insert(fact.code()));
            let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(!chinese(fact.template(Language::En)));
            assert!(chinese(fact.template(Language::Zh)) || *fact == Fact::Stayed, "{fact:?}");
            let line = line(*fact, &["1", "2", "3", "4", "5"]);
            assert_eq!(LogLine::of_json(&line.to_json()), Some(line));
        }
        assert_eq!(LogLine::of_json(&json!({"at": "2026-01-01T00:00:00Z", "code": "new", "values": []})), None);
    }

    #[test]
    fn what_fills_a_hole_is_said_in_the_language_of_the_line() {
        let say = |line: LogLine, language| line.sentence(language, &|at| at.format("%H:%M").to_string());
        let sent = line(Fact::Sent, &["3", "ship"]);
        assert_eq!(say(sent.clone(), Language::En), "Sent in one call: 3 × shipment.");
        assert_eq!(say(sent, Language::Zh), "一次发送 3 项：回传物流。");
        let mark = line(Fact::MarkCreated, &["2026-01-28T09:00:00Z"]);
        assert_eq!(say(mark, Language::En), "All orders created before 09:00 are read.");
        let failed = line(Fact::Failed, &["POST /x: no answer in time"]);
        assert_eq!(say(failed, Language::Zh), "运行失败：POST /x：应答超时。");
        let stayed = line(Fact::Stayed, &["PO-1", "missing_shop_mapping", "R-9"]);
        assert_eq!(say(stayed, Language::Zh), "PO-1：零售商 R-9 未配置 ERP 店铺映射。请在设置 mapping.shop 中补充。");
        assert_eq!(say(line(Fact::Chosen, &[]), Language::En), "- orders are chosen for work.");
    }

    #[test]
    fn the_oldest_lines_go_first() {
        let mut log = RunLog::default();
        for n in 0..=LOG_LINES {
            log.add(line(Fact::Chosen, &[&n.to_string()]));
        }
        assert_eq!(log.lines().count(), LOG_LINES);
        assert_eq!(log.lines().next().unwrap().values, ["1"]);
    }

    #[test]
    fn blocked_orders_are_named_and_waiting_ones_counted() {
        let outcome = |number: &str, reason: Option<Reason>| OrderOutcome {
            po: po(number),
            kind: Some(reason.map_or(OutcomeKind::Advanced, Reason::kind)),
            cause: reason.map(|reason| Cause::new(reason, "x")),
            before: Stage::AwaitingPush,
            after: Stage::AwaitingPush,
        };
        let told = told(&[
            outcome("1", None),
            outcome("2", Some(Reason::ErpNotReviewed)),
            outcome("3", Some(Reason::MissingShopMapping)),
        ]);
        assert_eq!(told[0], (Fact::Recorded, ["1", "1", "1", "0"].map(str::to_owned).to_vec()));
        assert_eq!(told[1..], [(Fact::Stayed, ["3", "missing_shop_mapping", "x"].map(str::to_owned).to_vec())]);
    }
}
