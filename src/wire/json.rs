//! JSON written straight into bytes, for the shapes of which one answer holds many and which are asked for most.
//! All other shapes are serialised by serde, and what the shapes are stands beside them.

use jiff::fmt::temporal::DateTimePrinter;

use crate::model::escapes;
use crate::model::id::Id;
use crate::model::time::Time;

/// JSON that is being written. Whoever writes sees to its brackets and commas; texts are escaped here.
#[derive(Debug, Default)]
pub struct Json(Vec<u8>);

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

impl Json {
    /// Nothing yet, with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Something that is JSON already: brackets, names, words of ours that need no escape.
    pub fn raw(&mut self, json: &str) -> &mut Self {
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// A string.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.0.push(b'"');
        self.within(text);
        self.0.push(b'"');
        self
    }

    /// A part of a string whose quotes the writer sets.
    pub fn within(&mut self, text: &str) -> &mut Self {
        let mut rest = text.as_bytes();
        loop {
            let plain = escapes::length_before(rest);
            self.0.extend_from_slice(&rest[..plain]);
            let Some(&byte) = rest.get(plain) else { break };
            self.escape(byte);
            rest = &rest[plain + 1..];
        }
        self
    }

    /// A string or null.
    pub fn text_or_null(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.raw("null"),
        }
    }

    /// A whole number.
    pub fn number(&mut self, number: i64) -> &mut Self {
        self.raw(itoa::Buffer::new().format(number))
    }

    /// An id without quotes.
    pub fn id<T>(&mut self, id: Id<T>) -> &mut Self {
        let mut buffer = uuid::Uuid::encode_buffer();
        self.raw(id.uuid().as_hyphenated().encode_lower(&mut buffer))
    }

    /// A moment, as [`Time`] is displayed.
    pub fn time(&mut self, time: Time) -> &mut Self {
        self.0.push(b'"');
        if let Ok(moment) = jiff::Timestamp::from_microsecond(time.micros()) {
            // Writing to a Vec cannot fail, and every moment that a store holds can be written.
            let _ = PRINTER.print_timestamp(&moment, &mut self.0);
        }
        self.0.push(b'"');
        self
    }

    /// RFC 8259 §7: the short form where there is one. What would begin a tag or an entity is escaped too, so that an answer that is taken for a
    /// page is none; here, so that the answer's length is known when it is asked whether there is room for it.
    fn escape(&mut self, byte: u8) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            _ => {
                let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                self.raw("\\u00").0.extend_from_slice(&digits);
                return;
            }
        };
        self.0.extend_from_slice(&[b'\\', short]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_escaped_as_serde_does_and_hold_no_tag(text in any::<String>(), plain in 0..100_usize) {
            let text = format!("{}{text}\u{0}\u{8}\t\n\u{c}\r\u{1f}\u{7f}\"\\/<b>&amp;", "ä".repeat(plain));
            let mut json = Json::default();
            json.text(&text);
            let serde = serde_json::to_string(&text).unwrap().replace('<', r"\u003c").replace('>', r"\u003e").replace('&', r"\u0026");
            prop_assert_eq!(String::from_utf8(json.into_bytes()).unwrap(), serde);
        }

        #[test]
        fn times_are_written_as_they_are_displayed(micros in -62_135_596_800_000_000..253_402_207_200_000_000_i64) {
            let time = Time::from_micros(micros);
            let mut json = Json::default();
            json.time(time);
            prop_assert_eq!(String::from_utf8(json.into_bytes()).unwrap(), format!("\"{time}\""));
        }
    }
}
