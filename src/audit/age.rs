//! What is too old, by a clock that can be wrong.

use std::time::Duration;

use tokio::time::Instant;

/// How long the time of day has to pass evenly before anything is deleted by it: as long as people need to see that it is wrong.
pub(super) const TRIED: Duration = Duration::from_hours(24);

/// How far it may be set in that time: a clock that is kept right is set by less, summer time does not change it at all.
const SET: Duration = Duration::from_hours(1);

/// The time of day, held against the time that passes.
pub(super) struct TriedClock {
    since: Instant,
    /// What it showed then, in microseconds.
    showed: i64,
}

impl TriedClock {
    /// A clock that shows a time in microseconds.
    pub(super) fn new(at: Instant, shows: i64) -> Self {
        Self { since: at, showed: shows }
    }

    /// Whether it can be gone by, now that it shows this. Once it was set, it is tried anew.
    pub(super) fn is_believed(&mut self, at: Instant, shows: i64) -> bool {
        let expected = self.showed.saturating_add(micros(at - self.since));
        if shows.saturating_sub(expected).saturating_abs() > micros(SET) {
            *self = Self::new(at, shows);
        }
        at - self.since >= TRIED
    }
}

/// In microseconds, as entries have their time.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours that pass, hours by which the clock is set at their end, and whether it is believed then.
    const STORIES: [&[(u64, i64, bool)]; 5] = [
        &[(0, 0, false), (23, 0, false), (1, 0, true), (500, 0, true)],
        // Kept right, a little at a time.
        &[(12, 1, false), (12, -1, true), (100, 1, true)],
        // Far ahead, and there for good.
        &[(30, 0, true), (1, 87_600, false), (23, 0, false), (1, 0, true)],
        // Far ahead, and right again.
        &[(30, 0, true), (1, 87_600, false), (2, -87_600, false), (23, 0, false), (1, 0, true)],
        &[(30, 0, true), (1, -48, false), (24, 0, true)],
    ];

    #[test]
    fn a_clock_is_believed_once_it_has_gone_evenly_for_a_day() {
        const HOUR: i64 = 3_600_000_000;
        for story in STORIES {
            let (mut at, mut shows) = (Instant::now(), 1_000 * HOUR);
            let mut clock = TriedClock::new(at, shows);
            for (step, &(hours, set, believed)) in story.iter().enumerate() {
                let passes = Duration::from_hours(hours);
                at += passes;
                shows += micros(passes) + set * HOUR;
                assert_eq!(clock.is_believed(at, shows), believed, "{story:?}, step {step}");
            }
        }
    }
}
