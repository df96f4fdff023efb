//! A strict reader of RFC 4180, written from the standard and not from the writer.

use std::path::Path;

/// The lines of a file by their column names.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a file: a byte order mark, a head line, lines that end with CR LF and are equally long.
    #[track_caller]
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a file in UTF-8");
        let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
        let mut records = records(text);
        let columns = records.remove(0);
        for row in &records {
            assert_eq!(row.len(), columns.len(), "{row:?}");
        }
        Self { columns, rows: records }
    }

    /// The cells of a column, from the first row on.
    #[track_caller]
    pub(crate) fn column(&self, name: &str) -> Vec<&str> {
        let at = self.columns.iter().position(|column| column == name);
        let at = at.unwrap_or_else(|| panic!("a column {name} in {:?}", self.columns));
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }
}

#[track_caller]
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' => {
                assert_eq!(cell, "", "a quote inside of a bare cell");
                loop {
                    match chars.next().expect("a closing quote") {
                        '"' if chars.next_if_eq(&'"').is_some() => cell.push('"'),
                        '"' => break,
                        inside => cell.push(inside),
                    }
                }
                assert!(matches!(chars.peek(), Some(',' | '\r')), "text after a closing quote");
            }
            ',' => record.push(std::mem::take(&mut cell)),
            '\r' => {
                assert_eq!(chars.next(), Some('\n'), "a bare CR");
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            '\n' => panic!("a bare LF"),
            plain => cell.push(plain),
        }
    }
    assert!(record.is_empty() && cell.is_empty(), "the last line has no end");
    records
}
