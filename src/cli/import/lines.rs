//! Watches the bytes of a CSV file go by, to know on which line each row starts and whether the last one is whole.
//! Splits nothing itself: the `csv` crate does, but its line numbers drift at blank lines and it takes a cut file for a whole one.

use std::collections::VecDeque;
use std::io::{self, Read};

/// A reader that remembers where rows start. Its states follow those of `csv_core`.
pub(super) struct Lines<R> {
    inner: R,
    state: State,
    line: u64,
    starts: VecDeque<u64>,
    ended: bool,
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
        Self { inner, state: State::RowStart, line: 1, starts: VecDeque::new(), ended: false }
    }

    /// The line on which the next row starts. To be asked once for each row, after it was read.
    pub(super) fn next_start(&mut self) -> Option<u64> {
        self.starts.pop_front()
    }

    /// Whether the row last asked for is the file's last and ends within quotes.
    pub(super) fn is_cut(&self) -> bool {
        self.ended && self.starts.is_empty() && self.state == State::Quoted
    }

    fn watch(&mut self, byte: u8) {
        if self.state == State::RowStart && !matches!(byte, b'\r' | b'\n') {
            self.starts.push_back(self.line);
            self.state = State::FieldStart;
        }
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::QuoteInQuoted,
            (State::Quoted, _) | (State::FieldStart | State::QuoteInQuoted, b'"') => State::Quoted,
            (_, b'\r' | b'\n') => State::RowStart,
            (_, b',') => State::FieldStart,
            _ => State::Bare,
        };
        if byte == b'\n' {
            self.line += 1;
        }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.ended = count == 0 && !buffer.is_empty();
        buffer.iter().take(count).for_each(|byte| self.watch(*byte));
        Ok(count)
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
            found.push(rows.get_mut().next_start().unwrap());
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
}
