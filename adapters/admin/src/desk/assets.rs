use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse as _;
use sha2::{Digest as _, Sha256};

use super::state::hex;
use super::{Answer, Fault};

/// A file that browsers keep for good, because its path changes with its content.
struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    path: String,
}

macro_rules! assets {
    ($( $name:literal: $kind:literal; )+) => {
        static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| vec![
            $( embedded($name, $kind, include_bytes!(concat!("../../assets/", $name))), )+
        ]);
    };
}

// A script or style of one page gets its line here.
assets! {
    "app.css": "text/css; charset=utf-8";
    "app.js": "text/javascript; charset=utf-8";
    "htmx.min.js": "text/javascript; charset=utf-8";
    "icon.svg": "image/svg+xml";
    "runs.js": "text/javascript; charset=utf-8";
}

fn embedded(name: &'static str, kind: &'static str, bytes: &'static [u8]) -> Asset {
    let hash = hex(&Sha256::digest(bytes));
    Asset { name, kind, bytes, path: format!("/admin/assets/{}/{name}", hash.get(..16).unwrap_or_default()) }
}

/// The path of a file; empty if there is none, which a test refuses.
pub(crate) fn asset(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map(|asset| asset.path.as_str()).unwrap_or_default()
}

/// `GET /admin/assets/{hash}/{name}`.
pub(super) async fn serve(Path((hash, name)): Path<(String, String)>) -> Answer {
    let path = format!("/admin/assets/{hash}/{name}");
    let asset = ASSETS.iter().find(|asset| asset.path == path).ok_or(Fault::NotFound)?;
    let headers = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_from_others_is_what_was_checked() {
        let sums = include_str!("../../assets/SHA256SUMS");
        let mut checked = 0;
        for line in sums.lines() {
            let (sum, name) = line.split_once("  ").unwrap();
            let asset = ASSETS.iter().find(|asset| asset.name == name).unwrap();
            assert_eq!(hex(&Sha256::digest(asset.bytes)), sum, "{name}");
            checked += 1;
        }
        assert_eq!(checked, 1);
    }

    #[test]
    fn our_scripts_neither_write_markup_nor_evaluate_text() {
        for asset in
            ASSETS.iter().filter(|asset| asset.kind.starts_with("text/javascript") && asset.name != "htmx.min.js")
        {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            for banned in ["innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "new Function", "document.write"] {
                assert!(!text.contains(banned), "{}: {banned}", asset.name);
            }
        }
    }
}
