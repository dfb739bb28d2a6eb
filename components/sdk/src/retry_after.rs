//! How long a server asks to be left alone: the `Retry-After` header.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The months as HTTP dates have them.
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The milliseconds that a `Retry-After` asks for, in seconds or as any of the three forms of HTTP
/// dates, at the time `now`. A date that has passed is 0; what cannot be read is `None`.
pub fn retry_after_ms(value: &str, now: SystemTime) -> Option<u32> {
    let value = value.trim();
    let ms = match value.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => seconds * 1_000.0,
        Ok(_) => return None,
        Err(_) => {
            let until = UNIX_EPOCH + Duration::from_secs(http_date(value)?);
            until
                .duration_since(now)
                .map_or(0.0, |left| left.as_secs_f64() * 1_000.0)
        }
    };
    // As casts do: what is too large is the largest.
    Some(ms.ceil() as u32)
}

/// Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" or
/// "Sun Nov  6 08:49:37 1994".
fn http_date(text: &str) -> Option<u64> {
    let words: Vec<&str> = text
        .split([' ', '-', ','])
        .filter(|word| !word.is_empty())
        .collect();
    let (day, month, year, time) = match words.as_slice() {
        [_, day, month, year, time, "GMT"] => (day, month, year, time),
        [_, month, day, time, year] => (day, month, year, time),
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| name == month)? as u64 + 1;
    let day: u64 = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    let year: u64 = match year.len() {
        4 => year.parse().ok()?,
        // Two digits: nobody asks to wait for more than fifty years.
        2 => match year.parse::<u64>().ok()? {
            year @ 70.. => year + 1900,
            year => year + 2000,
        },
        _ => return None,
    };
    let mut parts = time.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if year < 1970 || hour > 23 || minute > 59 || second > 60 || parts.next().is_some() {
        return None;
    }
    Some(days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Days from 1970-01-01. Years are counted from March, so that a leap day is the last of its year.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leaps = year / 4 - year / 100 + year / 400;
    // 719468 days lie between 0000-03-01 and 1970-01-01.
    (year * 365 + leaps + of_year).saturating_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn seconds_are_milliseconds_times_a_thousand() {
        for (text, ms) in [
            ("0", 0),
            ("7", 7_000),
            (" 1.5 ", 1_500),
            ("99999999", u32::MAX),
        ] {
            assert_eq!(retry_after_ms(text, at(0)), Some(ms), "{text}");
        }
    }

    #[test]
    fn the_three_forms_of_a_date_are_the_same_time() {
        // RFC 9110 gives these three for one moment, which is 784111777 s after 1970.
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(retry_after_ms(text, at(784_111_770)), Some(7_000), "{text}");
            assert_eq!(
                retry_after_ms(text, at(784_111_780)),
                Some(0),
                "it has passed"
            );
        }
        let short = "Sunday, 06-Nov-33 08:49:37 GMT";
        let long = "Sun, 06 Nov 2033 08:49:37 GMT";
        assert_eq!(http_date(short), http_date(long));
    }

    #[test]
    fn leap_days_are_where_they_belong() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Sun, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
        ] {
            assert_eq!(http_date(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_nothing() {
        for text in [
            "",
            "soon",
            "-1",
            "inf",
            "NaN",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 25:49:37 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 94",
        ] {
            assert_eq!(retry_after_ms(text, at(0)), None, "{text}");
        }
    }
}
