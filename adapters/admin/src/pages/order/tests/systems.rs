use std::time::Duration;

use axum::http::StatusCode;
use ipass_core::erp::{DocumentLine, DocumentStatus, ErpOrder, ErpStatus, OutboundDocument};
use ipass_core::order::{ChannelStatus, Package, PackageItem};
use ipass_core::ports::*;
use ipass_core::stage::Stage;
use ipass_core::testing::{order, po};

use super::shelf::{bench_with, now, row};
use crate::desk::tests::{Answer as Page, Bench};

const PATH: &str = "/admin/orders/r/PO-1/systems";

fn channel(source: &mut MockOrderSource) {
    source.expect_capabilities().returning(|| ChannelCapabilities {
        acknowledges: true,
        invoices: true,
        lists_updates: true,
        max_batch: 1,
        window_end_lag: Duration::ZERO,
        settles_within: Duration::ZERO,
    });
    source.expect_fetch().returning(|_| {
        let mut seen = order("PO-1");
        seen.status = ChannelStatus::Shipped;
        seen.lines[0].quantity = 3;
        seen.lines[0].cancelled = 1;
        let item = PackageItem { line_number: Some(1), quantity: 1, ..PackageItem::default() };
        seen.packages = vec![Package { tracking: "1Z".to_owned(), shipped_at: None, items: vec![item] }];
        let pulled = PulledOrder { raw: Vec::new(), order: Ok(seen), key: String::new() };
        Ok(vec![Answer { key: po("PO-1"), result: Ok(Some(pulled)) }])
    });
    source.expect_find_invoices().returning(|_| Err(PortError::retryable("GET /invoice: no answer in time")));
}

fn erp() -> MockErpSink {
    let mut erp = MockErpSink::new();
    erp.expect_find().returning(|_| {
        let part = |number: &str, deleted| ErpOrder {
            number: number.to_owned(),
            status: ErpStatus::ToShip,
            deleted,
            resent: false,
            store_id: None,
        };
        Ok(vec![Answer { key: po("PO-1"), result: Ok(vec![part("E-1", false), part("E-2", true)]) }])
    });
    erp.expect_documents().returning(|_| {
        let line = |sku: &str, quantity| DocumentLine { sku: sku.to_owned(), msku: None, quantity };
        let document = OutboundDocument {
            number: "WO-1".to_owned(),
            status: DocumentStatus::Shipped,
            replacement: false,
            tracking: vec!["1Z".to_owned(), "2Z".to_owned()],
            shipped_at: Some(now()),
            carrier: None,
            lines: vec![line("SKU-A", 2), line("ODD", 7)],
        };
        Ok(vec![Answer { key: po("PO-1"), result: Ok(vec![document]) }])
    });
    erp
}

async fn read(bench: &Bench, headers: &[(&str, &str)]) -> Page {
    let (csrf, once) = bench.hidden("/admin/orders/r/PO-1").await;
    bench.post_with(PATH, headers, &[("csrf", &csrf), ("once", &once)]).await
}

#[tokio::test]
async fn both_systems_are_read_and_what_one_does_not_say_is_not_guessed() {
    let (bench, _) = bench_with(vec![row("PO-1", Stage::AwaitingInvoice)], channel, erp()).await;
    let part = read(&bench, &[("hx-request", "true")]).await;
    assert!(part.status == StatusCode::OK && !part.body.contains("<html"), "{}", part.body);
    for words in [
        "Read at",
        "E-1",
        "released to the warehouse",
        "deleted",
        "WO-1",
        "2Z",
        "ODD × 7",
        "invoice could not be read: GET /invoice: no answer in time",
        // ordered, cancelled, in the ERP, shipped by documents, known at the channel, invoiced
        r#"<td class="number">3</td><td class="number">1</td><td class="number">2</td><td class="number">2</td><td class="number">1</td><td class="number">–</td>"#,
    ] {
        assert!(part.body.contains(words), "{words}: {}", part.body);
    }
    bench.post("/admin/display", &[("lang", "zh"), ("back", "/admin/audit")]).await;
    let page = read(&bench, &[]).await.body;
    assert!(page.contains("<html") && page.contains("无法读取渠道发票：GET /invoice：应答超时"), "{page}");
}
