#[cfg(unix)]
use std::os::unix::fs::symlink;
use std::time::Duration;

use ipass_core::ports::{ORDER_COLUMNS, RowSink};
use ipass_core::testing::ManualClock;
use tempfile::TempDir;

use super::*;

const DAY: &str = "sku-mapping-pull/2026-01-28";

struct World {
    temp: TempDir,
    clock: Arc<ManualClock>,
    area: ExportDirectory,
}

fn world() -> World {
    let temp = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let area = ExportDirectory::new(temp.path().join("a/exports"), 1_000, Arc::clone(&clock) as Arc<dyn Clock>);
    World { temp, clock, area }
}

impl World {
    fn at(&self, path: &str) -> PathBuf {
        self.temp.path().join("a/exports").join(path)
    }

    fn put(&self, path: &str) -> PathBuf {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, b"x").unwrap();
        path
    }

    /// Moves the clock to so long after the file was written.
    fn after(&self, path: &str, time: TimeDelta) {
        let modified = DateTime::<Utc>::from(fs::metadata(self.at(path)).unwrap().modified().unwrap());
        self.clock.advance((modified + time - self.clock.now()).to_std().unwrap());
    }

    async fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.area.own_files().await.unwrap().into_iter().map(|file| file.path).collect();
        paths.sort();
        paths
    }
}

#[tokio::test]
async fn what_is_saved_is_listed_and_can_be_removed() {
    let world = world();
    assert!(world.paths().await.is_empty(), "the directory is made when it is needed");
    assert!(!world.at("").exists());
    let path = world.area.save(DAY, "old.json", b"{}").await.unwrap();
    assert_eq!(path, format!("{DAY}/old.json"));
    assert_eq!(fs::read(world.at(&path)).unwrap(), b"{}");
    world.area.save(DAY, "old.json", b"[1]").await.unwrap();
    let mut csv = world.area.create_csv("orders-1", &ORDER_COLUMNS).unwrap();
    assert_eq!(world.paths().await, ["ipass-orders-1.csv.part", "sku-mapping-pull/2026-01-28/old.json"]);
    assert!(csv.row(&[None; 22]));
    csv.finish().unwrap();
    assert_eq!(world.paths().await, ["ipass-orders-1.csv", "sku-mapping-pull/2026-01-28/old.json"]);
    let files = world.area.own_files().await.unwrap();
    assert!(files.iter().all(|file| !file.busy));
    assert_eq!(files.iter().find(|file| file.path == path).unwrap().size, 3);
    for path in world.paths().await {
        world.area.remove(&path).await.unwrap();
        world.area.remove(&path).await.unwrap();
    }
    assert!(world.paths().await.is_empty());
    assert_eq!(world.area.threshold(), 1_000);
}

#[tokio::test]
async fn the_folder_of_a_day_goes_with_its_last_file() {
    let world = world();
    for name in ["old.json", "new.json"] {
        world.area.save(DAY, name, b"{}").await.unwrap();
    }
    world.area.remove(&format!("{DAY}/old.json")).await.unwrap();
    assert!(world.at(DAY).exists());
    world.area.remove(&format!("{DAY}/new.json")).await.unwrap();
    assert!(!world.at(DAY).exists());
}

#[tokio::test]
async fn a_name_that_the_service_never_writes_is_neither_saved_nor_removed() {
    let world = world();
    let outside = world.temp.path().join("a/ipass-x.csv");
    world.put("ipass-1.csv");
    fs::write(&outside, b"x").unwrap();
    for path in ["../ipass-x.csv", "ipass-/../../ipass-x.csv", "/etc/passwd", "notes.txt", ""] {
        assert!(world.area.remove(path).await.is_err(), "{path}");
    }
    assert!(outside.exists());
    for (folder, name) in
        [("", "notes.txt"), ("..", "ipass-x.csv"), (DAY, "../x.json"), (DAY, "x.json.part"), ("other", "x.json")]
    {
        assert!(world.area.save(folder, name, b"y").await.is_err(), "{folder} {name}");
    }
    for name in ["../x", "a/b", "..", ""] {
        assert!(world.area.create_csv(name, &ORDER_COLUMNS).is_err(), "{name}");
    }
    assert_eq!(fs::read(&outside).unwrap(), b"x");
    assert_eq!(world.paths().await, ["ipass-1.csv"]);
}

#[tokio::test]
async fn anything_foreign_stops_the_listing_and_is_named() {
    for path in ["notes.txt", "other/ipass-1.csv", "sku-mapping-pull/x.json", "sku-mapping-pull/today/x.json"] {
        let world = world();
        world.put("ipass-1.csv");
        world.put(path);
        let error = world.area.own_files().await.unwrap_err().to_string();
        let (top, sub) = path.split_once('/').unwrap_or((path, ""));
        let named = if top == PULLS { format!("{top}/{}", sub.split('/').next().unwrap()) } else { top.to_owned() };
        assert!(error.contains(&format!("{} was not written by the service", world.at(&named).display())), "{error}");
        assert!(error.contains("move it elsewhere"), "{error}");
    }
    let world = world();
    fs::create_dir_all(world.at("ipass-1.csv")).unwrap();
    assert!(world.area.own_files().await.is_err(), "a folder with the name of a file");
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_foreign_and_are_never_followed() {
    let world = world();
    let outside = world.temp.path().join("outside/2026-01-28");
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("x.json"), b"x").unwrap();
    world.put("ipass-1.csv");
    symlink(outside.join("x.json"), world.at("ipass-2.csv")).unwrap();
    assert!(world.area.own_files().await.unwrap_err().to_string().contains("ipass-2.csv"));
    assert!(world.area.remove("ipass-2.csv").await.is_err());
    fs::remove_file(world.at("ipass-2.csv")).unwrap();
    symlink(world.temp.path().join("outside"), world.at(PULLS)).unwrap();
    assert!(world.area.own_files().await.is_err());
    assert!(world.area.remove(&format!("{DAY}/x.json")).await.is_err());
    assert!(world.area.save(DAY, "x.json", b"y").await.is_err());
    assert_eq!(fs::read(outside.join("x.json")).unwrap(), b"x");
}

#[tokio::test]
async fn a_part_is_busy_until_it_was_left_alone_for_a_day() {
    let world = world();
    world.put("ipass-1.csv.part");
    world.put("ipass-2.csv");
    for (time, busy) in [(TimeDelta::hours(24) - TimeDelta::seconds(1), true), (TimeDelta::hours(25), false)] {
        world.after("ipass-1.csv.part", time);
        let files = world.area.own_files().await.unwrap();
        let is_busy = |path: &str| files.iter().find(|file| file.path == path).unwrap().busy;
        assert_eq!((is_busy("ipass-1.csv.part"), is_busy("ipass-2.csv")), (busy, false));
    }
}

#[tokio::test]
async fn a_file_is_not_saved_into_a_part_that_somebody_writes() {
    let world = world();
    let part = format!("{DAY}/x.json.part");
    world.put(&part);
    world.after(&part, TimeDelta::hours(1));
    let error = world.area.save(DAY, "x.json", b"y").await.unwrap_err();
    assert!(error.to_string().contains("remove it"), "{error}");
    assert_eq!(fs::read(world.at(&part)).unwrap(), b"x");
    world.clock.advance(Duration::from_hours(24));
    world.area.save(DAY, "x.json", b"y").await.unwrap();
    assert_eq!(world.paths().await, [format!("{DAY}/x.json")]);
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named() {
    let world = world();
    fs::write(world.temp.path().join("a"), b"").unwrap();
    let error = world.area.save(DAY, "x.json", b"{}").await.unwrap_err().to_string();
    assert!(error.contains("a/exports/sku-mapping-pull") && error.contains("check"), "{error}");
}
