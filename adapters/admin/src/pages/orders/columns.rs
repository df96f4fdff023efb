use axum::extract::State;
use axum::http::HeaderMap;

use crate::desk::{Answer, Form, Page, Shared, choice, keep_choice, local_path};
use crate::text::{Text, orders as t};

use super::LIST;

/// Cookie of the columns that a person wants to see.
const COOKIE: &str = "orders_columns";

/// Columns that can be hidden, in their order; all but the last are shown unless somebody chose otherwise.
pub(super) const COLUMNS: [(&str, Text); 12] = [
    ("created", t::CREATED),
    ("channel_status", t::CHANNEL_STATUS),
    ("stage", t::STAGE),
    ("outcome", t::OUTCOME),
    ("next_try", t::NEXT_TRY),
    ("ship_by", t::SHIP_BY),
    ("shipment", t::SHIPMENT),
    ("retailer", t::RETAILER),
    ("skus", t::SKUS),
    ("tracking", t::TRACKING),
    ("invoice", t::INVOICE),
    ("erp_order", t::ERP_ORDER),
];

/// The columns that are shown.
pub(super) struct Shown(Vec<&'static str>);

impl Shown {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self::read(choice(headers, COOKIE).as_deref())
    }

    fn read(kept: Option<&str>) -> Self {
        let names = COLUMNS.iter().map(|(name, _)| *name);
        Self(match kept {
            Some(kept) => names.filter(|name| kept.split('.').any(|one| one == *name)).collect(),
            None => names.take(COLUMNS.len() - 1).collect(),
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }
}

/// `POST /admin/orders/columns`: keeps which columns are shown, and goes back to `back`.
pub(super) async fn keep(State(desk): State<Shared>, page: Page, Form(form): Form) -> Answer {
    let shown: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).filter(|name| form.has("col", name)).collect();
    let list = page.href(LIST);
    let mut answer = page.go(form.get("back").and_then(local_path).unwrap_or(&list), None);
    // A dot alone: none of them, which is not the same as no choice.
    let kept = if shown.is_empty() { ".".to_owned() } else { shown.join(".") };
    keep_choice(answer.headers_mut(), COOKIE, &kept, desk.behind_tls);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_choice_all_but_the_last_are_shown() {
        assert!(Shown::read(None).has("created") && !Shown::read(None).has("erp_order"));
        let chosen = Shown::read(Some("erp_order.nothing"));
        assert!(chosen.has("erp_order") && !chosen.has("created") && !chosen.has("nothing"));
        assert!(!Shown::read(Some(".")).has("created"));
    }
}
