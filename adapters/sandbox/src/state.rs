//! Everything behind the one lock: the world, both vendors' server state, faults and ledger.

use chrono::{DateTime, Duration, Utc};

use crate::catalog;
use crate::config::{InvoicePrice, SandboxConfig};
use crate::dsco::Dsco;
use crate::faults::FaultBook;
use crate::kinds::{CancelPolicy, Expectation};
use crate::ledger::Ledger;
use crate::lingxing::Lingxing;
use crate::rng::Rng;
use crate::world::World;
use crate::world::action::{UnknownOrder, WorldAction};
use crate::world::draft::NewOrder;
use crate::world::generate;

/// The state of a running sandbox.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: SandboxConfig,
    pub(crate) world: World,
    pub(crate) dsco: Dsco,
    pub(crate) lingxing: Lingxing,
    pub(crate) faults: FaultBook,
    pub(crate) ledger: Ledger,
    pub(crate) rng: Rng,
    started: DateTime<Utc>,
    /// Orders that have arrived since the start.
    arrived: i32,
}

impl Core {
    pub(crate) fn new(config: SandboxConfig, now: DateTime<Utc>) -> Self {
        let mut rng = Rng::new(config.seed);
        let mut world = World::new(&config, now);
        world.generate(&config, &mut rng, now);
        Self {
            world,
            dsco: Dsco::default(),
            lingxing: Lingxing::default(),
            faults: FaultBook::default(),
            ledger: Ledger::default(),
            rng,
            started: now,
            arrived: 0,
            config,
        }
    }

    pub(crate) fn add_order(&mut self, draft: &NewOrder, now: DateTime<Utc>) {
        self.world.plant(draft, &mut self.rng, now);
    }

    /// Lets everything happen that was due by now.
    pub(crate) fn settle(&mut self, now: DateTime<Utc>) {
        self.dsco_settle(now);
        self.world.settle_cancellations(now);
        self.streams_settle();
        let Some(every) = self.config.arrivals_every else { return };
        if every <= Duration::zero() {
            return;
        }
        let mut at = self.started + every * (self.arrived + 1);
        while at <= now {
            self.arrived += 1;
            let kind = generate::arriving_kind(&mut self.rng);
            let po = generate::po_number(self.config.seed, self.world.orders().len() + 1);
            self.add_order(&NewOrder::new(&po).kind(kind).created_at(at), now);
            at += every;
        }
    }

    pub(crate) fn act(&mut self, act: &WorldAction, now: DateTime<Utc>) -> Result<(), UnknownOrder> {
        self.settle(now);
        self.world.act(act, now)?;
        if let WorldAction::PlantInvoice { po, id } = act {
            self.plant_invoice(po, id, now);
        }
        if let WorldAction::RemoveInvoice { po } = act {
            self.remove_invoices(po);
            self.ledger.forget_invoices(po);
        }
        if let WorldAction::ResetAtChannel { po, .. } = act {
            self.ledger.forget_reports(po);
        }
        Ok(())
    }

    /// What each order must come to, in the order of their making.
    pub(crate) fn expectations(&self, policy: CancelPolicy) -> Vec<Expectation> {
        let seen = self.world.orders().iter().filter(|order| !order.test);
        seen.map(|order| order.kind.expectation(&order.po, policy)).collect()
    }

    /// Run-time settings that fit this world: every job on.
    pub(crate) fn settings(&self) -> serde_json::Value {
        let job =
            |minute: u32| serde_json::json!({ "enabled": true, "cron": format!("0 {minute} * * * *"), "size": 200 });
        let with = |minute: u32, name: &str, value: serde_json::Value| {
            let mut job = job(minute);
            job[name] = value;
            job
        };
        let price = match self.config.invoice_price {
            InvoicePrice::ConsumerFirst => "consumer_first",
            InvoicePrice::CostFirst => "cost_first",
        };
        let oldest = self.world.orders().iter().map(|order| order.created).min();
        let start = oldest.unwrap_or(self.started) - Duration::days(1);
        let start = start.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        serde_json::json!({
            "jobs": {
                "pull_orders": with(5, "start_from", serde_json::json!(start)),
                "push_orders": with(10, "require_warehouse", serde_json::json!(true)),
                "ack_orders": job(15),
                "ship_orders": with(20, "partial", serde_json::json!("wait_all")),
                "invoice_orders": with(25, "price", serde_json::json!(price)),
                "sync_stock": {
                    "enabled": true, "cron": "0 30 * * * *", "size": 100_000, "sync": true,
                },
                "pull_sku_pairs": { "enabled": true, "cron": "0 0 3 * * *", "size": 100_000 },
                "cleanup_exports": { "enabled": true, "cron": "0 0 1 * * *", "size": 1 },
            },
            "cancel": { "in_erp": "auto" },
            "mapping": catalog::mapping_json(&self.world.catalog),
        })
    }
}
