//! `ipass sandbox`.

use std::sync::Arc;

use ipass_core::ports::Clock as _;
use ipass_sandbox::{Sandbox, SandboxConfig};
use serde_json::json;

use super::{End, print};
use crate::cli::SandboxArgs;
use crate::clock::SystemClock;

pub(super) async fn sandbox(args: SandboxArgs, json: bool) -> Result<(), End> {
    let config =
        SandboxConfig { seed: args.seed, orders: args.orders as usize, port: args.port, ..SandboxConfig::default() };
    let (token, app_id, app_secret) = (config.dsco_token.clone(), config.app_id.clone(), config.app_secret.clone());
    let clock = SystemClock::from_environment();
    let sandbox = Sandbox::start(config, Arc::new(move || clock.now()))
        .await
        .map_err(|error| End::failed(format!("the sandbox cannot listen on port {}: {error}", args.port)))?;
    if json {
        let document = json!({
            "channel": {"kind": "dsco", "base_url": sandbox.dsco_base_url(), "token": token},
            "erp": {"kind": "lingxing", "base_url": sandbox.lingxing_base_url(), "app_id": app_id, "app_secret": app_secret},
            "settings": sandbox.settings_json(),
        });
        print(&document.to_string());
    } else {
        print(&format!(
            "# Simulated vendors are up; Ctrl-C ends them. A route for them:\n\
             [[routes]]\nname = \"dsco_lingxing\"\n\
             [routes.channel]\nkind = \"dsco\"\nbase_url = \"{}\"\ntoken = \"{token}\"\n\
             [routes.erp]\nkind = \"lingxing\"\nbase_url = \"{}\"\napp_id = \"{app_id}\"\napp_secret = \"{app_secret}\"\n\
             # Settings that fit (ipass settings import -):\n# {}",
            sandbox.dsco_base_url(),
            sandbox.lingxing_base_url(),
            sandbox.settings_json()
        ));
    }
    crate::serve::stop_signal().await;
    sandbox.stop().await;
    Ok(())
}
