use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use ipass_core::order::PoNumber;
use ipass_core::ports::{OrderFilter, OrderRow, RouteName, StoreError};

use super::LIST;
use super::filter::filter;
use crate::desk::{Answer, Desk, Fault, Flash, Form, Page, Query, Say, Shared, audit, local_path, show};
use crate::text::{Text, common as c, orders as t};

/// Orders that are changed at once.
const MOST: usize = 1_000;
/// More than these need a reason.
const WITHOUT_REASON: usize = 50;
/// Orders that are read at once.
const CHUNK: u32 = 500;
/// Numbers that the question shows.
const NAMED: usize = 20;
/// Fields that are not about the list.
const NOT_OF_LIST: &[&str] = &["act", "id", "all", "back", "after", "size"];

/// What is done to many orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Retry,
    Hold,
    Release,
}

impl Act {
    fn read(text: &str) -> Option<Self> {
        [Self::Retry, Self::Hold, Self::Release].into_iter().find(|act| act.name() == text)
    }

    /// Its name in forms and in the audit.
    const fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Hold => "hold",
            Self::Release => "release",
        }
    }

    /// Title, consequences, and what is said when it is done.
    const fn texts(self) -> [Text; 3] {
        match self {
            Self::Retry => [t::BULK_RETRY, t::MEANS_RETRY, t::BULK_RETRIED],
            Self::Hold => [t::BULK_HOLD, t::MEANS_HOLD, t::BULK_HELD],
            Self::Release => [t::BULK_RELEASE, t::MEANS_RELEASE, t::BULK_RELEASED],
        }
    }

    /// Whether it would change anything.
    fn is_for(self, row: &OrderRow) -> bool {
        match self {
            Self::Retry => !row.stage.is_final(),
            Self::Hold => !row.stage.is_final() && row.hold.is_none(),
            Self::Release => row.hold.is_some(),
        }
    }

    fn needs_reason(self, orders: usize) -> bool {
        self == Self::Hold || orders > WITHOUT_REASON
    }
}

#[derive(Template)]
#[template(path = "orders_bulk.html")]
struct ConfirmPage<'a> {
    p: &'a Page,
    title: String,
    means: Text,
    act: &'static str,
    /// Sent along: `id` or `all`.
    chosen: Vec<(&'static str, String)>,
    named: Vec<String>,
    more: usize,
    needs_reason: bool,
    action: String,
    back: String,
}

/// `GET /admin/orders/bulk?<filters>&act=…&id=…|all=1`: asks before it is done.
pub(super) async fn confirm(State(desk): State<Shared>, page: Page, mut query: Query) -> Answer {
    let act = wanted(&mut query)?;
    let chosen = Chosen::of(&mut query.clone(), &mut query, &page)?;
    let orders = orders(&desk, &page, &chosen, act).await?;
    let [title, means, _] = act.texts();
    let list = list_of(&page);
    page.show(&ConfirmPage {
        p: &page,
        title: page.t1(title, show::number(orders.len())),
        means,
        act: act.name(),
        chosen: chosen.fields(),
        named: orders.iter().take(NAMED).map(ToString::to_string).collect(),
        more: orders.len().saturating_sub(NAMED),
        needs_reason: act.needs_reason(orders.len()),
        action: format!("{LIST}/bulk{}", queried(&page, &[])),
        back: page.query.get("back").and_then(local_path).map_or(list, str::to_owned),
    })
}

/// `POST /admin/orders/bulk?<filters>`: does it, or leads to the question if a reason is needed.
pub(super) async fn act(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    mut query: Query,
    Form(mut form): Form,
) -> Answer {
    let chosen = Chosen::of(&mut form, &mut query, &page)?;
    let act = wanted(&mut form)?;
    let back = form.get("back").and_then(local_path).map_or_else(|| list_of(&page), str::to_owned);
    let orders = orders(&desk, &page, &chosen, act).await?;
    if act.needs_reason(orders.len()) && form.get("reason").is_none() {
        let mut more = vec![("act", act.name().to_owned()), ("back", back)];
        more.extend(chosen.fields());
        return Ok(page.go(&format!("{LIST}/bulk{}", queried(&page, &more)), None));
    }
    let reason = if act.needs_reason(orders.len()) { form.required("reason", 500) } else { String::new() };
    if !reason.is_empty() && reason.chars().count() < 3 {
        form.problem("reason", c::REASON_HELP);
    }
    form.check()?;
    Form(form).once(&desk, &uri).await?;
    let asked = orders.len();
    let (who, route) = (page.who().to_owned(), page.route_name().clone());
    // On a task of its own: whoever closes the page does not stop it halfway.
    let work = tokio::spawn(async move { carry_out(&desk, &who, &route, act, &orders, &reason).await });
    let done = work.await.map_err(|_| Fault::refused("internal", c::INTERNAL, c::INTERNAL_HELP))??;
    let [_, _, told] = act.texts();
    let mut text = page.t1(told, show::number(done));
    if done < asked {
        text.push(' ');
        text.push_str(&page.t1(t::BULK_LEFT, show::number(asked - done)));
    }
    Ok(page.go(&back, Some(&Flash::good(text))))
}

/// One order after the other, each in the audit before it is changed. Answers how many were changed: one that is
/// gone meanwhile is not.
async fn carry_out(
    desk: &Desk,
    who: &str,
    route: &RouteName,
    act: Act,
    orders: &[PoNumber],
    reason: &str,
) -> Result<usize, Fault> {
    let mut done = 0;
    for po in orders {
        audit(desk, who, act.name(), Some(route), po.as_str(), reason).await?;
        let now = desk.now();
        let result = match act {
            Act::Retry => desk.store.retry(route, Some(po), now).await.map(|_| ()),
            Act::Hold => desk.store.set_hold(route, po, Some(reason), who, now).await,
            Act::Release => desk.store.set_hold(route, po, None, who, now).await,
        };
        match result {
            Ok(()) => done += 1,
            Err(StoreError::Conflict(_)) => {}
            Err(error @ (StoreError::Unavailable(_) | StoreError::FenceLost | StoreError::Corrupt { .. })) => {
                return Err(error.into());
            }
        }
    }
    Ok(done)
}

fn wanted(fields: &mut Query) -> Result<Act, Fault> {
    let act = fields.read("act", c::BAD_CHOICE, Act::read);
    if act.is_none() {
        fields.required("act", 20);
        fields.check()?;
    }
    act.ok_or(Fault::NotFound)
}

/// Which orders are meant: those of the list, or those that were selected.
struct Chosen {
    all: bool,
    filter: OrderFilter,
}

impl Chosen {
    /// Reads `all` and `id` from `fields`, and the list from `query`.
    fn of(fields: &mut Query, query: &mut Query, page: &Page) -> Result<Self, Fault> {
        let filter = filter(query, page);
        query.check()?;
        if fields.has("all", "1") {
            return Ok(Self { all: true, filter });
        }
        let mut pos: Vec<PoNumber> = fields.all("id").filter_map(PoNumber::new).collect();
        pos.sort_unstable();
        pos.dedup();
        if pos.is_empty() {
            let list = list_of(page);
            return Err(Fault::refused_at("nothing", t::NO_SELECTION, t::NO_SELECTION_HELP, list, t::BACK_TO_LIST));
        }
        if pos.len() > MOST {
            return Err(too_many(page));
        }
        Ok(Self { all: false, filter: OrderFilter { pos, sort: filter.sort, ..OrderFilter::default() } })
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        if self.all {
            return vec![("all", "1".to_owned())];
        }
        self.filter.pos.iter().map(|po| ("id", po.to_string())).collect()
    }
}

/// Those of the chosen orders that the act is for. Refused if there is none, or too many.
async fn orders(desk: &Desk, page: &Page, chosen: &Chosen, act: Act) -> Result<Vec<PoNumber>, Fault> {
    let route = Some(page.route_name());
    let most = u64::try_from(MOST).unwrap_or(u64::MAX);
    if desk.store.count_orders(route, &chosen.filter, most + 1).await? > most {
        return Err(too_many(page));
    }
    let (mut found, mut after) = (Vec::new(), None::<String>);
    loop {
        let part = desk.store.search(route, &chosen.filter, after.as_deref(), CHUNK).await?;
        found.extend(part.rows.into_iter().filter(|row| act.is_for(row)).map(|row| row.po));
        after = part.next;
        if found.len() > MOST {
            return Err(too_many(page));
        }
        if after.is_none() {
            break;
        }
    }
    if found.is_empty() {
        return Err(Fault::refused_at("nothing", t::NONE_LEFT, t::NONE_LEFT_HELP, list_of(page), t::BACK_TO_LIST));
    }
    Ok(found)
}

fn too_many(page: &Page) -> Fault {
    let help = Say::with(t::TOO_MANY_ORDERS_HELP, [show::number(MOST)]);
    Fault::refused_at("too_many", t::TOO_MANY_ORDERS, help, list_of(page), t::BACK_TO_LIST)
}

/// The list that the request is about.
fn list_of(page: &Page) -> String {
    format!("{LIST}{}", queried(page, &[]))
}

/// The query of the list, and more.
fn queried(page: &Page, more: &[(&'static str, String)]) -> String {
    let kept = page.query.rest(NOT_OF_LIST);
    let all = kept.chain(more.iter().map(|(name, value)| (*name, value.as_str())));
    let pairs: Vec<String> = all
        .map(|(name, value)| format!("{}={}", crate::desk::links::encode(name), crate::desk::links::encode(value)))
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use ipass_core::reason::Language;

    use super::*;

    #[test]
    fn a_hold_always_needs_its_reason_and_the_others_when_they_are_many() {
        assert!(Act::Hold.needs_reason(1) && Act::Retry.needs_reason(51) && Act::Release.needs_reason(51));
        assert!(!Act::Retry.needs_reason(50) && !Act::Release.needs_reason(50));
    }

    #[test]
    fn consequences_are_said_in_both_languages() {
        for act in [Act::Retry, Act::Hold, Act::Release] {
            assert_eq!(Act::read(act.name()), Some(act));
            for text in act.texts() {
                assert_ne!(text.of(Language::En), text.of(Language::Zh));
            }
        }
    }
}
