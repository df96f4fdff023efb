//! Pairs of names in the core's words.

use ipass_core::erp::SkuPair;
use ipass_core::ports::PortError;

use crate::dto::PairRow;

/// What tells two pairs apart.
pub(crate) fn pair_key(row: Option<&PairRow>) -> Option<String> {
    let row = row?;
    Some(format!("{:?}", (&row.store_id, &row.msku, &row.sku)))
}

/// The pair; `None` for an item that is not paired, and for a pair of a store that was not asked for.
pub(crate) fn sku_pair(row: Option<PairRow>, stores: &[&str]) -> Result<Option<SkuPair>, PortError> {
    let row = row.ok_or_else(|| PortError::invalid("the list of SKU pairs holds one that cannot be read"))?;
    let (Some(msku), Some(sku)) = (row.msku, row.sku) else { return Ok(None) };
    let nameless = || PortError::invalid(format!("the SKU pair of {msku} does not tell its store"));
    let store_id = row.store_id.ok_or_else(nameless)?;
    let asked = stores.contains(&store_id.as_str());
    Ok(asked.then_some(SkuPair { store_id, msku, sku }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(json: &str) -> Result<Option<SkuPair>, PortError> {
        sku_pair(Some(serde_json::from_str(json).unwrap()), &["1", "2"])
    }

    #[test]
    fn items_without_a_partner_and_other_stores_are_left_out() {
        for (json, expected) in [
            (r#"{"store_id":1,"msku":"M","sku":"S"}"#, Some(("1", "M", "S"))),
            (r#"{"store_id":"2","msku":7,"sku":" S "}"#, Some(("2", "7", "S"))),
            (r#"{"store_id":"3","msku":"M","sku":"S"}"#, None),
            (r#"{"store_id":"1","msku":"M","sku":""}"#, None),
            (r#"{"store_id":"1","msku":null,"sku":"S"}"#, None),
            (r#"{"msku":"M"}"#, None),
        ] {
            let pair = made(json).unwrap();
            let pair = pair.as_ref().map(|pair| (pair.store_id.as_str(), pair.msku.as_str(), pair.sku.as_str()));
            assert_eq!(pair, expected, "{json}");
        }
    }

    #[test]
    fn what_may_be_a_pair_of_ours_and_cannot_be_read_is_an_error() {
        assert!(made(r#"{"msku":"M","sku":"S"}"#).is_err());
        assert!(sku_pair(None, &["1"]).is_err());
    }
}
