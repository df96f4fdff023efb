use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::*;
use crate::erp::ErpStock;
use crate::job::Job;
use crate::order::PoNumber;
use crate::ports::{
    Effect, InventoryCapabilities, KnownStock, MockErpSink, MockInventorySink, Outcome, RouteName, RowSink, RunRef,
    StockFilter, StockPage, Stored, WarehouseLevel,
};
use crate::run::RunContext;
use crate::settings::{Settings, parse};
use crate::testing::{ManualClock, context};
use crate::write::{Intent, RemoteWrite, WriteNote};

/// Keeps what is stored.
#[derive(Default)]
struct Memory {
    records: Mutex<Vec<StockRecord>>,
    known: Vec<KnownStock>,
    open: Vec<RemoteWrite>,
    intended: Mutex<Vec<String>>,
    notes: Mutex<Vec<WriteNote>>,
}

#[async_trait]
impl StockStore for Memory {
    async fn save_stock(&self, _: &RunRef, records: &[StockRecord]) -> Stored<()> {
        self.records.lock().unwrap().extend_from_slice(records);
        Ok(())
    }

    async fn known_stock(&self, _: &RouteName) -> Stored<Vec<KnownStock>> {
        Ok(self.known.clone())
    }

    async fn search_stock(&self, _: Option<&RouteName>, _: &StockFilter, _: Option<&str>, _: u32) -> Stored<StockPage> {
        Ok(StockPage::default())
    }

    async fn export_stock(&self, _: Option<&RouteName>, _: &StockFilter, _: &mut dyn RowSink) -> Stored<u64> {
        Ok(0)
    }

    async fn forget_stock(&self, _: &RouteName, _: DateTime<Utc>) -> Stored<u64> {
        Ok(0)
    }
}

#[async_trait]
impl WriteLedger for Memory {
    async fn writes_of(&self, _: &RouteName, _: &[PoNumber]) -> Stored<Vec<RemoteWrite>> {
        Ok(Vec::new())
    }

    async fn open_writes(&self, _: &RouteName, _: WriteKind) -> Stored<Vec<RemoteWrite>> {
        Ok(self.open.clone())
    }

    async fn intend(&self, _: &RunRef, intents: &[Intent], _: DateTime<Utc>) -> Stored<Vec<WriteKey>> {
        self.intended.lock().unwrap().extend(intents.iter().map(|intent| intent.key.po.as_str().to_owned()));
        Ok(Vec::new())
    }

    async fn note(&self, _: &RunRef, notes: &[WriteNote], _: DateTime<Utc>) -> Stored<()> {
        self.notes.lock().unwrap().extend_from_slice(notes);
        Ok(())
    }
}

const TWO_WAREHOUSES: &str = r#"{"jobs": {"sync_stock": {"sync": true, "max_zero_ratio": 0.5}},
    "mapping": {"warehouse": {"WA": "1", "WB": "2"}, "sku": {"OURS": "THEIRS"}}}"#;

/// Rows of one warehouse, or a failed reading.
type Rows = Result<Vec<(&'static str, i64)>, ()>;

/// What each side says, and what the run did.
struct Case {
    settings: Settings,
    stock: Vec<(&'static str, Rows)>,
    levels: Vec<(&'static str, Vec<(&'static str, u32)>)>,
    /// Names under which the channel shows the item of another name.
    renamed: Vec<(&'static str, &'static str)>,
    memory: Memory,
    dry_run: bool,
}

impl Case {
    fn new() -> Self {
        Self {
            settings: parse(TWO_WAREHOUSES, &[]).unwrap(),
            stock: vec![("1", Ok(vec![("A", 5)])), ("2", Ok(vec![("A", 3)]))],
            levels: vec![("A", vec![("WA", 5), ("WB", 3)]), ("OURS", vec![])],
            renamed: Vec::new(),
            memory: Memory::default(),
            dry_run: false,
        }
    }

    /// The levels sent, and the error of the run.
    async fn run(&self) -> (Vec<StockLevel>, Option<String>) {
        let sent = std::sync::Arc::new(Mutex::new(Vec::new()));
        let (erp, inventory) = (self.erp(), self.inventory(sent.clone()));
        let clock = ManualClock::default();
        let ctx = RunContext { dry_run: self.dry_run, ..context(Job::SyncStock, &self.settings, &clock) };
        let request = StockRequest::default();
        let end = sync_stock(&ctx, &erp, &inventory, &self.memory, &self.memory, &request).await;
        let sent = sent.lock().unwrap().clone();
        (sent, end.err().map(|error| error.to_string()))
    }

    fn erp(&self) -> MockErpSink {
        let answers: Vec<_> = self
            .stock
            .iter()
            .map(|(id, rows)| {
                let rows = rows.clone().map(|rows| {
                    rows.iter().map(|(sku, units)| ErpStock { sku: (*sku).to_owned(), available: *units }).collect()
                });
                ((*id).to_owned(), rows)
            })
            .collect();
        let mut erp = MockErpSink::new();
        erp.expect_stock().returning(move |_| {
            let answer = |(key, rows): &(String, Result<Vec<ErpStock>, ()>)| Answer {
                key: key.clone(),
                result: rows.clone().map_err(|()| PortError::retryable("a page was missing")),
            };
            Ok(answers.iter().map(answer).collect())
        });
        erp
    }

    fn inventory(&self, sent: std::sync::Arc<Mutex<Vec<StockLevel>>>) -> MockInventorySink {
        let levels: HashMap<String, StockLevel> =
            self.levels.iter().map(|(sku, of)| ((*sku).to_owned(), level(self.shown_as(sku), of))).collect();
        let mut inventory = MockInventorySink::new();
        inventory
            .expect_capabilities()
            .returning(|| InventoryCapabilities { max_batch: 10, settles_within: Duration::from_mins(1) });
        inventory.expect_levels().returning(move |skus| {
            Ok(skus
                .iter()
                .map(|item| Answer { key: item.name.clone(), result: Ok(levels.get(&item.name).cloned()) })
                .collect())
        });
        inventory.expect_write().returning(move |levels| {
            sent.lock().unwrap().extend_from_slice(levels);
            let done =
                |level: &StockLevel| Outcome { key: stock_key(&level.sku).unwrap(), effect: Effect::Applied(()) };
            Ok(levels.iter().map(done).collect())
        });
        inventory.expect_settle().returning(|writes| {
            writes.iter().map(|write| Answer { key: write.key.clone(), result: Ok(Settlement::Pending) }).collect()
        });
        inventory
    }

    fn shown_as(&self, sku: &'static str) -> &'static str {
        self.renamed.iter().find(|(name, _)| *name == sku).map_or(sku, |(_, own)| own)
    }

    fn result(&self, sku: &str, code: &str) -> (&'static str, &'static str) {
        let records = self.memory.records.lock().unwrap();
        let record = records.iter().find(|record| record.sku == sku && record.warehouse_code == code).unwrap();
        (record.result.as_str(), record.cause.as_ref().map_or("", |cause| cause.reason.code()))
    }
}

fn level(sku: &str, of: &[(&str, u32)]) -> StockLevel {
    let warehouses = of
        .iter()
        .map(|(code, quantity)| WarehouseLevel { warehouse_code: (*code).to_owned(), quantity: *quantity })
        .collect();
    StockLevel { sku: sku.to_owned(), warehouses }
}

#[tokio::test]
async fn equal_figures_are_recorded_and_nothing_is_written() {
    let case = Case::new();
    assert_eq!(case.run().await, (vec![], None));
    assert_eq!(case.result("A", "WA"), ("equal", ""));
    assert!(case.memory.intended.lock().unwrap().is_empty());
}

#[tokio::test]
async fn rows_of_one_item_are_summed_and_never_below_zero_and_the_whole_item_is_sent() {
    let mut case = Case::new();
    case.stock = vec![("1", Ok(vec![("A", 4), ("A", 3), ("THEIRS", -2)])), ("2", Ok(vec![("A", 3)]))];
    case.levels = vec![("A", vec![("WA", 5), ("WB", 3), ("OTHER", 9)]), ("OURS", vec![("WA", 1)])];
    let (mut sent, error) = case.run().await;
    sent.sort_by(|a, b| a.sku.cmp(&b.sku));
    assert_eq!(error, None);
    assert_eq!(sent, [level("A", &[("WA", 7), ("WB", 3), ("OTHER", 9)]), level("OURS", &[("WA", 0)])]);
    assert_eq!(case.result("A", "WA"), ("written", ""));
    assert_eq!(case.result("A", "WB"), ("equal", ""));
}

#[tokio::test]
async fn a_warehouse_that_was_not_read_completely_writes_nothing_for_its_items() {
    for (bad, reason) in [(Err(()), "warehouse_unreadable"), (Ok(vec![]), "warehouse_empty")] {
        let mut case = Case::new();
        case.stock = vec![("1", Ok(vec![("A", 6), ("B", 2)])), ("2", bad)];
        case.levels = vec![("A", vec![("WA", 5), ("WB", 3)]), ("B", vec![("WA", 1)]), ("OURS", vec![])];
        let (sent, error) = case.run().await;
        assert_eq!(sent, [level("B", &[("WA", 2)])], "an item that the warehouse does not hold goes on");
        assert!(error.is_some(), "the run says that it did not see everything");
        assert_eq!(case.result("A", "WB"), ("skipped", reason));
        assert_eq!(case.result("A", "WA"), ("skipped", reason));
    }
}

#[tokio::test]
async fn no_warehouse_read_is_a_failed_run_that_writes_and_records_nothing() {
    let mut case = Case::new();
    case.stock = vec![("1", Err(())), ("2", Ok(vec![]))];
    let (sent, error) = case.run().await;
    assert!(sent.is_empty() && error.is_some());
}

#[tokio::test]
async fn too_many_zeros_at_once_stop_everything() {
    let mut case = Case::new();
    case.stock = vec![("1", Ok(vec![("A", 0), ("B", 0), ("C", 8)])), ("2", Ok(vec![("A", 0)]))];
    case.levels = vec![("A", vec![("WA", 5)]), ("B", vec![("WA", 5)]), ("C", vec![("WA", 7)])];
    let (sent, error) = case.run().await;
    assert!(sent.is_empty());
    assert!(error.unwrap().contains("2 of 3"));
    assert_eq!(case.result("C", "WA"), ("skipped", "zero_guard"));
}

#[tokio::test]
async fn an_item_that_the_erp_lists_no_more_has_no_units_left() {
    let mut case = Case::new();
    case.levels.push(("GONE", vec![("WA", 4)]));
    case.memory.known =
        vec![KnownStock { warehouse_code: "WA".to_owned(), erp_sku: "GONE".to_owned(), has_units: true }];
    assert_eq!(case.run().await.0, [level("GONE", &[("WA", 0)])]);
}

#[tokio::test]
async fn the_channel_is_read_before_the_erp_so_that_an_order_in_between_gives_nothing_back() {
    let mut case = Case::new();
    case.memory.known = vec![KnownStock { warehouse_code: "WA".to_owned(), erp_sku: "A".to_owned(), has_units: true }];
    let sold = std::sync::Arc::new(Mutex::new(false));
    let (at_channel, in_erp) = (sold.clone(), sold);
    let (mut erp, mut inventory) = (MockErpSink::new(), MockInventorySink::new());
    inventory
        .expect_capabilities()
        .returning(|| InventoryCapabilities { max_batch: 10, settles_within: Duration::from_mins(1) });
    inventory.expect_levels().returning(move |items| {
        // Right after this reading an order comes, and is in the ERP before that is read.
        *at_channel.lock().unwrap() = true;
        Ok(items
            .iter()
            .map(|item| Answer { key: item.name.clone(), result: Ok(Some(level(&item.name, &[("WA", 10)]))) })
            .collect())
    });
    inventory.expect_write().times(0..=1).returning(|levels| {
        assert!(levels.iter().all(|level| level.warehouses[0].quantity == 9), "{levels:?}");
        Ok(Vec::new())
    });
    inventory.expect_settle().returning(|_| Vec::new());
    erp.expect_stock().returning(move |ids| {
        let units = if *in_erp.lock().unwrap() { 9 } else { 10 };
        let rows = || Ok(vec![ErpStock { sku: "A".to_owned(), available: units }]);
        Ok(ids.iter().map(|id| Answer { key: id.clone(), result: rows() }).collect())
    });
    let mut settings = case.settings.clone();
    settings.mapping.warehouse.remove("WB");
    settings.mapping.sku.clear();
    let clock = ManualClock::default();
    let ctx = context(Job::SyncStock, &settings, &clock);
    let request = StockRequest::default();
    sync_stock(&ctx, &erp, &inventory, &case.memory, &case.memory, &request).await.unwrap();
    assert!(*case.memory.intended.lock().unwrap() == ["A"]);
}

#[tokio::test]
async fn the_mapped_name_speaks_for_an_item_and_two_of_a_kind_for_none() {
    let mut case = Case::new();
    case.settings.mapping.sku = [("OURS".to_owned(), "THEIRS".to_owned())].into();
    case.stock = vec![("1", Ok(vec![("THEIRS", 2), ("A", 5)])), ("2", Ok(vec![("A", 3)]))];
    // The channel's own name of what the retailer calls OURS is A, as the ERP calls something else.
    case.renamed = vec![("OURS", "A")];
    case.levels = vec![("A", vec![("WA", 1)]), ("OURS", vec![("WA", 1)])];
    let (sent, _) = case.run().await;
    assert_eq!(sent, [level("A", &[("WA", 2)])]);
}

#[tokio::test]
async fn an_item_that_the_channel_does_not_know_is_not_sent() {
    let mut case = Case::new();
    case.stock[0] = ("1", Ok(vec![("A", 5), ("NEW", 9)]));
    assert_eq!(case.run().await, (vec![], None));
    assert_eq!(case.result("NEW", "WA"), ("skipped", "item_not_in_channel"));
}

#[tokio::test]
async fn an_item_whose_last_figure_is_under_way_is_left_alone() {
    let mut case = Case::new();
    case.stock[0] = ("1", Ok(vec![("A", 6)]));
    let now = crate::ports::Clock::now(&ManualClock::default());
    case.memory.open = vec![RemoteWrite {
        key: stock_key("A").unwrap(),
        state: WriteState::Accepted,
        request_hash: String::new(),
        receipt: Some(crate::ports::Receipt("r-1".to_owned())),
        intended_at: now,
        noted_at: Some(now),
        attempts: 1,
        message: None,
    }];
    assert_eq!(case.run().await, (vec![], None));
    assert_eq!(case.result("A", "WA"), ("unconfirmed", "write_unconfirmed"));
}

#[tokio::test]
async fn a_name_that_is_mapped_to_another_item_is_not_taken_for_the_same() {
    let mut case = Case::new();
    case.stock[0] = ("1", Ok(vec![("A", 5), ("OURS", 7), ("THEIRS", 2)]));
    case.levels = vec![("A", vec![("WA", 5), ("WB", 3)]), ("OURS", vec![("WA", 1)])];
    assert_eq!(case.run().await.0, [level("OURS", &[("WA", 2)])]);
}

#[tokio::test]
async fn a_run_writes_at_most_its_size_and_what_oversells_most_first() {
    let mut case = Case::new();
    let many: Vec<String> = (0..60).map(|n| format!("S{n:02}")).collect();
    let names: Vec<&'static str> = many.iter().map(|name| &*Box::leak(name.clone().into_boxed_str())).collect();
    case.stock = vec![("1", Ok(names.iter().map(|name| (*name, 10)).collect())), ("2", Ok(vec![("A", 1)]))];
    case.levels = names.iter().map(|name| (*name, vec![("WA", if *name == "S59" { 99 } else { 1 })])).collect();
    let (sent, _) = case.run().await;
    assert_eq!(sent.len(), 50);
    assert_eq!(sent[0].sku, "S59");
    assert_eq!(case.result("S58", "WA"), ("different", "over_size"));
}

#[tokio::test]
async fn a_dry_run_and_a_switched_off_sync_send_nothing() {
    let mut case = Case::new();
    case.stock[0] = ("1", Ok(vec![("A", 6)]));
    case.dry_run = true;
    assert_eq!(case.run().await, (vec![], None));
    assert!(case.memory.records.lock().unwrap().is_empty(), "a dry run stores nothing");
    case.dry_run = false;
    case.settings.stock_sync = false;
    assert_eq!(case.run().await, (vec![], None));
    assert_eq!(case.result("A", "WA"), ("different", "sync_off"));
}
