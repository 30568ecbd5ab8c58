//! What an operation reads, measured while it reads: so a large answer is given up as soon as there is no room for it, and not when it is made.
//! On PostgreSQL the driver has all rows of a statement by then, so that there each thread of the pool may hold one answer's. How much room there is, and for whom, is for whoever sets the meter.

use super::error::{Error, Result};
use crate::model::escapes;

/// Told of what has been read since the last time, in the bytes that it becomes when it is written with escapes; says whether there is room.
pub type Meter = Box<dyn FnMut(u64) -> bool + Send>;

/// From this length on a text's characters are looked at; shorter ones are taken as they are, since looking costs a tenth of what a usual list does.
/// Whatever such a list becomes, `check_made` asks once more.
const LONG: usize = 4 << 10;

/// What each character that needs an escape takes more, at the most: `<` becomes `\u003c` in JSON, and `&#60;` in a page.
const ESCAPED: u64 = 5;

/// The length of a text when it is written.
pub(super) fn written(text: &str) -> u64 {
    if text.len() < LONG { text.len() as u64 } else { long(text) }
}

/// Apart, since few texts come here and all of them pass where this is called.
#[inline(never)]
fn long(text: &str) -> u64 {
    text.len() as u64 + ESCAPED * escapes::count(text.as_bytes())
}

/// Tells the meter, if there is one.
pub(super) fn note(meter: &mut Option<Meter>, bytes: u64) -> Result<()> {
    let has_room = meter.as_mut().is_none_or(|meter| meter(bytes));
    if has_room { Ok(()) } else { Err(Error::NoRoom) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_as_long_as_it_is_written() {
        assert_eq!(written("<b>"), 3);
        assert_eq!(written(&"x".repeat(10_000)), 10_000);
        assert_eq!(written(&"<".repeat(10_000)), 60_000);
        for text in [&"<\u{1}&".repeat(3_000), &"\"é\\".repeat(2_000)] {
            let json = serde_json::to_string(text).unwrap().replace('<', r"\u003c").replace('&', r"\u0026");
            assert!(written(text) + 2 >= json.len() as u64, "{} {}", written(text), json.len());
        }
    }
}
