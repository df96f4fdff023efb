//! Values that are offered for filters.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use ipass_core::ports::{OrderField, RouteName};
use ipass_core::reason::Reason;
use tokio::sync::Mutex;

use super::channel_status;
use crate::desk::{Desk, Fault, Page};

/// Values of one filter.
const OFFERED: u32 = 200;
/// A reading serves everybody for so long: new values are rare, and reading them takes longer than most lists.
const KEPT: Duration = Duration::seconds(10);

/// What is offered: the value, and its words where it has some.
#[derive(Default)]
pub(super) struct Offers {
    pub(super) channel_statuses: Vec<(String, String)>,
    pub(super) reasons: Vec<(String, String)>,
    pub(super) retailers: Vec<String>,
    pub(super) warehouses: Vec<String>,
    pub(super) levels: Vec<String>,
}

/// The values that the orders of a route have.
struct Values {
    channel_statuses: Vec<String>,
    reasons: Vec<String>,
    retailers: Vec<String>,
    warehouses: Vec<String>,
    levels: Vec<String>,
}

/// When they were read, and what was read.
type Reading = (DateTime<Utc>, Arc<Values>);

/// The last reading of each route. Whoever comes while one is being made waits for it.
#[derive(Default)]
pub(super) struct Readings(Mutex<HashMap<RouteName, Reading>>);

impl Readings {
    async fn get(&self, desk: &Desk, route: &RouteName) -> Result<Arc<Values>, Fault> {
        let now = desk.now();
        let mut readings = self.0.lock().await;
        if let Some((at, values)) = readings.get(route)
            && (Duration::zero()..KEPT).contains(&(now - *at))
        {
            return Ok(Arc::clone(values));
        }
        let values = |field| desk.store.values(Some(route), field, OFFERED);
        let (channel_statuses, reasons, retailers, warehouses, levels) = tokio::try_join!(
            values(OrderField::ChannelStatus),
            values(OrderField::Reason),
            values(OrderField::RetailerId),
            values(OrderField::WarehouseCode),
            values(OrderField::ServiceLevel),
        )?;
        let values = Arc::new(Values { channel_statuses, reasons, retailers, warehouses, levels });
        readings.insert(route.clone(), (now, Arc::clone(&values)));
        Ok(values)
    }
}

pub(super) async fn offers(readings: &Readings, desk: &Desk, page: &Page) -> Result<Offers, Fault> {
    let values = readings.get(desk, page.route_name()).await?;
    let sentence = |code: &String| {
        Reason::from_code(code).map_or_else(|| code.clone(), |reason| reason.sentence(page.language(), "…"))
    };
    Ok(Offers {
        reasons: values.reasons.iter().map(|code| (code.clone(), sentence(code))).collect(),
        channel_statuses: values
            .channel_statuses
            .iter()
            .filter(|status| !status.is_empty())
            .map(|status| (status.clone(), channel_status(page, status)))
            .collect(),
        retailers: values.retailers.clone(),
        warehouses: values.warehouses.clone(),
        levels: values.levels.clone(),
    })
}
