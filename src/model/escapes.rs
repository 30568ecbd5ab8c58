//! Which bytes of a text become longer where it is written as JSON or into a page, found eight at a time.
//! What each of them becomes is `wire::json`'s affair, and the templates'.

/// One in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
const HIGHEST: u64 = ONES << 7;
const BYTES: usize = size_of::<u64>();

/// Bytes that differ in nothing but the bits that `mask` leaves out, as one comparison: `masked` is what all of them become without those.
#[derive(Clone, Copy)]
struct Alike {
    mask: u8,
    masked: u8,
}

/// `<` and `>`.
const TAGS: Alike = Alike { mask: 0xfd, masked: b'<' };
/// `"` and `&`.
const QUOTES: Alike = Alike { mask: 0xfb, masked: b'"' };
/// These, `#` and `'`.
const MORE_QUOTES: Alike = Alike { mask: 0xfa, masked: b'"' };

/// How many bytes stand before the first that JSON of ours escapes: those of RFC 8259 §7, and what begins a tag or an entity.
pub fn length_before(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks();
    for (at, word) in words.iter().enumerate() {
        if let Some(found) = first(marked(*word, QUOTES)) {
            return at * BYTES + found;
        }
    }
    match text.last_chunk() {
        // Some of its bytes have been looked at, and none of those is marked.
        Some(word) => first(marked(*word, QUOTES)).map_or(text.len(), |found| text.len() - BYTES + found),
        None => rest.iter().position(|byte| is_escaped(*byte)).unwrap_or(text.len()),
    }
}

/// How many bytes become longer in JSON or in a page, at the most: a `#` counts too.
pub fn count(text: &[u8]) -> u64 {
    let (words, rest) = text.as_chunks();
    // Each byte of a sum counts those in its place, of no more words than a byte can count.
    let sums = words.chunks(255).map(|words| words.iter().map(|word| marked(*word, MORE_QUOTES) >> 7).sum::<u64>());
    let in_words: u64 = sums.flat_map(u64::to_le_bytes).map(u64::from).sum();
    in_words + rest.iter().filter(|byte| is_escaped(**byte) || matches!(**byte, b'#' | b'\'')).count() as u64
}

const fn is_escaped(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'&' | b'<' | b'>' | b'\\')
}

/// The first marked byte.
fn first(marks: u64) -> Option<usize> {
    (marks != 0).then(|| marks.trailing_zeros() as usize / 8)
}

/// The highest bit of each byte that is a control character, `\`, one of `TAGS` or of `quotes`; the first byte is the lowest. No byte's sum or
/// difference reaches into the next one, so that each is judged by itself.
const fn marked(bytes: [u8; BYTES], quotes: Alike) -> u64 {
    let word = u64::from_le_bytes(bytes);
    // The highest bit falls in bytes below ' ' alone, and was not there before.
    let control = !((word | HIGHEST) - ONES * 0x20) & !word;
    (control | equal(word, 0xff, b'\\') | equal(word, TAGS.mask, TAGS.masked) | equal(word, quotes.mask, quotes.masked)) & HIGHEST
}

const fn equal(word: u64, mask: u8, masked: u8) -> u64 {
    let difference = (word & (ONES * mask as u64)) ^ (ONES * masked as u64);
    // The highest bit rises in all bytes but 0.
    !(((difference & !HIGHEST) + !HIGHEST) | difference)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted(text: &[u8]) -> u64 {
        text.iter().filter(|byte| is_escaped(**byte) || matches!(**byte, b'#' | b'\'')).count() as u64
    }

    fn position(text: &[u8]) -> usize {
        text.iter().position(|byte| is_escaped(*byte)).unwrap_or(text.len())
    }

    proptest! {
        #[test]
        fn each_byte_is_judged_by_itself(text in prop::collection::vec(prop_oneof![any::<u8>(), Just(b' '), Just(b'<')], 0..40)) {
            prop_assert_eq!(length_before(&text), position(&text));
            prop_assert_eq!(count(&text), counted(&text));
        }
    }

    #[test]
    fn long_texts_are_counted_whole() {
        for length in [2_039, 2_040, 2_041, 2_048, 100_003] {
            assert_eq!(count(&vec![b'<'; length]), length as u64);
        }
    }

    #[test]
    fn every_byte_beside_every_other_one() {
        for first in 0..=255 {
            for second in 0..=255 {
                let text = [b'a', first, second, b'a', b'a', b'a', b'a', b'a', b'a'];
                assert_eq!(length_before(&text), position(&text), "{first} {second}");
                assert_eq!(count(&text), counted(&text), "{first} {second}");
            }
        }
    }
}
