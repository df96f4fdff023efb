use chrono::{Duration, TimeZone as _, Utc};

use super::*;
use crate::order::{Package, PackageItem};
use crate::settings::Settings;
use crate::testing::{line, order};

fn at(hour: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(1_769_600_000, 0).unwrap() + Duration::hours(hour)
}

fn document(number: &str, tracking: &[&str], lines: &[(&str, u32)]) -> OutboundDocument {
    OutboundDocument {
        number: number.to_owned(),
        status: DocumentStatus::Shipped,
        replacement: false,
        tracking: tracking.iter().map(|text| (*text).to_owned()).collect(),
        shipped_at: Some(at(0)),
        carrier: None,
        lines: lines
            .iter()
            .map(|(sku, quantity)| DocumentLine { sku: (*sku).to_owned(), msku: None, quantity: *quantity })
            .collect(),
    }
}

fn units(shipment: &Shipment) -> Vec<(i64, u32, bool)> {
    shipment.lines.iter().map(|line| (line.item.line_number.unwrap(), line.quantity, line.spans_packages)).collect()
}

#[test]
fn one_sku_on_two_lines_fills_the_lines_in_order() {
    let mut order = order("1");
    order.lines = vec![line(1, "A", 3), line(2, "B", 2), line(3, "A", 1)];
    let packed = pack(&order, &[document("WO1", &["T1"], &[("A", 4), ("B", 2)])], &Settings::default()).unwrap();
    assert!(packed.is_complete());
    assert_eq!(units(&packed.parcels[0]), [(1, 3, false), (2, 2, false), (3, 1, false)]);
}

#[test]
fn a_line_in_two_parcels_carries_the_span_flag_in_both() {
    let mut order = order("1");
    order.lines = vec![line(1, "A", 3)];
    let documents = [document("WO1", &["T1"], &[("A", 2)]), document("WO2", &["T2"], &[("A", 1)])];
    let packed = pack(&order, &documents, &Settings::default()).unwrap();
    assert_eq!(packed.parcels.iter().map(units).collect::<Vec<_>>(), [[(1, 2, true)], [(1, 1, true)]]);
}

#[test]
fn two_documents_with_one_tracking_number_are_one_parcel() {
    let mut order = order("1");
    order.lines = vec![line(1, "A", 1), line(2, "B", 1)];
    let mut later = document("WO2", &["T1"], &[("B", 1)]);
    later.shipped_at = Some(at(3));
    let packed = pack(&order, &[document("WO1", &["T1"], &[("A", 1)]), later], &Settings::default()).unwrap();
    assert_eq!(packed.parcels.len(), 1);
    assert_eq!(packed.parcels[0].shipped_at, at(3));
    assert_eq!(units(&packed.parcels[0]), [(1, 1, false), (2, 1, false)]);
}

#[test]
fn a_document_with_two_numbers_deals_its_units_out_exactly() {
    let mut order = order("1");
    order.lines = vec![line(1, "A", 3), line(2, "B", 2)];
    let packed = pack(&order, &[document("WO1", &["T1", "T2"], &[("A", 3), ("B", 2)])], &Settings::default()).unwrap();
    assert_eq!(packed.parcels.iter().map(units).collect::<Vec<_>>(), [vec![(1, 3, false)], vec![(2, 2, false)]]);
    let total: u32 = packed.parcels.iter().flat_map(|parcel| &parcel.lines).map(|line| line.quantity).sum();
    assert_eq!(total, 5);
}

#[test]
fn what_the_channel_knows_is_not_reported_again_and_counts() {
    let mut order = order("1");
    order.lines = vec![line(1, "A", 3)];
    order.packages = vec![Package {
        tracking: "T1".to_owned(),
        shipped_at: Some(at(0)),
        items: vec![PackageItem { line_number: Some(1), quantity: 2, ..PackageItem::default() }],
    }];
    let documents = [document("WO1", &["T1"], &[("A", 2)]), document("WO2", &["T2"], &[("A", 1)])];
    let packed = pack(&order, &documents, &Settings::default()).unwrap();
    assert!(packed.is_complete());
    assert_eq!(packed.parcels.len(), 1);
    assert_eq!(packed.parcels[0].tracking, "T2");
    assert_eq!(units(&packed.parcels[0]), [(1, 1, true)]);
}

#[test]
fn never_more_than_was_ordered_and_cancelled_units_are_not_expected() {
    let mut order = order("1");
    order.lines = vec![crate::order::OrderLine { cancelled: 1, ..line(1, "A", 3) }];
    let packed = pack(&order, &[document("WO1", &["T1"], &[("A", 5)])], &Settings::default()).unwrap();
    assert_eq!(units(&packed.parcels[0]), [(1, 2, false)]);
    assert_eq!((packed.surplus, packed.progress()), (3, "2/2".to_owned()));
}

#[test]
fn erp_skus_come_back_by_name_of_the_line_mapping_or_same_name() {
    let mut order = order("1");
    order.lines = vec![line(1, "A", 1), line(2, "B", 1), line(3, "C", 1)];
    order.lines[1].partner_sku = Some("RET-B".to_owned());
    let mut settings = Settings::default();
    settings.mapping.sku.insert("RET-B".to_owned(), "LX-B".to_owned());
    let mut by_name = document("WO1", &["T1"], &[("LX-9", 1), ("LX-B", 1), ("C", 1)]);
    by_name.lines[0].msku = Some("A".to_owned());
    let packed = pack(&order, &[by_name], &settings).unwrap();
    assert_eq!(units(&packed.parcels[0]), [(1, 1, false), (2, 1, false), (3, 1, false)]);
}

#[test]
fn a_sku_that_no_line_has_blocks_and_is_named() {
    let cause = pack(&order("1"), &[document("WO1", &["T1"], &[("ZZZ", 1)])], &Settings::default()).unwrap_err();
    assert_eq!(cause, Cause::new(Reason::UnknownErpSku, "ZZZ"));
}

#[test]
fn open_void_and_replacement_documents_do_not_count() {
    let base = document("WO1", &["T1"], &[("SKU-A", 1)]);
    let documents = [
        OutboundDocument { status: DocumentStatus::Open, ..base.clone() },
        OutboundDocument { status: DocumentStatus::Void, ..base.clone() },
        OutboundDocument { replacement: true, ..base },
    ];
    let cause = pack(&order("1"), &documents, &Settings::default()).unwrap_err();
    assert_eq!(cause.reason, Reason::ErpNotShipped);
}

#[test]
fn a_shipped_document_without_number_or_date_is_an_obstacle() {
    let packed = pack(&order("1"), &[document("WO1", &[], &[("SKU-A", 1)])], &Settings::default()).unwrap();
    assert_eq!(packed.obstacle, Some(Cause::new(Reason::NoTracking, "WO1")));
    assert!(!packed.is_complete());
    let undated = OutboundDocument { shipped_at: None, ..document("WO1", &["T"], &[("SKU-A", 1)]) };
    let packed = pack(&order("1"), &[undated], &Settings::default()).unwrap();
    assert_eq!(packed.obstacle, Some(Cause::new(Reason::NoShipDate, "WO1")));
}

#[test]
fn units_of_documents_are_told_per_line_with_what_no_line_has() {
    let mut order = order("1");
    order.lines = vec![line(1, "A", 2), line(2, "B", 1), line(3, "A", 1)];
    let documents = [
        document("WO1", &["T1"], &[("A", 2), ("ODD", 7)]),
        OutboundDocument { status: DocumentStatus::Open, ..document("WO2", &[], &[("A", 3), ("B", 1)]) },
        OutboundDocument { replacement: true, ..document("WO3", &["T3"], &[("A", 9)]) },
    ];
    let settings = Settings::default();
    let shipped = |document: &OutboundDocument| document.status == DocumentStatus::Shipped;
    assert_eq!(units_per_line(&order, &documents, &settings, shipped), (vec![2, 0, 0], vec!["ODD × 7".to_owned()]));
    let all = units_per_line(&order, &documents, &settings, |_| true).0;
    assert_eq!(all, [2, 1, 3], "what is beyond the order stays with the last line of its item");
}
