//! The text classifier that training jobs train: multinomial logistic regression on words, pairs of words and
//! sequences of characters. It learns on one core in seconds, from tens of items to thousands, in any script.
//!
//! The crates that have such a regression (linfa, smartcore) take dense matrices, of which ten thousand texts would
//! fill gigabytes, and say nothing between the first pass and the last.
//!
//! The same examples and the same seed give the same model.

use serde::{Deserialize, Serialize};

mod features;
mod learning;
mod measure;
#[cfg(test)]
mod tests;

pub(crate) use learning::{Settings, Trained, train};
pub(crate) use measure::{Epoch, Metrics};

use features::Features;

/// How many examples it takes to train, at least.
pub(crate) const MIN_EXAMPLES: usize = 10;

/// How many labels a classifier can have.
pub(crate) const MAX_LABELS: usize = 100;

/// How many weights a classifier can have. With many labels, it looks at fewer features.
const MAX_WEIGHTS: usize = 1_000_000;

/// A text, and the label that it is to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Example {
    pub(crate) text: String,
    pub(crate) label: String,
}

/// Why examples cannot be trained on. The words go on after "the dataset cannot be trained on:".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Untrainable {
    #[error("it has {0} items, and training takes {MIN_EXAMPLES} at least")]
    TooFew(usize),
    #[error("all of its items have the same answer, and a classifier learns to tell answers apart")]
    OneLabel,
    #[error(
        "its {examples} items have {labels} different answers, and a classifier can learn {MAX_LABELS} at most; \
         it takes few answers, each of them given many times"
    )]
    TooManyLabels { labels: usize, examples: usize },
    #[error("none of its answers is given twice, so that nothing is left to measure on")]
    NothingRepeated,
}

/// Whether examples can be trained on, by how many there are of each label.
///
/// # Errors
/// When they cannot.
pub(crate) fn can_train(examples_of_labels: impl IntoIterator<Item = usize>) -> Result<(), Untrainable> {
    let (mut labels, mut examples, mut most) = (0, 0, 0);
    for count in examples_of_labels {
        labels += 1;
        examples += count;
        most = most.max(count);
    }
    match (examples, labels) {
        (..MIN_EXAMPLES, _) => Err(Untrainable::TooFew(examples)),
        (_, 1) => Err(Untrainable::OneLabel),
        (_, _) if most < 2 => Err(Untrainable::NothingRepeated),
        (_, _) if labels > MAX_LABELS => Err(Untrainable::TooManyLabels { labels, examples }),
        _ => Ok(()),
    }
}

/// A trained classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Classifier {
    /// In order, each once.
    labels: Vec<String>,
    features: Features,
    /// A row for each feature, with a weight for each label.
    weights: Vec<f32>,
    /// A weight for each label, whatever the text.
    biases: Vec<f32>,
}

/// What a classifier says of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Prediction<'a> {
    pub(crate) label: &'a str,
    /// How probable it is by the model, from 0 to 1.
    pub(crate) probability: f64,
}

impl Classifier {
    /// The most probable label of a text. It has one for every text, whether it has seen its like or not.
    pub(crate) fn predict(&self, text: &str) -> Prediction<'_> {
        let probabilities = measure::softmax(&self.scores(&self.features.of(text)));
        let best = measure::best(&probabilities);
        Prediction { label: &self.labels[best], probability: probabilities[best] }
    }

    /// How much speaks for each label.
    fn scores(&self, vector: &features::Vector) -> Vec<f32> {
        let mut scores = self.biases.clone();
        for &(feature, value) in vector {
            let row = &self.weights[feature * scores.len()..][..scores.len()];
            for (score, weight) in scores.iter_mut().zip(row) {
                *score += weight * value;
            }
        }
        scores
    }
}
