//! The world model that joins the two vendors: channel orders, ERP orders and their staff.
//!
//! State is kept as compact structs with instants; what is visible at a moment is computed when
//! a request arrives. Nothing runs in the background.

pub(crate) mod action;
pub(crate) mod cancellation;
pub(crate) mod differences;
pub(crate) mod draft;
pub(crate) mod erp;
mod figure;
pub(crate) mod generate;
pub(crate) mod items;
mod lines;
pub(crate) mod order;
pub(crate) mod pairs;
pub(crate) mod review;
mod staff;
pub(crate) mod stock;
mod stock_action;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::erp::SystemOrder;
use self::items::Items;
use self::order::ChannelOrder;
use self::pairs::Pairs;
use self::stock::Stock;
use crate::catalog::Catalog;
use crate::config::SandboxConfig;
use crate::rng::Rng;

/// Keeps the numbers of stock apart from those of orders: more stock leaves the orders as they are.
const STOCK_STREAM: u64 = 0x5354_4f43_4b00_0001;

/// All orders with the indexes that keep each request proportional to its result.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) catalog: Catalog,
    orders: Vec<ChannelOrder>,
    by_po: HashMap<Arc<str>, Vec<usize>>,
    by_created: BTreeSet<(DateTime<Utc>, usize)>,
    by_updated: BTreeSet<(DateTime<Utc>, usize)>,
    pub(crate) systems: Vec<SystemOrder>,
    systems_by_po: HashMap<Arc<str>, Vec<usize>>,
    /// Orders that the ERP merges: the named one to the naming one.
    siblings: HashMap<Arc<str>, Arc<str>>,
    /// Orders that their retailers will cancel, and when.
    cancellations: BTreeSet<(DateTime<Utc>, usize)>,
    pub(crate) stock: Stock,
    pub(crate) items: Items,
    pub(crate) pairs: Pairs,
    next_number: u64,
}

impl World {
    /// A world with stock and without orders.
    pub(crate) fn new(config: &SandboxConfig, now: DateTime<Utc>) -> Self {
        let catalog = Catalog::new(config.stock_items);
        let mut rng = Rng::new(config.seed ^ STOCK_STREAM);
        let stock = Stock::seed(&catalog, &mut rng);
        let items = Items::seed(&catalog, &stock, config.stock_differs_per_mille, &mut rng, now);
        let pairs = Pairs::seed(&catalog, now);
        Self {
            catalog,
            orders: Vec::new(),
            by_po: HashMap::new(),
            by_created: BTreeSet::new(),
            by_updated: BTreeSet::new(),
            systems: Vec::new(),
            systems_by_po: HashMap::new(),
            siblings: HashMap::new(),
            cancellations: BTreeSet::new(),
            stock,
            items,
            pairs,
            next_number: 0,
        }
    }

    /// A number that no other object of this world has.
    pub(crate) fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    pub(crate) fn orders(&self) -> &[ChannelOrder] {
        &self.orders
    }

    pub(crate) fn order(&self, position: usize) -> &ChannelOrder {
        &self.orders[position]
    }

    /// Positions of the orders with a PO number; several retailers may use one number.
    pub(crate) fn by_po(&self, po: &str) -> &[usize] {
        self.by_po.get(po).map_or(&[], Vec::as_slice)
    }

    /// Position of the order with a DSCO id; ids are consecutive.
    pub(crate) fn by_id(&self, id: &str) -> Option<usize> {
        let id: u64 = id.parse().ok()?;
        self.orders.binary_search_by_key(&id, |order| order.id).ok()
    }

    pub(crate) fn add(&mut self, order: ChannelOrder) -> usize {
        let position = self.orders.len();
        self.by_po.entry(order.po.clone()).or_default().push(position);
        if let Some(sibling) = &order.sibling {
            self.siblings.insert(sibling.clone(), order.po.clone());
        }
        self.by_created.insert((order.created, position));
        self.by_updated.insert((order.updated, position));
        self.orders.push(order);
        position
    }

    /// Changes an order and raises its `dscoLastUpdate`.
    pub(crate) fn change<R>(
        &mut self,
        position: usize,
        now: DateTime<Utc>,
        change: impl FnOnce(&mut ChannelOrder) -> R,
    ) -> R {
        let order = &mut self.orders[position];
        self.by_updated.remove(&(order.updated, position));
        // The date is written in whole seconds; an update never moves it back.
        order.updated = order.updated.max(now);
        self.by_updated.insert((order.updated, position));
        change(order)
    }

    /// Orders created in `[since, until)`, oldest first.
    pub(crate) fn created_between(&self, since: DateTime<Utc>, until: DateTime<Utc>) -> impl Iterator<Item = usize> {
        self.by_created.range((since, 0)..).map_while(move |&(at, position)| (at < until).then_some(position))
    }

    /// Orders updated in `(since, until)`, oldest first.
    pub(crate) fn updated_between(&self, since: DateTime<Utc>, until: DateTime<Utc>) -> impl Iterator<Item = usize> {
        self.by_updated.range((since, usize::MAX)..).map_while(move |&(at, position)| (at < until).then_some(position))
    }

    /// Positions of all system orders that ever held a PO number.
    pub(crate) fn systems_of(&self, po: &str) -> &[usize] {
        self.systems_by_po.get(po).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn add_system(&mut self, system: SystemOrder) -> usize {
        let position = self.systems.len();
        for po in &system.pos {
            self.systems_by_po.entry(po.clone()).or_default().push(position);
        }
        self.systems.push(system);
        position
    }

    /// The shared text of a PO number, so that ten thousand orders do not copy it each time.
    pub(crate) fn shared_po(&self, po: &str) -> Arc<str> {
        self.by_po.get_key_value(po).map_or_else(|| Arc::from(po), |(key, _)| key.clone())
    }
}
