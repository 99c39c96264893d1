//! When a schedule fires.

use infatica_tools::SchedulePreset;
use jiff::Timestamp;
use toolwright_support::timing::{self, Timing};

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

impl From<timing::Unfit> for Unfit {
    fn from(unfit: timing::Unfit) -> Self {
        match unfit {
            timing::Unfit::Cron(why) => Self { field: "cron", why },
            timing::Unfit::TimeZone(why) => Self { field: "time_zone", why },
        }
    }
}

impl When {
    /// Understands it, which can fail for what was understood once.
    pub(crate) fn timing(&self) -> Result<Timing, Unfit> {
        let cron = self.rhythm.cron();
        let mut timing = Timing::new(cron, &self.time_zone);
        if let Err(timing::Unfit::Cron(why)) = &mut timing
            && cron.contains('@')
        {
            why.push_str("; for a word such as `daily` there is `preset`");
        }
        Ok(timing?)
    }

    /// The same in its usual spelling, if it can be understood and comes true some day.
    pub(crate) fn checked(self, now: Timestamp) -> Result<Self, Unfit> {
        let timing = self.timing()?.checked(now)?;
        let rhythm = match self.rhythm {
            Rhythm::Cron(_) => Rhythm::Cron(timing.expression().to_owned()),
            preset @ Rhythm::Preset(_) => preset,
        };
        Ok(Self { rhythm, time_zone: timing.time_zone().to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(rhythm: Rhythm, zone: &str) -> When {
        When { rhythm, time_zone: zone.to_owned() }
    }

    const BERLIN: &str = "Europe/Berlin";

    /// The first two times after an instant, by the clocks of the zone.
    fn times(when: &When, after: &str) -> String {
        let timing = when.timing().unwrap();
        let first = timing.next_after(after.parse().unwrap()).unwrap();
        let second = timing.next_after(first).unwrap();
        [first, second].map(|time| timing.local(time)).join(" ")
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
            assert_eq!(times(&when, "2026-04-01T10:00:00Z"), *expected, "{preset:?}");
        }
    }

    #[test]
    fn what_is_unfit_is_told_by_its_argument() {
        let now = "2026-04-01T10:00:00Z".parse().unwrap();
        for (cron, zone, field, why) in [
            ("0 0 31 2 *", "UTC", "cron", "never fires"),
            ("@daily", "UTC", "cron", "there is `preset`"),
            ("0 0 * * *", "Berlin", "time_zone", "`Europe/Berlin`"),
        ] {
            let unfit = when(Rhythm::Cron(cron.to_owned()), zone).checked(now).unwrap_err();
            assert!(unfit.field == field && unfit.why.contains(why), "{cron} in {zone}: {unfit}");
        }
        let spelled = when(Rhythm::Cron(" 0  0\t* * sun ".to_owned()), "europe/berlin").checked(now).unwrap();
        assert_eq!(spelled, when(Rhythm::Cron("0 0 * * sun".to_owned()), BERLIN));
    }
}
