//! What is usual, told so that what is unusual does not move it.

/// By how much the median of absolute deviations is multiplied to be the standard deviation of what is normally distributed.
const NORMAL: f64 = 1.4826;

/// The median; of an even number, the upper of the two in the middle.
pub(super) fn median(values: &mut [i64]) -> Option<i64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    Some(*values.select_nth_unstable(middle).1)
}

/// By which factor values usually differ from their median. Times are distributed log-normally or wider, so that it is
/// factors that are alike, not differences.
pub(super) fn usual_factor(values: &[i64], median: i64) -> f64 {
    let logarithm = |value: i64| as_f64(value.max(1)).ln();
    let centre = logarithm(median);
    let mut deviations: Vec<f64> = values.iter().map(|value| (logarithm(*value) - centre).abs()).collect();
    let middle = deviations.len() / 2;
    if deviations.is_empty() {
        return 1.0;
    }
    (deviations.select_nth_unstable_by(middle, f64::total_cmp).1.to_owned() * NORMAL).exp()
}

/// The share of a part in a whole, from 0 to 1.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        as_f64(i64::try_from(part).unwrap_or(i64::MAX)) / as_f64(i64::try_from(whole).unwrap_or(i64::MAX))
    }
}

/// The share of an amount in another.
pub(super) fn share_of(part: i64, whole: i64) -> f64 {
    if whole <= 0 { 0.0 } else { as_f64(part.max(0)) / as_f64(whole) }
}

/// A number as one with a fraction.
#[expect(clippy::cast_precision_loss, reason = "what is compared differs by far more")]
pub(super) fn as_f64(number: i64) -> f64 {
    number as f64
}
