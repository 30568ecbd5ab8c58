//! Moments and spans of time, in microseconds as they rest in the store.
//! The clock itself lives in `app`; here is only what a moment is and how it is written.

use std::fmt;
use std::str::FromStr;

use jiff::fmt::temporal::DateTimePrinter;

/// A moment, in microseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 UTC with six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// A span of time, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// So far ahead a moment may be that was told by the same clock: what two transactions are told at once.
const TOLERANCE: Span = Span(5_000_000);

impl Time {
    /// The last moment that can be written as RFC 3339.
    pub const LATEST: Self = Self(253_402_207_199_999_999);

    /// Whether less than `span` has passed since `then`. A moment that is still to come is none of this clock's (somebody has set it back), and
    /// nothing holds for longer by that.
    pub const fn is_within(self, span: Span, then: Self) -> bool {
        let passed = self.since(then).0;
        passed < span.0 && passed > -TOLERANCE.0
    }

    /// The moment that many microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment and `span` later; the last representable moment if that overflows.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// This moment and `span` earlier.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// The span from `earlier` to this moment.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// A span of whole days of 24 hours.
    pub const fn days(days: i64) -> Self {
        Self::seconds(days.saturating_mul(86_400))
    }

    /// A span of microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Its length in microseconds.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Its length in whole seconds, rounded up.
    pub const fn whole_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000) + if self.0.rem_euclid(1_000_000) > 0 { 1 } else { 0 }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_microsecond(self.0).map_err(|_| fmt::Error)?;
        PRINTER.print_timestamp(&moment, jiff::fmt::StdFmtWrite(f)).map_err(|_| fmt::Error)
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text is no RFC 3339 moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an RFC 3339 time such as 2024-01-15T10:30:00Z")]
pub struct NoTime;

impl FromStr for Time {
    type Err = NoTime;

    /// Reads RFC 3339 §5.6: date, `T`, time with seconds, and a zone (`Z` or an offset); fractions are cut to microseconds.
    fn from_str(text: &str) -> Result<Self, NoTime> {
        let bytes = text.as_bytes();
        let separated = bytes.len() >= 20 && bytes[10].eq_ignore_ascii_case(&b'T') && bytes[13] == b':' && bytes[16] == b':';
        let zoned = text.ends_with(['Z', 'z']) || matches!(bytes.get(bytes.len().wrapping_sub(6)), Some(b'+' | b'-'));
        if !separated || !zoned || text.contains('[') {
            return Err(NoTime);
        }
        text.parse::<jiff::Timestamp>().map(|moment| Self(moment.as_microsecond())).map_err(|_| NoTime)
    }
}

/// The text is no span such as `90d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a length of time such as 90d, 12h, 30m or 45s")]
pub struct NoSpan;

impl FromStr for Span {
    type Err = NoSpan;

    /// Reads a whole positive number and one unit: `s`, `m`, `h`, `d` or `w`; at most 100 years.
    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let unit = text.chars().last().ok_or(NoSpan)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(NoSpan),
        };
        let digits = &text[..text.len() - 1];
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoSpan);
        }
        let count: i64 = digits.parse().map_err(|_| NoSpan)?;
        let span = Self::seconds(count.checked_mul(seconds).ok_or(NoSpan)?);
        if span <= Self::ZERO || span > Self::days(36_525) { Err(NoSpan) } else { Ok(span) }
    }
}

impl fmt::Display for Span {
    /// In the largest unit that fits without a rest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.whole_seconds();
        for (unit, name) in [(86_400, 'd'), (3_600, 'h'), (60, 'm')] {
            if seconds % unit == 0 {
                return write!(f, "{}{name}", seconds / unit);
            }
        }
        write!(f, "{seconds}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_come_holds_for_no_longer() {
        let at = Time::from_micros;
        let hour = Span::seconds(3_600);
        assert!(at(3_599_999_999).is_within(hour, at(0)) && !at(3_600_000_000).is_within(hour, at(0)));
        assert!(at(0).is_within(hour, at(1_000)), "two that were told at once");
        assert!(!at(0).is_within(hour, at(10_000_000)), "the clock was set back");
        assert_eq!(Time::LATEST.to_string().parse::<Time>().unwrap(), Time::LATEST);
    }

    #[test]
    fn times_are_written_in_utc_with_six_decimals() {
        let time: Time = "2024-01-15T12:30:00.5+02:00".parse().unwrap();
        assert_eq!(time.to_string(), "2024-01-15T10:30:00.500000Z");
        assert_eq!("2024-01-15T10:30:00Z".parse::<Time>().unwrap().to_string(), "2024-01-15T10:30:00.000000Z");
    }

    #[test]
    fn what_is_no_rfc_3339_time_is_refused() {
        for wrong in ["", "2024", "2024-01-15", "2024-01-15T10:30:00", "2024-01-15 10:30:00Z", "2024-01-15T10:30Z", "2024-13-15T10:30:00Z"]
        {
            assert_eq!(wrong.parse::<Time>(), Err(NoTime), "{wrong}");
        }
    }

    #[test]
    fn spans_take_one_unit() {
        assert_eq!("90d".parse(), Ok(Span::days(90)));
        assert_eq!("2w".parse(), Ok(Span::days(14)));
        assert_eq!(Span::days(14).to_string(), "14d");
        for wrong in ["", "d", "0d", "-1d", "1.5h", "90", "99999999999999999999d", "90 d"] {
            assert_eq!(wrong.parse::<Span>(), Err(NoSpan), "{wrong}");
        }
    }
}
