//! Identifiers: UUIDv7 with a phantom noun, so that a ticket's id cannot be passed for a project's.
//! What the nouns are lives in their own files; nothing here reads a clock or a random source.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use uuid::Uuid;

use super::time::Time;

/// The id of one `T`. Equal, ordered and hashed as its UUID.
pub struct Id<T> {
    uuid: Uuid,
    noun: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// An id made at `now` (RFC 9562 §5.7). `sequence` (12 bits are kept) orders ids of one transaction,
    /// `random` comes from the system's generator.
    pub fn new(now: Time, sequence: u16, random: [u8; 8]) -> Self {
        let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
        let mut bytes = [0_u8; 10];
        bytes[0] = (sequence >> 8).to_be_bytes()[1] & 0x0f;
        bytes[1] = sequence.to_be_bytes()[1];
        bytes[2..].copy_from_slice(&random);
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }

    /// The id that a UUID names.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, noun: PhantomData }
    }

    /// The UUID inside.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }

    /// The same UUID under another noun, where one row is two things (a project token is also a person).
    pub const fn cast<U>(self) -> Id<U> {
        Id::from_uuid(self.uuid)
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, f)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, f)
    }
}

/// The text is no UUID in its usual form (hyphenated, 36 characters, RFC 9562 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a UUID")]
pub struct NoId;

impl<T> FromStr for Id<T> {
    type Err = NoId;

    fn from_str(text: &str) -> Result<Self, NoId> {
        if text.len() != 36 {
            return Err(NoId);
        }
        Uuid::try_parse(text).map(Self::from_uuid).map_err(|_| NoId)
    }
}

impl<T> serde::Serialize for Id<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = Uuid::encode_buffer();
        serializer.serialize_str(self.uuid.as_hyphenated().encode_lower(&mut buffer))
    }
}

impl<'de, T> serde::Deserialize<'de> for Id<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing;

    #[test]
    fn ids_of_one_moment_keep_their_sequence() {
        let now = Time::from_micros(1_700_000_000_123_456);
        let first = Id::<Thing>::new(now, 1, [0xff; 8]);
        let second = Id::<Thing>::new(now, 2, [0; 8]);
        assert!(first < second);
        assert_eq!(first.uuid().get_version_num(), 7);
    }

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        assert!("0193a3c4-0000-7000-8000-000000000000".parse::<Id<Thing>>().is_ok());
        for wrong in ["", "0193a3c40000700080000000000000000000", "{0193a3c4-0000-7000-8000-000000000000}", "x"] {
            assert_eq!(wrong.parse::<Id<Thing>>(), Err(NoId), "{wrong}");
        }
    }
}
