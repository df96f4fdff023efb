//! The lines of a planted order.

use super::World;
use super::draft::NewLine;
use super::order::{FIRST_ITEM_ID, Line, Prices};
use crate::catalog::family;
use crate::kinds::Kind;
use crate::rng::Rng;

impl World {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only some stories differ here")]
    pub(super) fn lines_for(&self, kind: Kind, rng: &mut Rng) -> Vec<Line> {
        let plain = |rng: &mut Rng| rng.below(family::PLAIN.len());
        let quantity = |rng: &mut Rng, from: u32| from + u32::try_from(rng.below(3)).unwrap_or(0);
        match kind {
            Kind::MultiLine
            | Kind::TwoParcels
            | Kind::Split
            | Kind::TwoSteps
            | Kind::NeverFullyShipped
            | Kind::SharedTracking => {
                let first = plain(rng);
                let count = 2 + rng.below(2);
                // Steps of 5 keep the products of one order apart.
                (0..count)
                    .map(|step| {
                        let product = (first + step * 5) % family::PLAIN.len();
                        self.line(product, quantity(rng, 1))
                    })
                    .collect()
            }
            Kind::MultiQuantity | Kind::SpannedLine => {
                vec![self.line(plain(rng), quantity(rng, 2))]
            }
            Kind::PartlyCancelled => {
                let mut line = self.line(plain(rng), 3);
                line.cancelled = 1;
                vec![line]
            }
            Kind::SameSkuTwice => {
                let product = plain(rng);
                vec![self.line(product, 2), self.line((product + 5) % 20, 1), self.line(product, 1)]
            }
            Kind::MappedSku => {
                let product = family::MAPPED.start + rng.below(family::MAPPED.len());
                vec![self.line(product, quantity(rng, 1))]
            }
            Kind::Bundle => {
                let product = family::BUNDLE.start + rng.below(family::BUNDLE.len());
                vec![self.line(product, quantity(rng, 1))]
            }
            Kind::ErpRejects => vec![self.line(family::GHOST, 1)],
            Kind::MissingPrice => {
                let mut line = self.line(plain(rng), 1);
                line.prices = Prices::default();
                vec![self.line(plain(rng), 1), line]
            }
            Kind::MissingSku => {
                let mut line = self.line(plain(rng), 1);
                line.sku = None;
                line.partner_sku = None;
                vec![line]
            }
            Kind::Single if rng.below(4) == 0 => {
                let product = family::PAIRED.start + rng.below(family::PAIRED.len());
                vec![self.line(product, 1)]
            }
            _ => vec![self.line(plain(rng), 1)],
        }
    }

    fn line(&self, product: usize, quantity: u32) -> Line {
        let item = &self.catalog.products[product];
        // Every price member occurs somewhere, so that the order of precedence matters.
        let with_tax = item.consumer.filter(|_| product.is_multiple_of(2)).map(|cents| cents + 150);
        Line {
            number: 1,
            sku: Some(item.sku.as_str().into()),
            partner_sku: item.partner_sku.as_deref().map(Into::into),
            item_id: FIRST_ITEM_ID + u64::try_from(product).unwrap_or(0) + 1,
            upc: item.upc.as_str().into(),
            quantity,
            cancelled: 0,
            prices: Prices {
                expected_cost: Some(item.cost),
                retail: (product % 9 == 4).then_some(item.cost + 305),
                consumer: item.consumer,
                consumer_with_tax: with_tax,
            },
        }
    }

    pub(super) fn line_of(&self, draft: &NewLine) -> Line {
        let name = draft.sku.as_deref().or(draft.partner_sku.as_deref());
        let product = name.and_then(|name| self.catalog.by_channel_name(name));
        let base = self.line(product.unwrap_or(0), draft.quantity.max(1));
        Line {
            sku: draft.sku.as_deref().map(Into::into),
            partner_sku: draft.partner_sku.as_deref().map(Into::into),
            cancelled: draft.cancelled,
            prices: Prices {
                expected_cost: draft.expected_cost,
                retail: draft.retail_price,
                consumer: draft.consumer_price,
                consumer_with_tax: draft.consumer_price_with_tax,
            },
            ..base
        }
    }
}
