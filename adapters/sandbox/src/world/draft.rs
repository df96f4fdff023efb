//! Orders that tests and the generator plant.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::World;
use super::order::{Buyer, ChannelOrder, GivenBuyer, Package, PackageItem, Status};
use crate::catalog::{
    GENERIC_SERVICE, PLAIN_SERVICES, SERVICES, SHOPS, UNMAPPED_RETAILER, UNMAPPED_SERVICE, UNMAPPED_WAREHOUSE,
    WAREHOUSES,
};
use crate::kinds::Kind;
use crate::rng::Rng;

/// First of the invented `dscoOrderId`s: ten digits.
const FIRST_ORDER_ID: u64 = 9_000_000_000;
const FIRST_PACKAGE_ID: u64 = 2_030_000_000;

/// An order to plant. The kind gives every part that is not set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewOrder {
    /// Purchase order number.
    pub po: String,
    /// The story of the order.
    pub kind: Kind,
    /// `dscoCreateDate`; two minutes ago when absent.
    pub created_at: Option<DateTime<Utc>>,
    /// When it becomes visible to the supplier; at once when absent.
    pub visible_at: Option<DateTime<Utc>>,
    /// `dscoRetailerId`.
    pub retailer_id: Option<String>,
    /// Order lines instead of the kind's.
    pub lines: Option<Vec<NewLine>>,
    /// Warehouse code instead of the kind's.
    pub warehouse: Option<String>,
    /// Service level code (`FEHD`) instead of the kind's.
    pub service_level: Option<String>,
    /// A test order, which pages hide.
    pub test: bool,
    /// `dscoStatus` for as long as it would be `created`; empty: the field is not there.
    pub first_status: Option<String>,
    /// Receiver name, for instance a canary.
    pub name: Option<String>,
    /// First address line.
    pub address_line: Option<String>,
    /// City.
    pub city: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Phone.
    pub phone: Option<String>,
    /// Another PO that the ERP merges with this one ([`Kind::Merged`]).
    pub merge_with: Option<String>,
}

/// One line of a planted order. Amounts are cents of USD.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewLine {
    /// The supplier's sku.
    pub sku: Option<String>,
    /// The retailer's sku.
    pub partner_sku: Option<String>,
    /// Ordered units.
    pub quantity: u32,
    /// Units cancelled before the order is seen.
    pub cancelled: u32,
    /// `expectedCost`.
    pub expected_cost: Option<i64>,
    /// `retailPrice`.
    pub retail_price: Option<i64>,
    /// `consumerPrice`.
    pub consumer_price: Option<i64>,
    /// `consumerPriceWithTax`.
    pub consumer_price_with_tax: Option<i64>,
}

impl NewLine {
    /// A line of the supplier's sku with an expected cost in cents.
    #[must_use]
    pub fn new(sku: &str, quantity: u32, expected_cost: i64) -> Self {
        Self { sku: Some(sku.to_owned()), quantity, expected_cost: Some(expected_cost), ..Self::default() }
    }
}

impl NewOrder {
    /// A plain order with one line.
    #[must_use]
    pub fn new(po: &str) -> Self {
        Self { po: po.to_owned(), ..Self::default() }
    }

    /// Sets the story.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets `dscoCreateDate`.
    #[must_use]
    pub fn created_at(mut self, at: DateTime<Utc>) -> Self {
        self.created_at = Some(at);
        self
    }

    /// Hides the order until then.
    #[must_use]
    pub fn visible_at(mut self, at: DateTime<Utc>) -> Self {
        self.visible_at = Some(at);
        self
    }

    /// Sets the retailer account.
    #[must_use]
    pub fn retailer(mut self, id: &str) -> Self {
        self.retailer_id = Some(id.to_owned());
        self
    }

    /// Adds a line; the first one replaces the kind's lines.
    #[must_use]
    pub fn line(mut self, line: NewLine) -> Self {
        self.lines.get_or_insert_default().push(line);
        self
    }

    /// Sets the warehouse code.
    #[must_use]
    pub fn warehouse(mut self, code: &str) -> Self {
        self.warehouse = Some(code.to_owned());
        self
    }

    /// Sets the service level code; an unknown one leaves the kind's.
    #[must_use]
    pub fn service_level(mut self, code: &str) -> Self {
        self.service_level = Some(code.to_owned());
        self
    }

    /// Marks it as a test order.
    #[must_use]
    pub fn test_order(mut self) -> Self {
        self.test = true;
        self
    }

    /// Sets what is shown instead of the status `created`; nothing is shown instead of an empty text.
    #[must_use]
    pub fn first_status(mut self, text: &str) -> Self {
        self.first_status = Some(text.to_owned());
        self
    }

    /// Sets the receiver's name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    fn buyer(&self, rng: &mut Rng) -> Buyer {
        let given = GivenBuyer {
            name: self.name.clone(),
            address_line: self.address_line.clone(),
            city: self.city.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
        };
        let any = [&given.name, &given.address_line, &given.city, &given.email, &given.phone]
            .into_iter()
            .any(Option::is_some);
        Buyer {
            seed: u32::try_from(rng.below(1_000_000)).unwrap_or(0),
            junk: self.kind == Kind::JunkName,
            no_city: self.kind == Kind::MissingCity,
            given: any.then(|| Box::new(given)),
        }
    }
}

impl World {
    /// Plants an order and, where its story asks for it, the ERP order that staff made by hand.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only some stories differ here")]
    pub(crate) fn plant(&mut self, draft: &NewOrder, rng: &mut Rng, now: DateTime<Utc>) -> usize {
        let kind = draft.kind;
        let created = draft.created_at.unwrap_or_else(|| now - Duration::minutes(2));
        let sequence = self.orders().len();
        let retailer = draft.retailer_id.clone().unwrap_or_else(|| match kind {
            Kind::UnmappedShop => UNMAPPED_RETAILER.to_owned(),
            // Merged orders share a store; the others use both.
            Kind::Merged => SHOPS[0].0.to_owned(),
            _ => SHOPS[usize::from(sequence % 5 == 4)].0.to_owned(),
        });
        let warehouse = draft.warehouse.clone().or_else(|| match kind {
            Kind::NoWarehouse => None,
            Kind::UnmappedWarehouse => Some(UNMAPPED_WAREHOUSE.to_owned()),
            Kind::Merged => Some(WAREHOUSES[0].0.to_owned()),
            _ => rng.pick(&WAREHOUSES).map(|warehouse| warehouse.0.to_owned()),
        });
        let service = draft
            .service_level
            .as_ref()
            .and_then(|code| SERVICES.iter().position(|service| service.code == code))
            .unwrap_or_else(|| match kind {
                Kind::UnmappedShipment => UNMAPPED_SERVICE,
                Kind::GenericService => GENERIC_SERVICE,
                Kind::Merged => 0,
                _ => rng.below(PLAIN_SERVICES),
            });
        let lines = match &draft.lines {
            Some(lines) => lines.iter().map(|line| self.line_of(line)).collect(),
            None => self.lines_for(kind, rng),
        };
        let mut order = ChannelOrder {
            id: FIRST_ORDER_ID + u64::try_from(sequence).unwrap_or(0) + 1,
            po: Arc::from(draft.po.as_str()),
            kind,
            retailer: retailer.into_boxed_str(),
            created,
            visible_at: draft.visible_at.unwrap_or(created),
            updated: created + Duration::seconds(45),
            status: Status::Created,
            acknowledged: false,
            cancel_requested: kind == Kind::CancelRequested,
            cancelled_at: None,
            cancel_when_read: kind == Kind::CancelledAfterPull,
            test: draft.test,
            first_status: draft.first_status.as_deref().map(Into::into),
            no_lines: kind == Kind::Unparsable,
            lines,
            buyer: draft.buyer(rng),
            warehouse: warehouse.map(String::into_boxed_str),
            service,
            only_requested: sequence % 7 == 3,
            packages: Vec::new(),
            supplier_order_number: None,
            sibling: draft.merge_with.as_deref().map(|po| self.shared_po(po)),
        };
        for (position, line) in order.lines.iter_mut().enumerate() {
            line.number = u32::try_from(position + 1).unwrap_or(1);
        }
        if !order.test {
            self.items.order_arrives(&order, &self.catalog, now);
        }
        match kind {
            Kind::CancelledAtFirst => order.cancel(created + Duration::seconds(30)),
            Kind::PendingNotInErp => {
                order.acknowledged = true;
                order.status = Status::ShipmentPending;
            }
            Kind::ShippedAtFirst => {
                let package = self.portal_package(&order, created + Duration::seconds(20));
                order.add_package(package);
            }
            _ => {}
        }
        let position = self.add(order);
        if kind == Kind::AlreadyInErp {
            self.enter_by_hand(position);
        }
        position
    }

    /// A package with every open unit, as somebody reports it in the portal.
    pub(crate) fn portal_package(&mut self, order: &ChannelOrder, at: DateTime<Utc>) -> Package {
        let number = self.number();
        let service = order.service();
        let items = (0..order.lines.len())
            .map(|line| PackageItem { line, quantity: order.open_units(line), span: false })
            .filter(|item| item.quantity > 0)
            .collect();
        Package {
            id: FIRST_PACKAGE_ID + number,
            tracking: format!("7888{number:08}").into_boxed_str(),
            shipped: at,
            added: at,
            carrier: service.carrier.into(),
            method: service.method.into(),
            code: service.code.into(),
            warehouse: order.warehouse.clone(),
            items,
        }
    }

    /// The id of a new package: about 2.03e9, close to the limit of 32 signed bits.
    pub(crate) fn package_id(&mut self) -> u64 {
        FIRST_PACKAGE_ID + self.number()
    }
}
