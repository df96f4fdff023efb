//! Rows of the vendor's stock in the core's words.

use ipass_core::erp::ErpStock;
use ipass_core::ports::PortError;

use crate::dto::StockRow;

/// What tells two rows of one warehouse apart: stock is kept for each store and each label.
pub(crate) fn stock_key(row: &StockRow) -> [Option<String>; 4] {
    [&row.product_id, &row.sku, &row.seller_id, &row.fnsku].map(Clone::clone)
}

/// The row as stock of `warehouse`. An error when it is another's, or cannot be counted: leaving it
/// out would be a wrong quantity.
pub(crate) fn stock(row: Option<&StockRow>, warehouse: &str) -> Result<ErpStock, PortError> {
    let invalid = |what: &str| PortError::invalid(format!("warehouse {warehouse}: {what}"));
    let row = row.ok_or_else(|| invalid("a row of its stock cannot be read"))?;
    if row.wid.as_deref() != Some(warehouse) {
        return Err(invalid("its stock holds a row of another warehouse"));
    }
    let sku = row.sku.clone().ok_or_else(|| invalid("a row of its stock has no SKU"))?;
    let unreadable = || invalid(&format!("its stock of {sku} has no quantity"));
    let available = row.product_valid_num.ok_or_else(unreadable)?;
    Ok(ErpStock { sku, available })
}

#[cfg(test)]
mod tests {
    use ipass_core::ports::ErrorKind;

    use super::*;
    use crate::dto::Envelope;
    use crate::testing::fixture;

    fn made(json: &str) -> Result<ErpStock, PortError> {
        stock(Some(&serde_json::from_str(json).unwrap()), "5001")
    }

    #[test]
    fn recorded_rows_have_their_sellable_units() {
        let envelope: Envelope = serde_json::from_slice(&fixture("inventory_page1.json").body).unwrap();
        let rows: Vec<Option<StockRow>> = envelope.page().unwrap().rows;
        let stock: Vec<_> = rows.iter().map(|row| stock(row.as_ref(), "5001").unwrap()).collect();
        let stock: Vec<_> = stock.iter().map(|stock| (stock.sku.as_str(), stock.available)).collect();
        assert_eq!(stock, [("LX-MUG-01", 120), ("LX-MUG-01", 15), ("LX-CHAIR-01", 0)]);
        let keys: Vec<_> = rows.iter().flatten().map(stock_key).collect();
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn a_quantity_may_be_text_and_may_be_below_zero() {
        for (json, expected) in [
            (r#"{"wid":5001,"sku":"A","product_valid_num":7}"#, 7),
            (r#"{"wid":"5001","sku":"A","product_valid_num":"7"}"#, 7),
            (r#"{"wid":"5001","sku":"A","product_valid_num":"7.00"}"#, 7),
            (r#"{"wid":5001,"sku":"A","product_valid_num":-3}"#, -3),
        ] {
            assert_eq!(made(json).unwrap().available, expected, "{json}");
        }
    }

    #[test]
    fn what_cannot_be_counted_is_an_error() {
        for json in [
            r#"{"wid":5001,"sku":"A"}"#,
            r#"{"wid":5001,"sku":"A","product_valid_num":null}"#,
            r#"{"wid":5001,"sku":"A","product_valid_num":1.5}"#,
            r#"{"wid":5001,"sku":" ","product_valid_num":1}"#,
            r#"{"wid":5002,"sku":"A","product_valid_num":1}"#,
            r#"{"sku":"A","product_valid_num":1}"#,
        ] {
            assert_eq!(made(json).unwrap_err().kind(), ErrorKind::Invalid, "{json}");
        }
        assert_eq!(stock(None, "5001").unwrap_err().kind(), ErrorKind::Invalid);
    }
}
