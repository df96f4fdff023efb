//! What the ERP offers for a mapping, kept for a while: reading it costs remote calls.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration as Wait;

use chrono::{DateTime, Duration, Utc};
use ipass_core::erp::{MasterKind, MasterRecord};
use ipass_core::ports::{ErrorKind, RouteName};
use ipass_core::run::Route;
use tokio::sync::Mutex;

use crate::desk::Desk;
use crate::text::{Text, causes as t};

/// A list is believed for so long.
const KEPT: Duration = Duration::minutes(10);
/// A failed read is not tried again for so long: the page would hang at each load.
const FAILED: Duration = Duration::minutes(1);
/// A page waits so long for the ERP.
const PATIENCE: Wait = Wait::from_secs(6);

/// The choices, or why there are none.
pub(super) type Offered = Result<Arc<Vec<MasterRecord>>, Text>;
type Key = (RouteName, MasterKind);

/// The lists of all routes.
#[derive(Default)]
pub(super) struct Offers(Mutex<HashMap<Key, (DateTime<Utc>, Offered)>>);

impl Offers {
    /// What is in use, by name.
    pub(super) async fn get(&self, desk: &Desk, route: &Route, kind: MasterKind) -> Offered {
        let (now, key) = (desk.now(), (route.name.clone(), kind));
        if let Some((at, offered)) = self.0.lock().await.get(&key) {
            let kept = if offered.is_ok() { KEPT } else { FAILED };
            if (Duration::zero()..kept).contains(&(now - at)) {
                return offered.clone();
            }
        }
        let erp = Arc::clone(&route.erp);
        let mut reading = Box::pin(async move { erp.master_data(kind).await });
        let offered = tokio::select! {
            biased;
            read = &mut reading => match read {
                Ok(mut records) => {
                    records.retain(|record| record.active);
                    records.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
                    Ok(Arc::new(records))
                }
                Err(error) => {
                    tracing::warn!(route = %route.name, %error, "the ERP's choices for a mapping could not be read");
                    Err(why(error.kind()))
                }
            },
            () = desk.runner.clock.sleep(PATIENCE) => {
                // A call that is given up would keep its place at the vendor for minutes: it comes to its end.
                tokio::spawn(reading);
                Err(t::NO_ANSWER)
            }
        };
        self.0.lock().await.insert(key, (now, offered.clone()));
        offered
    }
}

const fn why(kind: ErrorKind) -> Text {
    match kind {
        ErrorKind::Retryable => t::WHY_RETRYABLE,
        ErrorKind::Throttled { .. } => t::WHY_THROTTLED,
        ErrorKind::Auth => t::WHY_AUTH,
        ErrorKind::Clock => t::WHY_CLOCK,
        ErrorKind::Rejected => t::WHY_REJECTED,
        ErrorKind::Invalid => t::WHY_INVALID,
    }
}
