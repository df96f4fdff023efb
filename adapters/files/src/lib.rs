#![doc = include_str!("../README.md")]

mod csv_file;
mod directory;
mod names;

pub use csv_file::CsvFile;
pub use directory::ExportDirectory;
