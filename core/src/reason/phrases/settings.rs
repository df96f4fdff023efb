//! What is wrong in a settings document: the sentences of [`crate::settings::parse`].

use super::Entry;

pub(super) const PROBLEMS: &[Entry] = &[
    ("this is not JSON (line {id}, column {id2})", "不是有效的 JSON（第 {id} 行，第 {id2} 列）"),
    ("unknown key for this job", "该任务没有此项设置"),
    ("unknown key; known are {list}", "未知的设置项；可用：{list}"),
    ("unknown key; known is {list}", "未知的设置项；可用：{list}"),
    ("unknown job; known are {list}", "未知的任务；可用：{list}"),
    ("unknown mapping; known are {list}", "未知的映射；可用：{list}"),
    ("the same job as jobs.{id}; keep one of them", "与 jobs.{id} 是同一任务，请保留其一"),
    ("empty key; name what is mapped or remove the entry", "键为空，请填写或删除该条"),
    ("empty value; enter the ERP's id or remove the entry", "值为空，请填写 ERP 的 ID 或删除该条"),
    ("expected an object, found {any}", "应为对象，实际为{any}"),
    ("expected text in quotes, found {any}", "应为带引号的文本，实际为{any}"),
    ("expected text, found {any}", "应为文本，实际为{any}"),
    ("expected true or false, found {any}", "应为「true」或「false」，实际为{any}"),
    ("expected 1 or 3, found {any}", "应为 1 或 3，实际为{any}"),
    ("expected one of {list}", "只能是以下之一：{list}"),
    ("expected a stage from 1 to 4", "应为状态 1 到 4"),
    ("expected a time like 2025-01-01T00:00:00Z", "时间格式应为 2025-01-01T00:00:00Z"),
    ("expected a number from 0 to 1, found {any}", "应为 0 到 1 的数字，实际为{any}"),
    ("expected a whole number above 0, found {any}", "应为大于 0 的整数，实际为{any}"),
    ("expected a whole number from 1 to 100, found {any}", "应为 1 到 100 的整数，实际为{any}"),
    ("expected whole minutes from 0 to 525600, found {any}", "应为 0 到 525600 的整数分钟，实际为{any}"),
    ("expected whole days from 1 to 3650, found {any}", "应为 1 到 3650 的整数天数，实际为{any}"),
    ("expected hours, above 0 and at most 87600, found {any}", "应为大于 0 且不超过 87600 的小时数，实际为{any}"),
    ("slow_hours has to be at most stuck_hours, in every stage", "每个状态的缓慢阈值不能大于停滞阈值"),
    (
        "expected six fields (second minute hour day month weekday, UTC), found {id}",
        "应为六个字段（秒 分 时 日 月 周，UTC），实际为 {id} 个",
    ),
    ("not a cron expression: {any}", "不是有效的 Cron 表达式：{any}"),
    (
        "several names for one ERP SKU ({list}): ship_orders, invoice_orders and sync_stock need the way back; keep one, or disable these jobs",
        "同一 ERP SKU 对应多个渠道 SKU（{list}）：回传物流、回传发票与同步库存需要反向对应，请保留其一或停用这些任务",
    ),
    ("sync_stock is enabled and needs at least one warehouse", "同步库存已启用，至少需要一个仓库映射"),
    (
        "several codes for one ERP warehouse ({list}): sync_stock needs the way back; keep one, or disable it",
        "同一 ERP 仓库对应多个渠道仓库（{list}）：同步库存需要反向对应，请保留其一或停用该任务",
    ),
    // Kinds of values; a number is among what cannot be read of an order.
    ("true or false", "布尔值"),
    ("text", "文本"),
    ("a list", "列表"),
    ("an object", "对象"),
];
