//! Boot configuration: file, then `.env`, then environment; restart to change.

mod merge;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// Everything that is read at start.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(crate) struct BootConfig {
    /// HTTP.
    pub(crate) server: Server,
    /// The database.
    pub(crate) store: Store,
    /// Log files.
    pub(crate) log: Log,
    /// The admin pages.
    pub(crate) admin: Admin,
    /// The open API.
    pub(crate) api: Api,
    /// Traces.
    pub(crate) telemetry: TelemetryConfig,
    /// Who is told of stuck orders, failing jobs and the like, by a name of your choice; none by default.
    pub(crate) alerts: BTreeMap<String, ipass_webhook::Config>,
    /// Channel accounts joined to ERP accounts.
    pub(crate) routes: Vec<RouteConfig>,
}

/// HTTP.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    /// Address and port.
    pub(crate) listen: String,
    /// A proxy in front speaks TLS with the browsers: cookies are `Secure`, and the proxy's
    /// `X-Forwarded-For` names them.
    pub(crate) behind_tls: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8080".to_owned(), behind_tls: false }
    }
}

/// The database.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Store {
    /// `sqlite://path` or `postgres://user:password@host/database`.
    pub(crate) url: SecretString,
}

impl Default for Store {
    fn default() -> Self {
        Self { url: SecretString::from("sqlite://ipass.db") }
    }
}

/// Log files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// Folder of the daily files, kept 14 days; empty writes none.
    pub(crate) dir: PathBuf,
}

impl Default for Log {
    fn default() -> Self {
        Self { dir: PathBuf::from("logs") }
    }
}

/// The admin pages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Admin {
    /// Argon2id hash, as `ipass hash-password` makes it.
    pub(crate) password_hash: SecretString,
    /// Zone in which times are shown; everything inside is UTC.
    pub(crate) display_timezone: String,
    /// Folder of export files.
    pub(crate) export_dir: PathBuf,
    /// Longest range of an export, in days.
    pub(crate) export_max_days: u32,
    /// Above this many bytes of exports the oldest go.
    pub(crate) export_cleanup_bytes: u64,
    /// Minutes after which an unused login ends.
    pub(crate) session_idle_minutes: u32,
    /// Hours after which any login ends.
    pub(crate) session_hours: u32,
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            password_hash: SecretString::from(""),
            display_timezone: "Asia/Shanghai".to_owned(),
            export_dir: PathBuf::from("exports"),
            export_max_days: 366,
            export_cleanup_bytes: 100 << 20,
            session_idle_minutes: 30,
            session_hours: 12,
        }
    }
}

/// The open API.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Api {
    /// Bearer token; empty switches the API off.
    pub(crate) token: SecretString,
}

/// Traces.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TelemetryConfig {
    /// Where spans go by OTLP over HTTP, for example `http://127.0.0.1:4318`; empty sends none.
    pub(crate) otlp_endpoint: String,
}

/// One channel account joined to one ERP account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteConfig {
    /// Its name, for example `dsco_lingxing`.
    pub(crate) name: String,
    /// The channel account.
    pub(crate) channel: ChannelConfig,
    /// The ERP account.
    pub(crate) erp: ErpConfig,
}

/// A channel account; a new channel is one more variant.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ChannelConfig {
    /// DSCO (Rithum).
    Dsco(ipass_dsco::Config),
}

/// An ERP account; a new ERP is one more variant.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ErpConfig {
    /// Lingxing 领星.
    Lingxing(ipass_lingxing::Config),
}

/// Reads and checks the configuration. The error names the place and the remedy.
pub(crate) fn load(file: Option<&Path>) -> Result<BootConfig, String> {
    let document = merge::document(file)?;
    let config: BootConfig = serde_path_to_error::deserialize(document).map_err(|error| {
        let path = error.path().to_string();
        format!("configuration, {path}: {}", without_value(&error.into_inner().to_string()))
    })?;
    check(&config)?;
    Ok(config)
}

/// A type error without the value that it found: it may be a secret.
fn without_value(error: &str) -> String {
    let Some((found, expected)) = error.rsplit_once(", expected ") else { return error.to_owned() };
    if !found.starts_with("invalid ") {
        return error.to_owned(); // Names of keys and variants, which are ours.
    }
    let kind = found.split(['`', '"']).next().unwrap_or("invalid value").trim_end();
    format!("{kind}, expected {expected}")
}

/// What types cannot say.
fn check(config: &BootConfig) -> Result<(), String> {
    if config.server.listen.parse::<std::net::SocketAddr>().is_err() {
        return Err(format!(
            "configuration, server.listen: {:?} is not an address like 127.0.0.1:8080",
            config.server.listen
        ));
    }
    if config.admin.display_timezone.parse::<chrono_tz::Tz>().is_err() {
        return Err(format!(
            "configuration, admin.display_timezone: {:?} is not a zone; use a name like Asia/Shanghai",
            config.admin.display_timezone
        ));
    }
    let hash = config.admin.password_hash.expose_secret();
    if !hash.is_empty() && !hash.starts_with("$argon2id$") {
        return Err(
            "configuration, admin.password_hash: this is no Argon2id hash; make one with `ipass hash-password`"
                .to_owned(),
        );
    }
    for (index, route) in config.routes.iter().enumerate() {
        let place = format!("configuration, routes[{index}].name");
        if route.name.is_empty() || !route.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            return Err(format!("{place}: use letters, digits, `_` and `-`"));
        }
        if config.routes[..index].iter().any(|other| other.name == route.name) {
            return Err(format!("{place}: {} is there twice; a route's data belongs to its name", route.name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_error_names_the_kind_and_not_the_value() {
        assert_eq!(
            without_value("invalid type: integer `7700112233`, expected a string"),
            "invalid type: integer, expected a string"
        );
        assert_eq!(
            without_value("invalid type: string \"canary, expected\", expected u32"),
            "invalid type: string, expected u32"
        );
        let unknown = "unknown field `acount`, expected one of `token`, `base_url`";
        assert_eq!(without_value(unknown), unknown);
    }
}
