//! Another channel and another ERP on the same runner, without a line changed in the core.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ipass_core::erp::{DocumentLine, DocumentStatus, ErpOrder, ErpOrderDraft, ErpStatus, OutboundDocument};
use ipass_core::order::{ChannelStatus, Order, Package, PackageItem, PoNumber};
use ipass_core::parcel::Shipment;
use ipass_core::ports::{
    Answer, Batch, ChannelCapabilities, Clock as _, Cursor, DocumentQuery, Effect, ErpCapabilities, ErpSink, OrderRef,
    OrderSource, Outcome, Page, PageError, PendingWrite, PortError, PulledOrder, RawOrder, Settlement, Window,
};
use ipass_core::testing::order;
use ipass_core::write::{WriteKey, WriteKind};
use serde_json::json;

use crate::time::JumpingClock;
use crate::world::{Ends, JOBS, Service};

type Shared<T> = Arc<Mutex<BTreeMap<PoNumber, T>>>;

/// A shop of its own, which neither acknowledges nor takes invoices.
#[derive(Clone, Default)]
struct Corner {
    orders: Shared<Order>,
    reports: Arc<Mutex<Vec<String>>>,
}

impl Corner {
    fn of(numbers: &[&str], clock: &JumpingClock) -> Self {
        let created_at = clock.now() - chrono::TimeDelta::hours(1);
        let orders = numbers.iter().map(|number| {
            let order = Order { created_at, updated_at: Some(created_at), ..order(number) };
            (order.po.clone(), order)
        });
        Self { orders: Arc::new(Mutex::new(orders.collect())), ..Self::default() }
    }

    fn raw(order: &Order) -> RawOrder {
        let raw = json!({ "number": order.po.as_str(), "parcels": order.packages.len() }).to_string();
        RawOrder { raw: raw.into_bytes(), key: order.channel_order_id.clone() }
    }

    fn pulled(order: &Order) -> PulledOrder {
        let RawOrder { raw, key } = Self::raw(order);
        PulledOrder { raw, key, order: Ok(order.clone()) }
    }
}

#[async_trait]
impl OrderSource for Corner {
    fn capabilities(&self) -> ChannelCapabilities {
        ChannelCapabilities {
            acknowledges: false,
            invoices: false,
            lists_updates: false,
            max_batch: 2,
            window_end_lag: Duration::ZERO,
            settles_within: Duration::from_secs(10),
        }
    }

    fn parse(&self, raw: &[u8]) -> Result<Order, PortError> {
        let document: serde_json::Value = serde_json::from_slice(raw).expect("its own words");
        let po = document["number"].as_str().and_then(PoNumber::new).expect("a number");
        self.orders.lock().expect("one holder").get(&po).cloned().ok_or_else(|| PortError::invalid("no such order"))
    }

    async fn page(&self, window: Window, _after: Option<Cursor>) -> Result<Page, PageError> {
        let inside = |order: &&Order| order.created_at >= window.start && order.created_at < window.end;
        let items = self.orders.lock().expect("one holder").values().filter(inside).map(Self::raw).collect();
        Ok(Page { items, next: None })
    }

    async fn fetch(&self, orders: &[OrderRef]) -> Result<Vec<Answer<PoNumber, Option<PulledOrder>>>, PortError> {
        let known = self.orders.lock().expect("one holder");
        let answer =
            |asked: &OrderRef| Answer { key: asked.po.clone(), result: Ok(known.get(&asked.po).map(Self::pulled)) };
        Ok(orders.iter().map(answer).collect())
    }

    async fn ship(&self, shipments: &[Shipment]) -> Batch<WriteKey> {
        assert!(shipments.len() <= 2, "a batch is no larger than the channel takes");
        let mut known = self.orders.lock().expect("one holder");
        let mut outcomes = Vec::new();
        for shipment in shipments {
            let order = known.get_mut(&shipment.po).expect("a known order");
            let item = |line: &ipass_core::parcel::ShipmentLine| PackageItem {
                line_number: line.item.line_number,
                quantity: line.quantity,
                ..PackageItem::default()
            };
            order.packages.push(Package {
                tracking: shipment.tracking.clone(),
                shipped_at: Some(shipment.shipped_at),
                items: shipment.lines.iter().map(item).collect(),
            });
            order.status = ChannelStatus::Shipped;
            self.reports.lock().expect("one holder").push(shipment.tracking.clone());
            let key = WriteKey { kind: WriteKind::Ship, po: shipment.po.clone(), part: shipment.tracking.clone() };
            outcomes.push(Outcome { key, effect: Effect::Applied(()) });
        }
        Ok(outcomes)
    }

    async fn settle(&self, _kind: WriteKind, writes: &[PendingWrite]) -> Vec<Answer<WriteKey, Settlement>> {
        writes.iter().map(|write| Answer { key: write.key.clone(), result: Ok(Settlement::Silent) }).collect()
    }
}

/// An ERP that ships whatever it is given at once.
#[derive(Clone, Default)]
struct Backroom {
    drafts: Shared<ErpOrderDraft>,
}

#[async_trait]
impl ErpSink for Backroom {
    fn capabilities(&self) -> ErpCapabilities {
        ErpCapabilities { max_create: 2, settles_within: Duration::from_secs(10), cancels: false, recalls: false }
    }

    async fn find(&self, orders: &[PoNumber]) -> Result<Vec<Answer<PoNumber, Vec<ErpOrder>>>, PortError> {
        let drafts = self.drafts.lock().expect("one holder");
        let held = |po: &PoNumber| ErpOrder {
            number: format!("B-{po}"),
            status: ErpStatus::Shipped,
            deleted: false,
            resent: false,
            store_id: None,
        };
        let answer = |po: &PoNumber| Answer {
            key: po.clone(),
            result: Ok(drafts.get(po).map(|_| held(po)).into_iter().collect()),
        };
        Ok(orders.iter().map(answer).collect())
    }

    async fn create(&self, orders: &[ErpOrderDraft]) -> Batch<PoNumber, String> {
        assert!(orders.len() <= 2, "a batch is no larger than the ERP takes");
        let mut drafts = self.drafts.lock().expect("one holder");
        Ok(orders
            .iter()
            .map(|draft| {
                let twice = drafts.insert(draft.po.clone(), draft.clone());
                assert!(twice.is_none(), "{} was created twice", draft.po);
                Outcome { key: draft.po.clone(), effect: Effect::Applied(format!("B-{}", draft.po)) }
            })
            .collect())
    }

    async fn documents(
        &self,
        orders: &[DocumentQuery],
    ) -> Result<Vec<Answer<PoNumber, Vec<OutboundDocument>>>, PortError> {
        let drafts = self.drafts.lock().expect("one holder");
        let document = |draft: &ErpOrderDraft| OutboundDocument {
            number: format!("D-{}", draft.po),
            status: DocumentStatus::Shipped,
            replacement: false,
            tracking: vec![format!("T-{}", draft.po)],
            shipped_at: Some(draft.purchased_at + chrono::TimeDelta::minutes(10)),
            carrier: None,
            lines: draft
                .lines
                .iter()
                .map(|line| DocumentLine { sku: line.msku.clone(), msku: None, quantity: line.quantity })
                .collect(),
        };
        let answer = |asked: &DocumentQuery| Answer {
            key: asked.po.clone(),
            result: Ok(drafts.get(&asked.po).map(document).into_iter().collect()),
        };
        Ok(orders.iter().map(answer).collect())
    }
}

#[tokio::test]
async fn a_channel_without_acknowledgement_and_invoice_is_walked_from_1_to_3_to_5() {
    let clock = Arc::new(JumpingClock::new());
    let corner = Corner::of(&["C-1", "C-2", "C-3"], &clock);
    let backroom = Backroom::default();
    let settings = json!({ "mapping": {
        "shop": { "R-1": "S-1" },
        "warehouse": { "WH-A": "W-1" },
        "shipment": { "WH-A-FEHD": "L-1" },
    } });
    let ends = Ends { source: Arc::new(corner.clone()), erp: Arc::new(backroom.clone()), inventory: None };
    let service = Service::new(clock, ends, &settings).await;
    let mut walked = Vec::new();
    for job in JOBS {
        let report = service.run(job).await;
        assert_eq!(report.error, None, "{job}");
        let stages = service.stages().await;
        assert_eq!(stages.values().sum::<usize>(), 3);
        walked.push((job, stages.into_keys().collect::<Vec<_>>(), service.cause("C-1").await.0));
    }
    let expected = [1, 3, 3, 5, 5].map(|stage| vec![stage]);
    assert_eq!(walked, JOBS.into_iter().zip(expected).map(|(job, stages)| (job, stages, "")).collect::<Vec<_>>());
    let row = service.row("C-2").await;
    assert_eq!(row.evidence.erp_order_no.as_deref(), Some("B-C-2"));
    assert_eq!(row.evidence.tracking.as_deref(), Some("T-C-2"));
    assert_eq!(row.evidence.invoice_id, None);
    assert_eq!(*corner.reports.lock().expect("one holder"), ["T-C-1", "T-C-2", "T-C-3"]);
    let timeline = service.store.timeline(&service.route.name, &row.po, 50).await.expect("the store answers");
    let passed = timeline.iter().filter(|event| event.detail.contains("the channel has no such stage")).count();
    assert_eq!(passed, 2, "the stages that are passed over say so: {timeline:?}");
}
