//! The sandbox's own endpoints below `/sandbox`.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::App;
use crate::faults::Fault;
use crate::kinds::CancelPolicy;
use crate::wire::Reply;
use crate::world::action::WorldAction;
use crate::world::draft::NewOrder;

fn to_json<T: serde::Serialize>(value: &T) -> Reply {
    match serde_json::to_value(value) {
        Ok(value) => Reply::json(200, &value),
        Err(error) => Reply::json(500, &json!({ "error": error.to_string() })),
    }
}

/// One object or an array of them.
fn many<T: DeserializeOwned>(body: &[u8]) -> Result<Vec<T>, Reply> {
    let refusal = |error: serde_json::Error| Reply::json(422, &json!({ "error": error.to_string() }));
    let value: Value = serde_json::from_slice(body).map_err(refusal)?;
    let values = if let Value::Array(values) = value { values } else { vec![value] };
    values.into_iter().map(serde_json::from_value).collect::<Result<_, _>>().map_err(refusal)
}

pub(crate) fn handle(app: &App, method: &str, path: &str, body: &[u8]) -> Reply {
    let now = app.now();
    match (method, path) {
        ("GET", "/ledger") => to_json(&app.lock().ledger),
        ("GET", "/violations") => to_json(&app.lock().ledger.violations()),
        ("GET", "/expectations") => to_json(&app.lock().expectations(CancelPolicy::Auto)),
        ("GET", "/stock") => {
            let mut core = app.lock();
            core.settle(now);
            to_json(&json!({
                "items": core.world.items.all().len(),
                "differences": core.world.stock_differences(true),
                "unnamed": core.world.stock_differences(false),
                "erp_only": core.world.erp_only(),
                "writes": core.ledger.stock,
            }))
        }
        ("GET", "/settings") => Reply::json(200, &app.lock().settings()),
        ("POST", "/faults") => match many::<Fault>(body) {
            Ok(faults) => {
                let mut core = app.lock();
                let count = faults.len();
                for fault in faults {
                    core.faults.plant(fault);
                }
                Reply::json(200, &json!({ "planted": count }))
            }
            Err(reply) => reply,
        },
        ("DELETE", "/faults") => {
            app.lock().faults.clear();
            Reply::json(200, &json!({ "cleared": true }))
        }
        ("POST", "/orders") => match many::<NewOrder>(body) {
            Ok(orders) => {
                let mut core = app.lock();
                for order in &orders {
                    core.add_order(order, now);
                }
                Reply::json(200, &json!({ "added": orders.len() }))
            }
            Err(reply) => reply,
        },
        ("POST", "/actions") => match many::<WorldAction>(body) {
            Ok(acts) => {
                let mut core = app.lock();
                for act in &acts {
                    if let Err(error) = core.act(act, now) {
                        return Reply::json(404, &json!({ "error": error.to_string() }));
                    }
                }
                Reply::json(200, &json!({ "done": acts.len() }))
            }
            Err(reply) => reply,
        },
        _ => Reply::json(404, &json!({ "error": "unknown control endpoint" })),
    }
}
