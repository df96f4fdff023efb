//! Stock records, and sending figures.

crate::text::messages! {
    INTRO = "What stock runs saw: one line for each item and warehouse, newest first. Difference is ERP minus channel.",
        "库存任务的对比记录：每个商品与仓库一行，最新在前。差异 = ERP − 渠道。";
    NO_STOCK = "The channel of this route takes no stock figures", "该渠道不支持库存回传";
    NO_STOCK_HELP = "There is nothing to compare or to send on this route. Choose another one above.", "该集成领域没有可对比或回传的库存，请在上方选择其他集成领域。";
    LAST_RUN = "Last stock run", "上次库存任务";
    NEVER_RUN = "No stock run is recorded yet.", "还没有库存任务记录。";
    RUNNING_NOW = "A stock run is at work.", "库存任务正在运行。";
    GUARDED = "The guard stopped the last run: {0} items would have been set to zero, so nothing was sent.",
        "归零保护已拦截上次任务：将有 {0} 个商品归零，未回传任何库存。";
    GUARD_HELP = "Check the ERP's stock. If it is right, raise jobs.sync_stock.max_zero_ratio for one run.",
        "请核对 ERP 库存；若确属实，请临时调高 jobs.sync_stock.max_zero_ratio。";
    SYNC_IS_OFF = "The schedule only compares: jobs.sync_stock.sync is off.", "计划任务仅对比不回传：jobs.sync_stock.sync 未开启。";
    SYNC_IS_ON = "Differences are sent: jobs.sync_stock.sync is on.", "差异会自动回传：jobs.sync_stock.sync 已开启。";
    NOT_SCHEDULED = "The schedule does not run it: the job is disabled.", "任务未启用，不会按计划执行。";
    COMPARE = "Compare now", "立即对比";
    COMPARE_HELP = "Reads both sides and records what it sees; nothing is sent.", "读取双方库存并记录，不回传。";
    SYNC_ALL = "Sync now: show what would be sent", "立即同步：先查看将回传的差异";
    SYNC_SELECTED = "Sync the selected", "同步所选";
    SYNC_HELP = "Both sides are read first, which may take minutes. Nothing is sent before you have seen the differences and confirmed them.",
        "先读取双方库存，可能需要几分钟。确认差异之前不会回传任何数据。";
    SELECT_FIRST = "select at least one line, and at most 1,000", "请至少选择一行，最多 1,000 行";
    SELECTED = "selected", "已选";
    SELECT_ALL = "Select all lines", "全选";
    SELECT = "Select", "选择";
    RECORDS = "Records", "记录";
    NEWEST_ONLY = "newest of each item", "每个商品的最新记录";
    EVERY_RECORD = "every record", "全部记录";
    FROM = "From", "开始";
    UNTIL = "Until", "结束";
    RUN = "Run", "运行";
    WAREHOUSE = "Channel warehouse", "渠道仓库";
    SKU = "SKU (channel or ERP, part)", "SKU（渠道或 ERP，部分匹配）";
    CHANNEL_SKU = "Channel SKU", "渠道 SKU";
    ERP_SKU = "ERP SKU", "ERP SKU（本地 SKU）";
    ERP_WAREHOUSE = "ERP warehouse", "ERP 仓库";
    RESULT = "Result", "结果";
    REASON = "Reason", "原因";
    DETAIL = "Text of the reason (part)", "原因内容（部分匹配）";
    ANY = "any", "不限";
    DIFFERENCE = "Difference", "差异";
    BAND = "Difference bands", "差异区间";
    BAND_ALL = "all", "全部";
    BAND_FAR_BELOW = "below −5", "小于 −5";
    BAND_BELOW = "−5 to −1", "−5 至 −1";
    BAND_ZERO = "0 (equal)", "0（一致）";
    BAND_ABOVE = "1 to 5", "1 至 5";
    BAND_FAR_ABOVE = "above 5", "大于 5";
    WHEN = "When", "时间";
    ERP = "ERP", "ERP 数量";
    CHANNEL = "Channel", "渠道数量";
    UNKNOWN = "unknown", "未知";
    EQUAL = "equal", "一致";
    DIFFERENT = "different", "有差异";
    WRITTEN = "sent", "已回传";
    UNCONFIRMED = "sent, not confirmed", "已发送待确认";
    SKIPPED = "left alone", "跳过";
    FAILED = "failed", "失败";
    NOTHING_YET = "No stock record yet", "还没有库存记录";
    NOTHING_YET_HELP = "Each stock run records what it compared. Compare now, or enable the job sync_stock.",
        "每次库存任务都会记录对比结果。可立即对比，或启用 sync_stock 任务。";
    NOTHING_MATCHES = "Nothing matches the filters", "没有符合筛选条件的记录";
    NOTHING_MATCHES_HELP = "Take a filter away, or widen the time. With “newest of each item” older records are not looked at.",
        "请减少筛选条件或放宽时间范围。选择“每个商品的最新记录”时不会查找更早的记录。";
    RANGE_NEEDED = "choose a start: an export of every record spans at most {0} days", "请选择开始时间：导出全部记录最多 {0} 天";
    RANGE_TOO_LONG = "the range is longer than {0} days", "时间范围超过 {0} 天";
    SYNC_TITLE = "Send stock", "回传库存";
    READING = "Both sides are being read. This page goes on by itself; closing it changes nothing.",
        "正在读取双方库存，页面会自动更新；关闭页面不影响执行。";
    WOULD_SEND = "Would be sent: {0} items, {1} figures", "将回传：{0} 个商品，{1} 条";
    WOULD_SEND_NOTHING = "Nothing would be sent", "没有需要回传的差异";
    WOULD_SEND_NOTHING_HELP = "Both sides agree, or what differs is left alone for the reasons below.", "双方一致，或差异因下列原因不回传。";
    WOULD_STAY = "Would be left alone: {0} figures", "不会回传：{0} 条";
    CUT = "Only the first 1,000 figures that are not equal are kept. Send these, then look again.", "仅保留前 1,000 条不一致的记录。请先回传这些，再重新对比。";
    SEND = "Send these figures", "回传这些库存";
    SEND_MEANS = "For {0} items the channel's figures are replaced by the ERP's, each with all its warehouses. Both sides are read again first, so figures that have changed since are sent as they are then.",
        "将用 ERP 库存替换渠道中 {0} 个商品的库存（每个商品包含其全部仓库）。回传前会重新读取双方库存，以届时的数量为准。";
    SEND_ZERO = "{0} figures become 0: the channel will not sell these any more.", "其中 {0} 条将变为 0，渠道将停止销售。";
    SEND_BEGUN = "The figures are being sent.", "正在回传库存。";
    DRY_FAILED = "The look failed, so nothing can be sent from it", "读取失败，无法据此回传";
    GONE = "These differences are not kept any more", "这些差异已不再保留";
    GONE_HELP = "They are kept for 15 minutes after the look, on the instance that made it. Look again: stock changes.",
        "差异在读取后于执行实例上保留 15 分钟。库存会变化，请重新读取。";
    AGAIN = "Look again", "重新读取";
    NOT_A_LOOK = "This run sent figures itself; it is no look before sending.", "该次运行本身已回传库存，不是回传前的预览。";
    BACK = "All stock records", "全部库存记录";
    TO_RUN = "The run", "运行详情";
}
