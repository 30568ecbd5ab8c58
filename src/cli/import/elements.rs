//! Cuts a JSON array into its elements as the bytes go by, so that no more than one element is in memory, and that one within limits.
//! Whether an element is JSON is the affair of whoever takes it: here only strings and brackets are watched.

use std::io::{self, BufRead, BufReader, Read};

/// The most bytes of one element: far beyond an issue with all its comments. All of an element is in memory at once, several times while it is read.
pub(super) const LONGEST: usize = 8 << 20;

/// The most members and elements within one element: a member of a few bytes takes some hundred in memory.
pub(super) const MOST_VALUES: usize = 100_000;

/// How deep an element may be nested; GitHub's issues are four deep.
pub(super) const DEEPEST: usize = 100;

/// Why an element is not looked at. Each completes a sentence about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooMuch {
    #[error("is larger than {} MiB", LONGEST >> 20)]
    Bytes,
    #[error("holds more than 100,000 values")]
    Values,
    #[error("is nested deeper than {DEEPEST}")]
    Depth,
}

/// Why there are no more elements, although the array has not ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it ends in the middle of element {0}; is the file cut short?")]
    Cut(u64),
    #[error("something follows the end of the array on line {0}")]
    Trailing(u64),
    /// There is nothing but white space.
    #[error("there is nothing in it")]
    Nothing,
    /// It begins otherwise.
    #[error("it is no array")]
    NoArray,
}

/// One element of the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    /// Which, from 1.
    pub(super) number: u64,
    /// On which line of the file it begins.
    pub(super) line: u64,
    /// Its bytes have been left out for this.
    pub(super) fault: Option<TooMuch>,
}

/// The elements of an array that a reader holds.
pub(super) struct Elements<R> {
    inner: BufReader<R>,
    line: u64,
    number: u64,
    passed: u64,
    began: bool,
    ended: bool,
}

/// How far an element has come.
#[derive(Default)]
struct Open {
    depth: usize,
    values: usize,
    in_string: bool,
    escaped: bool,
    fault: Option<TooMuch>,
}

impl Open {
    /// Whether the byte, which follows the element, ends it.
    fn is_ended_by(&self, byte: u8) -> bool {
        !self.in_string && self.depth == 0 && matches!(byte, b',' | b']')
    }

    fn watch(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.values += usize::from(matches!(byte, b'{' | b'[' | b','));
        if self.depth > DEEPEST {
            self.fault = self.fault.or(Some(TooMuch::Depth));
        } else if self.values > MOST_VALUES {
            self.fault = self.fault.or(Some(TooMuch::Values));
        }
    }
}

impl<R: Read> Elements<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner: BufReader::with_capacity(64 << 10, inner), line: 1, number: 0, passed: 0, began: false, ended: false }
    }

    /// How many bytes have gone by.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// The next element, its bytes in `into`; `None` at the end of the array, behind which there is nothing more.
    pub(super) fn next(&mut self, into: &mut Vec<u8>) -> Result<Option<Element>, Broken> {
        into.clear();
        if self.ended {
            return Ok(None);
        }
        if !self.began {
            self.begin()?;
        }
        self.number += 1;
        let first = self.visible()?;
        let (number, line) = (self.number, self.line);
        if number == 1 && first == Some(b']') {
            self.take();
            return self.end();
        }
        let mut open = Open::default();
        loop {
            let byte = self.peek()?.ok_or(Broken::Cut(number))?;
            self.take_line(byte);
            if open.is_ended_by(byte) {
                if byte == b']' {
                    self.check_end()?;
                }
                return Ok(Some(Element { number, line, fault: open.fault }));
            }
            open.watch(byte);
            if open.fault.is_none() && into.len() >= LONGEST {
                open.fault = Some(TooMuch::Bytes);
            }
            if open.fault.is_none() {
                into.push(byte);
            } else if !into.is_empty() {
                *into = Vec::new();
            }
        }
    }

    fn begin(&mut self) -> Result<(), Broken> {
        match self.visible()? {
            None => Err(Broken::Nothing),
            Some(b'[') => {
                self.take();
                self.began = true;
                Ok(())
            }
            Some(_) => Err(Broken::NoArray),
        }
    }

    fn end(&mut self) -> Result<Option<Element>, Broken> {
        self.check_end()?;
        Ok(None)
    }

    fn check_end(&mut self) -> Result<(), Broken> {
        self.ended = true;
        if self.visible()?.is_some() { Err(Broken::Trailing(self.line)) } else { Ok(()) }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.inner.fill_buf() {
                Ok(buffer) => return Ok(buffer.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self) {
        self.inner.consume(1);
        self.passed += 1;
    }

    fn take_line(&mut self, byte: u8) {
        self.take();
        self.line += u64::from(byte == b'\n');
    }

    /// The next byte that is no white space, which stays there.
    fn visible(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.peek()? {
                Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) => self.take_line(byte),
                other => return Ok(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<(String, u64, Option<TooMuch>)>, Broken> {
        let (mut elements, mut bytes, mut found) = (Elements::new(text.as_bytes()), Vec::new(), Vec::new());
        while let Some(element) = elements.next(&mut bytes)? {
            found.push((String::from_utf8(bytes.clone()).unwrap().trim().to_owned(), element.line, element.fault));
        }
        Ok(found)
    }

    #[test]
    fn elements_are_found_whatever_stands_in_strings() {
        let found = all("[\n {\"a\": \"],}\\\"\", \"b\": [1, [2]]} ,\n 7, \"x,\\\\\" ] \n").unwrap();
        let texts: Vec<_> = found.iter().map(|(text, line, fault)| (text.as_str(), *line, fault.is_none())).collect();
        assert_eq!(texts, [("{\"a\": \"],}\\\"\", \"b\": [1, [2]]}", 2, true), ("7", 3, true), ("\"x,\\\\\"", 3, true)]);
        assert_eq!(all(" [ ] ").unwrap(), []);
        assert!(matches!(all(" \n"), Err(Broken::Nothing)));
        assert!(matches!(all("{}"), Err(Broken::NoArray)));
        assert!(matches!(all("[1] 2"), Err(Broken::Trailing(1))));
        for cut in ["[", "[1", "[{\"a\": 1}", "[1,", "[\"a]"] {
            assert!(matches!(all(cut), Err(Broken::Cut(_))), "{cut}");
        }
    }

    /// Finding 24: what is too much is left out as it goes by, and the next element is read.
    #[test]
    fn what_is_too_much_is_left_out() {
        let long = format!("[\"{}\",1]", "x".repeat(LONGEST));
        let deep = format!("[{}{},1]", "[".repeat(200), "]".repeat(200));
        let wide = format!("[[{}0],1]", "0,".repeat(MOST_VALUES));
        for (text, fault) in [(long, TooMuch::Bytes), (deep, TooMuch::Depth), (wide, TooMuch::Values)] {
            let found = all(&text).unwrap();
            assert_eq!(found, [(String::new(), 1, Some(fault)), ("1".to_owned(), 1, None)]);
        }
    }
}
