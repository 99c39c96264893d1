//! What callers and schedules ask a run for.

use serde::Deserialize;

use crate::error::ApiError;

/// How long a prompt can be, in characters.
const MAX_PROMPT: usize = 2000;

/// What is looked for when nobody says.
const DEFAULT_PROMPT: &str = "Find what fails and what wastes time or tokens.";

/// How far back is read when nobody says.
const DEFAULT_REACH: &str = "24h";

/// How far back a run reads: a number of up to four digits, and a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    text: String,
    nanoseconds: i64,
}

impl Reach {
    /// Understands what a caller wrote in the field `window`.
    pub(super) fn of(text: Option<&str>) -> Result<Self, ApiError> {
        let text = text.unwrap_or(DEFAULT_REACH);
        let nanoseconds = nanoseconds(text).ok_or_else(|| {
            ApiError::invalid("window", "write a number from 1 to 9999 and a unit: `90m`, `24h`, `7d` or `2w`")
        })?;
        Ok(Self { text: text.to_owned(), nanoseconds })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it begins when it ends at an instant of the database.
    pub(super) fn before(&self, end: i64) -> i64 {
        end.saturating_sub(self.nanoseconds)
    }
}

fn nanoseconds(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let is_number = (1..=4).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
    let number: i64 = number.parse().ok().filter(|_| is_number && !number.starts_with('0'))?;
    // Ten thousand weeks are fewer than the 292 years that the database can keep.
    number.checked_mul(seconds)?.checked_mul(1_000_000_000)
}

/// What a run is to look for.
pub(super) fn prompt(text: Option<String>) -> Result<String, ApiError> {
    let text = text.unwrap_or_else(|| DEFAULT_PROMPT.to_owned());
    if text.trim().is_empty() || text.chars().count() > MAX_PROMPT {
        return Err(ApiError::invalid("prompt", format!("write 1 to {MAX_PROMPT} characters, or leave it out")));
    }
    Ok(text)
}

/// The body of what asks for a run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunBody {
    pub(super) agent: String,
    pub(super) window: Option<String>,
    pub(super) prompt: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_number_and_a_unit() {
        const HOUR: i64 = 3_600_000_000_000;
        for (text, hours) in [("60m", 1), ("24h", 24), ("7d", 168), ("2w", 336), ("9999w", 1_679_832)] {
            assert_eq!(Reach::of(Some(text)).unwrap().before(0), -hours * HOUR, "{text}");
        }
        assert_eq!(Reach::of(None).unwrap().as_str(), "24h");
        for text in ["", "h", "0h", "01h", "-1h", "+1h", "10000h", "1", "1y", "1 h", "1H", "é", "1é"] {
            assert!(matches!(Reach::of(Some(text)), Err(ApiError::Invalid { .. })), "{text}");
        }
    }
}
