//! The ways in which other trackers write a moment.
//! What a moment is, and the one way in which bugtome writes it, lives in `model::time`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::model::time::Time;

/// Jira's spellings: its default, its default in English-speaking countries, and both with longer years or seconds.
const SPELLINGS: [&str; 12] = [
    "%d/%b/%y %I:%M %p",
    "%d/%b/%y %H:%M",
    "%d/%b/%y %I:%M:%S %p",
    "%d/%b/%y %H:%M:%S",
    "%d/%b/%Y %I:%M %p",
    "%d/%b/%Y %H:%M",
    "%d/%b/%Y %I:%M:%S %p",
    "%d/%b/%Y %H:%M:%S",
    "%d %b %Y %H:%M",
    "%d %b %Y %H:%M:%S",
    "%d/%b/%y",
    "%d/%b/%Y",
];

/// Reads a moment; one without a zone is UTC, one without a time of day is midnight.
pub(super) fn read(text: &str) -> Option<Time> {
    let text = text.trim();
    // A zone's name in brackets would be dropped in silence by what follows, and with it the right hour.
    if text.contains('[') {
        return None;
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(Time::from_micros(moment.as_microsecond()));
    }
    let text = text.strip_suffix("UTC").or_else(|| text.strip_suffix("GMT")).unwrap_or(text).trim_end();
    let local = text.parse::<DateTime>().ok().or_else(|| spelled(text))?;
    let moment = TimeZone::UTC.to_timestamp(local).ok()?;
    Some(Time::from_micros(moment.as_microsecond()))
}

fn spelled(text: &str) -> Option<DateTime> {
    SPELLINGS.iter().find_map(|spelling| {
        let parts = strtime::parse(spelling, text).ok()?;
        parts.to_datetime().ok().or_else(|| parts.to_date().ok().map(|date| date.at(0, 0, 0, 0)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_spelling_is_read() {
        for (text, moment) in [
            ("30/Sep/21 17:20", "2021-09-30T17:20:00.000000Z"),
            ("30/Sep/21 5:20 PM", "2021-09-30T17:20:00.000000Z"),
            ("30/Sep/21 12:05 AM", "2021-09-30T00:05:00.000000Z"),
            ("1/Jan/2020 9:05", "2020-01-01T09:05:00.000000Z"),
            ("01/Jan/99 09:05:07", "1999-01-01T09:05:07.000000Z"),
            ("2021-09-30 17:20", "2021-09-30T17:20:00.000000Z"),
            ("2021-09-30T17:20:01", "2021-09-30T17:20:01.000000Z"),
            ("2021-09-30T17:20:01Z", "2021-09-30T17:20:01.000000Z"),
            ("2021-09-30T17:20:01.123456789+02:00", "2021-09-30T15:20:01.123456Z"),
            ("2021-09-30T17:20:01.000+0000", "2021-09-30T17:20:01.000000Z"),
            ("2020-01-04 02:32:49+00:00", "2020-01-04T02:32:49.000000Z"),
            (" 2020-01-04 02:32:49 UTC ", "2020-01-04T02:32:49.000000Z"),
            ("2020-01-04", "2020-01-04T00:00:00.000000Z"),
            ("04/Jan/20", "2020-01-04T00:00:00.000000Z"),
        ] {
            assert_eq!(read(text).map(|time| time.to_string()).as_deref(), Some(moment), "{text}");
        }
    }

    #[test]
    fn what_could_mean_two_moments_is_refused() {
        for text in [
            "",
            "yesterday",
            "01/02/2020 10:00",
            "31/Feb/20 10:00",
            "2020-13-01",
            "2020-01-04 02:32:49 PST",
            "2020-01-04T02:00[Europe/Berlin]",
            "30/Sep/21 17:20 or so",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
