//! Moments as a reader sees them: in the reader's zone, near ones by their distance.
//! What a moment is, is `model::time`'s; which zone a reader chose is kept with the reader.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::time::Time;

/// The zone in which a reader's times are written.
#[derive(Debug, Clone)]
pub(super) struct Zone(TimeZone);

/// A moment in the words that pages need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    /// For `datetime=`: RFC 3339 in UTC.
    pub(super) iso: String,
    /// All of it: `26 Nov 2026, 14:03 CET`.
    pub(super) full: String,
    /// As short as is clear: `5 minutes ago`, `yesterday, 22:10`, `3 Nov, 14:02`, `3 Nov 2025`.
    pub(super) near: String,
    /// The day alone: `3 Nov 2025`.
    pub(super) day: String,
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

impl Zone {
    /// The zone of this IANA name, from the database that is built in; UTC when there is none, or it is unknown.
    pub(super) fn named(name: Option<&str>) -> Self {
        // jiff keeps the zones that it has read, so this is a look-up after the first time.
        let zone = name.and_then(|name| TimeZone::get(name).ok());
        Self(zone.unwrap_or(TimeZone::UTC))
    }

    /// Writes down the moment `at` for someone who reads it at `now`.
    pub(super) fn stamp(&self, at: Time, now: Time) -> Stamp {
        let moment = moment(at);
        let zoned = moment.to_zoned_datetime(self.0.clone());
        Stamp {
            iso: moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            full: zoned.strftime("%-d %b %Y, %H:%M %Z").to_string(),
            near: self.near(at, now),
            day: zoned.strftime("%-d %b %Y").to_string(),
        }
    }

    /// The day of the moment as a field for dates has it: `2026-11-26`.
    pub(super) fn date(&self, at: Time) -> String {
        moment(at).to_zoned_datetime(self.0.clone()).strftime("%Y-%m-%d").to_string()
    }

    /// When the day ends that a field for dates holds; `None` where it holds none.
    pub(super) fn end_of_day(&self, date: &str) -> Option<Time> {
        let day: Date = date.parse().ok()?;
        let next = day.tomorrow().ok()?.to_zoned_datetime(self.0.clone()).ok()?;
        Some(Time::from_micros(next.timestamp().as_microsecond()))
    }

    fn near(&self, at: Time, now: Time) -> String {
        let (then, today) = (moment(at).to_zoned_datetime(self.0.clone()), moment(now).to_zoned_datetime(self.0.clone()));
        let seconds = now.seconds().saturating_sub(at.seconds());
        let (distance, past) = (seconds.saturating_abs(), seconds >= 0);
        if distance < MINUTE {
            return "just now".to_owned();
        }
        if distance < HOUR {
            return apart(distance / MINUTE, "minute", past);
        }
        // Calendar days, which have 23 or 25 hours now and then.
        let days = today.date().duration_since(then.date()).as_hours() / 24;
        match days {
            0 => apart(distance / HOUR, "hour", past),
            1 => then.strftime("yesterday, %H:%M").to_string(),
            -1 => then.strftime("tomorrow, %H:%M").to_string(),
            _ if then.year() == today.year() => then.strftime("%-d %b, %H:%M").to_string(),
            _ => then.strftime("%-d %b %Y").to_string(),
        }
    }
}

/// The moment; what no calendar reaches is the end of the calendar.
fn moment(time: Time) -> Timestamp {
    let end = if time.micros() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_microsecond(time.micros()).unwrap_or(end)
}

fn apart(count: i64, unit: &str, past: bool) -> String {
    let plural = if count == 1 { "" } else { "s" };
    if past { format!("{count} {unit}{plural} ago") } else { format!("in {count} {unit}{plural}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(zone: &str, at: &str, now: &str) -> String {
        Zone::named(Some(zone)).stamp(at.parse().unwrap(), now.parse().unwrap()).near
    }

    #[test]
    fn near_moments_are_told_by_their_distance_and_far_ones_by_their_date() {
        let now = "2026-11-26T13:03:00Z";
        for (at, wanted) in [
            ("2026-11-26T13:03:00Z", "just now"),
            ("2026-11-26T13:02:01Z", "just now"),
            ("2026-11-26T13:02:00Z", "1 minute ago"),
            ("2026-11-26T12:58:00Z", "5 minutes ago"),
            ("2026-11-26T12:03:00Z", "1 hour ago"),
            ("2026-11-26T10:00:00Z", "3 hours ago"),
            ("2026-11-25T21:10:00Z", "yesterday, 22:10"),
            ("2026-11-03T13:02:00Z", "3 Nov, 14:02"),
            ("2025-11-03T13:02:00Z", "3 Nov 2025"),
            ("2026-11-26T13:03:30Z", "just now"),
            ("2026-11-26T13:08:00Z", "in 5 minutes"),
            ("2026-11-26T15:03:00Z", "in 2 hours"),
            ("2026-11-27T09:00:00Z", "tomorrow, 10:00"),
            ("2026-12-03T09:00:00Z", "3 Dec, 10:00"),
            ("2027-02-03T09:00:00Z", "3 Feb 2027"),
        ] {
            assert_eq!(near("Europe/Berlin", at, now), wanted, "{at}");
        }
        // The day is the reader's: in UTC both lie on one.
        assert_eq!(near("Europe/Berlin", "2026-11-26T22:30:00Z", "2026-11-26T23:45:00Z"), "yesterday, 23:30");
        assert_eq!(near("UTC", "2026-11-26T22:30:00Z", "2026-11-26T23:45:00Z"), "1 hour ago");
    }

    #[test]
    fn a_day_ends_where_its_reader_is() {
        let end = |zone: &str, date: &str| Zone::named(Some(zone)).end_of_day(date).map(|end| end.to_string());
        assert_eq!(end("Europe/Berlin", "2026-11-26").as_deref(), Some("2026-11-26T23:00:00.000000Z"));
        assert_eq!(end("UTC", "2026-11-26").as_deref(), Some("2026-11-27T00:00:00.000000Z"));
        for wrong in ["", "26.11.2026", "2026-02-30", "tomorrow", "9999-12-31"] {
            assert_eq!(end("UTC", wrong), None, "{wrong}");
        }
        assert_eq!(Zone::named(Some("Europe/Berlin")).date("2026-11-26T23:30:00Z".parse().unwrap()), "2026-11-27");
    }

    #[test]
    fn a_day_that_has_23_hours_is_a_day() {
        assert_eq!(near("Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T20:00:00Z"), "yesterday, 13:00");
        assert_eq!(near("Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"), "yesterday, 14:00");
    }

    #[test]
    fn the_zones_are_built_in_and_an_unknown_one_is_utc() {
        let at = "2026-11-26T13:03:09.5Z".parse().unwrap();
        let full = |zone: Option<&str>| Zone::named(zone).stamp(at, at).full;
        assert_eq!(full(Some("Europe/Berlin")), "26 Nov 2026, 14:03 CET");
        assert_eq!(full(Some("America/New_York")), "26 Nov 2026, 08:03 EST");
        assert_eq!(full(Some("Asia/Kathmandu")), "26 Nov 2026, 18:48 +0545");
        for unknown in [None, Some("UTC"), Some(""), Some("Mars/Olympus"), Some("../../etc/passwd")] {
            assert_eq!(full(unknown), "26 Nov 2026, 13:03 UTC", "{unknown:?}");
        }
        let stamp = Zone::named(None).stamp(at, at);
        assert_eq!((stamp.iso.as_str(), stamp.day.as_str()), ("2026-11-26T13:03:09Z", "26 Nov 2026"));
    }

    proptest! {
        #[test]
        fn every_moment_can_be_written(at in any::<i64>(), now in any::<i64>(), name in "(\\PC{0,20}|Europe/Berlin|Pacific/Apia)") {
            let stamp = Zone::named(Some(&name)).stamp(Time::from_micros(at), Time::from_micros(now));
            prop_assert!(!stamp.near.is_empty() && stamp.iso.ends_with('Z'));
        }
    }
}
