//! Counts and what is made of them.

/// To three decimals, so that no machine's logarithm makes a difference.
pub(super) fn thousandths(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// To two decimals.
pub(super) fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// A part of a whole, from 0 to 1; nothing has no part.
pub(super) fn share(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { thousandths(float(part) / float(whole)) }
}

/// How many there are.
pub(super) fn count<T>(things: impl IntoIterator<Item = T>) -> i64 {
    things.into_iter().fold(0, |count, _| count + 1)
}

#[expect(clippy::cast_precision_loss, reason = "no count comes near 2^53")]
pub(super) fn float(count: i64) -> f64 {
    count as f64
}
