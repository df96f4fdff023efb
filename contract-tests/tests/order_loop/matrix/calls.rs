//! The columns: every remote call of the service's jobs, and a scene in which it is made.

use ipass_core::erp::MasterKind;
use ipass_core::job::Job;

/// Whose call it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vendor {
    Dsco,
    Lingxing,
}

/// What has to happen for the call to be made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    /// A first pull of seven orders, two on a page.
    Pull,
    /// So many plain orders stand before a job of a stage.
    Stage(Job, usize),
    /// Two released orders that the retailer has cancelled; the service may cancel them in the ERP.
    Cancel,
    /// A stock run; with streams, or item by item.
    Stock { streams: bool },
    /// A reading of the SKU pairs into an empty mapping.
    Pairs,
    /// The channel's warehouses.
    ChannelWarehouses,
    /// One kind of the ERP's master data.
    Master(MasterKind),
}

/// How an answer lists records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// It does not.
    None,
    /// All at once, or with a cursor that moves on.
    Scroll,
    /// By page or offset, with a total.
    Counted,
    /// By cursor, with a word on whether there is more.
    Cursor,
    /// Behind a position.
    Events,
}

/// What a call does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Nothing at the vendor.
    Read,
    /// Gives a token.
    Token,
    /// A batch that is worked off later, with a change log.
    Batch,
    /// A write with an answer for each item.
    Items,
    /// Something that only this reading uses.
    Scratch,
}

pub(crate) struct Call {
    pub(crate) kind: &'static str,
    /// Told behind the call's name.
    pub(crate) purpose: &'static str,
    pub(crate) vendor: Vendor,
    pub(crate) scene: Scene,
    pub(crate) list: List,
    pub(crate) deed: Deed,
    /// Text of the record that poison falls on; empty where the answer has no records.
    pub(crate) record: &'static str,
}

impl Call {
    const fn dsco(kind: &'static str, purpose: &'static str, scene: Scene) -> Self {
        Self { kind, purpose, vendor: Vendor::Dsco, scene, list: List::None, deed: Deed::Read, record: "" }
    }

    const fn lingxing(kind: &'static str, purpose: &'static str, scene: Scene) -> Self {
        Self { vendor: Vendor::Lingxing, ..Self::dsco(kind, purpose, scene) }
    }

    const fn list(self, list: List) -> Self {
        Self { list, ..self }
    }

    const fn deed(self, deed: Deed) -> Self {
        Self { deed, ..self }
    }

    const fn record(self, record: &'static str) -> Self {
        Self { record, ..self }
    }

    /// The vendor checks an hour in the question against its own clock.
    pub(crate) fn is_dated(&self) -> bool {
        match self.vendor {
            Vendor::Dsco => self.kind == "GET /order/page",
            Vendor::Lingxing => self.deed != Deed::Token,
        }
    }
}

/// The order that poison falls on.
pub(crate) const POISONED: &str = "PO-2";
const STOCK: Scene = Scene::Stock { streams: true };
const SINGLE_ITEMS: Scene = Scene::Stock { streams: false };
const ITEM: &str = "STK-00002";

pub(crate) const CALLS: [Call; 32] = [
    Call::dsco("POST /oauth2/token", "before a pull", Scene::Pull).deed(Deed::Token),
    Call::dsco("GET /order/page", "pulling", Scene::Pull).list(List::Scroll).record(POISONED),
    Call::dsco("GET /order/page", "the present state of many", Scene::Stage(Job::AckOrders, 4))
        .list(List::Scroll)
        .record(POISONED),
    Call::dsco("GET /order/", "the present state of a few, before a push", Scene::Stage(Job::PushOrders, 2))
        .record(POISONED),
    Call::dsco("GET /order/", "the present state of a few, before a report", Scene::Stage(Job::ShipOrders, 2))
        .record(POISONED),
    Call::dsco("POST /order/acknowledge", "", Scene::Stage(Job::AckOrders, 3)).deed(Deed::Batch),
    Call::dsco("POST /order/shipment/batch/small", "", Scene::Stage(Job::ShipOrders, 3)).deed(Deed::Batch),
    Call::dsco("GET /order/log", "what became of reports", Scene::Stage(Job::ShipOrders, 4))
        .list(List::Scroll)
        .record(POISONED),
    Call::dsco("POST /invoice/batch/small", "", Scene::Stage(Job::InvoiceOrders, 3)).deed(Deed::Batch),
    Call::dsco("GET /invoice", "", Scene::Stage(Job::InvoiceOrders, 2)).record(POISONED),
    Call::dsco("GET /invoice/log", "what became of invoices", Scene::Stage(Job::InvoiceOrders, 4))
        .list(List::Scroll)
        .record(POISONED),
    Call::dsco("POST /inventory/batch/small", "", STOCK).deed(Deed::Batch),
    Call::dsco("GET /inventory/log", "what became of figures", STOCK).list(List::Scroll).record(ITEM),
    Call::dsco("GET /inventory", "item by item", SINGLE_ITEMS).record(ITEM),
    Call::dsco("POST /stream", "", STOCK).deed(Deed::Scratch),
    Call::dsco("GET /stream", "", STOCK),
    Call::dsco("POST /stream/{id}", "", STOCK).deed(Deed::Scratch),
    Call::dsco("GET /stream/{id}/{partition}/{position}", "", STOCK).list(List::Events).record(ITEM),
    Call::dsco("DELETE /stream/{id}", "", STOCK).deed(Deed::Scratch),
    Call::dsco("GET /warehouse/page", "", Scene::ChannelWarehouses).list(List::Scroll),
    Call::lingxing("POST /api/auth-server/oauth/access-token", "", Scene::Stage(Job::PushOrders, 2)).deed(Deed::Token),
    Call::lingxing("POST /pb/mp/order/v2/list", "before a push", Scene::Stage(Job::PushOrders, 3))
        .list(List::Counted)
        .record(POISONED),
    Call::lingxing("POST /pb/mp/order/v2/list", "before an acknowledgement", Scene::Stage(Job::AckOrders, 3))
        .list(List::Counted)
        .record(POISONED),
    Call::lingxing("POST /pb/mp/order/v2/create", "", Scene::Stage(Job::PushOrders, 3))
        .deed(Deed::Items)
        .record(POISONED),
    Call::lingxing("POST /erp/sc/routing/wms/order/wmsOrderList", "", Scene::Stage(Job::ShipOrders, 3))
        .list(List::Counted)
        .record(POISONED),
    Call::lingxing("POST /basicOpen/wmsOrder/cancel", "", Scene::Cancel).deed(Deed::Items),
    Call::lingxing("POST /pb/mp/order/v2/cancelOrder", "", Scene::Cancel).deed(Deed::Items),
    Call::lingxing("POST /erp/sc/routing/data/local_inventory/inventoryDetails", "", STOCK)
        .list(List::Counted)
        .record(ITEM),
    Call::lingxing("POST /pb/mp/listing/v2/getPairList", "", Scene::Pairs).list(List::Cursor),
    Call::lingxing("POST /pb/mp/shop/v2/getSellerList", "", Scene::Master(MasterKind::Store)).list(List::Counted),
    Call::lingxing("POST /erp/sc/data/local_inventory/warehouse", "", Scene::Master(MasterKind::Warehouse))
        .list(List::Counted),
    Call::lingxing(
        "POST /erp/sc/routing/wms/WmsLogistics/listUsedLogisticsType",
        "",
        Scene::Master(MasterKind::LogisticsType),
    )
    .list(List::Counted),
];

/// Calls of the vendors that the service never makes, and why.
pub(crate) const NEVER_MADE: [(&str, &str); 3] = [
    (
        "POST /api/auth-server/oauth/refresh",
        "the secret is always at hand; a lost answer would leave nothing to go on with",
    ),
    ("PUT /stream/{id}/{partition}/{position}", "a stream is read once and deleted; its position is not kept"),
    ("POST /invoice, POST /order/singleShipment, POST /inventory/singleItem", "batches are cheaper"),
];
