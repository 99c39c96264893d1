//! When a schedule fires.

use croner::Cron;
use infatica_tools::SchedulePreset;
use jiff::{Timestamp, tz::TimeZone};

mod cron;

/// When a schedule fires, in the words of its maker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct When {
    pub(crate) rhythm: Rhythm,
    /// Name of a zone of the IANA database, by whose clocks the rhythm goes.
    pub(crate) time_zone: String,
}

/// How often a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rhythm {
    /// A cron expression of five fields.
    Cron(String),
    Preset(SchedulePreset),
}

impl Rhythm {
    /// The cron expression that it stands for.
    fn cron(&self) -> &str {
        match self {
            Self::Cron(cron) => cron,
            Self::Preset(SchedulePreset::Hourly) => "0 * * * *",
            Self::Preset(SchedulePreset::Daily) => "0 0 * * *",
            Self::Preset(SchedulePreset::Weekly) => "0 0 * * SUN",
            Self::Preset(SchedulePreset::Monthly) => "0 0 1 * *",
        }
    }
}

/// What cannot be understood, and why.
#[derive(Debug, thiserror::Error)]
#[error("`{field}`: {why}")]
pub(crate) struct Unfit {
    /// The argument that says it.
    pub(crate) field: &'static str,
    pub(crate) why: String,
}

impl Unfit {
    fn cron(why: String) -> Self {
        Self { field: "cron", why }
    }
}

/// When a schedule fires, understood.
#[derive(Debug)]
pub(crate) struct Timing {
    cron: Cron,
    zone: TimeZone,
}

impl When {
    /// Understands it, which can fail for what was understood once: the zones are those of the
    /// machine.
    pub(crate) fn timing(&self) -> Result<Timing, Unfit> {
        Ok(Timing { cron: cron::parse(self.rhythm.cron())?, zone: zone(&self.time_zone)? })
    }

    /// The same in its usual spelling, if it can be understood and comes true some day.
    pub(crate) fn checked(self, now: Timestamp) -> Result<Self, Unfit> {
        let timing = self.timing()?;
        let rhythm = match self.rhythm {
            Rhythm::Cron(cron) => Rhythm::Cron(cron::fields(&cron).join(" ")),
            preset @ Rhythm::Preset(_) => preset,
        };
        if timing.next_after(now).is_none() {
            let why = format!("`{}` never fires: no month of those that it names has such a day", rhythm.cron());
            return Err(Unfit::cron(why));
        }
        Ok(Self { rhythm, time_zone: timing.zone.iana_name().unwrap_or(&self.time_zone).to_owned() })
    }
}

impl Timing {
    /// The first time to fire after an instant.
    pub(crate) fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        let next = self.cron.find_next_occurrence(&instant.to_zoned(self.zone.clone()), false).ok()?;
        Some(next.timestamp())
    }

    /// An instant by RFC 3339, with the offset that the zone has then.
    pub(crate) fn local(&self, instant: Timestamp) -> String {
        instant.display_with_offset(self.zone.to_offset(instant)).to_string()
    }
}

fn zone(name: &str) -> Result<TimeZone, Unfit> {
    // A zone without a name is the database's word for none.
    TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some()).ok_or_else(|| Unfit {
        field: "time_zone",
        why: format!(
            "there is no time zone `{name}`: give its name in the IANA database, such as `Europe/Berlin` or `UTC`"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(rhythm: Rhythm, zone: &str) -> When {
        When { rhythm, time_zone: zone.to_owned() }
    }

    /// The first times after an instant, by the clocks of the zone.
    fn times(when: &When, after: &str, count: usize) -> String {
        let timing = when.timing().unwrap();
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
            let when = when(Rhythm::Cron((*cron).to_owned()), zone);
            assert_eq!(times(&when, after, expected.split(' ').count()), *expected, "{cron} in {zone} after {after}");
        }
    }

    /// A Wednesday.
    const PRESETS: &[(SchedulePreset, &str)] = &[
        (SchedulePreset::Hourly, "2026-04-01T13:00:00+02:00 2026-04-01T14:00:00+02:00"),
        (SchedulePreset::Daily, "2026-04-02T00:00:00+02:00 2026-04-03T00:00:00+02:00"),
        (SchedulePreset::Weekly, "2026-04-05T00:00:00+02:00 2026-04-12T00:00:00+02:00"),
        (SchedulePreset::Monthly, "2026-05-01T00:00:00+02:00 2026-06-01T00:00:00+02:00"),
    ];

    #[test]
    fn a_preset_fires_when_its_description_says() {
        for (preset, expected) in PRESETS {
            let when = when(Rhythm::Preset(*preset), BERLIN);
            assert_eq!(times(&when, "2026-04-01T10:00:00Z", 2), *expected, "{preset:?}");
        }
    }

    #[test]
    fn what_never_fires_and_what_is_no_zone_is_refused() {
        let now = "2026-04-01T10:00:00Z".parse().unwrap();
        for cron in ["0 0 31 2 *", "0 0 30,31 FEB *", "0 0 31 4,6,9,11 *", "0 0 31W 2 *"] {
            let unfit = when(Rhythm::Cron(cron.to_owned()), "UTC").checked(now).unwrap_err();
            assert!(unfit.field == "cron" && unfit.why.contains("never fires"), "{cron}: {unfit}");
        }
        for zone in ["PST", "Berlin", "+01:00", "", "../UTC", "Etc/Unknown"] {
            let unfit = when(Rhythm::Preset(SchedulePreset::Daily), zone).checked(now).unwrap_err();
            assert!(unfit.field == "time_zone" && unfit.why.contains("`Europe/Berlin`"), "{zone}: {unfit}");
        }
        let spelled = when(Rhythm::Cron(" 0  0\t* * sun ".to_owned()), "europe/berlin").checked(now).unwrap();
        assert_eq!(spelled, when(Rhythm::Cron("0 0 * * sun".to_owned()), BERLIN));
    }
}
