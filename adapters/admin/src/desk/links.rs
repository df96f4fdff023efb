use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand in a query value as it is.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':');
/// Characters of a path.
const LONGEST: usize = 4000;

/// A path of ours with its query, or nothing: what a form or a link hands back may not lead elsewhere.
pub(crate) fn local_path(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("/admin")?;
    let ours = rest.is_empty() || rest.starts_with(['/', '?']);
    let plain = text.len() <= LONGEST && text.chars().all(|c| c.is_ascii_graphic() && c != '\\' && c != '#');
    let path = text.split('?').next().unwrap_or(text);
    let safe = !path.contains("//") && !path.split('/').any(|segment| segment == "..");
    let page = !["/admin/login", "/admin/logout", "/admin/display"].contains(&path) && !path.starts_with("/admin/api/");
    (ours && plain && safe && page).then_some(text)
}

/// A text as a value of a query, or as one segment of a path.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_led_to() {
        for ok in ["/admin", "/admin/orders?po=A%2FB&x=http://y", "/admin?x=1", "/admin/orders/r/PO-1"] {
            assert_eq!(local_path(ok), Some(ok));
        }
        let elsewhere = [
            "",
            "/",
            "//evil.example",
            "https://evil.example/admin",
            "/adminx",
            "/admin//evil.example",
            "/admin/../x",
            "/admin\\evil",
            "/admin/a\r\nb",
            "/admin/ä",
            "/admin/login?next=/admin/login",
            "/admin/logout",
            "/admin/api/runs",
            "/admin/x#y",
        ];
        for wrong in elsewhere {
            assert_eq!(local_path(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn whatever_a_value_holds_it_stays_one_value() {
        assert_eq!(encode("a b&c=d/é+\"<#?"), "a%20b%26c%3Dd%2F%C3%A9%2B%22%3C%23%3F");
    }
}
