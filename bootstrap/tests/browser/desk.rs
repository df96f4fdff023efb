//! A service whose pages are open, and a person who has logged in.

use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};
use ipass_sandbox::SandboxConfig;
use serde_json::Value;

use crate::common::database::Kind;
use crate::common::world::{World, quick};
use crate::service::Service;
use crate::tab::Tab;

pub(crate) const PASSWORD: &str = "a password of the tests";
pub(crate) const WHO: &str = "mia";

/// Vendors, a service beside them, and a browser.
pub(crate) struct Desk {
    // Dropped in this order.
    pub(crate) tab: Tab,
    pub(crate) service: Service,
    pub(crate) world: World,
}

impl Desk {
    /// An empty world in which no job runs by itself; nobody has logged in.
    pub(crate) fn closed() -> Self {
        Self::of(quick(), |_| {})
    }

    /// The same with somebody logged in.
    pub(crate) fn open() -> Self {
        let desk = Self::closed();
        desk.log_in();
        desk
    }

    /// A world of the caller's, with his settings.
    pub(crate) fn of(config: SandboxConfig, change: impl FnOnce(&mut Value)) -> Self {
        Self::in_world(world(config, change))
    }

    /// A world that is there already.
    pub(crate) fn in_world(world: World) -> Self {
        let service = serve(&world);
        let tab = Tab::open(&service.url(""));
        Self { tab, service, world }
    }

    /// Logs in by the form.
    pub(crate) fn log_in(&self) {
        let tab = &self.tab;
        tab.go("/admin");
        tab.fill("input[name=who]", WHO);
        tab.fill("input[name=password]", PASSWORD);
        tab.click("main button.primary");
        tab.at("/admin/overview");
    }
}

/// A world in which no job runs by itself.
pub(crate) fn world(config: SandboxConfig, change: impl FnOnce(&mut Value)) -> World {
    let world = World::bare(config, Kind::Sqlite);
    let mut settings = world.sandbox.settings_json();
    for (_, job) in settings["jobs"].as_object_mut().expect("jobs") {
        job["enabled"] = false.into();
    }
    change(&mut settings);
    world.import(&settings).code(0);
    world
}

/// The service of a world, with its pages open.
pub(crate) fn serve(world: &World) -> Service {
    let mut command = world.command(&["serve"]);
    command.env("IPASS__ADMIN__PASSWORD_HASH", hash());
    Service::of(command)
}

/// A hash that is quick to compare.
fn hash() -> String {
    let params = Params::new(8, 1, 1, None).expect("parameters");
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password(PASSWORD.as_bytes()).expect("a hash").to_string()
}
