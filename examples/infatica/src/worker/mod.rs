//! What the workers do: `pages` collects, and `analyses` finds out what was collected.

use std::time::Duration;

use crate::collect::Recovery;

pub(crate) mod analyses;
pub(crate) mod pages;
#[cfg(test)]
mod tests;

/// How long to wait after the first fault that may pass, and after the second. A third is one too many.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];

/// The longest pause that the other side can ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// How long to wait before another attempt at a task that has met a fault, and so many before; `None`
/// when there is to be none.
fn pause(recovery: Recovery, earlier_faults: i64) -> Option<Duration> {
    let Recovery::Later(wish) = recovery else { return None };
    let pause = *PAUSES.get(usize::try_from(earlier_faults).ok()?)?;
    Some(wish.map_or(pause, |wish| wish.clamp(pause, LONGEST_PAUSE)))
}
