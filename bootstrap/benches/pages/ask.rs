//! Asking for pages as a browser does, one after the other, and how long each takes.

use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;

use crate::lists::Request;
use crate::world::{PASSWORD, World};

pub(crate) struct Browser<'w> {
    world: &'w World,
    client: Client,
    cookie: String,
}

/// One answer.
pub(crate) struct Asked {
    pub(crate) page: &'static str,
    pub(crate) name: String,
    pub(crate) path: String,
    /// From the request to the last byte.
    pub(crate) took: Duration,
    /// Bytes of the body as they travelled.
    pub(crate) bytes: usize,
}

impl<'w> Browser<'w> {
    pub(crate) fn log_in(world: &'w World) -> Self {
        // The second call finds it installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().no_gzip().redirect(Policy::none()).timeout(Duration::from_mins(1));
        let client = client.build().expect("a client");
        let form = [("who", "a measurement"), ("password", PASSWORD)];
        let request = client.post(format!("http://{}/admin/login", world.address)).form(&form);
        let answer = world.runtime.block_on(async { request.send().await }).expect("an answer");
        let cookie = answer.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookie = cookie.unwrap_or_else(|| panic!("the login failed: {}", answer.status())).to_owned();
        Self { world, client, cookie }
    }

    /// Asks once for nothing, so that what is read is in memory, and then as often as wanted.
    pub(crate) fn ask(&self, request: &Request, times: usize) -> Vec<Asked> {
        self.once(request);
        (0..times).map(|_| self.once(request)).collect()
    }

    pub(crate) fn once(&self, request: &Request) -> Asked {
        let url = format!("http://{}{}", self.world.address, request.path);
        let (took, bytes) = self.world.runtime.block_on(async {
            let start = Instant::now();
            let asked = self.client.get(url).header(COOKIE, &self.cookie).header(ACCEPT_ENCODING, "gzip");
            let answer = asked.send().await.expect("an answer");
            let (status, packed) = (answer.status(), answer.headers().contains_key(CONTENT_ENCODING));
            let body = answer.bytes().await.expect("a whole body");
            let took = start.elapsed();
            assert!(status.is_success() && packed, "{status}, packed: {packed}: {}", request.path);
            (took, body.len())
        });
        Asked { page: request.page, name: request.name.clone(), path: request.path.clone(), took, bytes }
    }
}
