//! One document out of file, `.env` and environment.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

/// The prefix of our variables; `__` separates the parts of a path.
const PREFIX: &str = "IPASS__";

/// Keys whose value is a number or a switch; all others stay text, because a token may look like a
/// number.
const TYPED: [&str; 14] = [
    "behind_tls",
    "session_hours",
    "session_idle_minutes",
    "export_max_days",
    "export_cleanup_bytes",
    "platform_code",
    "consistency",
    "enabled",
    "factor",
    "gap_capacity_one",
    "gap_capacity_ten",
    "page_size",
    "timeout",
    "limits",
];

/// The merged document: the file, overridden by `.env`, overridden by the environment.
pub(super) fn document(file: Option<&Path>) -> Result<Value, String> {
    let mut document = read_file(file)?;
    // A variable that is not UTF-8 is none of ours, or unusable.
    let process =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    for (name, value) in variables(process)? {
        set(&mut document, &name, value)?;
    }
    Ok(document)
}

fn read_file(file: Option<&Path>) -> Result<Value, String> {
    let default = Path::new("ipass.toml");
    let path = match file {
        Some(path) if !path.exists() => {
            return Err(format!("configuration file {} is not there; check --config", path.display()));
        }
        Some(path) => path,
        None if default.exists() => default,
        None => return Ok(Value::Object(Map::new())),
    };
    config::Config::builder()
        .add_source(config::File::from(path).format(config::FileFormat::Toml))
        .build()
        .and_then(config::Config::try_deserialize::<Value>)
        .map_err(|error| format!("configuration file {}: {}", path.display(), place_of(&error.to_string())))
}

/// Where a file is wrong, without the line itself: it may hold a secret.
fn place_of(error: &str) -> String {
    let after = |word: &str| {
        let rest = error.split_once(word)?.1;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    };
    match (after("line "), after("column ")) {
        (Some(line), Some(column)) => {
            format!("not TOML at line {line}, column {column}; check quotes and brackets there")
        }
        _ => "it cannot be read as TOML".to_owned(),
    }
}

/// Our variables, those of the process winning over those of `.env`.
fn variables(process: impl Iterator<Item = (String, String)>) -> Result<BTreeMap<String, String>, String> {
    let mut all = BTreeMap::new();
    if Path::new(".env").exists() {
        let entries = dotenvy::from_path_iter(".env").map_err(|error| format!(".env cannot be read: {error}"))?;
        for entry in entries {
            // The error would print the line, and the line may hold a secret.
            let (name, value) = entry.map_err(|_| ".env has a line that is not KEY=VALUE".to_owned())?;
            all.insert(name, value);
        }
    }
    all.extend(process);
    all.retain(|name, _| name.starts_with(PREFIX));
    Ok(all)
}

/// Sets one variable in the document. `IPASS__ROUTES__<NAME>__…` finds its route by name, and makes
/// one that is not there.
fn set(document: &mut Value, variable: &str, text: String) -> Result<(), String> {
    let path: Vec<String> = variable[PREFIX.len()..].split("__").map(str::to_ascii_lowercase).collect();
    if path.iter().any(String::is_empty) {
        return Err(format!("environment variable {variable}: two names are separated by exactly `__`"));
    }
    let (place, rest) = match path.as_slice() {
        [routes, name, rest @ ..] if routes == "routes" && !rest.is_empty() => (route(document, name), rest),
        [routes, ..] if routes == "routes" => {
            return Err(format!(
                "environment variable {variable}: name a key, as in IPASS__ROUTES__MY_ROUTE__CHANNEL__TOKEN"
            ));
        }
        path => (document, path),
    };
    let Some((key, parents)) = rest.split_last() else { return Ok(()) };
    let mut place = place;
    for parent in parents {
        place = object(place).entry(parent.clone()).or_insert_with(|| Value::Object(Map::new()));
    }
    let value = typed(key, text);
    object(place).insert(key.clone(), value);
    Ok(())
}

fn typed(key: &str, text: String) -> Value {
    if TYPED.contains(&key)
        && let Ok(value) = serde_json::from_str::<Value>(&text)
        && (value.is_number() || value.is_boolean())
    {
        return value;
    }
    Value::String(text)
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(object) => object,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            unreachable!("it was made an object just now")
        }
    }
}

fn route<'d>(document: &'d mut Value, name: &str) -> &'d mut Value {
    let routes = object(document).entry("routes").or_insert_with(|| Value::Array(Vec::new()));
    if !routes.is_array() {
        *routes = Value::Array(Vec::new());
    }
    let Value::Array(routes) = routes else { unreachable!("it was made a list just now") };
    let wanted = |route: &Value| {
        let known = route.get("name").and_then(Value::as_str).unwrap_or_default();
        known.to_ascii_lowercase().replace('-', "_") == name.replace('-', "_")
    };
    let index = routes.iter().position(wanted).unwrap_or_else(|| {
        routes.push(Value::Object(Map::from_iter([("name".to_owned(), Value::String(name.to_owned()))])));
        routes.len() - 1
    });
    &mut routes[index]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_variable_finds_its_route_by_name() {
        let mut document = json!({"routes": [{"name": "dsco_lingxing", "channel": {"kind": "dsco"}}]});
        set(&mut document, "IPASS__ROUTES__DSCO_LINGXING__CHANNEL__TOKEN", "123456".to_owned()).unwrap();
        set(&mut document, "IPASS__ROUTES__DSCO_LINGXING__ERP__PLATFORM_CODE", "10011".to_owned()).unwrap();
        assert_eq!(
            document,
            json!({"routes": [{
                "name": "dsco_lingxing",
                "channel": {"kind": "dsco", "token": "123456"},
                "erp": {"platform_code": 10011},
            }]})
        );
    }

    #[test]
    fn the_environment_alone_can_make_a_route() {
        let mut document = json!({});
        set(&mut document, "IPASS__ROUTES__SHOP_A__CHANNEL__KIND", "dsco".to_owned()).unwrap();
        set(&mut document, "IPASS__SERVER__LISTEN", "0.0.0.0:80".to_owned()).unwrap();
        assert_eq!(
            document,
            json!({"routes": [{"name": "shop_a", "channel": {"kind": "dsco"}}], "server": {"listen": "0.0.0.0:80"}})
        );
    }

    #[test]
    fn a_variable_without_a_key_is_refused_by_name() {
        let error = set(&mut json!({}), "IPASS__ROUTES__SHOP_A", "x".to_owned()).unwrap_err();
        assert!(error.contains("IPASS__ROUTES__SHOP_A"), "{error}");
    }
}
