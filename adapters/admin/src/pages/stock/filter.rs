//! The filters of the list of stock records, as its page, its CSV file and its JSON have them.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use ipass_core::ports::{StockFilter, StockResult};
use ipass_core::reason::Reason;

use crate::desk::{Query, Say};
use crate::text::{Text, common as c, stock as t};

/// Characters of a field.
const MAX_TEXT: usize = 200;

/// Fields that hide rows.
pub(super) const FILTERS: [&str; 9] =
    ["from", "until", "run", "warehouse", "sku", "result", "reason", "detail", "band"];

/// Bands of the difference: value in the URL, words, first and last unit.
pub(crate) const BANDS: [(&str, Text, Option<i64>, Option<i64>); 5] = [
    ("lt-5", t::BAND_FAR_BELOW, None, Some(-6)),
    ("-5..-1", t::BAND_BELOW, Some(-5), Some(-1)),
    ("0", t::BAND_ZERO, Some(0), Some(0)),
    ("1..5", t::BAND_ABOVE, Some(1), Some(5)),
    ("gt5", t::BAND_FAR_ABOVE, Some(6), None),
];

/// Reasons that a stock record can have.
pub(crate) const REASONS: [Reason; 12] = [
    Reason::SyncOff,
    Reason::ItemNotInChannel,
    Reason::ItemUnreadable,
    Reason::WarehouseUnreadable,
    Reason::WarehouseEmpty,
    Reason::ZeroGuard,
    Reason::OverSize,
    Reason::WriteUnconfirmed,
    Reason::ChannelRejected,
    Reason::RunStopped,
    Reason::Throttled,
    Reason::RemoteUnavailable,
];

/// The filters of a query; what is wrong with them is kept there. Without `records=all` only the newest record of
/// each item is listed.
pub(crate) fn filter(query: &mut Query, zone: Tz) -> StockFilter {
    let every = query.read("records", c::BAD_CHOICE, |text| match text {
        "all" => Some(true),
        "newest" => Some(false),
        _ => None,
    });
    let band = query.read("band", c::BAD_CHOICE, |text| BANDS.iter().find(|(value, ..)| *value == text));
    StockFilter {
        from: query.time("from", zone),
        until: query.until("until", zone),
        newest_only: every != Some(true),
        run_id: query.text("run", MAX_TEXT),
        warehouse_code: query.text("warehouse", MAX_TEXT),
        sku: query.text("sku", MAX_TEXT),
        result: query.read("result", c::BAD_CHOICE, StockResult::parse),
        reason: query
            .read("reason", c::BAD_CHOICE, |code| Reason::from_code(code).map(|reason| reason.code().to_owned())),
        detail: query.text("detail", MAX_TEXT),
        difference_from: band.and_then(|(_, _, from, _)| *from),
        difference_to: band.and_then(|(_, _, _, to)| *to),
        differs: None,
    }
}

/// Says in the query why a list is too long for one file. One run, and the newest of each item, never are.
pub(crate) fn exportable(query: &mut Query, filter: &StockFilter, max_days: u32, now: DateTime<Utc>) {
    if filter.newest_only || filter.run_id.is_some() {
        return;
    }
    let days = || [max_days.to_string()];
    match filter.from {
        None => query.problem("from", Say::with(t::RANGE_NEEDED, days())),
        Some(from) if filter.until.unwrap_or(now) - from > Duration::days(max_days.into()) => {
            query.problem("from", Say::with(t::RANGE_TOO_LONG, days()));
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (StockFilter, Vec<String>) {
        let mut query = Query::of(text);
        let filter = filter(&mut query, Tz::UTC);
        (filter, query.problems().iter().map(|problem| problem.path.clone()).collect())
    }

    #[test]
    fn every_filter_of_the_url_is_one_of_the_list() {
        let (found, wrong) = read(
            "records=all&from=2026-01-01&until=2026-01-02&run=7&warehouse=W&sku=A&result=failed&reason=sync_off&detail=x&band=-5..-1",
        );
        assert!(wrong.is_empty() && !found.newest_only);
        assert_eq!(found.until.unwrap().to_rfc3339(), "2026-01-03T00:00:00+00:00");
        assert_eq!((found.run_id.as_deref(), found.warehouse_code.as_deref()), (Some("7"), Some("W")));
        assert_eq!((found.sku.as_deref(), found.detail.as_deref()), (Some("A"), Some("x")));
        assert_eq!((found.result, found.reason.as_deref()), (Some(StockResult::Failed), Some("sync_off")));
        assert_eq!((found.difference_from, found.difference_to), (Some(-5), Some(-1)));
        assert!(read("").0.newest_only);
        assert_eq!(
            read("records=x&band=2&result=x&reason=x&from=x").1,
            ["records", "band", "from", "result", "reason"]
        );
    }

    #[test]
    fn the_bands_leave_no_difference_out_and_none_is_in_two() {
        for units in -12..=12 {
            let inside = BANDS
                .iter()
                .filter(|(_, _, from, to)| from.is_none_or(|from| from <= units) && to.is_none_or(|to| units <= to));
            assert_eq!(inside.count(), 1, "{units}");
        }
    }

    #[test]
    fn a_file_of_every_record_spans_a_limited_time() {
        let now = "2026-02-01T00:00:00Z".parse().unwrap();
        let wrong = |text: &str| {
            let mut query = Query::of(text);
            let filter = filter(&mut query, Tz::UTC);
            exportable(&mut query, &filter, 31, now);
            !query.problems().is_empty()
        };
        assert!(!wrong("") && !wrong("records=all&run=7") && !wrong("records=all&from=2026-01-01"));
        assert!(wrong("records=all") && wrong("records=all&from=2025-12-31"));
        assert!(
            wrong("records=all&from=2024-01-01&until=2025-01-01")
                && !wrong("records=all&from=2024-01-01&until=2024-01-20")
        );
    }
}
