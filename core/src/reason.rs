//! Why an order did not move: a code, who must act, and a sentence in both languages.

mod cause;
mod phrases;

pub use cause::Cause;
pub(crate) use phrases::BETWEEN;
pub use phrases::{is_ours, phrase};

use std::borrow::Cow;
use std::fmt;

/// How a look at an order ended when it did not advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutcomeKind {
    /// The order moved on.
    Advanced,
    /// Nothing is wrong; something outside has to happen first.
    Waiting,
    /// Somebody has to do something.
    Blocked,
    /// A call went wrong; the next run is the retry.
    Failed,
}

impl OutcomeKind {
    /// The text that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Advanced => "advanced",
            Self::Waiting => "waiting",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
        }
    }

    /// Reads the stored text.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Advanced, Self::Waiting, Self::Blocked, Self::Failed].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Who has to act so that the order moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Nobody: the next run does it.
    Nobody,
    /// The operator, on our pages.
    Operator,
    /// Whoever works in the ERP: reviewers, the warehouse.
    ErpStaff,
    /// The channel or the retailer.
    Channel,
    /// The engineer who runs the service.
    Engineer,
}

impl Actor {
    /// English and Chinese name.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Nobody => ("nobody (automatic)", "无需人工（自动重试）"),
            Self::Operator => ("operator", "运营人员"),
            Self::ErpStaff => ("ERP staff", "ERP 操作人员"),
            Self::Channel => ("channel or retailer", "渠道或零售商"),
            Self::Engineer => ("engineer", "运维工程师"),
        }
    }
}

/// Language of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// 简体中文.
    Zh,
}

macro_rules! reasons {
    ($( $(#[$doc:meta])* $name:ident = $code:literal, $kind:ident, $actor:ident, $en:literal, $zh:literal; )+) => {
        /// Why an order did not move.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason { $( $(#[$doc])* $name, )+ }

        impl Reason {
            /// All reasons.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )+ ];

            /// The stable code.
            pub const fn code(self) -> &'static str { match self { $( Self::$name => $code, )+ } }

            /// Which outcome it makes.
            pub const fn kind(self) -> OutcomeKind { match self { $( Self::$name => OutcomeKind::$kind, )+ } }

            /// Who has to act.
            pub const fn actor(self) -> Actor { match self { $( Self::$name => Actor::$actor, )+ } }

            const fn template(self, language: Language) -> &'static str {
                match (self, language) { $( (Self::$name, Language::En) => $en, (Self::$name, Language::Zh) => $zh, )+ }
            }
        }
    };
}

reasons! {
    /// The channel's order cannot be read.
    InvalidPayload = "invalid_payload", Blocked, Engineer,
        "The channel's order cannot be read ({}). Its raw text is kept; pull it again once the channel or the adapter is mended.",
        "渠道订单无法解析（{}）。原始报文已保留；渠道或适配器修复后请重新拉取。";
    /// Another order of the channel uses the same PO number.
    DuplicatePo = "duplicate_po", Blocked, Operator,
        "Another order of the channel has the same PO number ({}); only the first one is worked on. Ask the retailer which one is meant.",
        "渠道有另一张订单使用相同的采购单号（{}），系统只处理先到的一张。请与零售商确认以哪张为准。";
    /// No store is mapped for the retailer.
    MissingShopMapping = "missing_shop_mapping", Blocked, Operator,
        "No ERP store is mapped for retailer {}. Add it under settings, mapping.shop.",
        "零售商 {} 未配置 ERP 店铺映射。请在设置 mapping.shop 中补充。";
    /// The order's warehouse is not mapped.
    MissingWarehouseMapping = "missing_warehouse_mapping", Blocked, Operator,
        "Warehouse {} has no ERP warehouse. Add it under settings, mapping.warehouse.",
        "仓库 {} 未配置 ERP 仓库映射。请在设置 mapping.warehouse 中补充。";
    /// Warehouse and service level are not mapped.
    MissingShipmentMapping = "missing_shipment_mapping", Blocked, Operator,
        "Warehouse and service level {} have no ERP logistics type. Add it under settings, mapping.shipment.",
        "仓库与物流方式 {} 未配置 ERP 物流方式映射。请在设置 mapping.shipment 中补充。";
    /// A required part of the address is missing.
    MissingAddress = "missing_address", Blocked, Channel,
        "The ship-to address lacks {}. The retailer has to complete the order.",
        "收货地址缺少 {}。需要零售商补全订单。";
    /// A line has no SKU.
    MissingSku = "missing_sku", Blocked, Channel,
        "Line {} carries no SKU, so the order is not pushed in part. The retailer has to complete it.",
        "第 {} 行没有 SKU，订单不会被部分推送。需要零售商补全。";
    /// A line has no price.
    MissingPrice = "missing_price", Blocked, Channel,
        "Line {} carries no price. The retailer has to complete the order.",
        "第 {} 行没有单价。需要零售商补全订单。";
    /// Nothing is left to ship.
    NothingToShip = "nothing_to_ship", Blocked, Operator,
        "Every unit of the order is cancelled ({}), but the channel does not call it cancelled. Check it in the channel's portal.",
        "订单的所有数量均已取消（{}），但渠道状态不是已取消。请到渠道后台核对。";
    /// A test order.
    TestOrder = "test_order", Blocked, Operator,
        "This is a test order of the channel ({}); it is never pushed to the ERP.",
        "这是渠道的测试订单（{}），不会推送到 ERP。";
    /// The retailer asked to cancel.
    CancelRequested = "cancel_requested", Blocked, Operator,
        "The retailer asks to cancel this order ({}). Cancel it or refuse the request in the channel's portal; it goes on once the request is gone.",
        "零售商申请取消该订单（{}）。请在渠道后台同意或拒绝；申请撤销后订单会继续流转。";
    /// Cancelled at the channel while the ERP holds it.
    CancelNeedsDecision = "cancel_needs_decision", Blocked, Operator,
        "The channel cancelled this order while the ERP holds it ({}). Cancel it in the ERP before it ships.",
        "渠道已取消该订单，但 ERP 中仍存在（{}）。请在发货前到 ERP 取消。";
    /// Cancelled at the channel after it shipped.
    CancelledTooLate = "cancelled_too_late", Blocked, Operator,
        "The channel cancelled this order, but it has already shipped ({}). Settle it with the retailer.",
        "渠道已取消该订单，但货物已发出（{}）。请与零售商协商处理。";
    /// The ERP refused the order.
    ErpRejected = "erp_rejected", Blocked, Operator,
        "The ERP refused the order: {}. Mend it there or in the mapping; it is tried again.",
        "ERP 拒绝了该订单：{}。请在 ERP 或映射中修正，系统会重试。";
    /// The ERP does not hold the order.
    NotInErp = "not_in_erp", Blocked, Operator,
        "The ERP does not know PO number {}. Send the order back to push.",
        "ERP 中找不到采购单号 {}。请将订单退回待推单。";
    /// The ERP's order is cancelled.
    ErpOrderCancelled = "erp_order_cancelled", Blocked, ErpStaff,
        "The order is cancelled in the ERP ({}). Restore it there, or cancel it at the channel.",
        "订单在 ERP 中已取消（{}）。请在 ERP 恢复，或在渠道取消。";
    /// The ERP has not released every part.
    ErpNotReviewed = "erp_not_reviewed", Waiting, ErpStaff,
        "The ERP has not released every part of the order yet ({}). Review it in the ERP.",
        "ERP 尚未审核完该订单的所有子单（{}）。请在 ERP 审核。";
    /// Orders with several lines or units are held back by a setting.
    MultiBan = "multi_ban", Blocked, Operator,
        "The setting multi_ban holds back orders with several lines or units ({}). Switch it off for this job, or do the step in the portal.",
        "multi_ban 开关已暂停多行或多数量订单（{}）。请关闭该任务的开关，或在渠道后台手工处理。";
    /// The channel's state does not allow the step.
    ChannelNotReady = "channel_not_ready", Waiting, Channel,
        "The channel shows the order as “{}”, which does not allow this step yet.",
        "渠道订单状态为“{}”，暂不允许执行该步骤。";
    /// The channel does not know the order.
    NotInChannel = "not_in_channel", Blocked, Operator,
        "The channel does not know this order any more ({}). Check it in the channel's portal.",
        "渠道已查不到该订单（{}）。请到渠道后台核对。";
    /// The ERP has not shipped.
    ErpNotShipped = "erp_not_shipped", Waiting, ErpStaff,
        "The ERP has no shipped outbound document yet ({}).",
        "ERP 尚无已发货的销售出库单（{}）。";
    /// The ERP holds the order in another store than the mapped one.
    ErpOtherStore = "erp_other_store", Blocked, Operator,
        "The ERP holds the PO number in another store than mapping.shop names for its retailer ({}), and outbound documents are looked for in the mapped store only. If it is this order, correct mapping.shop; if it is another one, create this order in the mapped store by hand.",
        "ERP 中该采购单号所在店铺与 mapping.shop 为其零售商配置的店铺不一致（{}），而系统只在映射的店铺中查找出库单。若确为本单，请更正 mapping.shop；若是单号相同的其他订单，请在映射的店铺中手工创建本单。";
    /// A shipped document without tracking number.
    NoTracking = "no_tracking", Waiting, ErpStaff,
        "Outbound document {} is shipped but has no tracking number. Enter it in the ERP.",
        "销售出库单 {} 已发货但没有运单号。请在 ERP 补录。";
    /// A shipped document without date.
    NoShipDate = "no_ship_date", Waiting, ErpStaff,
        "Outbound document {} is shipped but has no ship date. Enter it in the ERP.",
        "销售出库单 {} 已发货但没有发货时间。请在 ERP 补录。";
    /// The channel knows a parcel with fewer units than the ERP shipped in it.
    ParcelIncomplete = "parcel_incomplete", Blocked, Operator,
        "The channel knows parcel {} with fewer units than the ERP shipped in it, and a parcel is not reported twice. Correct it with the channel's support.",
        "渠道中包裹 {} 的件数少于 ERP 实际发货数量，而同一包裹不会重复回传。请联系渠道支持更正。";
    /// The ERP shipped something that no order line has.
    UnknownErpSku = "unknown_erp_sku", Blocked, Operator,
        "The ERP shipped SKU {}, which no line of the order has. Add it under settings, mapping.sku, or correct the ERP.",
        "ERP 发出的 SKU {} 与订单任何一行都不匹配。请在设置 mapping.sku 中补充，或在 ERP 更正。";
    /// Not every unit has shipped.
    NotFullyShipped = "not_fully_shipped", Waiting, ErpStaff,
        "Only {} ordered units have shipped so far.",
        "目前仅发出 {} 件，尚未全部发货。";
    /// The channel refused what we sent.
    ChannelRejected = "channel_rejected", Blocked, Operator,
        "The channel refused it: {}. Correct it in the ERP, the mapping or the portal; it is tried again.",
        "渠道拒绝了本次回传：{}。请在 ERP、映射或渠道后台修正，系统会重试。";
    /// Sent, but nobody has confirmed it yet.
    WriteUnconfirmed = "write_unconfirmed", Waiting, Nobody,
        "It was sent, and its effect is not confirmed yet ({}). It is read back before anything is sent again.",
        "已发送，但结果尚未确认（{}）。再次发送前会先回查。";
    /// The channel's state of the order could not be read.
    ChannelUnreadable = "channel_unreadable", Failed, Nobody,
        "The channel's state of the order could not be read: {}. The next run tries again.",
        "无法读取渠道订单状态：{}。下次运行会重试。";
    /// The ERP's state of the order could not be read.
    ErpUnreadable = "erp_unreadable", Failed, Nobody,
        "The ERP's state of the order could not be read: {}. The next run tries again.",
        "无法读取 ERP 订单状态：{}。下次运行会重试。";
    /// The remote cannot be reached or cannot answer.
    RemoteUnavailable = "remote_unavailable", Failed, Nobody,
        "The remote system did not answer properly: {}. The next run tries again.",
        "对方系统未正常应答：{}。下次运行会重试。";
    /// The remote asked to wait.
    Throttled = "throttled", Failed, Nobody,
        "The remote system asked to wait: {}. The next run tries again.",
        "对方系统限流：{}。下次运行会重试。";
    /// Credentials were refused.
    CredentialsRefused = "credentials_refused", Failed, Engineer,
        "The remote system refuses our credentials: {}. Check them in the configuration.",
        "对方系统拒绝了我们的凭证：{}。请检查配置。";
    /// A clock is wrong.
    ClockWrong = "clock_wrong", Failed, Engineer,
        "The remote system refuses the time that our requests carry: {}. Set this machine's clock right (NTP); the next run tries again.",
        "对方系统拒绝了我们请求中的时间：{}。请校准本机时钟（NTP），下次运行会重试。";
    /// The ERP cannot cancel the order.
    CancelRefused = "cancel_refused", Blocked, Operator,
        "The ERP did not cancel the order: {}. Cancel it there by hand before it ships.",
        "ERP 未能取消该订单：{}。请在发货前到 ERP 手工取消。";
    /// The channel does not know the item.
    ItemNotInChannel = "item_not_in_channel", Blocked, Operator,
        "The channel does not know item {}, so its stock is not sent. Create it there, or correct mapping.sku.",
        "渠道中没有商品 {}，库存未回传。请在渠道创建该商品，或修正 mapping.sku。";
    /// The channel's figure of an item could not be read.
    ItemUnreadable = "item_unreadable", Failed, Nobody,
        "The channel's stock of the item could not be read: {}. The next run tries again.",
        "无法读取渠道库存：{}。下次运行会重试。";
    /// The ERP's stock of a warehouse could not be read completely.
    WarehouseUnreadable = "warehouse_unreadable", Failed, Nobody,
        "The ERP's stock of a warehouse of this item could not be read completely: {}. Nothing is sent on doubt; the next run tries again.",
        "未能完整读取该商品所在仓库的 ERP 库存：{}。存疑时不回传，下次运行会重试。";
    /// The ERP lists no stock at all in a warehouse.
    WarehouseEmpty = "warehouse_empty", Blocked, Operator,
        "The ERP lists nothing at all in warehouse {}, which is taken for a mistake. Check the warehouse and mapping.warehouse.",
        "ERP 仓库 {} 的库存清单为空，系统视为异常。请检查仓库与 mapping.warehouse。";
    /// Too many items would be set to zero at once.
    ZeroGuard = "zero_guard", Blocked, Operator,
        "Nothing was sent, because {} items would be set to zero. Check the ERP's stock; if it is right, raise jobs.sync_stock.max_zero_ratio for one run.",
        "本次将有 {} 个商品库存归零，已停止回传。请核对 ERP 库存；若确属实，请临时调高 jobs.sync_stock.max_zero_ratio。";
    /// Writing is switched off.
    SyncOff = "sync_off", Waiting, Operator,
        "Item {} was only compared, because jobs.sync_stock.sync is off.",
        "商品 {} 仅对比未回传：jobs.sync_stock.sync 未开启。";
    /// More differences than a run may write.
    OverSize = "over_size", Waiting, Nobody,
        "More items differ than one run may send ({}); the next run goes on.",
        "差异商品超过单次上限（{}），下次运行继续。";
    /// The run was stopped before it came to it.
    RunStopped = "run_stopped", Waiting, Nobody,
        "The run was stopped before it came to item {}; the next run goes on.",
        "任务在处理商品 {} 之前被停止，下次运行继续。";
    /// We built something that cannot be sent or read.
    InvalidExchange = "invalid_exchange", Failed, Engineer,
        "The exchange with the remote system cannot be built or read: {}.",
        "与对方系统的报文无法生成或解析：{}。";
}

impl Reason {
    /// The reason of a stored code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }

    /// Orders that share the detail have one remedy: they are shown as one group.
    pub const fn groups_by_detail(self) -> bool {
        matches!(
            self,
            Self::MissingShopMapping
                | Self::MissingWarehouseMapping
                | Self::MissingShipmentMapping
                | Self::MissingAddress
                | Self::UnknownErpSku
                | Self::ErpOtherStore
                | Self::ChannelNotReady
        )
    }

    /// The detail is a text: our own words, or a remote's. That of the others is an id, a name or figures.
    const fn tells_words(self) -> bool {
        matches!(
            self,
            Self::InvalidPayload
                | Self::MissingAddress
                | Self::ErpRejected
                | Self::ErpOtherStore
                | Self::ChannelRejected
                | Self::CancelRefused
                | Self::WriteUnconfirmed
                | Self::ChannelUnreadable
                | Self::ErpUnreadable
                | Self::RemoteUnavailable
                | Self::Throttled
                | Self::CredentialsRefused
                | Self::ClockWrong
                | Self::ItemUnreadable
                | Self::WarehouseUnreadable
                | Self::InvalidExchange
        )
    }

    /// The sentence that the operator reads. A remote's words are quoted as they came.
    pub fn sentence(self, language: Language, detail: &str) -> String {
        let detail = match detail {
            "" => Cow::Borrowed("-"),
            words if self.tells_words() => phrase(language, words),
            name => Cow::Borrowed(name),
        };
        self.template(language).replace("{}", &detail)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_read_back() {
        let codes: HashSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        }
    }

    #[test]
    fn every_reason_has_a_sentence_in_both_languages_that_names_the_detail() {
        for reason in Reason::ALL {
            let en = reason.sentence(Language::En, "DETAIL-7");
            let zh = reason.sentence(Language::Zh, "DETAIL-7");
            assert!(en.contains("DETAIL-7") && zh.contains("DETAIL-7"), "{reason}");
            assert!(en.is_ascii() || en.contains('“'), "{reason}: {en}");
            assert!(zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{reason}: {zh}");
            assert_ne!(reason.kind(), OutcomeKind::Advanced);
        }
    }
}
