//! What a caller sent and nobody has judged yet: a field may be absent, null or a value, a text may be unsound.
//! The types that a draft is parsed into live with their nouns.

/// A member of a body: left out, `null`, or there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// The body does not have it.
    #[default]
    Absent,
    /// The body has it as `null`.
    Null,
    /// The body has a value of the right type.
    Value(T),
}

impl<T> Field<T> {
    /// The value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Whether the body has it at all.
    pub const fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

impl<T> From<Option<T>> for Field<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }
}

/// A string as it was sent: Unicode text, or something that no text can be (an unpaired surrogate).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// Unicode scalar values. They may still hold a NUL, be blank, or be too long.
    Sound(String),
    /// It held an unpaired surrogate (RFC 8259 §8.2).
    Unsound,
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Sound(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Sound(text)
    }
}
