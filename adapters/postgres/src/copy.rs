//! Lines of `COPY` in text format, read back.

use std::ops::Range;

use ipass_sql_kit::cells::Cell;

/// The values of one line after the other, in memory that is used again.
pub(crate) struct Line<const N: usize> {
    text: Vec<u8>,
    values: [Option<Range<usize>>; N],
}

impl<const N: usize> Line<N> {
    pub(crate) const fn new() -> Self {
        Self { text: Vec::new(), values: [const { None }; N] }
    }

    /// The values of a line; `None` if it is not one of these cells.
    pub(crate) fn read(&mut self, line: &[u8], cells: &[Cell; N]) -> Option<[Option<&str>; N]> {
        self.text.clear();
        let mut fields = line.strip_suffix(b"\n")?.split(|byte| *byte == b'\t');
        for (cell, value) in cells.iter().zip(&mut self.values) {
            let field = fields.next()?;
            let start = self.text.len();
            *value = if field == br"\N" {
                None
            } else {
                match cell {
                    Cell::Text(_) | Cell::Number(_) => push_text(&mut self.text, field)?,
                    Cell::Time(_) => push_time(&mut self.text, field)?,
                }
                Some(start..self.text.len())
            };
        }
        if fields.next().is_some() {
            return None;
        }
        let text = std::str::from_utf8(&self.text).ok()?;
        Some(std::array::from_fn(|at| self.values.get(at)?.clone().and_then(|range| text.get(range))))
    }
}

/// Without the escapes that the server writes: those of C, for what would end a value or a line.
fn push_text(text: &mut Vec<u8>, field: &[u8]) -> Option<()> {
    let mut parts = field.split(|byte| *byte == b'\\');
    text.extend_from_slice(parts.next()?);
    while let Some(part) = parts.next() {
        let Some((letter, rest)) = part.split_first() else {
            // Two in a row stand for one.
            text.push(b'\\');
            text.extend_from_slice(parts.next()?);
            continue;
        };
        text.push(match letter {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            _ => return None,
        });
        text.extend_from_slice(rest);
    }
    Some(())
}

/// `2026-01-28 01:15:40.123+00`, which a session in UTC writes, as `2026-01-28T01:15:40.123Z`.
fn push_time(text: &mut Vec<u8>, field: &[u8]) -> Option<()> {
    let time = field.strip_suffix(b"+00")?;
    let space = time.iter().position(|byte| *byte == b' ')?;
    text.extend_from_slice(time.get(..space)?);
    text.push(b'T');
    text.extend_from_slice(time.get(space + 1..)?);
    text.push(b'Z');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELLS: [Cell; 3] = [Cell::Text("a"), Cell::Time("b"), Cell::Text("c")];

    #[test]
    fn values_are_what_they_were_in_the_table() {
        let mut line = Line::<3>::new();
        let read = line.read(b"a\\tb\\\\n\\\\\\n\t2026-01-28 01:15:40.123+00\t\\N\n", &CELLS).unwrap();
        assert_eq!(read, [Some("a\tb\\n\\\n"), Some("2026-01-28T01:15:40.123Z"), None]);
        let read = line.read("\t\\N\t\\\\N 中\n".as_bytes(), &CELLS).unwrap();
        assert_eq!(read, [Some(""), None, Some("\\N 中")]);
    }

    #[test]
    fn another_line_is_not_guessed_at() {
        let mut line = Line::<3>::new();
        for other in [
            &b"a\t\\N\n"[..],
            b"a\t\\N\tc\td\n",
            b"a\t\\N\tc",
            b"\\x\t\\N\tc\n",
            b"a\t2026-01-28 01:15:40+08\tc\n",
            b"a\t2026-01-28\tc\n",
            b"a\t\\N\t\xff\n",
        ] {
            assert!(line.read(other, &CELLS).is_none(), "{other:?}");
        }
    }
}
