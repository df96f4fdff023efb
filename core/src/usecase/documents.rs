use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::parcels::pack;
use super::worklist::Worklist;
use crate::erp::OutboundDocument;
use crate::order::{Order, PoNumber};
use crate::ports::{DocumentQuery, ErpSink, OrderRow, PortError, complete_answers};
use crate::reason::{Cause, Reason};
use crate::settings::Settings;

/// Outbound documents of those of the open orders that `wanted` picks; ends those of which the ERP cannot tell.
pub(super) async fn documents(
    erp: &dyn ErpSink,
    settings: &Settings,
    work: &mut Worklist<'_>,
    wanted: impl Fn(&OrderRow) -> bool,
) -> HashMap<PoNumber, Vec<OutboundDocument>> {
    let answers = ask_documents(erp, &document_queries(settings, work, wanted)).await;
    known_documents(work, answers)
}

/// Questions about those of the open orders that `wanted` picks.
pub(super) fn document_queries(
    settings: &Settings,
    work: &Worklist<'_>,
    wanted: impl Fn(&OrderRow) -> bool,
) -> Vec<DocumentQuery> {
    let query = |order: &OrderRow| DocumentQuery {
        po: order.po.clone(),
        store_id: order.retailer_id.as_ref().and_then(|retailer| settings.mapping.shop.get(retailer)).cloned(),
        since: order.created_at,
    };
    work.open().filter(|order| wanted(order)).map(query).collect()
}

/// The ERP's answer about each order.
pub(super) type DocumentAnswers = HashMap<PoNumber, Result<Vec<OutboundDocument>, PortError>>;

/// One answer per question; nothing is asked when there is none.
pub(super) async fn ask_documents(erp: &dyn ErpSink, queries: &[DocumentQuery]) -> DocumentAnswers {
    if queries.is_empty() {
        return HashMap::new();
    }
    let pos: Vec<PoNumber> = queries.iter().map(|query| query.po.clone()).collect();
    match erp.documents(queries).await {
        Ok(answers) => complete_answers(&pos, answers),
        Err(error) => pos.iter().map(|po| (po.clone(), Err(PortError::clone(&error)))).collect(),
    }
}

/// The documents of each order; ends those of which the ERP cannot tell.
pub(super) fn known_documents(
    work: &mut Worklist<'_>,
    answers: DocumentAnswers,
) -> HashMap<PoNumber, Vec<OutboundDocument>> {
    let mut found = HashMap::new();
    for (po, result) in answers {
        match result {
            Ok(documents) => {
                found.insert(po, documents);
            }
            Err(error) => work.stay(&po, Cause::of_read_error(&error, Reason::ErpUnreadable)),
        }
    }
    found
}

/// Units per order line that shipped documents hold, and the latest ship date: what an invoice needs.
pub(super) fn shipped_by_documents(
    order: &Order,
    documents: &[OutboundDocument],
    settings: &Settings,
) -> Result<Option<DateTime<Utc>>, Cause> {
    // Without the channel's packages every document counts with its own units.
    let bare = Order { packages: Vec::new(), ..order.clone() };
    let pack = pack(&bare, documents, settings)?;
    if pack.shipped < pack.expected {
        return Err(Cause::new(Reason::NotFullyShipped, pack.progress()));
    }
    Ok(pack.parcels.iter().map(|parcel| parcel.shipped_at).max())
}
