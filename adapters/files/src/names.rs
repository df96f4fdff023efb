//! Which files the service writes: the one rule for saving, listing and removing.

use chrono::NaiveDate;
use ipass_core::ports::FileError;

/// Holds one folder for each day.
pub(crate) const PULLS: &str = "sku-mapping-pull";

/// The end of a name while the file is being written.
pub(crate) const PART: &str = ".part";

/// The service writes such a file: `ipass-*.csv` at the top, `sku-mapping-pull/<yyyy-MM-dd>/*.json`,
/// and either of them with `.part` while it is being written.
pub(crate) fn is_own(segments: &[&str]) -> bool {
    match segments {
        [name] => is_plain(name) && name.strip_prefix("ipass-").is_some_and(|rest| ends(rest, ".csv")),
        [PULLS, day, name] => is_plain(name) && is_day(day) && ends(name, ".json"),
        _ => false,
    }
}

/// `yyyy-MM-dd`.
pub(crate) fn is_day(name: &str) -> bool {
    name.len() == 10 && name.parse::<NaiveDate>().is_ok_and(|day| day.to_string() == name)
}

/// Something, then `ending`, then perhaps `.part`.
fn ends(name: &str, ending: &str) -> bool {
    name.strip_suffix(PART).unwrap_or(name).strip_suffix(ending).is_some_and(|stem| !stem.is_empty())
}

/// A name that stays in its folder, on every system.
fn is_plain(name: &str) -> bool {
    !name.contains("..") && !name.contains(['/', '\\', ':', '\0']) && !name.chars().any(char::is_control)
}

/// A path below the export directory, taken apart.
///
/// The error names the path: the service never writes such a file.
pub(crate) fn own_segments(path: &str) -> Result<Vec<&str>, FileError> {
    let segments: Vec<&str> = path.split('/').collect();
    if is_own(&segments) {
        Ok(segments)
    } else {
        Err(FileError(format!("{path:?} is not the name of a file that the service writes")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_are_recognised() {
        for path in [
            "ipass-orders.csv",
            "ipass-orders-2026-01-28.csv.part",
            "sku-mapping-pull/2026-01-28/old.json",
            "sku-mapping-pull/2026-01-28/diff.json.part",
        ] {
            assert!(own_segments(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for path in [
            "",
            "orders.csv",
            "ipass-orders.txt",
            "ipass-.csv",
            "ipass-orders.csv.part.part",
            "/ipass-orders.csv",
            "../ipass-orders.csv",
            "ipass-../x.csv",
            "ipass-a\\b.csv",
            "ipass-a\n.csv",
            "other/ipass-orders.csv",
            "sku-mapping-pull/old.json",
            "sku-mapping-pull/2026-1-28/old.json",
            "sku-mapping-pull/2026-02-30/old.json",
            "sku-mapping-pull/../2026-01-28/old.json",
            "sku-mapping-pull/2026-01-28/..",
            "sku-mapping-pull/2026-01-28/a/old.json",
            "sku-mapping-pull/2026-01-28/old.csv",
        ] {
            assert!(own_segments(path).is_err(), "{path}");
        }
    }
}
