use std::io;

use super::*;

const fn column(name: &'static str, foreign: bool) -> ExportColumn {
    ExportColumn { name, foreign }
}

const COLUMNS: [ExportColumn; 3] = [column("sku", true), column("difference", false), column("detail", true)];

/// A disk with room for so many bytes.
struct Disk(usize);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.0 {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.0 -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_has_a_mark_a_head_and_quoted_cells_and_appears_when_it_is_complete() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("out.csv");
    let mut csv = CsvFile::at(&path, &COLUMNS).unwrap();
    assert!(csv.row(&[Some("A-1"), Some("-5"), None]));
    assert!(csv.row(&[Some("中文"), None, Some("a \"b\", c\nd")]));
    assert!(!path.exists());
    assert_eq!((csv.rows(), csv.path()), (2, path.as_path()));
    assert_eq!(csv.finish().unwrap(), 2);
    let expected = "\u{feff}sku,difference,detail\r\nA-1,-5,\r\n中文,,\"a \"\"b\"\", c\nd\"\r\n";
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}

#[test]
fn a_foreign_cell_that_looks_like_a_formula_is_made_inert_and_ours_stay_numbers() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("out.csv");
    let mut csv = CsvFile::at(&path, &COLUMNS).unwrap();
    for cell in ["=1+1", "+1", "-1", "@a", "\ta", "\ra", "a=1", " =1", "'=1", ""] {
        assert!(csv.row(&[Some(cell), Some("-1"), Some("x")]));
    }
    csv.finish().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let mut reader = csv::ReaderBuilder::new().from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cells: Vec<&str> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(cells, ["'=1+1", "'+1", "'-1", "'@a", "'\ta", "'\ra", "a=1", " =1", "'=1", ""]);
    assert!(rows.iter().all(|row| &row[1] == "-1"));
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_told() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("out.csv");
    fs::write(&path, "old").unwrap();
    let error = CsvFile::at(&path, &COLUMNS).err().unwrap().to_string();
    assert!(error.contains("out.csv is there already"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    let csv = CsvFile::replacing(&path, &COLUMNS).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old", "until it is complete");
    csv.finish().unwrap();
    assert!(fs::read_to_string(&path).unwrap().ends_with("detail\r\n"));
}

#[test]
fn a_file_that_turns_up_in_the_meantime_is_not_overwritten() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("out.csv");
    let csv = CsvFile::at(&path, &COLUMNS).unwrap();
    fs::write(&path, "theirs").unwrap();
    assert!(csv.finish().is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}

#[test]
fn two_writers_of_one_name_do_not_mix() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("out.csv");
    let first = CsvFile::at(&path, &COLUMNS).unwrap();
    assert!(CsvFile::at(&path, &COLUMNS).err().unwrap().to_string().contains("out.csv.part"));
    first.finish().unwrap();
}

#[test]
fn a_file_that_is_dropped_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let mut csv = CsvFile::at(&temp.path().join("out.csv"), &COLUMNS).unwrap();
    assert!(csv.row(&[Some("A"), Some("1"), None]));
    drop(csv);
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
}

#[test]
fn a_full_disk_ends_the_rows_and_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let (path, part) = (temp.path().join("out.csv"), temp.path().join("out.csv.part"));
    fs::write(&part, "").unwrap();
    let mut csv = CsvFile::over(Box::new(Disk(BUFFER + 100)), &path, part.clone(), &COLUMNS).unwrap();
    let detail = "x".repeat(1_000);
    let rows = (0..10_000).take_while(|_| csv.row(&[Some("A"), Some("1"), Some(&detail)])).count();
    assert!((200..700).contains(&rows), "{rows}");
    assert!(!csv.row(&[None, None, None]));
    let error = csv.finish().unwrap_err().to_string();
    assert!(error.contains("out.csv") && error.contains("make room"), "{error}");
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
}

#[test]
fn a_disk_that_is_full_at_the_very_end_or_at_the_start_is_an_error_too() {
    let temp = tempfile::tempdir().unwrap();
    let (path, part) = (temp.path().join("out.csv"), temp.path().join("out.csv.part"));
    fs::write(&part, "").unwrap();
    let mut csv = CsvFile::over(Box::new(Disk(10)), &path, part.clone(), &COLUMNS).unwrap();
    assert!(csv.row(&[Some("A"), None, None]));
    assert!(csv.finish().is_err());
    assert!(!path.exists() && !part.exists());
    fs::write(&part, "").unwrap();
    assert!(CsvFile::over(Box::new(Disk(2)), &path, part.clone(), &COLUMNS).is_err());
    assert!(!part.exists());
}

#[test]
fn a_row_of_the_wrong_width_is_an_error() {
    let temp = tempfile::tempdir().unwrap();
    let mut csv = CsvFile::at(&temp.path().join("out.csv"), &COLUMNS).unwrap();
    assert!(!csv.row(&[None, None]));
    assert!(csv.finish().unwrap_err().to_string().contains("2 cells under 3 columns"));
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
}
