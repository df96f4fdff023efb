//! Jobs and runs.

crate::text::messages! {
    INTRO = "What the service does by itself, and by hand. A run goes on when this page is closed.",
        "系统自动执行与手工执行的任务。关闭页面不影响运行。";
    PULL_ORDERS = "Pull orders", "拉取订单";
    PULL_ORDERS_DOES = "Reads new and changed orders from the channel and stores them.", "从渠道读取新增和变更的订单并保存。";
    PUSH_ORDERS = "Push orders", "推单到 ERP";
    PUSH_ORDERS_DOES = "Creates orders that await their push in the ERP, unless the ERP holds them already.",
        "将待推单的订单创建到 ERP，ERP 已有的不会重复创建。";
    ACK_ORDERS = "Acknowledge orders", "回传 ACK";
    ACK_ORDERS_DOES = "Tells the channel that orders are accepted, once the ERP has released every part of them.",
        "ERP 审核完订单的全部子单后，向渠道回传接单确认。";
    SHIP_ORDERS = "Report shipments", "回传物流";
    SHIP_ORDERS_DOES = "Reports shipped parcels with their tracking numbers to the channel.", "将已发货包裹及运单号回传渠道。";
    INVOICE_ORDERS = "Send invoices", "回传发票";
    INVOICE_ORDERS_DOES = "Sends one invoice for each order whose units have all shipped.", "订单全部发货后向渠道回传一张发票。";
    SYNC_STOCK = "Sync stock", "同步库存";
    SYNC_STOCK_DOES = "Compares the ERP's stock with the channel's, records both, and sends what differs if the setting `sync` is on.",
        "对比 ERP 与渠道库存并记录；开启 `sync` 设置时回传差异。";
    PULL_SKU_PAIRS = "Pull SKU pairs", "拉取 SKU 配对";
    PULL_SKU_PAIRS_DOES = "Reads the ERP's SKU pairs and merges them into the SKU mapping; entries made by hand stay.",
        "读取 ERP 的 SKU 配对并合并到 SKU 映射，手工配置优先。";
    CHECK_ORDERS = "Check orders", "核对订单";
    CHECK_ORDERS_DOES = "Compares stored orders with the channel and the ERP and names what does not fit; it changes nothing.",
        "将本地订单与渠道、ERP 核对并列出不一致，不做任何修改。";
    CLEANUP_EXPORTS = "Clean up exports", "清理导出文件";
    CLEANUP_EXPORTS_DOES = "Removes the oldest export files when there are too many.", "导出文件过多时删除最旧的文件。";
    JOB = "Job", "任务";
    SCHEDULE = "Schedule", "执行计划";
    ENABLED = "enabled", "已启用";
    DISABLED = "disabled", "未启用";
    BY_HAND_ONLY = "by hand only", "仅手工执行";
    NO_STOCK = "the channel of this route takes no stock figures", "该渠道不支持库存回传";
    DISABLED_HELP = "Not run by the schedule. Running it by hand works all the same.", "不会按计划执行，仍可手工运行。";
    NEXT_RUNS = "Next runs", "接下来三次";
    NEVER = "never", "不会执行";
    CRON_UTC = "cron, UTC", "cron 表达式，UTC";
    EVERY_MINUTE = "every minute", "每分钟";
    EVERY_MINUTES = "every {0} minutes", "每 {0} 分钟";
    HOURLY = "every hour at minute {0}", "每小时第 {0} 分";
    HOURS = "every {0} hours at minute {1}", "每 {0} 小时的第 {1} 分";
    DAILY = "every day at {0} UTC", "每天 {0}（UTC）";
    WEEKLY = "on {1} at {0} UTC", "每{1} {0}（UTC）";
    OTHER_SCHEDULE = "as the cron text says", "见 cron 表达式";
    MONDAY = "Monday", "周一";
    TUESDAY = "Tuesday", "周二";
    WEDNESDAY = "Wednesday", "周三";
    THURSDAY = "Thursday", "周四";
    FRIDAY = "Friday", "周五";
    SATURDAY = "Saturday", "周六";
    SUNDAY = "Sunday", "周日";
    LAST_RUN = "Last run", "上次运行";
    HISTORY = "History", "历史";
    HISTORY_OF = "The newest {0} runs, oldest on the left; {1} failed or broke off", "最近 {0} 次运行，左侧最早；其中 {1} 次失败或中断";
    NOT_RUN_YET = "has not run yet", "尚未运行";
    RUN_NOW = "Run now", "立即运行";
    DRY_RUN = "Dry run", "试运行";
    DRY_RUN_HELP = "A dry run reads both sides and shows what would be done; it sends nothing and stores nothing.",
        "试运行会读取双方数据并展示将要执行的内容，不发送也不保存。";
    RUN_ALL = "Run all in order", "按顺序全部运行";
    RUN_ALL_HELP = "Pull, push, acknowledge, ship, invoice, then stock if it is enabled: one after the other.",
        "依次执行：拉取、推送、确认、物流、发票；库存任务启用时最后执行。";
    PULL_RANGE = "Pull a range", "按时间范围拉取";
    PULL_RANGE_HELP = "Orders that were created at the channel in this range are read again. Orders known already keep their stage and evidence.",
        "重新读取渠道在该时间范围内创建的订单。已有订单的状态和凭据不会被改动。";
    FROM = "From", "开始";
    UNTIL = "Until", "结束";
    SHOW_RANGE = "Show the range", "查看范围";
    RANGE = "Range", "时间范围";
    RANGE_IS = "{0} to {1}", "{0} 至 {1}";
    RANGE_EMPTY = "the end has to be after the start", "结束必须晚于开始";
    START_PULL = "Start pulling", "开始拉取";
    TODAY = "today", "今天";
    YESTERDAY = "yesterday", "昨天";
    SEVEN_DAYS = "7 days", "近 7 天";
    ALREADY = "This job is being run already", "该任务正在运行";
    ALREADY_HELP = "It was begun {0}. Watch it instead of starting it again.", "该任务开始于 {0}，可直接查看进度，无需重复启动。";
    WATCH_RUN = "Watch the run", "查看运行进度";
    SETTINGS_BROKEN = "The stored settings are not valid, so no job runs", "已保存的设置无效，所有任务均无法运行";
    TO_SETTINGS = "To the settings", "前往设置";
    BACK_TO_JOBS = "All jobs", "全部任务";

    RUN = "Run", "运行";
    RUNS = "Runs", "运行记录";
    RUNS_INTRO = "The newest runs first, at most 200.", "最新在前，最多 200 条。";
    NO_RUNS = "No run is recorded", "没有运行记录";
    NO_RUNS_HELP = "Every run of a job is listed here, by the schedule or by hand. Start one on the page of the jobs.",
        "按计划或手工执行的每次运行都会显示在这里。可在任务页面启动。";
    ALL_JOBS = "all jobs", "全部任务";
    TRIGGER = "Started by", "触发方式";
    BY_SCHEDULE = "the schedule", "计划";
    BY_PERSON = "a person", "人工";
    STARTED = "Started", "开始时间";
    FINISHED = "Ended", "结束时间";
    DURATION = "Duration", "耗时";
    ORDER = "Order", "订单";
    RESULT = "Result", "结果";
    RUNNING = "running", "运行中";
    DONE = "done", "完成";
    FAILED_RUN = "failed", "失败";
    INTERRUPTED = "interrupted", "中断";
    INTERRUPTED_HELP = "The process ended before the run did. Whatever it had sent is read back by the next run; nothing is sent twice.",
        "进程在运行结束前退出。已发送的内容会由下次运行回查，不会重复发送。";
    WHY_FAILED = "Why it failed", "失败原因";
    COUNTS = "Counts", "统计";
    CALLS = "Remote calls", "远程调用";
    NO_CALLS = "no remote call", "没有远程调用";
    AT_END = "Shown when the run has ended.", "运行结束后显示。";
    ORDERS_OF_RUN = "Orders of this run", "本次运行的订单";
    ORDERS_SHOWN = "{0} of them are shown.", "显示其中 {0} 个。";
    OUTCOME = "Outcome", "结果";
    WHY = "Why", "原因";
    STAGE = "Stage", "状态";
    ADVANCED = "advanced", "已推进";
    WAITING = "waiting", "等待中";
    BLOCKED = "blocked", "受阻";
    FAILED = "failed", "失败";
    WOULD_SEND = "would be sent", "将会发送";
    NO_ORDERS = "No order has been looked at", "没有处理任何订单";
    NO_ORDERS_HELP = "The job found nothing to do in its stage, or it works on no single orders.", "该状态下没有待处理的订单，或该任务不针对单个订单。";
    NO_ORDERS_YET = "No order has ended yet", "还没有订单处理完毕";
    NO_ORDERS_YET_HELP = "Results appear here as they come.", "结果会陆续显示在这里。";
    NOT_KEPT = "The results of single orders are not kept with this run any more", "本次运行的逐单结果已不再保留";
    NOT_KEPT_HELP = "They are kept for 15 minutes after the end, on the instance that ran it. Every order shows its own outcome and history for good.",
        "逐单结果在运行结束后于执行实例上保留 15 分钟。每个订单的结果和历史会在订单页面永久保留。";
    TO_ORDERS = "To the orders", "前往订单";
    LOG = "Log", "日志";
    LOG_KEPT = "The newest {0} lines.", "最近 {0} 行。";
    PROGRESS = "Progress", "进度";
    POINT_CLAIMED = "orders are chosen", "已选定订单";
    POINT_INTENDED = "what is to be sent is recorded", "已登记发送意图";
    POINT_SENT = "sent", "已发送";
    POINT_ACCEPTED = "the other side has accepted it and is working on it", "对方已受理，等待处理";
    POINT_RECORDED = "results are recorded", "结果已保存";
    POINT_PAGE = "a page is stored", "已保存一页";
    POINT_MARK = "the mark has moved", "拉取进度已推进";
    POINT_ERP = "the ERP has been read", "已读取 ERP";
    POINT_CHANNEL = "the channel has been read", "已读取渠道";
    POINT_READ = "both sides are being compared", "正在核对双方数据";
    POINT_SAVED = "saved", "已保存";
    POINT_OTHER = "at work", "处理中";
    POINT_BEGUN = "begun", "已开始";
    SEE_CHECK = "To the findings", "查看核对结果";
    SEE_STOCK = "To the stock records of this run", "查看本次库存记录";
    SEE_STOCK_DRY = "To the differences that would be sent", "查看将要回传的差异";
    TECHNICAL = "Report as JSON", "JSON 报告";
    UNKNOWN_RUN = "This run is being begun", "运行正在启动";
    STARTED_FLASH = "The run has begun.", "任务已启动。";

    COUNT_SELECTED = "taken for work", "已选取";
    COUNT_SEEN = "seen", "读取";
    COUNT_STORED = "new", "新增";
    COUNT_UPDATED = "changed", "更新";
    COUNT_UNCHANGED = "unchanged", "无变化";
    COUNT_INVALID = "unreadable", "无法解析";
    COUNT_COMPARED = "compared", "已对比";
    COUNT_DIFFERENT = "different", "有差异";
    COUNT_WRITTEN = "sent", "已回传";
    COUNT_ITEMS_WRITTEN = "items sent", "已回传商品";
    COUNT_UNCONFIRMED = "not confirmed yet", "待确认";
    COUNT_SKIPPED = "left alone", "跳过";
    COUNT_GUARDED = "stopped by the guard", "被归零保护拦截";
    COUNT_READ = "read", "读取";
    COUNT_ADDED = "added", "新增";
    COUNT_CHANGED = "changed", "变更";
    COUNT_KEPT = "kept as entered by hand", "保留手工配置";
    COUNT_CONFLICTS = "contradictions", "冲突";
    COUNT_CHECKED = "checked", "已核对";
    COUNT_FINDINGS = "findings", "不一致";
    COUNT_INCOMPLETE = "not readable", "未能读取";
    COUNT_FILES = "files", "文件数";
    COUNT_BYTES = "bytes", "字节数";
    COUNT_REMOVED = "files removed", "已删除文件";
    COUNT_REMOVED_BYTES = "bytes removed", "已删除字节";

    STEPS_ALL = "Run all in order", "按顺序全部运行";
    STEPS_REPAIR = "Repairs", "批量修复";
    STEPS_INTRO = "This goes on when the page is closed, on the instance that began it. It can be looked at for 15 minutes after its end.",
        "关闭页面不影响执行，由启动它的实例继续。结束后 15 分钟内可查看。";
    STEP_WAITS = "to come", "待执行";
    STEP_RUNNING = "running", "运行中";
    STEP_DONE = "done", "完成";
    STEP_FAILED = "failed", "失败";
    STEP_REFUSED = "refused", "被拒绝";
    STEP_LEFT_OUT = "left out", "跳过";
    STEP_MOVED = "It has moved since the check; check it again.", "核对后该订单已变化，请重新核对。";
    STEP_STOCK_NOT_SAFE = "Stock is left out because pulling or pushing did not end well: figures without these orders would give their units back.",
        "拉取或推送未成功，已跳过库存：未包含这些订单的库存会把数量还回去。";
    STEP_STOPPED = "The service is stopping.", "服务正在停止。";
    STEP_JOINED = "It was running already; this waited for its end.", "该任务已在运行，已等待其结束。";
    STEP_NOT_RECORDED = "What came of it could not be read.", "无法读取结果。";
    STEPS_ENDED = "All steps have ended.", "全部步骤已结束。";
    STEPS_RUNNING = "At work: step {0} of {1}.", "进行中：第 {0} 步，共 {1} 步。";
    STEPS_GONE = "This is not known any more", "该批次已无法查看";
    STEPS_GONE_HELP = "It ended more than 15 minutes ago, or another instance did it. The runs are listed with all others.",
        "该批次已结束超过 15 分钟，或由其他实例执行。各次运行可在运行记录中查看。";
    STEP = "Step", "步骤";
    SET_TO = "set to {0}", "改为 {0}";
}
