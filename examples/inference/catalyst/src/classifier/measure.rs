//! What a classifier is worth on examples.

use serde::{Deserialize, Serialize};

use super::{Classifier, features::Vector};

/// What was measured after a pass over the training items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Epoch {
    /// Which pass, from 1.
    pub(crate) epoch: u32,
    /// The mean cross-entropy on the training items, in nats.
    pub(crate) training_loss: f64,
    /// The mean cross-entropy on the validation items, in nats.
    pub(crate) validation_loss: f64,
    /// The share of validation items that it answers right.
    pub(crate) validation_accuracy: f64,
}

/// What a trained classifier is worth, on items that it was not trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Metrics {
    pub(crate) training_items: usize,
    pub(crate) validation_items: usize,
    pub(crate) labels: usize,
    pub(crate) accuracy: f64,
    /// What the label alone would reach that is the most frequent one among the training items.
    pub(crate) baseline_accuracy: f64,
    /// The mean of the F1 scores of all labels that are expected or given.
    pub(crate) macro_f1: f64,
    /// The mean cross-entropy, in nats.
    pub(crate) loss: f64,
}

/// A text's vector, and the number of its label.
pub(super) type Item = (Vector, usize);

/// What a classifier says of items.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) loss: f64,
    pub(super) accuracy: f64,
    pub(super) macro_f1: f64,
}

impl Measured {
    pub(super) fn of(classifier: &Classifier, items: &[Item]) -> Self {
        let mut tallies = vec![Tally::default(); classifier.labels.len()];
        let mut loss = 0.0;
        for (vector, label) in items {
            let probabilities = softmax(&classifier.scores(vector));
            // What a model thinks impossible would cost infinitely much.
            loss -= probabilities[*label].max(f64::MIN_POSITIVE).ln();
            let given = best(&probabilities);
            tallies[*label].expected += 1;
            tallies[given].given += 1;
            tallies[*label].right += usize::from(given == *label);
        }
        let right = tallies.iter().map(|tally| tally.right).sum();
        let scores: Vec<f64> = tallies.iter().filter_map(Tally::f1).collect();
        Self {
            loss: loss / count(items.len()),
            accuracy: share(right, items.len()),
            macro_f1: scores.iter().sum::<f64>() / count(scores.len()),
        }
    }
}

/// How a label did.
#[derive(Debug, Clone, Default)]
struct Tally {
    expected: usize,
    given: usize,
    right: usize,
}

impl Tally {
    /// The harmonic mean of precision and recall; none for a label that is neither expected nor given.
    fn f1(&self) -> Option<f64> {
        let all = self.expected + self.given;
        (all > 0).then(|| share(2 * self.right, all))
    }
}

/// Probabilities by how much speaks for each label.
pub(super) fn softmax(scores: &[f32]) -> Vec<f64> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut powers: Vec<f64> = scores.iter().map(|score| f64::from(score - highest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    for power in &mut powers {
        *power /= sum;
    }
    powers
}

/// The number of the greatest; of several, the first.
pub(super) fn best(probabilities: &[f64]) -> usize {
    (0..probabilities.len()).reduce(|a, b| if probabilities[b] > probabilities[a] { b } else { a }).unwrap_or_default()
}

pub(super) fn share(part: usize, all: usize) -> f64 {
    count(part) / count(all)
}

#[expect(clippy::cast_precision_loss, reason = "items are counted in thousands")]
fn count(items: usize) -> f64 {
    items as f64
}
