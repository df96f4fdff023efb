//! Acts on stock and on pairs.

use chrono::{DateTime, Utc};

use super::World;
use super::action::{UnknownOrder, WorldAction};
use crate::catalog::{SHOPS, warehouse_position, wid_position};

fn unknown(what: &impl ToString) -> UnknownOrder {
    UnknownOrder(what.to_string())
}

fn shop(store: &str) -> Result<usize, UnknownOrder> {
    SHOPS.iter().position(|shop| shop.1 == store).ok_or_else(|| unknown(&store))
}

impl World {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other acts are on orders")]
    pub(super) fn act_on_stock(&mut self, act: &WorldAction, now: DateTime<Utc>) -> Result<(), UnknownOrder> {
        match act {
            WorldAction::SetStock { wid, sku, quantity } => {
                let warehouse = wid_position(*wid).ok_or_else(|| unknown(wid))?;
                let product = self.catalog.by_erp_sku(sku).ok_or_else(|| unknown(sku))?;
                self.stock.set(warehouse, product, *quantity, now);
            }
            WorldAction::ZeroStock { per_mille } => {
                self.stock.zero(usize::try_from(*per_mille).unwrap_or(1000).min(1000), now);
            }
            WorldAction::EmptyWarehouse { wid } => {
                self.stock.empty(wid_position(*wid).ok_or_else(|| unknown(wid))?, now);
            }
            WorldAction::SetChannelStock { sku, warehouse, quantity } => {
                let item = self.items.by_sku(sku).ok_or_else(|| unknown(sku))?;
                let place = warehouse_position(warehouse).ok_or_else(|| unknown(warehouse))?;
                let known = self.items.all()[item].levels().filter(|level| level.0 != place);
                let levels: Vec<(usize, i64)> = known.chain([(place, *quantity)]).collect();
                self.items.replace(item, &levels, now);
            }
            WorldAction::PairSku { store, msku, sku } => self.pairs.add(shop(store)?, msku, sku, now),
            WorldAction::UnpairSku { store, msku } => {
                let removed = self.pairs.remove(shop(store)?, msku);
                return removed.then_some(()).ok_or_else(|| unknown(msku));
            }
            _ => {}
        }
        Ok(())
    }
}
