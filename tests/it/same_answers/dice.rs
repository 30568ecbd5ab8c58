//! The dice of the random requests: all that is random comes from one seed, so that a run can be told again. With the texts that they throw.
//! What is asked is in `asks` and `visits`.

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// Numbers that depend on nothing but the seed.
pub struct Dice(TestRng);

/// Pieces of texts, for tickets and for searches alike, so that some of them are found: letters of many kinds, what two databases might
/// fold, split or read as syntax, and words as they stand in bug reports.
const FRAGMENTS: [&str; 104] = [
    "cart",
    "Cart",
    "CART",
    "checkout",
    "the",
    "and",
    "a",
    "is",
    "CRÈME",
    "creme",
    "cre\u{300}me",
    "Brûlée",
    "BRU\u{302}LE\u{301}E",
    "straße",
    "STRASSE",
    "ẞ",
    "İstanbul",
    "ıstanbul",
    "istanbul",
    "ISTANBUL",
    "ΣΊΣΥΦΟΣ",
    "σίσυφος",
    "ﬁn",
    "fin",
    "eﬀect",
    "ﷺ",
    "㍿",
    "㈝",
    "㉼",
    "日本語の文章です。",
    "日本",
    "文章",
    "한국어",
    "ㄱㅏ",
    "สวัสดี",
    "हिन्दी",
    "שלום",
    "מָקוֹם",
    "مرحبا",
    "\u{202e}abc\u{202c}",
    "a\u{200b}b",
    "a\u{200d}b",
    "a\u{ad}b",
    "e\u{301}",
    "é",
    "Å",
    "\u{212b}",
    "\u{1e9b}\u{323}",
    "😀",
    "👩\u{200d}👩\u{200d}👧",
    "🅐",
    "Ⓐ",
    "Ⅷ",
    "ⅷ",
    "viii",
    "²",
    "½",
    "٣",
    "𝔘𝔫𝔦",
    "𐐀𐐨",
    "ꙮ",
    "ـ",
    "ª",
    "foo_bar::baz",
    "foo",
    "bar",
    "WEB-4",
    "web-1",
    "FAR-1",
    "src/store/search.rs",
    "C:\\Windows\\x.dll",
    "mia.member@example.com",
    "example",
    "v1.2.3-rc.1",
    "1.2.3",
    "HADOOP-17930",
    "17930",
    "don't",
    "O'Brien",
    "\"quoted\"",
    "a:*",
    "x & y",
    "x | y",
    "!z",
    "(",
    ")",
    "*",
    "^",
    "{",
    "NEAR(a b)",
    "OR",
    "AND",
    "NOT",
    "_o _p1",
    "words:x",
    "<b>bold</b>",
    "100%",
    "_",
    "'); DROP TABLE tickets; --",
    "0",
    "007",
    "-1",
    "\u{feff}",
    "\u{2003}",
];

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    /// From 0 to below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from(self.0.next_u64() % end).unwrap()
    }

    /// Whether it falls under so many of a hundred.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// One of these words.
    pub fn word<'a>(&mut self, of: &[&'a str]) -> &'a str {
        self.pick::<&'a str>(of)
    }

    /// One of them, if there is any.
    pub fn any<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { Some(self.pick(of)) }
    }

    /// A fragment or a few.
    pub fn words(&mut self, most: usize) -> String {
        let mut text = String::new();
        for at in 0..=self.below(most) {
            if at > 0 && self.percent(85) {
                text.push(' ');
            }
            text.push_str(self.word(&FRAGMENTS));
        }
        text
    }

    /// A text that is well with those limits, or now and then at their borders, one beyond them, blank, or impossible.
    pub fn text(&mut self, minimum: usize, maximum: usize) -> String {
        match self.below(60) {
            0 => String::new(),
            1 => " \n\u{2003}".to_owned(),
            2 => "a\0b and some more of it".to_owned(),
            3 => self.exactly(minimum.saturating_sub(1)),
            4 => self.exactly(minimum),
            5 => self.exactly(maximum),
            6 => self.exactly(maximum + 1),
            7 => format!("\t {} \n", self.enough(minimum, maximum)),
            _ => self.enough(minimum, maximum),
        }
    }

    fn enough(&mut self, minimum: usize, maximum: usize) -> String {
        let mut text = self.words(6);
        while text.trim().chars().count() < minimum {
            text.push_str(" x");
            text.push_str(&self.words(3));
        }
        text.chars().take(maximum).collect()
    }

    /// So many characters, of one kind or mixed.
    fn exactly(&mut self, length: usize) -> String {
        let letters = self.word(&["x", "ü", "😀", "㉼", "ab ", "日"]);
        letters.chars().cycle().take(length).collect::<String>().replace(' ', "_")
    }

    /// Another id than any that there is.
    pub fn strange_id(&mut self) -> String {
        let bits = (u128::from(self.0.next_u64()) << 64) | u128::from(self.0.next_u64());
        uuid::Builder::from_u128(bits).with_version(uuid::Version::Random).into_uuid().to_string()
    }
}
