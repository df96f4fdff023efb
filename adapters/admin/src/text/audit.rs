//! Who did what.

crate::text::messages! {
    INTRO = "Every act of a person or a program that changed something, newest first.", "所有改变过数据的人工与程序操作，最新在前。";
    AT = "When", "时间";
    WHO = "Who", "操作人";
    WHAT = "What", "操作";
    SUBJECT = "On what", "对象";
    DETAIL = "Detail", "详情";
    FROM = "From", "开始";
    UNTIL = "Until", "结束";
    ANY = "any", "不限";
    ALL_ROUTES = "all routes", "全部集成领域";
    NOTHING_YET = "Nothing has been done yet", "还没有操作记录";
    NOTHING_YET_HELP = "Logins, settings, stages set by hand, holds, retries, runs and exports will be listed here.",
        "登录、设置变更、手工改状态、扣留、重试、运行与导出会显示在这里。";
    NOTHING_MATCHES = "Nothing matches the filters", "没有符合筛选条件的记录";
    NOTHING_MATCHES_HELP = "Take a filter away, or widen the time.", "请减少筛选条件或放宽时间范围。";
    EXPORTED = "{0} rows", "{0} 行";
    LOGIN = "login", "登录";
    LOGIN_REFUSED = "login refused", "登录被拒";
    LOGOUT = "logout", "退出登录";
    SETTINGS = "settings", "设置变更";
    STAGE = "stage set", "手工改状态";
    HOLD = "hold", "扣留";
    RELEASE = "release", "放行";
    RETRY = "retry", "重试";
    CANCEL_IN_ERP = "cancel in ERP", "在 ERP 取消";
    RUN = "run", "运行任务";
    EXPORT = "export", "导出";
    REPAIR = "repair", "修复";
}
