use ipass_core::ports::{AuditEntry, RouteName};

use super::{Desk, Fault};

/// Adds a person's act to the audit. `detail` holds what else there is to know and the typed reason, never a
/// secret and nothing of an address.
///
/// Call it before the act for what cannot be taken back, so that no act goes unseen; after it otherwise.
pub(crate) async fn audit(
    desk: &Desk,
    who: &str,
    what: &str,
    route: Option<&RouteName>,
    subject: &str,
    detail: &str,
) -> Result<(), Fault> {
    let entry = AuditEntry {
        at: desk.now(),
        who: who.to_owned(),
        what: what.to_owned(),
        route: route.cloned(),
        subject: subject.to_owned(),
        detail: detail.to_owned(),
    };
    Ok(desk.store.audit(&entry).await?)
}
