//! Files that people take away from the pages.

use std::sync::Arc;

use ipass_admin::{Export, ExportedFile, Exports};
use ipass_core::ports::{ExportColumn, FileError, RowSink};
use ipass_files::{CsvFile, ExportDirectory};

/// Makes them in the export directory.
pub(crate) struct DirectoryExports(pub(crate) Arc<ExportDirectory>);

impl Exports for DirectoryExports {
    fn create(&self, name: &str, columns: &[ExportColumn]) -> Result<Box<dyn Export>, FileError> {
        Ok(Box::new(CsvExport(self.0.create_csv(name, columns)?)))
    }
}

struct CsvExport(CsvFile);

impl RowSink for CsvExport {
    fn row(&mut self, cells: &[Option<&str>]) -> bool {
        self.0.row(cells)
    }
}

impl Export for CsvExport {
    fn finish(self: Box<Self>) -> Result<ExportedFile, FileError> {
        let path = self.0.path().to_owned();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(ExportedFile { name, path, rows: self.0.finish()? })
    }
}
