//! A browser of its own for a test, whose waiting is for something to see and never for time to pass.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::process::until;
use crate::common::world::runtime;
use crate::driver;
use crate::service::{client, send};

/// How long to wait for something to see.
const PATIENCE: Duration = Duration::from_secs(20);

const FLAGS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-prefers-reduced-motion",
    "--window-size=1280,1000",
];

/// A window of a fresh browser; the browser ends with it.
pub(crate) struct Tab {
    client: Client,
    base: String,
    folder: TempDir,
}

impl Tab {
    /// A browser in which paths of `base` are opened.
    pub(crate) fn open(base: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut flags = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", folder.path().join("profile").display()));
        let options = json!({
            "args": flags,
            "prefs": {"download.default_directory": folder.path(), "intl.accept_languages": "en"},
        });
        let wishes = json!({"browserName": "chrome", "goog:chromeOptions": options});
        let wishes = wishes.as_object().cloned().expect("an object");
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = runtime().block_on(builder.capabilities(wishes).connect(driver::url()));
        Self { client: client.expect("a browser"), base: base.to_owned(), folder }
    }

    /// Opens a page of ours.
    pub(crate) fn go(&self, path: &str) {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        runtime().block_on(self.client.goto(&url)).expect("a page");
    }

    /// Path and query of the page.
    pub(crate) fn path(&self) -> String {
        let url = runtime().block_on(self.client.current_url()).expect("an address");
        url.as_str().strip_prefix(&self.base).unwrap_or(url.as_str()).to_owned()
    }

    /// What a script returns.
    #[track_caller]
    pub(crate) fn js(&self, script: &str, arguments: &[Value]) -> Value {
        runtime()
            .block_on(self.client.execute(script, arguments.to_vec()))
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The same for a script that calls its last argument with the result.
    #[track_caller]
    pub(crate) fn js_later(&self, script: &str, arguments: &[Value]) -> Value {
        runtime().block_on(self.client.execute_async(script, arguments.to_vec())).expect("a script runs")
    }

    /// A command of the browser's own protocol.
    #[track_caller]
    pub(crate) fn cdp(&self, command: &str, parameters: &Value) -> Value {
        let session = runtime().block_on(self.client.session_id()).ok().flatten().expect("a session");
        let url = format!("{}/session/{session}/goog/cdp/execute", driver::url());
        let (status, text) =
            send(client().post(url).json(&json!({"cmd": command, "params": parameters}))).expect("an answer");
        assert_eq!(status, 200, "{command}: {text}");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        answer["value"].clone()
    }

    /// The text of everything that is to be seen and fits.
    pub(crate) fn texts(&self, css: &str) -> Vec<String> {
        let script = "return Array.from(document.querySelectorAll(arguments[0]), (one) => one.innerText.trim())";
        let found = runtime().block_on(self.client.execute(script, vec![css.into()])).unwrap_or_default();
        serde_json::from_value(found).unwrap_or_default()
    }

    /// Whether there is something that fits.
    pub(crate) fn has(&self, css: &str) -> bool {
        !self.texts(css).is_empty()
    }

    /// Waits until something holds, and says what is on the page where it never does.
    #[track_caller]
    pub(crate) fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        until(what, 2 * PATIENCE.as_secs(), || {
            let seen = look();
            let page = || format!("{}\n{}", self.path(), self.texts("body").concat());
            assert!(seen.is_some() || Instant::now() < deadline, "in vain: {what}\n{}", page());
            seen
        })
    }

    /// Waits for an element whose text contains this.
    #[track_caller]
    pub(crate) fn see(&self, css: &str, text: &str) -> String {
        self.wait(&format!("{css} with {text:?}"), || self.texts(css).into_iter().find(|found| found.contains(text)))
    }

    /// Waits until the page has a path that begins so.
    #[track_caller]
    pub(crate) fn at(&self, path: &str) -> String {
        self.wait(path, || Some(self.path()).filter(|found| found.starts_with(path)))
    }

    #[track_caller]
    fn element(&self, css: &str) -> Element {
        let found = || async { self.client.find(Locator::Css(css)).await.ok() };
        self.wait(css, || runtime().block_on(found()))
    }

    /// Clicks; waits until it is possible, and for the page that the click leads to.
    #[track_caller]
    pub(crate) fn click(&self, css: &str) {
        self.wait(&format!("a click on {css}"), || {
            let element = self.element(css);
            runtime().block_on(element.click()).ok()
        });
    }

    /// Clicks on what has this text.
    #[track_caller]
    pub(crate) fn press(&self, css: &str, text: &str) {
        let script = "return Array.from(document.querySelectorAll(arguments[0])).findIndex(
            (one) => one.innerText.trim() === arguments[1] && one.checkVisibility())";
        self.wait(&format!("{css} called {text:?}"), || {
            let index = self.js(script, &[css.into(), text.into()]).as_u64()?;
            let all = runtime().block_on(self.client.find_all(Locator::Css(css))).ok()?;
            let element = all.into_iter().nth(usize::try_from(index).ok()?)?;
            runtime().block_on(element.click()).ok()
        });
    }

    /// Writes into a field that may hold something.
    #[track_caller]
    pub(crate) fn fill(&self, css: &str, text: &str) {
        let element = self.element(css);
        runtime().block_on(async {
            element.clear().await.expect("a field that can be emptied");
            element.send_keys(text).await.expect("a field that can be written");
        });
    }

    /// Sets a field that keys fill by the habits of a country, such as a date.
    #[track_caller]
    pub(crate) fn set(&self, css: &str, value: &str) {
        self.element(css);
        let script = "const field = document.querySelector(arguments[0]); field.value = arguments[1];
            field.dispatchEvent(new Event('input', {bubbles: true})); field.dispatchEvent(new Event('change', {bubbles: true}));";
        self.js(script, &[css.into(), value.into()]);
    }

    /// Presses keys one after the other, wherever the focus is.
    pub(crate) fn keys(&self, keys: &str) {
        let mut actions = KeyActions::new("keys".to_owned());
        for key in keys.chars() {
            actions = actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        }
        runtime().block_on(self.client.perform_actions(actions)).expect("keys");
    }

    /// A second window of the same browser, which is the one that is worked with from now on.
    pub(crate) fn new_window(&self) -> WindowHandle {
        let before = runtime().block_on(self.client.window()).expect("a window");
        let new = runtime().block_on(self.client.new_window(true)).expect("a window").handle;
        self.switch(new);
        before
    }

    /// Works with another window; answers the one before.
    pub(crate) fn switch(&self, to: WindowHandle) -> WindowHandle {
        let before = runtime().block_on(self.client.window()).expect("a window");
        runtime().block_on(self.client.switch_to_window(to)).expect("a window");
        before
    }

    /// Back in the history.
    pub(crate) fn back(&self) {
        runtime().block_on(self.client.back()).expect("a page before");
    }

    /// Waits for a file that was downloaded.
    #[track_caller]
    pub(crate) fn download(&self, ending: &str) -> PathBuf {
        self.wait(&format!("a file *{ending}"), || {
            let mut files = std::fs::read_dir(self.folder.path()).expect("a folder").flatten();
            files.find(|file| file.file_name().to_string_lossy().ends_with(ending)).map(|file| file.path())
        })
    }

    /// What is to be seen, as PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        runtime().block_on(self.client.screenshot()).expect("a picture")
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        // A browser that has ended by itself needs no end.
        let _ = runtime().block_on(self.client.clone().close());
    }
}
