//! Watches the bytes of a CSV file go by, to know on which line each row starts, whether the last one is whole, and to cut off what is too much.
//! Splits nothing itself: the `csv` crate does, but its line numbers drift at blank lines, it takes a cut file for a whole one, and it holds a row of any length.

use std::collections::VecDeque;
use std::io::{self, Read};

/// The most bytes of one row: far beyond a report with all its comments. All of a row is in memory at once, several times while it is read.
pub(super) const LONGEST_ROW: usize = 8 << 20;

/// The most fields of a row, and so the most columns of a file.
pub(super) const MOST_COLUMNS: usize = 2_000;

/// Why a row is cut off. Each completes a sentence about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooMuch {
    #[error("is longer than {} MiB; a quote that is never closed makes a row run on", LONGEST_ROW >> 20)]
    Bytes,
    #[error("has more than 2,000 fields")]
    Fields,
}

/// Where a row starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    /// On which line.
    pub(super) line: u64,
    /// Only its beginning has been handed on, for this.
    pub(super) fault: Option<TooMuch>,
}

/// A reader that remembers where rows start. Its states follow those of `csv_core`.
pub(super) struct Lines<R> {
    inner: R,
    /// What was read and not handed on yet.
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    /// What ends a row that is cut off, before anything else is handed on.
    ending: &'static [u8],
    state: State,
    line: u64,
    starts: VecDeque<Start>,
    row: Row,
    passed: u64,
    ended: bool,
}

/// How much of a row has gone by.
#[derive(Default)]
struct Row {
    bytes: usize,
    separators: usize,
    cut: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    RowStart,
    FieldStart,
    Bare,
    Quoted,
    /// A quote inside a quoted field: its end, or the first half of a doubled one.
    QuoteInQuoted,
}

impl<R> Lines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: vec![0; 64 << 10].into(),
            at: 0,
            end: 0,
            ending: b"",
            state: State::RowStart,
            line: 1,
            starts: VecDeque::new(),
            row: Row::default(),
            passed: 0,
            ended: false,
        }
    }

    /// Where the next row starts. To be asked once for each row, after it was read.
    pub(super) fn next_start(&mut self) -> Option<Start> {
        self.starts.pop_front()
    }

    /// How many bytes have gone by.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// Whether the row last asked for is the file's last and ends within quotes.
    pub(super) fn is_cut(&self) -> bool {
        self.ended && self.starts.is_empty() && self.state == State::Quoted
    }

    /// Whether what was just read lies within a row that is cut off, from its first byte to its last: a row of a gigabyte goes by in pieces.
    fn changes_nothing(&self) -> bool {
        let marks: &[u8] = match self.state {
            State::Quoted => b"\"\n",
            State::Bare => b",\r\n",
            _ => return false,
        };
        self.row.cut && !marks.iter().any(|mark| self.buffer[..self.end].contains(mark))
    }

    /// Whether the byte is handed on.
    fn watch(&mut self, byte: u8) -> bool {
        if self.state == State::RowStart && !matches!(byte, b'\r' | b'\n') {
            self.starts.push_back(Start { line: self.line, fault: None });
            self.row = Row::default();
            self.state = State::FieldStart;
        }
        let before = self.state;
        self.state = match (before, byte) {
            (State::Quoted, b'"') => State::QuoteInQuoted,
            (State::Quoted, _) | (State::FieldStart | State::QuoteInQuoted, b'"') => State::Quoted,
            (_, b'\r' | b'\n') => State::RowStart,
            (_, b',') => State::FieldStart,
            _ => State::Bare,
        };
        self.line += u64::from(byte == b'\n');
        if self.state == State::RowStart {
            // The end of a row that was cut off has been handed on already.
            return !std::mem::take(&mut self.row.cut);
        }
        if self.row.cut {
            return false;
        }
        self.row.bytes += 1;
        self.row.separators += usize::from(self.state == State::FieldStart);
        let fault = if self.row.bytes > LONGEST_ROW {
            TooMuch::Bytes
        } else if self.row.separators >= MOST_COLUMNS {
            TooMuch::Fields
        } else {
            return true;
        };
        if let Some(start) = self.starts.back_mut() {
            start.fault = Some(fault);
        }
        self.row.cut = true;
        self.ending = if before == State::Quoted { b"\"\n" } else { b"\n" };
        false
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut given = 0;
        while given < out.len() {
            if let [first, rest @ ..] = self.ending {
                (out[given], self.ending) = (*first, rest);
                given += 1;
            } else if self.at < self.end {
                let byte = self.buffer[self.at];
                self.at += 1;
                self.passed += 1;
                if self.watch(byte) {
                    out[given] = byte;
                    given += 1;
                }
            } else if given > 0 {
                break;
            } else {
                (self.at, self.end) = (0, self.inner.read(&mut self.buffer)?);
                if self.end == 0 {
                    self.ended = true;
                    break;
                }
                if self.changes_nothing() {
                    self.at = self.end;
                    self.passed += u64::try_from(self.end).unwrap_or(0);
                }
            }
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(text: &str) -> (Vec<u64>, bool) {
        let mut rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Lines::new(text.as_bytes()));
        let mut record = csv::ByteRecord::new();
        let mut found = Vec::new();
        while rows.read_byte_record(&mut record).unwrap() {
            found.push(rows.get_mut().next_start().unwrap().line);
        }
        assert_eq!(rows.get_mut().next_start(), None);
        (found, rows.get_ref().is_cut())
    }

    #[test]
    fn rows_start_where_an_editor_shows_them() {
        assert_eq!(starts("a,b\n1,2\n3,4"), (vec![1, 2, 3], false));
        assert_eq!(starts("a,b\r\n\r\n\n1,\"x\r\ny \"\" z\"\r\n3,4\r\n"), (vec![1, 4, 6], false));
        assert_eq!(starts("\n\na,b\"c\nd"), (vec![3, 4], false));
        assert_eq!(starts(",\n\"\"\nx"), (vec![1, 2, 3], false));
        assert_eq!(starts(""), (vec![], false));
    }

    #[test]
    fn a_row_that_ends_within_quotes_is_cut() {
        assert_eq!(starts("a,b\n1,\"x\ny"), (vec![1, 2], true));
        assert_eq!(starts("a,b\n1,\"x\ny\""), (vec![1, 2], false));
    }

    /// Finding 24: a row that is too much is cut off where it is, and the next one is read as it stands.
    #[test]
    fn what_is_too_much_is_cut_off_and_the_next_row_is_whole() {
        let long = "x".repeat(LONGEST_ROW + 10);
        let commas = ",".repeat(MOST_COLUMNS);
        let most = ",".repeat(MOST_COLUMNS - 1);
        for (row, fault, lines) in [
            (long.clone(), Some(TooMuch::Bytes), 1),
            (format!("a,\"{long}\n\"\"\n\",b"), Some(TooMuch::Bytes), 3),
            (format!("a,\"{}\"\"{long}\"", "x".repeat(LONGEST_ROW - 4)), Some(TooMuch::Bytes), 1),
            (commas, Some(TooMuch::Fields), 1),
            (most, None, 1),
            ("x".repeat(LONGEST_ROW), None, 1),
        ] {
            for end in ["\n", "\r\n"] {
                let text = format!("h,i{end}{row}{end}1,2{end}");
                let mut rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Lines::new(text.as_bytes()));
                let (mut record, mut found) = (csv::StringRecord::new(), Vec::new());
                while rows.read_record(&mut record).unwrap() {
                    assert!(record.as_slice().len() <= LONGEST_ROW);
                    found.push((rows.get_mut().next_start().unwrap(), record.clone()));
                }
                let starts: Vec<_> = found.iter().map(|(start, _)| *start).collect();
                let start = |line, fault| Start { line, fault };
                assert_eq!(starts, [start(1, None), start(2, fault), start(2 + lines, None)]);
                assert_eq!(found[2].1.iter().collect::<Vec<_>>(), ["1", "2"]);
                assert_eq!(rows.get_ref().passed(), text.len() as u64);
            }
        }
    }
}
