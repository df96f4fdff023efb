//! Why orders stay.

crate::text::messages! {
    INTRO = "Orders that do not move, grouped by why. Held orders are left out.", "未能推进的订单，按原因分组；已扣留的订单不在其中。";
    NOTHING = "No order is kept from moving", "没有被阻碍的订单";
    NOTHING_HELP = "Orders that a job could not move appear here with the reason and what to do about it.", "任务无法推进的订单会在此显示原因与处理办法。";
    SEE_ORDERS = "See all orders", "查看全部订单";
    COUNT = "Orders", "订单数";
    STAGE = "Stage", "状态";
    CAUSE = "Cause", "原因";
    OLDEST = "Waiting since", "最早等待";
    SAMPLE = "For example", "示例订单";
    WHO_ACTS = "Who acts", "处理人";
    REMEDY = "Remedy", "处理";
    RETRY = "Retry all", "全部重试";
    RETRY_MEANS = "{0} orders become due now; the next runs of their job look at them.", "{0} 张订单将立即可处理，由下一次任务运行处理。";
    RETRIED = "{0} orders are due now.", "{0} 张订单已可处理。";
    RETRIED_PART = "{0} orders are due now, the first of the group; press again for more.", "该组前 {0} 张订单已可处理，如需继续请再次点击。";
    RETRIED_NONE = "No order of the group is left.", "该组已没有订单。";
    SEE_JOBS = "See the jobs", "查看任务";
    ADD_MAPPING = "Add the mapping", "补充映射";
    OPEN_MAPPING = "Correct the mapping", "更正映射";
    OPEN_SWITCH = "Open the switch", "打开开关";
    DECIDE = "Decide per order", "逐单处理";
    UNREAD = "Orders that could not be read", "无法读取的订单";
    UNREAD_HELP = "{0} orders came from the channel that no job works on. They are kept as they came; pull them again once the cause is mended.",
        "{0} 张渠道订单无法处理，任何任务都不会处理它们。原始报文已保留，原因排除后请重新拉取。";
    UNREAD_NAMES = "The newest {0} of them", "最近 {0} 张";
    PULL_AGAIN = "Pull again", "重新拉取";
    SEE_FIRST = "See the first order", "查看先到的订单";
    TRAY = "Missing mappings", "缺少的映射";
    TRAY_HELP = "Choose what each stands for in the ERP. All chosen ones are saved together, after you have seen what changes; the orders then go on by themselves.",
        "请选择各项在 ERP 中对应的内容。所选内容预览确认后一次保存，相关订单会自动继续。";
    MISSING = "Missing", "缺少项";
    FREES = "Frees", "可恢复";
    FREES_ORDERS = "{0} orders", "{0} 张订单";
    CHOICE = "Choose", "选择";
    LATER = "– later –", "– 暂不处理 –";
    NO_LIST_WHY = "The ERP's list could not be read ({0}); type the id.", "无法读取 ERP 列表（{0}），请直接填写 ID。";
    NO_ANSWER = "no answer in time", "未及时应答";
    WHY_RETRYABLE = "it does not answer now", "暂时没有应答";
    WHY_THROTTLED = "it asks to wait", "对方限流";
    WHY_AUTH = "credentials refused", "凭证被拒绝";
    WHY_CLOCK = "this machine's clock is wrong", "本机时钟不准";
    WHY_REJECTED = "it refused", "对方拒绝";
    WHY_INVALID = "it lists nothing that can be read", "没有可读取的列表";
    NOTHING_LISTED = "The ERP lists nothing to choose; type the id.", "ERP 没有可选项，请直接填写 ID。";
    SKU_OF = "Channel SKU that is ERP SKU {0}", "ERP 商品 {0} 对应的渠道 SKU";
    LINES = "lines of {0}: {1}", "{0} 的订单行：{1}";
    ID = "ERP id for {0}", "{0} 对应的 ERP ID";
    PREVIEW = "Preview the new mappings", "预览新增映射";
    NOTHING_CHOSEN = "nothing is chosen yet", "尚未选择任何映射";
    CHANGED = "Somebody saved other settings meanwhile. Nothing was changed; your choices are kept, check them and preview again.",
        "其他人已保存了新的设置。未执行任何操作，您的选择已保留，请核对后重新预览。";
}
