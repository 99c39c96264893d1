//! When a schedule fires: a cron expression by the clocks of a time zone.

use croner::Cron;
use jiff::{Timestamp, tz::TimeZone};

mod cron;

/// A cron expression of five fields and the zone by whose clocks it goes, understood.
#[derive(Debug, Clone)]
pub struct Timing {
    cron: Cron,
    expression: String,
    zone: TimeZone,
}

/// What cannot be understood, and what would be; each for whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The cron expression is wrong, or names no time that ever comes.
    #[error("{0}")]
    Cron(String),
    /// There is no such time zone.
    #[error("{0}")]
    TimeZone(String),
}

impl Timing {
    /// Understands a cron expression and the name of a zone in the IANA database. That can fail for what
    /// was understood once: the zones are those of the machine, where it has any.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn new(expression: &str, time_zone: &str) -> Result<Self, Unfit> {
        let cron = cron::parse(expression)?;
        Ok(Self { cron, expression: cron::fields(expression).join(" "), zone: zone(time_zone)? })
    }

    /// The same, if it fires at all after an instant: the 31st of February can be written, and never is.
    ///
    /// # Errors
    /// [`Unfit::Cron`], when it never does.
    pub fn checked(self, now: Timestamp) -> Result<Self, Unfit> {
        if self.next_after(now).is_none() {
            let expression = &self.expression;
            return Err(Unfit::Cron(format!(
                "`{expression}` never fires: no month of those that it names has such a day"
            )));
        }
        Ok(self)
    }

    /// The expression in its usual spelling, to be kept.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The name of the zone in its usual spelling, to be kept.
    pub fn time_zone(&self) -> &str {
        // A zone without a name is not taken.
        self.zone.iana_name().unwrap_or_default()
    }

    /// The first time to fire after an instant, if there is one.
    pub fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        let next = self.cron.find_next_occurrence(&instant.to_zoned(self.zone.clone()), false).ok()?;
        Some(next.timestamp())
    }

    /// An instant by RFC 3339, with the offset that the zone has then.
    pub fn local(&self, instant: Timestamp) -> String {
        instant.display_with_offset(self.zone.to_offset(instant)).to_string()
    }
}

fn zone(name: &str) -> Result<TimeZone, Unfit> {
    // A zone without a name is the database's word for none.
    TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some()).ok_or_else(|| {
        Unfit::TimeZone(format!(
            "there is no time zone `{name}`: give its name in the IANA database, such as `Europe/Berlin` or `UTC`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first times after an instant, by the clocks of the zone.
    fn times(timing: &Timing, after: &str, count: usize) -> String {
        let after = after.parse().unwrap();
        let times = std::iter::successors(timing.next_after(after), |last| timing.next_after(*last));
        times.take(count).map(|time| timing.local(time)).collect::<Vec<_>>().join(" ")
    }

    const BERLIN: &str = "Europe/Berlin";
    const NEW_YORK: &str = "America/New_York";

    /// Expressions, the instant from which they are asked, and the times that follow it.
    const TIMES: &[(&str, &str, &str, &str)] = &[
        ("* * * * *", "UTC", "2026-01-31T23:58:59.5Z", "2026-01-31T23:59:00+00:00 2026-02-01T00:00:00+00:00"),
        ("30 9 * * MON-FRI", BERLIN, "2026-01-02T12:00:00Z", "2026-01-05T09:30:00+01:00 2026-01-06T09:30:00+01:00"),
        ("30 9 * * mon-fri", BERLIN, "2026-01-02T12:00:00Z", "2026-01-05T09:30:00+01:00"),
        ("*/40 8-9 * * *", "UTC", "2026-01-01T08:00:00Z", "2026-01-01T08:40:00+00:00 2026-01-01T09:00:00+00:00"),
        ("0 0 29 FEB *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00+00:00 2032-02-29T00:00:00+00:00"),
        ("0 0 * * 7", "UTC", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00+00:00 2026-01-11T00:00:00+00:00"),
        // When both fields of days say something, either is enough.
        ("0 0 13 * FRI", "UTC", "2026-02-07T00:00:00Z", "2026-02-13T00:00:00+00:00 2026-02-20T00:00:00+00:00"),
        ("0 0 15 * FRI", "UTC", "2026-02-13T00:00:00Z", "2026-02-15T00:00:00+00:00 2026-02-20T00:00:00+00:00"),
        // The last day, the weekday next to one, the last Friday and the first Monday of a month.
        ("0 0 L * *", "UTC", "2026-02-01T00:00:00Z", "2026-02-28T00:00:00+00:00 2026-03-31T00:00:00+00:00"),
        ("0 0 15W * *", "UTC", "2026-02-01T00:00:00Z", "2026-02-16T00:00:00+00:00 2026-03-16T00:00:00+00:00"),
        ("0 0 LW * *", "UTC", "2026-02-01T00:00:00Z", "2026-02-27T00:00:00+00:00 2026-03-31T00:00:00+00:00"),
        ("0 0 * * FRIL", "UTC", "2026-02-01T00:00:00Z", "2026-02-27T00:00:00+00:00 2026-03-27T00:00:00+00:00"),
        ("0 0 * * MON#1", "UTC", "2026-02-03T00:00:00Z", "2026-03-02T00:00:00+00:00 2026-04-06T00:00:00+00:00"),
        // Clocks go forward: one time a day fires after the gap.
        ("30 2 * * *", BERLIN, "2026-03-28T12:00:00Z", "2026-03-29T03:00:00+02:00 2026-03-30T02:30:00+02:00"),
        ("30 2 * * *", NEW_YORK, "2026-03-07T12:00:00Z", "2026-03-08T03:00:00-04:00 2026-03-09T02:30:00-04:00"),
        ("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z", "2026-04-24T01:00:00+03:00 2026-04-25T00:00:00+03:00"),
        // Several times a day follow the clock, which leaves out an hour.
        ("0 * * * *", BERLIN, "2026-03-29T00:00:00Z", "2026-03-29T03:00:00+02:00 2026-03-29T04:00:00+02:00"),
        ("0 2,14 * * *", BERLIN, "2026-03-28T14:00:00Z", "2026-03-29T14:00:00+02:00 2026-03-30T02:00:00+02:00"),
        ("*/30 1-3 * * *", NEW_YORK, "2026-03-08T06:00:00Z", "2026-03-08T01:30:00-05:00 2026-03-08T03:00:00-04:00"),
        // Clocks go back: one time a day fires once, the first time.
        ("30 2 * * *", BERLIN, "2026-10-24T12:00:00Z", "2026-10-25T02:30:00+02:00 2026-10-26T02:30:00+01:00"),
        ("30 2 * * *", BERLIN, "2026-10-25T00:45:00Z", "2026-10-26T02:30:00+01:00"),
        ("30 1 * * *", NEW_YORK, "2026-10-31T12:00:00Z", "2026-11-01T01:30:00-04:00 2026-11-02T01:30:00-05:00"),
        // Several times a day follow the clock, which repeats an hour.
        ("0 * * * *", BERLIN, "2026-10-24T23:30:00Z", "2026-10-25T02:00:00+02:00 2026-10-25T02:00:00+01:00"),
        ("30 1,13 * * *", NEW_YORK, "2026-11-01T00:00:00Z", "2026-11-01T01:30:00-04:00 2026-11-01T01:30:00-05:00"),
    ];

    #[test]
    fn an_expression_fires_when_the_clocks_of_its_zone_say_so() {
        for (cron, zone, after, expected) in TIMES {
            let timing = Timing::new(cron, zone).unwrap();
            assert_eq!(times(&timing, after, expected.split(' ').count()), *expected, "{cron} in {zone} after {after}");
        }
    }

    #[test]
    fn what_never_fires_and_what_is_no_zone_is_refused() {
        let now = "2026-04-01T10:00:00Z".parse().unwrap();
        for cron in ["0 0 31 2 *", "0 0 30,31 FEB *", "0 0 31 4,6,9,11 *", "0 0 31W 2 *"] {
            let unfit = Timing::new(cron, "UTC").unwrap().checked(now).unwrap_err();
            assert!(matches!(&unfit, Unfit::Cron(why) if why.contains("never fires")), "{cron}: {unfit}");
        }
        for zone in ["PST", "Berlin", "+01:00", "", "../UTC", "Etc/Unknown"] {
            let unfit = Timing::new("0 0 * * *", zone).unwrap_err();
            assert!(matches!(&unfit, Unfit::TimeZone(why) if why.contains("`Europe/Berlin`")), "{zone}: {unfit}");
        }
        let spelled = Timing::new(" 0  0\t* * sun ", "europe/berlin").unwrap().checked(now).unwrap();
        assert_eq!((spelled.expression(), spelled.time_zone()), ("0 0 * * sun", BERLIN));
    }
}
