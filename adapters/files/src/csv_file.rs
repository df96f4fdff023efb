//! A table for people, as CSV.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Terminator, Writer, WriterBuilder};
use ipass_core::ports::{ExportColumn, FileError, RowSink};

use crate::directory::failed;
use crate::names::PART;

/// Bytes between two writes to the disk.
const BUFFER: usize = 256 * 1024;

/// Without it spreadsheets take the text for the machine's old code page, which breaks Chinese.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A CSV file that appears when it is complete: UTF-8 with byte order mark, a head line, lines that end
/// with CR LF, cells quoted where they have to be.
///
/// A [foreign](ExportColumn::foreign) cell that a spreadsheet would take for a formula (it begins with
/// `=`, `+`, `-`, `@`, TAB or CR) gets a leading apostrophe.
///
/// Dropped before it is [finished](Self::finish), it leaves nothing behind.
pub struct CsvFile {
    /// `None` when there is nothing left to do.
    writer: Option<Writer<Box<dyn Write + Send>>>,
    /// The same file, to put it on the disk.
    file: Option<File>,
    foreign: Vec<bool>,
    record: ByteRecord,
    cell: Vec<u8>,
    path: PathBuf,
    part: PathBuf,
    replace: bool,
    rows: u64,
    error: Option<FileError>,
}

impl CsvFile {
    /// Begins a file at `path`, in a folder that is there; it is written as `<path>.part` first.
    ///
    /// The error says that there is such a file already, complete or being written, or why it cannot be
    /// made.
    pub fn at(path: &Path, columns: &[ExportColumn]) -> Result<Self, FileError> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(taken(path));
        }
        Self::open(path, columns, false)
    }

    /// Begins a file that takes the place of one that is there.
    pub fn replacing(path: &Path, columns: &[ExportColumn]) -> Result<Self, FileError> {
        Self::open(path, columns, true)
    }

    fn open(path: &Path, columns: &[ExportColumn], replace: bool) -> Result<Self, FileError> {
        let Some(name) = path.file_name() else {
            return Err(FileError(format!("{} is not the name of a file", path.display())));
        };
        let mut part = name.to_owned();
        part.push(PART);
        let part = path.with_file_name(part);
        let file = OpenOptions::new().write(true).create_new(true).open(&part).map_err(|error| {
            failed("make", &part, &error, "if it is there and nothing is writing it, remove it; else check the rights")
        })?;
        // Without a second handle the file is complete all the same, only not surely on the disk.
        let on_disk = file.try_clone().ok();
        let mut csv = Self::over(Box::new(file), path, part, columns)?;
        (csv.file, csv.replace) = (on_disk, replace);
        Ok(csv)
    }

    fn over(
        mut output: Box<dyn Write + Send>,
        path: &Path,
        part: PathBuf,
        columns: &[ExportColumn],
    ) -> Result<Self, FileError> {
        let head = output.write_all(BYTE_ORDER_MARK);
        let mut csv = Self {
            writer: Some(WriterBuilder::new().terminator(Terminator::CRLF).buffer_capacity(BUFFER).from_writer(output)),
            file: None,
            foreign: columns.iter().map(|column| column.foreign).collect(),
            record: ByteRecord::new(),
            cell: Vec::new(),
            path: path.to_owned(),
            part,
            replace: false,
            rows: 0,
            error: None,
        };
        head.map_err(|error| csv.unwritable(&error))?;
        for column in columns {
            csv.record.push_field(column.name.as_bytes());
        }
        if csv.write_record() { Ok(csv) } else { Err(csv.error.take().unwrap_or_else(|| taken(path))) }
    }

    /// Where the file will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Rows so far, the head line not counted.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Puts the file in its place and answers the number of rows.
    ///
    /// The error is the first one that happened, also to a row; nothing is left behind then.
    pub fn finish(mut self) -> Result<u64, FileError> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let flushed = self.writer.as_mut().map_or(Ok(()), Writer::flush);
        let synced = flushed.and_then(|()| self.file.as_ref().map_or(Ok(()), File::sync_data));
        synced.map_err(|error| self.unwritable(&error))?;
        if !self.replace && fs::symlink_metadata(&self.path).is_ok() {
            return Err(taken(&self.path));
        }
        fs::rename(&self.part, &self.path).map_err(|error| self.unwritable(&error))?;
        self.writer = None;
        Ok(self.rows)
    }

    /// Writes the record and empties it.
    fn write_record(&mut self) -> bool {
        let Some(writer) = &mut self.writer else { return false };
        let written = writer.write_byte_record(&self.record);
        self.record.clear();
        if let Err(error) = written {
            self.error = Some(self.unwritable(&error));
        }
        self.error.is_none()
    }

    fn unwritable(&self, error: &dyn Display) -> FileError {
        failed("write", &self.path, error, "make room, or check who may write there")
    }
}

impl RowSink for CsvFile {
    fn row(&mut self, cells: &[Option<&str>]) -> bool {
        if self.error.is_some() {
            return false;
        }
        if cells.len() != self.foreign.len() {
            let message = format!("a row has {} cells under {} columns", cells.len(), self.foreign.len());
            self.error = Some(FileError(message));
            return false;
        }
        for (cell, foreign) in cells.iter().zip(&self.foreign) {
            let cell = cell.unwrap_or_default().as_bytes();
            if *foreign && matches!(cell.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')) {
                self.cell.clear();
                self.cell.push(b'\'');
                self.cell.extend_from_slice(cell);
                self.record.push_field(&self.cell);
            } else {
                self.record.push_field(cell);
            }
        }
        let written = self.write_record();
        self.rows += u64::from(written);
        written
    }
}

impl Drop for CsvFile {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            // What cannot be removed now is found when it has been left alone for a day.
            let _ = fs::remove_file(&self.part);
        }
    }
}

fn taken(path: &Path) -> FileError {
    FileError(format!("{} is there already; choose another name, or ask to replace it", path.display()))
}

#[cfg(test)]
mod tests;
