//! How a classifier learns: stochastic gradient descent, with a step for each weight that shrinks as it is used
//! (AdaGrad, <https://jmlr.org/papers/v12/duchi11a.html>), so that rare features learn as fast as frequent ones.

use std::{collections::BTreeMap, ops::ControlFlow};

use rand::{SeedableRng as _, rngs::Xoshiro256PlusPlus, seq::SliceRandom as _};

use super::{
    Classifier, Epoch, Example, Metrics, Untrainable, can_train,
    features::Features,
    measure::{Item, Measured, share, softmax},
};

/// How far the first step goes.
const STEP: f32 = 0.5;

/// How to train.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// How many passes over the items to make.
    pub(crate) epochs: u32,
    /// Which share of each label's items to measure on, from 0 to 1. Of a label with several it is one at least; of a
    /// label with one it is none.
    pub(crate) validation_share: f64,
    /// What chance is made from.
    pub(crate) seed: u64,
}

/// A classifier that has learned, and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trained {
    pub(crate) classifier: Classifier,
    pub(crate) metrics: Metrics,
}

/// Trains a classifier; `None` when `after_epoch`, which is told what was measured, has broken it off.
///
/// # Errors
/// When the examples cannot be trained on.
pub(crate) fn train(
    examples: &[Example],
    settings: &Settings,
    mut after_epoch: impl FnMut(Epoch) -> ControlFlow<()>,
) -> Result<Option<Trained>, Untrainable> {
    let mut by_label: BTreeMap<&str, Vec<&Example>> = BTreeMap::new();
    for example in examples {
        by_label.entry(&example.label).or_default().push(example);
    }
    can_train(by_label.values().map(Vec::len))?;

    let mut chance = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
    let labels: Vec<String> = by_label.keys().map(|&label| label.to_owned()).collect();
    let (training, validation) = split(by_label.into_values(), settings.validation_share, &mut chance);
    let frequent = most_frequent(&training, labels.len());
    let features = Features::learn(training.iter().map(|(example, _)| &*example.text), labels.len());
    let vectors = |items: Vec<(&Example, usize)>| -> Vec<Item> {
        items.into_iter().map(|(example, label)| (features.of(&example.text), label)).collect()
    };
    let (mut training, validation) = (vectors(training), vectors(validation));

    let mut learner = Learner::new(labels, features);
    let mut measured = Measured::of(&learner.classifier, &validation);
    for epoch in 1..=settings.epochs {
        training.shuffle(&mut chance);
        for item in &training {
            learner.learn(item);
        }
        measured = Measured::of(&learner.classifier, &validation);
        let told = after_epoch(Epoch {
            epoch,
            training_loss: Measured::of(&learner.classifier, &training).loss,
            validation_loss: measured.loss,
            validation_accuracy: measured.accuracy,
        });
        if told.is_break() {
            return Ok(None);
        }
    }
    let classifier = learner.classifier;
    let baseline = validation.iter().filter(|(_, label)| *label == frequent).count();
    let metrics = Metrics {
        training_items: training.len(),
        validation_items: validation.len(),
        labels: classifier.labels.len(),
        accuracy: measured.accuracy,
        baseline_accuracy: share(baseline, validation.len()),
        macro_f1: measured.macro_f1,
        loss: measured.loss,
    };
    Ok(Some(Trained { classifier, metrics }))
}

/// Examples with the numbers of their labels.
type Numbered<'a> = Vec<(&'a Example, usize)>;

/// The examples to train on, and those to measure on. Each label has its share in both.
fn split<'a>(
    by_label: impl Iterator<Item = Vec<&'a Example>>,
    validation_share: f64,
    chance: &mut Xoshiro256PlusPlus,
) -> (Numbered<'a>, Numbered<'a>) {
    let (mut training, mut validation) = (Vec::new(), Vec::new());
    for (label, mut examples) in by_label.enumerate() {
        examples.shuffle(chance);
        let measured_on = match examples.len() {
            1 => 0,
            several => part(several, validation_share).clamp(1, several - 1),
        };
        let rest = examples.split_off(measured_on);
        validation.extend(examples.into_iter().map(|example| (example, label)));
        training.extend(rest.into_iter().map(|example| (example, label)));
    }
    (training, validation)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the share of a number of items is less than it"
)]
fn part(items: usize, share: f64) -> usize {
    (items as f64 * share).round() as usize
}

/// The number of the label that the most examples have.
fn most_frequent(examples: &Numbered<'_>, labels: usize) -> usize {
    let mut counts = vec![0; labels];
    for (_, label) in examples {
        counts[*label] += 1;
    }
    (0..labels).rev().max_by_key(|label| counts[*label]).unwrap_or_default()
}

/// A classifier that learns.
struct Learner {
    classifier: Classifier,
    /// For each weight, 1 and the sum of the squares of its gradients: of the first of them alone, a step would go as far
    /// for a hint as for a proof.
    used: Vec<f32>,
    biases_used: Vec<f32>,
}

impl Learner {
    fn new(labels: Vec<String>, features: Features) -> Self {
        let weights = vec![0.0; features.len() * labels.len()];
        let biases = vec![0.0; labels.len()];
        Self {
            used: vec![1.0; weights.len()],
            biases_used: vec![1.0; biases.len()],
            classifier: Classifier { labels, features, weights, biases },
        }
    }

    /// A step towards the label of an item.
    fn learn(&mut self, (vector, label): &Item) {
        let probabilities = softmax(&self.classifier.scores(vector));
        let wrong = |(number, probability): (usize, &f64)| *probability - if number == *label { 1.0 } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, reason = "weights have seven digits")]
        let errors: Vec<f32> = probabilities.iter().enumerate().map(|error| wrong(error) as f32).collect();
        for &(feature, value) in vector {
            let row = feature * errors.len()..(feature + 1) * errors.len();
            step(&mut self.classifier.weights[row.clone()], &mut self.used[row], &errors, value);
        }
        step(&mut self.classifier.biases, &mut self.biases_used, &errors, 1.0);
    }
}

/// Moves weights against their gradients, which are the errors times the value of the feature.
fn step(weights: &mut [f32], used: &mut [f32], errors: &[f32], value: f32) {
    for ((weight, used), error) in weights.iter_mut().zip(used).zip(errors) {
        let gradient = error * value;
        *used += gradient * gradient;
        *weight -= STEP * gradient / used.sqrt();
    }
}
