//! From the ERP's outbound documents to the channel's parcels. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::erp::{DocumentLine, DocumentStatus, OutboundDocument};
use crate::order::{Order, OrderLine};
use crate::parcel::{LineRef, Shipment, ShipmentLine};
use crate::reason::{Cause, Reason};
use crate::settings::Settings;

/// What can be reported of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    /// Parcels that the channel does not know yet.
    pub parcels: Vec<Shipment>,
    /// Units shipped so far, by documents and by the channel's packages together.
    pub shipped: u32,
    /// Units to be shipped in all.
    pub expected: u32,
    /// Units that the ERP shipped beyond what was ordered; they are never reported.
    pub surplus: u32,
    /// A shipped document that cannot be reported yet, and why.
    pub obstacle: Option<Cause>,
}

impl Packed {
    /// Every unit is in a parcel that is, or can be, reported.
    pub(super) fn is_complete(&self) -> bool {
        self.obstacle.is_none() && self.shipped >= self.expected
    }

    /// `shipped/expected`.
    pub(super) fn progress(&self) -> String {
        format!("{}/{}", self.shipped, self.expected)
    }
}

/// One parcel being filled.
struct Parcel {
    shipped_at: DateTime<Utc>,
    carrier: Option<String>,
    units: BTreeMap<usize, u32>,
}

/// Groups the units of shipped documents by tracking number and order line.
pub(super) fn pack(order: &Order, documents: &[OutboundDocument], settings: &Settings) -> Result<Packed, Cause> {
    let mut shipped: Vec<&OutboundDocument> = documents
        .iter()
        .filter(|document| document.status == DocumentStatus::Shipped && !document.replacement)
        .collect();
    if shipped.is_empty() {
        let known: Vec<&str> = documents.iter().map(|document| document.number.as_str()).collect();
        let detail = if known.is_empty() { order.po.as_str().to_owned() } else { known.join(",") };
        return Err(Cause::new(Reason::ErpNotShipped, detail));
    }
    shipped.sort_by(|a, b| (a.shipped_at, &a.number).cmp(&(b.shipped_at, &b.number)));

    let reported = order.shipped_per_line();
    let mut room: Vec<u32> =
        order.lines.iter().zip(&reported).map(|(line, sent)| line.expected().saturating_sub(*sent)).collect();
    let known = |tracking: &str| order.packages.iter().any(|package| package.tracking == tracking);
    let mut parcels: Vec<(String, Parcel)> = Vec::new();
    let mut obstacle = None;
    let mut surplus = 0;
    let mut in_known: BTreeMap<&str, u32> = BTreeMap::new();
    for document in shipped {
        if document.tracking.is_empty() {
            obstacle.get_or_insert(Cause::new(Reason::NoTracking, document.number.as_str()));
            continue;
        }
        let Some(shipped_at) = document.shipped_at else {
            obstacle.get_or_insert(Cause::new(Reason::NoShipDate, document.number.as_str()));
            continue;
        };
        for (tracking, lines) in by_tracking(document) {
            for line in lines {
                let candidates = lines_of(order, line.0, settings)
                    .ok_or_else(|| Cause::new(Reason::UnknownErpSku, line.0.sku.as_str()))?;
                if known(tracking) {
                    // Its units are counted in the channel's own package.
                    *in_known.entry(tracking).or_default() += line.1;
                    continue;
                }
                let mut units = line.1;
                for index in candidates {
                    let taken = units.min(room[index]);
                    if taken == 0 {
                        continue;
                    }
                    units -= taken;
                    room[index] -= taken;
                    let parcel = parcel(&mut parcels, tracking, shipped_at, document.carrier.as_ref());
                    *parcel.units.entry(index).or_default() += taken;
                }
                surplus += units;
            }
        }
    }
    let expected: u32 = order.lines.iter().map(OrderLine::expected).sum();
    let missing: u32 = room.iter().sum();
    if missing > 0
        && let Some(tracking) = in_known.iter().find(|(tracking, units)| **units > reported_in(order, tracking))
    {
        obstacle.get_or_insert(Cause::new(Reason::ParcelIncomplete, *tracking.0));
    }
    Ok(Packed {
        parcels: finished(order, parcels),
        shipped: expected.saturating_sub(missing),
        expected,
        surplus,
        obstacle,
    })
}

/// Units per order line in the documents that `wanted` picks, and items that no line has, as `SKU × units`. A
/// line takes what it has ordered; what is beyond that goes to the last line of the item.
pub fn units_per_line(
    order: &Order,
    documents: &[OutboundDocument],
    settings: &Settings,
    wanted: impl Fn(&OutboundDocument) -> bool,
) -> (Vec<u32>, Vec<String>) {
    let (mut units, mut unknown) = (vec![0_u32; order.lines.len()], Vec::new());
    let counts = |document: &&OutboundDocument| !document.replacement && wanted(document);
    for item in documents.iter().filter(counts).flat_map(|document| &document.lines) {
        let Some(candidates) = lines_of(order, item, settings) else {
            unknown.push(format!("{} × {}", item.sku, item.quantity));
            continue;
        };
        let mut left = item.quantity;
        for index in &candidates {
            let taken = left.min(order.lines[*index].expected().saturating_sub(units[*index]));
            units[*index] += taken;
            left -= taken;
        }
        if let Some(last) = candidates.last() {
            units[*last] += left;
        }
    }
    (units, unknown)
}

/// Units in the channel's package of this number.
fn reported_in(order: &Order, tracking: &str) -> u32 {
    let packages = order.packages.iter().filter(|package| package.tracking == tracking);
    packages.flat_map(|package| &package.items).map(|item| item.quantity).sum()
}

fn parcel<'a>(
    parcels: &'a mut Vec<(String, Parcel)>,
    tracking: &str,
    shipped_at: DateTime<Utc>,
    carrier: Option<&String>,
) -> &'a mut Parcel {
    let index = parcels.iter().position(|(known, _)| known == tracking).unwrap_or_else(|| {
        let empty = Parcel { shipped_at, carrier: carrier.cloned(), units: BTreeMap::new() };
        parcels.push((tracking.to_owned(), empty));
        parcels.len() - 1
    });
    let parcel = &mut parcels[index].1;
    parcel.shipped_at = parcel.shipped_at.max(shipped_at);
    parcel
}

/// A document's units per tracking number.
///
/// A document with several numbers does not say which unit is in which parcel: the units are dealt
/// out in order, as evenly as they go, so that sums stay exact and no parcel is empty while units last.
fn by_tracking(document: &OutboundDocument) -> Vec<(&str, Vec<(&DocumentLine, u32)>)> {
    if let [only] = document.tracking.as_slice() {
        let lines = document.lines.iter().map(|line| (line, line.quantity)).collect();
        return vec![(only.as_str(), lines)];
    }
    let total: u32 = document.lines.iter().map(|line| line.quantity).sum();
    let parcels = u32::try_from(document.tracking.len()).unwrap_or(u32::MAX);
    let mut dealt: Vec<(&str, Vec<(&DocumentLine, u32)>)> =
        document.tracking.iter().map(|tracking| (tracking.as_str(), Vec::new())).collect();
    let mut current = 0_usize;
    // The first `total % parcels` parcels hold one unit more.
    let share = |index: usize| total / parcels + u32::from(index < (total % parcels) as usize);
    let mut room = share(0);
    for line in &document.lines {
        let mut units = line.quantity;
        while units > 0 {
            while room == 0 && current + 1 < dealt.len() {
                current += 1;
                room = share(current);
            }
            let taken = if room == 0 { units } else { units.min(room) };
            dealt[current].1.push((line, taken));
            units -= taken;
            room = room.saturating_sub(taken);
        }
    }
    dealt
}

/// The order lines that an ERP item is about: by the channel's name that the ERP kept, else by the
/// mapping backwards, else by the same name. `None` when no line has it.
fn lines_of(order: &Order, item: &DocumentLine, settings: &Settings) -> Option<Vec<usize>> {
    let matching = |test: &dyn Fn(&str) -> bool| -> Option<Vec<usize>> {
        let found: Vec<usize> =
            order.lines.iter().enumerate().filter(|(_, line)| line.names().any(test)).map(|(index, _)| index).collect();
        if found.is_empty() { None } else { Some(found) }
    };
    let by_msku = item.msku.as_deref().and_then(|msku| matching(&|name| name == msku));
    by_msku
        .or_else(|| matching(&|name| settings.mapping.sku.get(name).is_some_and(|sku| *sku == item.sku)))
        .or_else(|| matching(&|name| name == item.sku))
}

fn finished(order: &Order, parcels: Vec<(String, Parcel)>) -> Vec<Shipment> {
    parcels
        .into_iter()
        .map(|(tracking, parcel)| Shipment {
            po: order.po.clone(),
            channel_order_id: order.channel_order_id.clone(),
            tracking,
            shipped_at: parcel.shipped_at,
            carrier: order.carrier.clone().or(parcel.carrier).or_else(|| order.service_level.clone()),
            method: order.ship_method.clone().or_else(|| order.service_level.clone()),
            service_level: order.service_level.clone(),
            warehouse_code: order.warehouse_code.clone(),
            lines: parcel
                .units
                .into_iter()
                .map(|(index, quantity)| ShipmentLine {
                    item: line_ref(&order.lines[index]),
                    quantity,
                    // The rest of the line is in other parcels, or will be.
                    spans_packages: quantity < order.lines[index].expected(),
                })
                .collect(),
        })
        .collect()
}

/// What identifies a line at the channel.
pub(super) fn line_ref(line: &OrderLine) -> LineRef {
    LineRef {
        line_number: line.line_number,
        item_id: line.item_id.clone(),
        sku: line.sku.clone(),
        partner_sku: line.partner_sku.clone(),
    }
}

#[cfg(test)]
mod tests;
