//! Money: exact decimals, rounded once, half up.

use rust_decimal::{Decimal, RoundingStrategy};

/// Sum of `units × price`, rounded half up to two places; `None` beyond what a decimal can hold.
pub fn total(lines: impl IntoIterator<Item = (u32, Decimal)>) -> Option<Decimal> {
    let mut sum = Decimal::ZERO;
    for (units, price) in lines {
        sum = sum.checked_add(price.checked_mul(Decimal::from(units))?)?;
    }
    Some(sum.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_rounded_once_and_half_up() {
        let third = Decimal::new(3335, 4); // 0.3335
        assert_eq!(total([(1, third), (2, third)]), Some(Decimal::new(100, 2)));
        assert_eq!(total([(1, Decimal::new(5, 3))]), Some(Decimal::new(1, 2)));
        assert_eq!(total([(3, Decimal::new(5400, 2)), (2, Decimal::new(125, 1))]), Some(Decimal::new(18700, 2)));
    }

    #[test]
    fn a_sum_beyond_every_amount_is_none() {
        assert_eq!(total([(u32::MAX, Decimal::MAX)]), None);
    }
}
