//! Between the core's words and the vendor's. Pure.

mod cancels;
mod documents;
mod drafts;
mod master;
mod orders;
mod pairs;
mod stock;

pub(crate) use cancels::{Part, cancelled, effect, parts, recalled};
pub(crate) use documents::{document, names_documents};
pub(crate) use drafts::{new_order, remote_words};
pub(crate) use master::{logistics_type, store, warehouse};
pub(crate) use orders::{erp_order, names_orders};
pub(crate) use pairs::{pair_key, sku_pair};
pub(crate) use stock::{stock, stock_key};

#[cfg(test)]
mod tests {
    use ipass_core::order::PoNumber;

    use super::*;
    use crate::dto::{
        CancelData, CreateData, CursorData, LogisticsRow, OrderRow, PairRow, Raw, StockRow, StoreRow, WarehouseRow,
        WmsRow,
    };
    use crate::error;
    use crate::testing::{answers, fixture_text, reply};
    use crate::time::Zone;

    /// Numbers that look random and are the same in every run.
    fn next(state: &mut u64) -> usize {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*state >> 33).unwrap()
    }

    /// Everything that an answer goes through.
    fn read(body: &str) {
        let po = PoNumber::new("PO-TEST-0001").unwrap();
        let zone = Zone::parse("Asia/Shanghai", "test").unwrap();
        let Ok(envelope) = error::read("POST /x", &reply(200, body)) else { return };
        for row in envelope.page::<OrderRow>().into_iter().flat_map(|page| page.rows).flatten() {
            let _ = (names_orders(&row, true), erp_order(&row, &po));
        }
        for row in envelope.page::<WmsRow>().into_iter().flat_map(|page| page.rows).flatten() {
            let _ = (names_documents(&row), document(&row, &po, zone));
        }
        for row in envelope.page::<StockRow>().into_iter().flat_map(|page| page.rows) {
            let _ = stock(row.as_ref(), "5001");
        }
        for row in envelope.page::<PairRow>().into_iter().flat_map(|page| page.rows) {
            let _ = (pair_key(row.as_ref()), sku_pair(row, &["110999000000010001"]));
        }
        let _ = envelope.page::<StoreRow>().map(|page| page.rows.into_iter().flatten().map(store).count());
        let _ = envelope.page::<WarehouseRow>().map(|page| page.rows.into_iter().flatten().map(warehouse).count());
        for row in envelope.page::<LogisticsRow>().into_iter().flat_map(|page| page.rows).flatten() {
            let _ = logistics_type(row, true);
        }
        let _ = envelope.data.as_ref().and_then(Raw::read::<CursorData>);
        let _ = envelope.data.as_ref().and_then(Raw::read::<CreateData>);
        let data = envelope.data.as_ref().and_then(Raw::read::<CancelData>);
        let _ = (cancelled(&["1", "2"], data.as_ref()), recalled(&["1"], data.as_ref()));
    }

    #[test]
    fn mutilated_answers_are_errors_and_never_a_panic() {
        let values =
            ["null", "[]", "{}", "\"\"", "0", "-1", "1e999", "true", "99999999999999999999", "\"\\u0000\"", "[[]]"];
        let mut state = 1;
        for name in answers() {
            let text = fixture_text(&name);
            read(&text);
            for _ in 0..200 {
                let cut = |at: usize| (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or_default();
                let (from, length) = (next(&mut state) % text.len(), next(&mut state) % 40);
                let (from, to) = (cut(from), cut((from + length).min(text.len())));
                let value = values[next(&mut state) % values.len()];
                read(&text[..from]);
                read(&format!("{}{value}{}", &text[..from], &text[to.max(from)..]));
                // The value of one member, so that the whole stays JSON.
                if let Some(colon) = text[from..].find("\": ") {
                    let start = from + colon + 3;
                    let end = text[start..].find([',', '\n']).map_or(text.len(), |end| start + end);
                    read(&format!("{}{value}{}", &text[..start], &text[end..]));
                }
            }
        }
    }
}
