//! What has become known of the SKUs that were asked for; pure.

use std::collections::HashMap;

use ipass_core::ports::{PortError, StockLevel};

use crate::convert::Names;

/// An item that came by: what it is called, and its figures or why they cannot be read.
#[derive(Debug)]
pub(crate) struct Sighting {
    pub(crate) names: Names,
    pub(crate) level: Result<StockLevel, PortError>,
}

/// What is known of one name.
#[derive(Default)]
struct Known {
    /// Of the item whose own SKU it is.
    own: Option<Result<StockLevel, PortError>>,
    /// Of the items that a retailer calls so, by their own SKU.
    partners: HashMap<String, Result<StockLevel, PortError>>,
    /// The answer to a question about this very name.
    asked: Option<Result<Option<StockLevel>, PortError>>,
}

impl Known {
    fn is_seen(&self) -> bool {
        self.own.is_some() || !self.partners.is_empty()
    }
}

/// The names that were asked for, without their outer blanks, and what is known of each.
pub(crate) struct Seen<'a> {
    known: HashMap<&'a str, Known>,
    /// Each name once, in the order of the question.
    order: Vec<&'a str>,
    unseen: usize,
    shows_partner_names: bool,
}

impl<'a> Seen<'a> {
    pub(crate) fn new(skus: impl Iterator<Item = &'a str>) -> Self {
        let mut known = HashMap::new();
        let names = skus.map(str::trim).filter(|name| !name.is_empty());
        let order: Vec<&str> = names.filter(|name| known.insert(*name, Known::default()).is_none()).collect();
        Self { unseen: order.len(), known, order, shows_partner_names: false }
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// How many names no item has had yet.
    pub(crate) fn unseen(&self) -> usize {
        self.unseen
    }

    /// The names that no item has had yet.
    pub(crate) fn unseen_names(&self) -> Vec<&'a str> {
        let unseen = |name: &&str| self.known.get(name).is_none_or(|known| !known.is_seen());
        self.order.iter().copied().filter(unseen).collect()
    }

    /// Items have come with retailers' names, so a name that none of them has is no retailer's.
    pub(crate) fn shows_partner_names(&self) -> bool {
        self.shows_partner_names
    }

    /// Notes an item; what came last of one and the same item counts.
    pub(crate) fn note(&mut self, sighting: Sighting) {
        let Sighting { names, level } = sighting;
        let own = names.sku.unwrap_or_default();
        self.shows_partner_names |= !names.partner_skus.is_empty();
        for name in names.partner_skus.iter().filter(|name| **name != own) {
            self.touch(name, |known| {
                known.partners.insert(own.clone(), level.clone());
            });
        }
        self.touch(&own, |known| known.own = Some(level));
    }

    /// Notes the answer to a question about one name.
    pub(crate) fn note_answer(&mut self, name: &str, answer: Result<Option<StockLevel>, PortError>) {
        if let Some(known) = self.known.get_mut(name) {
            known.asked = Some(answer);
        }
    }

    fn touch(&mut self, name: &str, note: impl FnOnce(&mut Known)) {
        if let Some(known) = self.known.get_mut(name) {
            self.unseen -= usize::from(!known.is_seen());
            note(known);
        }
    }

    /// What is known of a SKU as it was asked for: an item's own SKU goes before a retailer's name
    /// of it, and a name that retailers give to several items is in doubt.
    pub(crate) fn answer(&self, sku: &str) -> Result<Option<StockLevel>, PortError> {
        let Some(known) = self.known.get(sku.trim()) else {
            return Err(PortError::invalid("a SKU without any visible character cannot be asked for"));
        };
        if let Some(own) = &known.own {
            return own.clone().map(Some);
        }
        let mut partners = known.partners.values();
        match (partners.next(), partners.next()) {
            (Some(only), None) => only.clone().map(Some),
            (Some(_), Some(_)) => Err(PortError::invalid(format!("{sku}: several items are called so by retailers"))),
            (None, _) => {
                known.asked.clone().unwrap_or_else(|| Err(PortError::retryable(format!("{sku}: not asked for"))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ipass_core::ports::WarehouseLevel;

    use super::*;

    fn item(sku: &str, partner_skus: &[&str], quantity: u32) -> Sighting {
        let warehouses = vec![WarehouseLevel { warehouse_code: "W".to_owned(), quantity }];
        Sighting {
            names: Names {
                sku: Some(sku.to_owned()),
                partner_skus: partner_skus.iter().map(|name| (*name).to_owned()).collect(),
            },
            level: Ok(StockLevel { sku: sku.to_owned(), warehouses }),
        }
    }

    fn odd(sku: Option<&str>, partner_skus: &[&str]) -> Sighting {
        let mut odd = item("", partner_skus, 0);
        odd.names.sku = sku.map(str::to_owned);
        odd.level = Err(PortError::invalid("odd"));
        odd
    }

    /// `sku=quantity`, `none`, or the error.
    fn said(seen: &Seen<'_>, sku: &str) -> String {
        match seen.answer(sku) {
            Ok(Some(level)) => format!("{}={}", level.sku, level.warehouses[0].quantity),
            Ok(None) => "none".to_owned(),
            Err(error) => error.message().to_owned(),
        }
    }

    fn seen<'a>(skus: &'a [&'a str]) -> Seen<'a> {
        Seen::new(skus.iter().copied())
    }

    #[test]
    fn what_came_last_of_an_item_counts() {
        let mut seen = seen(&["A", "B", "C"]);
        seen.note(item("A", &[], 1));
        seen.note(item("X", &[], 1));
        assert_eq!((seen.unseen(), seen.unseen_names()), (2, vec!["B", "C"]));
        seen.note(item("A", &[], 2));
        seen.note(odd(Some("B"), &[]));
        seen.note(item("C", &[], 3));
        assert_eq!(seen.unseen(), 0);
        assert_eq!(["A", "B", "C"].map(|sku| said(&seen, sku)), ["A=2", "odd", "C=3"]);
        seen.note(odd(Some("A"), &[]));
        seen.note(item("B", &[], 4));
        assert_eq!(["A", "B"].map(|sku| said(&seen, sku)), ["odd", "B=4"]);
    }

    #[test]
    fn an_own_sku_goes_before_a_retailers_name() {
        let mut seen = seen(&["A", "R"]);
        seen.note(item("A", &["R", "R", "A"], 1));
        assert_eq!((seen.unseen(), said(&seen, "R")), (0, "A=1".to_owned()));
        seen.note(item("R", &["A"], 2));
        assert_eq!(["A", "R"].map(|sku| said(&seen, sku)), ["A=1", "R=2"]);
    }

    #[test]
    fn a_name_that_several_items_have_is_in_doubt_whatever_comes_later() {
        let mut seen = seen(&["R"]);
        seen.note(item("A", &["R"], 1));
        seen.note(item("A", &["R"], 2));
        assert_eq!(said(&seen, "R"), "A=2");
        seen.note(item("B", &["R"], 3));
        seen.note(item("A", &["R"], 4));
        assert_eq!(said(&seen, "R"), "R: several items are called so by retailers");
    }

    #[test]
    fn an_item_whose_own_name_cannot_be_read_puts_its_other_names_in_doubt() {
        let mut seen = seen(&["R", "A"]);
        seen.note(odd(None, &["R"]));
        seen.note(odd(None, &[]));
        assert_eq!((said(&seen, "R").as_str(), seen.unseen_names()), ("odd", vec!["A"]));
    }

    #[test]
    fn names_are_asked_for_once_without_their_blanks() {
        let mut seen = seen(&["A", " A ", "", " ", "B"]);
        assert_eq!((seen.len(), seen.unseen_names()), (2, vec!["A", "B"]));
        seen.note(item("A", &[], 1));
        seen.note_answer("B", Ok(None));
        seen.note_answer("A", Ok(None));
        assert_eq!(["A", " A ", "B"].map(|sku| said(&seen, sku)), ["A=1", "A=1", "none"]);
        assert!(said(&seen, " ").starts_with("a SKU without"));
        assert_eq!(said(&Seen::new(std::iter::once("A")), "A"), "A: not asked for");
    }
}
