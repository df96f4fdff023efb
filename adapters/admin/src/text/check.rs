//! Checking orders against both sides, and putting right what does not fit.

crate::text::messages! {
    TITLE = "Check", "核对";
    INTRO = "Compares stored orders with the channel and the ERP and lists what does not fit. Nothing is changed; each repair is a click of yours.",
        "将本地订单与渠道、ERP 核对并列出不一致。核对不做任何修改，修复由您逐项确认。";
    BY_RANGE = "By creation time", "按创建时间";
    BY_PO = "By PO number", "按采购单号";
    FROM = "From", "开始";
    UNTIL = "Until", "结束";
    PO = "PO number", "采购单号";
    CHECK_NOW = "Check now", "开始核对";
    NEITHER = "give a range or a PO number", "请填写时间范围或采购单号";
    BOTH = "give a range or a PO number, not both", "时间范围与采购单号只能填写一项";
    BAD_PO = "this cannot be a PO number", "采购单号格式不正确";
    EARLIER = "Earlier checks", "最近的核对";
    NONE_EARLIER = "No check has been made yet", "还没有核对记录";
    NONE_EARLIER_HELP = "Choose a range above; a week takes about a minute.", "请在上方选择时间范围；一周的订单约需一分钟。";
    AT_WORK = "Both sides are being read. This page goes on by itself; closing it changes nothing.", "正在读取双方数据，页面会自动更新；关闭页面不影响执行。";
    OF_RANGE = "{0} to {1}", "{0} 至 {1}";
    INCOMPLETE = "The check is incomplete: {0} things could not be read, and nothing is concluded from them.",
        "核对不完整：有 {0} 项未能读取，对这些项不作任何结论。";
    COMPLETE = "Both sides were read completely.", "双方数据已完整读取。";
    CHECKED = "{0} orders checked; {1} of them are too early to compare: not pushed yet, or only just moved.",
        "已核对 {0} 个订单，其中 {1} 个尚不宜比对（未推单或刚刚变更）。";
    ALL_WELL = "Everything fits", "没有发现不一致";
    ALL_WELL_HELP = "Every order that was checked stands where both sides say it should.", "核对的订单与双方数据一致。";
    NOTHING_SAID = "Nothing was found in what could be read", "可读取的部分未发现不一致";
    NOTHING_SAID_HELP = "The check is incomplete, so it does not say that everything fits. Check again.", "核对不完整，不能说明全部一致，请重新核对。";
    FAILED = "The check failed", "核对失败";
    GONE = "The findings are not kept any more", "核对结果已不再保留";
    GONE_HELP = "They are kept for 15 minutes after the end, on the instance that made the check. Check again: orders move.",
        "结果在核对结束后于执行实例上保留 15 分钟。订单状态会变化，请重新核对。";
    AGAIN = "Check again", "重新核对";
    FINDINGS = "Findings", "不一致";
    SHOWN = "The first {0} are shown.", "显示前 {0} 条。";
    ORDER = "Order", "订单";
    STAGE = "Stage when checked", "核对时状态";
    CHANNEL_STATUS = "Status at the channel", "渠道状态";
    REPAIR = "Repair", "修复";
    NOT_STORED = "not stored", "本地没有";
    PULL_IT = "Pull it", "拉取该订单";
    SET_STAGE = "Set to {0}", "改为{0}";
    LOOK = "Look at it in the channel's portal and in the ERP", "请到渠道后台和 ERP 核对";
    HAS_MOVED = "It stands at {0} now; check it again.", "现在状态为{0}，请重新核对。";
    STORED_NOW = "It is stored now.", "现已拉取到本地。";
    REPAIR_ALL = "Repair all {0} of this kind", "修复此类全部 {0} 条";
    CONFIRM_TITLE = "Repair", "确认修复";
    SET_MEANS = "The order goes back to “{0}”, and its job does this step again. What the channel or the ERP has already is found by that job and not sent twice; evidence stays.",
        "订单将退回“{0}”，由对应任务重新执行该步骤。渠道或 ERP 已有的内容会被识别，不会重复发送；凭据保留。";
    SET_COMPLETED_MEANS = "The order is set to “{0}”: no job works on it any more.", "订单将改为“{0}”，不再由任何任务处理。";
    PULL_MEANS = "The order is read from the channel and stored; it enters at the stage that the channel's status says.",
        "将从渠道读取并保存该订单，按渠道状态进入相应阶段。";
    MANY_MEANS = "{0} orders are repaired one after the other. Each is compared first: one that has moved since the check is left alone.",
        "将逐个修复 {0} 个订单。修复前会先比对，核对后已变化的订单会跳过。";
    MANY_CUT = "Of {1} findings the first {0} are repaired; check again for the rest.", "共 {1} 条，本次修复前 {0} 条，其余请重新核对后处理。";
    MOVED_TITLE = "The order has moved since the check", "核对后该订单已变化";
    MOVED_HELP = "Nothing was changed. Look at the order, or check it again.", "未做任何修改。请查看该订单或重新核对。";
    SEE_ORDER = "To the order", "查看订单";
    NO_REPAIR_TITLE = "There is no repair for this", "该项没有可执行的修复";
    NO_REPAIR_HELP = "It is not among the findings of this check, or somebody has to look at it in the channel's portal.",
        "该项不在本次核对结果中，或需要到渠道后台人工核对。";
    WAS_SET = "{0} is set to {1}.", "{0} 已改为{1}。";
    PULL_BEGUN = "{0} is being pulled.", "正在拉取 {0}。";
}
