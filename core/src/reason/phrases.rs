//! Our own words inside of details, in both languages. What a remote said stays as it is.

use std::borrow::Cow;

use super::Language;

/// English and Chinese.
const PHRASES: &[(&str, &str)] = &[
    // Parts of an address.
    ("name", "收件人姓名"),
    ("country", "国家"),
    ("country (two letters)", "国家（两位代码）"),
    ("city", "城市"),
    ("address line 1", "地址第一行"),
    // What is known of a write.
    ("intended", "已登记"),
    ("accepted", "已受理"),
    ("unknown", "结果未知"),
    ("applied", "已生效"),
    ("still in work at the remote", "对方仍在处理"),
    ("left open by a run that died", "上次运行中断，结果待回查"),
    ("sent, and not visible yet", "已发送，对方尚未显示"),
    ("accepted, not done yet", "已受理，尚未完成"),
    ("it was never sent", "从未发送"),
    ("absent when read back", "回查时不存在"),
    ("said to be done, not read yet", "对方称已完成，待回查"),
    ("sent to the ERP, not visible there yet", "已推送到 ERP，对方尚未显示"),
    ("created, not visible in the ERP yet", "已创建，ERP 尚未显示"),
    ("another write of the same kind is open for it", "同类操作仍在进行"),
    ("an earlier figure is still under way", "上一次库存回传仍在处理"),
    ("the process stood still between the intent and the sending", "进程在登记与发送之间停顿过久"),
    // What an answer lacked.
    ("the answer names neither success nor error for this item", "应答中既无成功也无失败"),
    ("the answer says nothing about this item", "应答中没有该项"),
    ("no answer", "没有应答"),
    ("the channel does not show the order", "渠道未显示该订单"),
    ("the ERP does not show the order", "ERP 未显示该订单"),
    ("the channel shows a state that says nothing about the acknowledgement", "渠道状态无法说明是否已确认"),
    ("the invoice total is beyond any amount", "发票总额超出范围"),
    ("cannot connect", "无法连接"),
    ("no answer in time", "应答超时"),
    ("the connection broke", "连接中断"),
    ("the request cannot be built", "请求无法生成"),
    ("the request was given up", "请求已放弃"),
    // Notes of the timeline.
    ("the channel already shows it as accepted", "渠道已显示为已确认"),
    ("the channel already shows it as shipped", "渠道已显示为已发货"),
    ("the channel already knows every unit as shipped", "渠道已有全部发货信息"),
    ("the channel already held an invoice", "渠道已有发票"),
    ("the ERP already held it", "ERP 中已存在"),
    ("cancelled at the channel", "渠道已取消"),
    ("cancelled at the channel, and by us in the ERP", "渠道已取消，系统已在 ERP 取消"),
    ("the channel has no such stage", "该渠道没有此环节"),
];

/// A detail or note in a language: our own words translated, also behind the name of a call
/// (`GET /order/: no answer in time`), and everything else as it is.
pub fn phrase(language: Language, text: &str) -> Cow<'_, str> {
    if language == Language::En {
        return Cow::Borrowed(text);
    }
    let known = |text: &str| PHRASES.iter().find(|(en, _)| *en == text).map(|(_, zh)| *zh);
    if let Some(zh) = known(text) {
        return Cow::Borrowed(zh);
    }
    match text.rsplit_once(": ").and_then(|(head, tail)| Some((head, known(tail)?))) {
        Some((head, zh)) => Cow::Owned(format!("{head}：{zh}")),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_words_are_translated_and_a_remotes_are_not() {
        assert_eq!(phrase(Language::Zh, "city"), "城市");
        assert_eq!(phrase(Language::Zh, "GET /order/: no answer in time"), "GET /order/：应答超时");
        assert_eq!(phrase(Language::Zh, "SKU不存在"), "SKU不存在");
        assert_eq!(phrase(Language::En, "city"), "city");
    }
}
