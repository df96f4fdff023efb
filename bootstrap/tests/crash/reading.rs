//! Work that sends nothing to a vendor.

use crate::case::die_at;
use crate::common::database::Kind;
use crate::common::world::World;
use ipass_sandbox::WorldAction;

/// A store of the simulated ERP.
const STORE: &str = "110658143132021760";

#[test]
fn a_crash_after_new_sku_pairs_were_saved_saves_them_once() {
    for store in [Kind::Sqlite, Kind::Postgres] {
        let world = World::with_orders(store);
        let pair =
            WorldAction::PairSku { store: STORE.to_owned(), msku: "CRASH-1".to_owned(), sku: "LX-CRASH-1".to_owned() };
        world.sandbox.advance_erp(pair).expect("the ERP takes it");
        die_at(&world, "pull_sku_pairs:saved");
        let versions = || {
            let history = world.ipass(&["settings", "history", "--json"]).code(0).json();
            history["versions"].as_array().map_or(0, Vec::len)
        };
        let before = versions();
        world.job("pull_sku_pairs");
        assert_eq!(versions(), before, "the second run finds nothing new");
        let live = world.ipass(&["settings", "export"]).code(0).json();
        assert_eq!(live["mapping"]["sku"]["CRASH-1"], "LX-CRASH-1", "{live}");
    }
}
