//! The difference of both sides' stock on a day.

use axum::Json;
use axum::extract::State;
use chrono_tz::Tz;
use ipass_core::ports::{StockFilter, StockResult};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::ApiState;
use super::day;
use super::envelope::ApiError;
use super::query::{MAX_CURSOR, MAX_TEXT, Params};
use super::wire::{StockLine, Time};

/// More than any two figures can differ.
const FARTHEST: i64 = 4_294_967_295;

/// Which figures of which day.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the description of what `wanted` reads")]
struct DifferenceQuery {
    /// The day.
    #[param(format = Date, pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", example = "2026-01-31")]
    date: String,
    /// Time zone of the day, by its IANA name; UTC if nothing is said.
    #[param(min_length = 1, max_length = 64, default = "UTC", example = "Asia/Shanghai")]
    timezone: Option<String>,
    /// Only this route.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    route: Option<String>,
    /// The channel's code of the warehouse, whole.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    warehouse_code: Option<String>,
    /// Part of the channel's or the ERP's name of the item.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    sku: Option<String>,
    /// Difference, ERP minus channel, at least.
    #[param(minimum = -4_294_967_295_i64, maximum = 4_294_967_295_i64)]
    min_difference: Option<i64>,
    /// Difference, ERP minus channel, at most.
    #[param(minimum = -4_294_967_295_i64, maximum = 4_294_967_295_i64)]
    max_difference: Option<i64>,
    /// How it ended: `equal`, `different`, `written`, `unconfirmed`, `skipped` or `failed`. All figures that
    /// ended so are listed, equal ones and unknown ones too.
    #[param(pattern = "^(equal|different|written|unconfirmed|skipped|failed)$")]
    result: Option<String>,
    /// Also figures that are equal, or unknown on one side.
    #[param(default = false)]
    include_equal: Option<bool>,
    /// `next_cursor` of the page before; opaque, and good for the same filters only.
    #[param(min_length = 1, max_length = 4000, pattern = r"^[^\u0000-\u001f\u007f]+$")]
    cursor: Option<String>,
    /// Figures of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// One page of figures.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DifferenceList {
    /// First instant of the day.
    from: Time,
    /// First instant of the next day.
    until: Time,
    /// The newest figure of the day for each warehouse and SKU that fits.
    records: Vec<StockLine>,
    /// Where the next page starts; null at the end.
    next_cursor: Option<String>,
}

/// What the query says.
#[derive(Debug, Default)]
struct Wanted {
    route: Option<String>,
    filter: StockFilter,
    cursor: Option<String>,
    limit: u32,
}

fn wanted(mut query: Params) -> Result<Wanted, ApiError> {
    let date = query.date("date");
    let zone = query.zone("timezone").unwrap_or(Tz::UTC);
    let route = query.text("route", MAX_TEXT);
    let mut filter = StockFilter {
        newest_only: true,
        warehouse_code: query.text("warehouse_code", MAX_TEXT),
        sku: query.text("sku", MAX_TEXT),
        result: query.read("result", &results(), StockResult::parse),
        difference_from: query.integer("min_difference", -FARTHEST..=FARTHEST),
        difference_to: query.integer("max_difference", -FARTHEST..=FARTHEST),
        ..StockFilter::default()
    };
    let all = query.flag("include_equal").unwrap_or(false) || filter.result.is_some();
    filter.differs = (!all).then_some(true);
    let cursor = query.text("cursor", MAX_CURSOR);
    let limit = query.limit();
    match date {
        Some(date) => match day::window(date, zone) {
            Some((from, until)) => (filter.from, filter.until) = (Some(from), Some(until)),
            None => query.problem("date", "the calendar ends before"),
        },
        None => query.required("date"),
    }
    query.finish()?;
    Ok(Wanted { route, filter, cursor, limit })
}

fn results() -> String {
    StockResult::ALL.map(StockResult::as_str).join(", ")
}

/// Inventory difference of a day
///
/// For each warehouse and SKU the newest record of that day is taken first, and the other filters choose
/// among these: a difference that was gone by the evening is not listed.
#[utoipa::path(
    get,
    path = "/inventory/differences",
    tag = "inventory",
    params(DifferenceQuery),
    responses((status = 200, body = DifferenceList))
)]
pub(super) async fn list_differences(
    State(state): State<ApiState>,
    query: Params,
) -> Result<Json<DifferenceList>, ApiError> {
    let Wanted { route, filter, cursor, limit } = wanted(query)?;
    let route = state.filter_route(route.as_deref())?.map(|route| &route.name);
    let page = state.store.search_stock(route, &filter, cursor.as_deref(), limit).await.map_err(ApiError::of_list)?;
    let (Some(from), Some(until)) = (filter.from, filter.until) else {
        return Err(ApiError::invalid_at("date", "it is missing"));
    };
    Ok(Json(DifferenceList {
        from: Time::of(from),
        until: Time::of(until),
        records: page.rows.iter().map(StockLine::of).collect(),
        next_cursor: page.next,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_chosen_before_anything_else_filters() {
        let wanted = wanted(Params::of("date=2026-01-31&timezone=Asia/Shanghai&min_difference=-5&sku=A")).unwrap();
        assert!(wanted.filter.newest_only);
        assert_eq!(wanted.filter.differs, Some(true));
        assert_eq!(wanted.filter.from.unwrap().to_rfc3339(), "2026-01-30T16:00:00+00:00");
        assert_eq!((wanted.filter.difference_from, wanted.filter.difference_to), (Some(-5), None));
    }

    #[test]
    fn equal_figures_are_listed_when_asked_for() {
        let differs = |query: &str| wanted(Params::of(query)).unwrap().filter.differs;
        assert_eq!(differs("date=2026-01-31&include_equal=true"), None);
        assert_eq!(differs("date=2026-01-31&include_equal=false"), Some(true));
        assert_eq!(differs("date=2026-01-31&result=equal"), None);
    }

    #[test]
    fn a_day_is_required_and_told_once() {
        for query in ["", "date=yesterday"] {
            let error = wanted(Params::of(query)).unwrap_err();
            assert_eq!(error.problems().len(), 1, "{query}");
            assert_eq!(error.problems()[0].path, "date");
        }
    }

    #[test]
    fn the_description_names_every_result() {
        let known = StockResult::ALL.map(StockResult::as_str).join("|");
        let document = super::super::openapi().to_json().unwrap();
        assert!(document.contains(&format!("^({known})$")), "{known}");
    }
}
