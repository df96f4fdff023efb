//! Every link and every form of the pages, over plain HTTP: who is let in, what reading changes, what headers
//! say, and how stored text is shown.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, redirect};

use crate::common::world::{World, runtime};
use crate::desk::{PASSWORD, WHO, serve};
use crate::places::{NASTY, full};
use crate::service::Service;

/// Pages of one kind that are looked at; the others have the same template.
const EACH: usize = 4;

const HEADERS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// A browser without a window: it keeps a login and follows nothing.
struct Reader {
    service: Service,
    client: reqwest::Client,
    cookie: String,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Reader {
    fn new(world: &World) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let service = serve(world);
        let builder = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none());
        let mut reader = Self { service, client: builder.build().expect("a client"), cookie: String::new() };
        let fields = [("who", WHO), ("password", PASSWORD)];
        let request = reader.client.post(reader.service.url("/admin/login")).header("sec-fetch-site", "same-origin");
        let answer = send(request.form(&fields));
        assert_eq!(answer.status, 303, "{}", answer.body);
        let cookie = answer.header("set-cookie").split(';').next().expect("a cookie");
        cookie.clone_into(&mut reader.cookie);
        reader
    }

    fn ask(&self, method: Method, path: &str, logged_in: bool) -> Answer {
        let request = self.client.request(method, self.service.url(path));
        send(if logged_in { request.header("cookie", format!("lang=en; {}", self.cookie)) } else { request })
    }
}

fn send(request: reqwest::RequestBuilder) -> Answer {
    runtime().block_on(async {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: answer.text().await.unwrap_or_default() }
    })
}

/// Values of an attribute, without the escapes of markup.
fn attributes(html: &str, name: &str) -> Vec<String> {
    let mark = format!(" {name}=\"");
    let values = html.match_indices(&mark).filter_map(|(at, _)| html[at + mark.len()..].split('"').next());
    let plain = |value: &str| {
        let mut value = value.to_owned();
        for (escape, meant) in [
            ("quot;", "\""),
            ("#34;", "\""),
            ("#39;", "'"),
            ("lt;", "<"),
            ("#60;", "<"),
            ("gt;", ">"),
            ("#62;", ">"),
            ("amp;", "&"),
            ("#38;", "&"),
        ] {
            value = value.replace(&format!("&{escape}"), meant);
        }
        value
    };
    values.map(plain).collect()
}

/// A path with what names a thing replaced: two pages of one kind have the same.
fn kind(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let segment = |segment: &str| {
        if segment.contains(|c: char| c.is_ascii_digit() || c.is_uppercase()) {
            "*".to_owned()
        } else {
            segment.to_owned()
        }
    };
    let names: BTreeSet<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    format!("{}?{}", path.split('/').map(segment).collect::<Vec<_>>().join("/"), names.join("&"))
}

/// Everything that can be read and everything that a form is sent to.
struct Found {
    pages: BTreeMap<String, String>,
    acts: BTreeSet<String>,
}

fn crawl(reader: &Reader) -> Found {
    let mut waiting = VecDeque::from(["/admin".to_owned(), "/admin/login".to_owned()]);
    let (mut known, mut kinds): (BTreeSet<String>, BTreeMap<String, usize>) = Default::default();
    let mut found = Found { pages: BTreeMap::new(), acts: BTreeSet::new() };
    while let Some(path) = waiting.pop_front() {
        let seen = kinds.entry(kind(&path)).or_default();
        if *seen >= EACH {
            continue;
        }
        *seen += 1;
        let answer = reader.ask(Method::GET, &path, true);
        assert!(matches!(answer.status, 200 | 303), "{path}: {} {}", answer.status, answer.body);
        let mut links = attributes(&answer.body, "href");
        links.push(answer.header(LOCATION.as_str()).to_owned());
        links.extend(attributes(&answer.body, "src"));
        links.extend(attributes(&answer.body, "hx-get"));
        let acts = ["formaction", "hx-post"].map(|name| attributes(&answer.body, name)).concat();
        for form in answer.body.split("<form ").skip(1) {
            let head = format!(" {}", form.split('>').next().unwrap_or_default());
            let action = attributes(&head, "action").pop();
            match (head.contains("method=\"get\""), action) {
                (true, Some(action)) => links.push(action),
                (_, Some(action)) => drop(found.acts.insert(action)),
                (_, None) => {}
            }
        }
        found.acts.extend(acts);
        found.pages.insert(path, answer.body);
        for link in links {
            let link = link.split('#').next().unwrap_or_default().to_owned();
            assert!(!link.starts_with("http") && !link.starts_with("//"), "{link} leads away");
            if link.starts_with("/admin") && known.insert(link.clone()) {
                waiting.push_back(link);
            }
        }
    }
    found
}

/// What the store holds that reading must not change.
fn held(world: &World) -> String {
    let lists = [
        &["orders", "list", "--limit", "1000", "--json"][..],
        &["settings", "history", "--json"],
        &["stock", "list", "--limit", "1000", "--json"],
    ];
    lists.iter().map(|arguments| world.ipass(arguments).stdout).collect()
}

#[test]
fn every_page_is_reached_needs_a_login_and_changes_nothing_by_being_read() {
    let world = full();
    let reader = Reader::new(&world);
    let audit = || reader.ask(Method::GET, "/admin/api/options", true).status;
    assert_eq!(audit(), 200);
    let acts_before = reader.ask(Method::GET, "/admin/audit?size=200", true).body.matches("<tr>").count();
    let before = held(&world);
    let found = crawl(&reader);
    for path in [
        "/admin/overview",
        "/admin/orders",
        "/admin/causes",
        "/admin/jobs",
        "/admin/jobs/pull",
        "/admin/jobs/runs",
        "/admin/check",
        "/admin/stock",
        "/admin/settings",
        "/admin/settings/history",
        "/admin/settings/versions/1",
        "/admin/audit",
    ] {
        assert!(found.pages.keys().any(|page| page.split('?').next() == Some(path)), "no link leads to {path}");
    }
    assert!(found.acts.len() > 10, "{:?}", found.acts);

    for path in found.pages.keys().chain(&found.acts) {
        let open = path.starts_with("/admin/login") || path.starts_with("/admin/assets/");
        let answer = reader.ask(Method::GET, path, false);
        if open {
            assert_eq!(answer.status, 200, "{path}");
        } else if path != "/admin/display" {
            assert_eq!(answer.status, 303, "{path} shows itself without a login: {}", answer.body);
            assert!(answer.header("location").starts_with("/admin/login"), "{path}");
            if let Some(rest) = path.strip_prefix("/admin/") {
                let json = format!("/admin/api/{rest}");
                let answer = reader.ask(Method::GET, &json, false);
                assert_eq!((answer.status, answer.header("content-type")), (401, "application/json"), "{json}");
            }
        }
        for logged_in in [false, true] {
            let answer = reader.ask(Method::GET, path, logged_in);
            for (name, value) in HEADERS {
                assert_eq!(answer.header(name), value, "{name} of {path}");
            }
            let policy = answer.header("content-security-policy");
            assert!(
                policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self'"),
                "{path}: {policy}"
            );
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
        }
    }
    // Without the secret of the forms nothing is done, whoever asks.
    for path in &found.acts {
        if path.starts_with("/admin/login") || path == "/admin/display" {
            continue;
        }
        for logged_in in [false, true] {
            let status = reader.ask(Method::POST, path, logged_in).status;
            assert!(matches!((logged_in, status), (false, 303 | 401 | 403) | (true, 403)), "{path}: {status}");
        }
    }
    for path in ["/healthz", "/metrics"] {
        assert_eq!(reader.ask(Method::GET, path, false).status, 200, "{path}");
    }
    assert_eq!(held(&world), before, "reading has changed something");
    let acts_after = reader.ask(Method::GET, "/admin/audit?size=200", true).body.matches("<tr>").count();
    assert_eq!(acts_after, acts_before, "reading is in the audit");
    assert!(world.sandbox.ledger().violations().is_empty());
}

#[test]
fn what_others_wrote_is_shown_as_text() {
    let world = full();
    let reader = Reader::new(&world);
    let mut shown = 0;
    for (path, html) in crawl(&reader).pages {
        if path.starts_with("/admin/assets/") {
            continue;
        }
        assert!(!html.contains("<script>"), "{path} holds a script that is not ours");
        assert!(!html.contains(NASTY) && !html.contains("<b>1"), "{path}");
        for tag in ["<script", "<img", "<iframe"] {
            for (at, _) in html.match_indices(tag) {
                assert!(html[at..].starts_with("<script src=\"/admin/assets/"), "{path}: {}", &html[at..at + 60]);
            }
        }
        shown += usize::from(html.contains("&lt;script&gt;") || html.contains("&#60;script&#62;"));
    }
    assert!(shown >= 3, "the text is on {shown} pages only");
    let order = reader.ask(Method::GET, "/admin/orders/dsco_lingxing/PO-'%22%3E%3Cb%3E1", true);
    assert_eq!(order.status, 200, "an order of any name has its page");
}
