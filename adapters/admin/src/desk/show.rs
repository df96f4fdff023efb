//! Numbers, times and small parts as the pages show them. Everything that goes into markup here is escaped here.

use std::fmt::{self, Display, Write as _};

use askama::filters::HtmlSafe;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use ipass_core::reason::{Reason, phrase};
use ipass_core::stage::Stage;

use super::Page;
use super::query::SIZES;
use crate::text::{Text, common as c};

/// Markup that is not escaped again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Html(pub(crate) String);

impl Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// A text for markup, also between double quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

impl Page {
    /// A moment in the zone of the page.
    pub(crate) fn time(&self, at: &DateTime<Utc>) -> String {
        at.with_timezone(&self.zone()).format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The same for the input of a form.
    pub(crate) fn input_time(&self, at: &DateTime<Utc>) -> String {
        at.with_timezone(&self.zone()).format("%Y-%m-%dT%H:%M").to_string()
    }

    /// A length of time in its largest whole unit: `45 s`, `3 h`, `12 d`.
    pub(crate) fn span(&self, length: Duration) -> String {
        let seconds = length.num_seconds().max(0);
        let (text, number) = match seconds {
            0..120 => (c::SECONDS_AGO, seconds),
            120..7_200 => (c::MINUTES_AGO, seconds / 60),
            7_200..172_800 => (c::HOURS_AGO, seconds / 3_600),
            _ => (c::DAYS_AGO, seconds / 86_400),
        };
        self.t1(text, number)
    }

    /// How long ago, or in how long.
    pub(crate) fn ago(&self, at: &DateTime<Utc>) -> String {
        let past = self.now - at;
        if past < Duration::zero() { self.t1(c::FUTURE, self.span(-past)) } else { self.t1(c::PAST, self.span(past)) }
    }

    /// How long ago, the moment on hover.
    pub(crate) fn when(&self, at: &DateTime<Utc>) -> Html {
        time_element(at, &format!("{} {}", self.time(at), self.zone()), &self.ago(at))
    }

    /// The moment, how long ago on hover.
    pub(crate) fn at(&self, at: &DateTime<Utc>) -> Html {
        time_element(at, &self.ago(at), &self.time(at))
    }

    /// How long ago; a dash for never.
    pub(crate) fn when_any(&self, at: Option<&DateTime<Utc>>) -> Html {
        at.map_or_else(|| Html("–".to_owned()), |at| self.when(at))
    }

    /// The name of a stage.
    pub(crate) fn stage(&self, stage: Stage) -> &'static str {
        self.pick(stage.names())
    }

    /// A stage as a mark of its colour; never by colour alone.
    pub(crate) fn stage_mark(&self, stage: Stage) -> Html {
        let number = stage.number();
        Html(format!(r#"<span class="mark stage-{number}">{number} {}</span>"#, escaped(self.stage(stage))))
    }

    /// The sentence of a reason's code; an unknown code with its detail as they are.
    pub(crate) fn reason(&self, code: &str, detail: &str) -> String {
        match Reason::from_code(code) {
            Some(reason) => reason.sentence(self.language(), detail),
            None => format!("{code} {detail}"),
        }
    }

    /// Words of the core in the language; a remote's are quoted as they came.
    pub(crate) fn said(&self, words: impl AsRef<str>) -> String {
        phrase(self.language(), words.as_ref()).into_owned()
    }

    /// An id with a button that copies it.
    pub(crate) fn copy(&self, text: &str) -> Html {
        let (text, label) = (escaped(text), escaped(self.t(c::COPY)));
        Html(format!(
            r#"<span class="id">{text}</span><button type="button" class="copy" data-copy="{text}" title="{label}" aria-label="{label} {text}"></button>"#
        ))
    }

    /// An empty list: what will be here, why there is nothing, what to do next.
    pub(crate) fn empty(&self, title: Text, help: Text) -> Html {
        Html(format!(
            r#"<div class="empty"><p><strong>{}</strong></p><p>{}</p></div>"#,
            escaped(self.t(title)),
            escaped(self.t(help))
        ))
    }

    /// The same with a link to the next step.
    pub(crate) fn empty_with(&self, title: Text, help: Text, href: impl AsRef<str>, words: Text) -> Html {
        Html(format!(
            r#"<div class="empty"><p><strong>{}</strong></p><p>{}</p><p><a class="button" href="{}">{}</a></p></div>"#,
            escaped(self.t(title)),
            escaped(self.t(help)),
            escaped(href.as_ref()),
            escaped(self.t(words))
        ))
    }

    /// The line below a list: back, next, and rows per page. `next` is where the next page starts.
    pub(crate) fn pages(&self, next: Option<&str>) -> Html {
        let mut html = format!(r#"<nav class="pages" aria-label="{}">"#, escaped(self.t(c::PAGES)));
        let mut link = |href: &str, more: &str, words: &str| {
            let _ = write!(html, r#"<a href="{}"{more}>{}</a> "#, escaped(href), escaped(words));
        };
        if self.query.get("after").is_some() {
            let first = format!("{}{}", self.path, self.query.with("after", &[]));
            link(&first, "", self.t(c::FIRST_PAGE));
            link(&first, " data-back", self.t(c::PREVIOUS_PAGE));
        }
        if let Some(next) = next {
            link(&format!("{}{}", self.path, self.query.next(next)), r#" rel="next""#, self.t(c::NEXT_PAGE));
        }
        let _ = write!(html, r#"<span class="sizes">{}"#, escaped(self.t(c::PAGE_SIZE)));
        let present = self.query.clone().size();
        let mut sizes = SIZES;
        sizes.sort_unstable();
        for size in sizes {
            let href = escaped(&self.with("size", &size.to_string()));
            let here = if size == present { r#" aria-current="true""# } else { "" };
            let _ = write!(html, r#" <a href="{href}"{here}>{size}</a>"#);
        }
        html.push_str("</span></nav>");
        Html(html)
    }
}

/// A whole number as it is, its digits in groups of three.
pub(crate) fn number(number: impl Display) -> String {
    let whole = number.to_string();
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole.as_str()), |digits| ("-", digits));
    let mut text = sign.to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Small bars, oldest first, with a sentence for those who do not see them. A value above `warn_over`
/// is marked.
pub(crate) fn bars(values: &[u64], warn_over: u64, label: &str) -> Html {
    const HEIGHT: u64 = 20;
    let most = values.iter().copied().max().unwrap_or_default().max(1);
    let width = values.len() * 5;
    let mut html = format!(
        r#"<svg class="bars" width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="{}">"#,
        escaped(label)
    );
    for (at, value) in values.iter().enumerate() {
        let height = (u128::from(*value) * u128::from(HEIGHT)).div_ceil(u128::from(most));
        let y = u128::from(HEIGHT) - height;
        let warn = if *value > warn_over { r#" class="warn""# } else { "" };
        let _ = write!(html, r#"<rect x="{}" y="{y}" width="4" height="{height}"{warn}/>"#, at * 5);
    }
    html.push_str("</svg>");
    Html(html)
}

fn time_element(at: &DateTime<Utc>, title: &str, text: &str) -> Html {
    let machine = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    Html(format!(r#"<time datetime="{machine}" title="{}">{}</time>"#, escaped(title), escaped(text)))
}
