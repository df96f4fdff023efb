use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::response::{IntoResponse as _, Redirect, Response};
use ipass_core::reason::Language;

use super::cookies::{Cookie, read};
use super::{Form, Shared, local_path};

/// Seconds that a choice is kept.
const YEAR: i64 = 365 * 24 * 3600;

/// How a person wants to see the pages; kept in cookies, not with the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Prefs {
    pub(crate) language: Language,
    /// Times in UTC instead of the operator's zone.
    pub(crate) utc: bool,
    /// `light`, `dark`, or empty for the system's.
    pub(crate) theme: &'static str,
}

impl Prefs {
    /// The cookies; without one, the language is the browser's.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let language = read(headers, "lang").and_then(|code| language(&code));
        let accepted = || headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).and_then(accepted);
        Self {
            language: language.or_else(accepted).unwrap_or(Language::En),
            utc: read(headers, "zone").is_some_and(|zone| zone == "utc"),
            theme: read(headers, "theme").and_then(|name| theme(&name)).unwrap_or_default(),
        }
    }
}

fn language(code: &str) -> Option<Language> {
    match code {
        "en" => Some(Language::En),
        "zh" => Some(Language::Zh),
        _ => None,
    }
}

fn theme(name: &str) -> Option<&'static str> {
    match name {
        "light" => Some("light"),
        "dark" => Some("dark"),
        "auto" => Some(""),
        _ => None,
    }
}

/// The language that a browser likes most among ours.
fn accepted(header: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for entry in header.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok());
        let (Some(weight), Some(language)) = (weight, language(tag.split('-').next().unwrap_or_default())) else {
            continue;
        };
        if weight > best.map_or(0.0, |(most, _)| most) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// `POST /admin/display`: keeps choices (`lang`, `zone`, `theme`) and goes back to `back`. Open to everybody,
/// because the login has two languages as well.
pub(super) async fn change(State(desk): State<Shared>, Form(form): Form) -> Response {
    let back = form.get("back").and_then(local_path).unwrap_or(crate::pages::NAV[0].path);
    let back =
        if form.get("back").is_some_and(|back| back.starts_with("/admin/login")) { "/admin/login" } else { back };
    let mut answer = Redirect::to(back).into_response();
    let known = [
        ("lang", form.get("lang").filter(|code| language(code).is_some())),
        ("zone", form.get("zone").filter(|zone| ["utc", "local"].contains(zone))),
        ("theme", form.get("theme").filter(|name| theme(name).is_some())),
    ];
    for (name, value) in known.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        Cookie { name, value, max_age: Some(YEAR), secure: desk.behind_tls }.set(answer.headers_mut());
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_order_decides_among_our_languages() {
        assert_eq!(accepted("fr, zh-CN;q=0.8, en;q=0.9"), Some(Language::En));
        assert_eq!(accepted("zh-TW,zh;q=0.9,en;q=0.8"), Some(Language::Zh));
        assert_eq!(accepted("en;q=0, de"), None);
        assert_eq!(accepted("en;q=x"), None);
    }
}
