//! Tries what stands in parameters: cursors, ids, moments, lengths of time, codes of tickets, words for sorting.
//! How a query is cut into parameters is tried in `requests`.

use bugtome::model::id::Id;
use bugtome::model::pages::{Cursor, Sort, SortKey};
use bugtome::model::tickets::{Ticket, TicketCode};
use bugtome::model::time::{Span, Time};
use libfuzzer_sys::Corpus;

/// A text is read in one spelling only, and what is read is written as it was; a position made of any numbers leads back to itself.
pub fn attempt(data: &[u8]) -> Corpus {
    if let Some((numbers, _)) = data.split_first_chunk::<25>() {
        leads_back(numbers);
    }
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Keep };
    if let Some(cursor) = Cursor::parse(text) {
        assert_eq!(cursor.encode(), text, "a cursor has two spellings");
        assert!(text.len() < 80 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)), "{text}");
        // A position says nothing about whether there is such a moment, and asking for it may not fail.
        assert_eq!(cursor.time().micros(), cursor.value);
    }
    if let Some(sort) = Sort::from_word(text) {
        assert_eq!(sort.word(), text);
    }
    if let Ok(id) = text.parse::<Id<Ticket>>() {
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
    }
    if let Ok(time) = text.parse::<Time>() {
        let written = time.to_string();
        assert_eq!(written.parse(), Ok(time), "{text} is written as {written}");
    }
    if let Ok(span) = text.parse::<Span>() {
        assert!((0..=36_525 * 86_400).contains(&span.whole_seconds()), "{text}");
    }
    if let Some(code) = TicketCode::parse(text) {
        assert!(code.number > 0 && code.project.as_str().len() <= 10, "{text}");
    }
    Corpus::Keep
}

fn leads_back(numbers: &[u8; 25]) {
    let (value, rest) = numbers.split_first_chunk::<8>().expect("25 bytes hold eight");
    let (id, kind) = rest.split_first_chunk::<16>().expect("17 bytes hold sixteen");
    let key = [SortKey::CreatedAt, SortKey::UpdatedAt, SortKey::Priority][usize::from(kind[0] % 3)];
    let sort = Sort { key, descending: kind[0] >= 128 };
    let hex = format!("{:032x}", u128::from_be_bytes(*id));
    let hyphenated = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    let id: Id<Ticket> = hyphenated.parse().expect("any sixteen bytes are a UUID");
    let cursor = Cursor { sort, value: i64::from_le_bytes(*value), id };
    assert_eq!(Cursor::parse(&cursor.encode()), Some(cursor));
}
