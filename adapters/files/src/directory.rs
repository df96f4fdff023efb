//! The export directory.

use std::fmt::Display;
use std::fs::{self, DirEntry, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{Clock, ExportColumn, FileArea, FileError, OwnFile};

use crate::csv_file::CsvFile;
use crate::names::{PART, PULLS, is_day, is_own, own_segments};

/// A part that nobody has touched for so long was left behind by a process that died.
const ABANDONED: TimeDelta = TimeDelta::hours(24);

/// A directory that belongs to the service alone. It is made when the first file is written.
pub struct ExportDirectory {
    root: PathBuf,
    threshold_bytes: u64,
    clock: Arc<dyn Clock>,
}

impl ExportDirectory {
    /// The directory at `path`, whose files may take `threshold_bytes` before the oldest go.
    pub fn new(path: impl Into<PathBuf>, threshold_bytes: u64, clock: Arc<dyn Clock>) -> Self {
        Self { root: path.into(), threshold_bytes, clock }
    }

    /// Begins the file `ipass-<name>.csv`. It is there once [`CsvFile::finish`] has answered.
    ///
    /// The error says that the name is not plain, that there is such a file already, complete or being
    /// written, or that the directory cannot be written to.
    pub fn create_csv(&self, name: &str, columns: &[ExportColumn]) -> Result<CsvFile, FileError> {
        let file = format!("ipass-{name}.csv");
        own_segments(&file)?;
        make(&self.root)?;
        CsvFile::at(&self.root.join(file), columns)
    }

    fn own_file(&self, path: String, metadata: &Metadata) -> Result<OwnFile, FileError> {
        let modified = metadata
            .modified()
            .map_err(|error| failed("read the age of", &self.root.join(&path), &error, "check the file system"))?;
        let modified = DateTime::<Utc>::from(modified);
        let busy = path.ends_with(PART) && self.clock.now() - modified < ABANDONED;
        Ok(OwnFile { path, size: metadata.len(), modified, busy })
    }

    /// The files of one folder, and of those below.
    fn walk(&self, folder: &[&str], found: &mut Vec<OwnFile>) -> Result<(), FileError> {
        let place = folder.iter().fold(self.root.clone(), |place, segment| place.join(segment));
        let unreadable = |error: &io::Error| failed("read", &place, error, "check who may read there");
        let entries = match fs::read_dir(&place) {
            Ok(entries) => entries,
            // Not made yet, or just removed.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreadable(&error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&error))?;
            // Of the entry itself: a link is not followed.
            match entry.metadata() {
                Ok(metadata) => self.take(folder, &entry, &metadata, found)?,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(&error)),
            }
        }
        Ok(())
    }

    fn take(
        &self,
        folder: &[&str],
        entry: &DirEntry,
        metadata: &Metadata,
        found: &mut Vec<OwnFile>,
    ) -> Result<(), FileError> {
        let name = entry.file_name();
        let segments: Vec<&str> =
            folder.iter().copied().chain([name.to_str().ok_or_else(|| foreign(&entry.path()))?]).collect();
        if metadata.is_file() && is_own(&segments) {
            found.push(self.own_file(segments.join("/"), metadata)?);
            return Ok(());
        }
        match segments.as_slice() {
            [PULLS] if metadata.is_dir() => self.walk(&segments, found),
            [PULLS, day] if metadata.is_dir() && is_day(day) => self.walk(&segments, found),
            _ => Err(foreign(&entry.path())),
        }
    }

    /// Fails if anything on the way to a file is a link: it would lead out of the directory.
    fn without_links(&self, segments: &[&str]) -> Result<PathBuf, FileError> {
        let mut place = self.root.clone();
        for segment in segments {
            place.push(segment);
            if fs::symlink_metadata(&place).is_ok_and(|metadata| metadata.is_symlink()) {
                return Err(foreign(&place));
            }
        }
        Ok(place)
    }

    /// A new file at `part`; an abandoned one is replaced.
    fn open_part(&self, part: &Path) -> Result<File, FileError> {
        match fs::symlink_metadata(part).and_then(|metadata| metadata.modified()) {
            Ok(modified) if self.clock.now() - DateTime::<Utc>::from(modified) >= ABANDONED => {
                fs::remove_file(part).map_err(|error| failed("remove", part, &error, "remove it by hand"))?;
            }
            Ok(_) | Err(_) => {}
        }
        OpenOptions::new().write(true).create_new(true).open(part).map_err(|error| {
            failed("make", part, &error, "if it is there and nothing is writing it, remove it; else check the rights")
        })
    }
}

#[async_trait]
impl FileArea for ExportDirectory {
    /// Replaces a file of the same name.
    async fn save(&self, folder: &str, name: &str, content: &[u8]) -> Result<String, FileError> {
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let segments = own_segments(&path)?;
        if path.ends_with(PART) {
            return Err(FileError(format!("{path:?} is not the name of a complete file")));
        }
        let target = self.without_links(&segments)?;
        make(target.parent().unwrap_or(&self.root))?;
        let part = self.root.join(format!("{path}{PART}"));
        let mut file = self.open_part(&part)?;
        let written = file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&part, &target));
        written.map_err(|error| {
            // What cannot be removed now is found, and removed, when it has been left alone for a day.
            let _ = fs::remove_file(&part);
            failed("write", &target, &error, "make room, or check who may write there")
        })?;
        Ok(path)
    }

    async fn own_files(&self) -> Result<Vec<OwnFile>, FileError> {
        let mut found = Vec::new();
        self.walk(&[], &mut found)?;
        Ok(found)
    }

    async fn remove(&self, path: &str) -> Result<(), FileError> {
        let segments = own_segments(path)?;
        let place = self.without_links(&segments)?;
        match fs::remove_file(&place) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed("remove", &place, &error, "check who may write there")),
        }
        if let (3, Some(day)) = (segments.len(), place.parent()) {
            // Refused by the system as long as there is anything in it.
            let _ = fs::remove_dir(day);
        }
        Ok(())
    }

    fn threshold(&self) -> u64 {
        self.threshold_bytes
    }
}

/// An error that names the place and the remedy.
pub(crate) fn failed(what: &str, path: &Path, error: &dyn Display, remedy: &str) -> FileError {
    FileError(format!("cannot {what} {}: {error}; {remedy}", path.display()))
}

fn make(folder: &Path) -> Result<(), FileError> {
    fs::create_dir_all(folder).map_err(|error| failed("make", folder, &error, "check the path and who may write there"))
}

fn foreign(path: &Path) -> FileError {
    FileError(format!(
        "{} was not written by the service; move it elsewhere, or give the service an export directory of its own",
        path.display()
    ))
}

#[cfg(test)]
mod tests;
