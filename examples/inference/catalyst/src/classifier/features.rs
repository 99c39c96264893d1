//! A text as numbers.

use std::hash::Hasher as _;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

/// How many different hashes are told apart. It bounds the memory that learning takes, whatever the texts.
const BUCKETS: usize = 1 << 18;

/// How many characters of a text are looked at.
const MAX_CHARACTERS: usize = 2_000;

/// How many features a classifier looks at, where its labels allow so many.
const MAX_FEATURES: usize = 20_000;

/// How long the sequences of characters are. They find what words have in common, in scripts without spaces too.
const SEQUENCE: usize = 3;

/// The features that a text has, in order, and how much of each. Its length is 1, or 0 without features.
pub(super) type Vector = Vec<(usize, f32)>;

/// What a classifier looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Features {
    /// The hash of each, in order.
    buckets: Vec<u32>,
    /// How rare each is among the texts that it was learned from.
    rarity: Vec<f32>,
}

impl Features {
    /// The features that are found in the most texts, as many as there can be for so many labels.
    pub(super) fn learn<'a>(texts: impl Iterator<Item = &'a str>, labels: usize) -> Self {
        let (mut found, mut all) = (vec![0_u32; BUCKETS], 0_u32);
        for text in texts {
            all += 1;
            for (bucket, _) in counts(text) {
                found[bucket as usize] += 1;
            }
        }
        let mut ranked: Vec<(u32, u32)> = (0..).zip(found).filter(|(_, texts)| *texts > 0).collect();
        ranked.sort_by_key(|&(bucket, texts)| (std::cmp::Reverse(texts), bucket));
        ranked.truncate(MAX_FEATURES.min(super::MAX_WEIGHTS / labels));
        ranked.sort_unstable();
        let rarity = |texts: u32| (f64::from(1 + all) / f64::from(1 + texts)).ln() + 1.0;
        let (buckets, rarity) = ranked.into_iter().map(|(bucket, texts)| (bucket, narrow(rarity(texts)))).unzip();
        Self { buckets, rarity }
    }

    pub(super) fn len(&self) -> usize {
        self.buckets.len()
    }

    /// What a text has of them.
    pub(super) fn of(&self, text: &str) -> Vector {
        let known = counts(text).into_iter().filter_map(|(bucket, count)| {
            let feature = self.buckets.binary_search(&bucket).ok()?;
            // What is there ten times says little more than what is there five times.
            Some((feature, narrow(1.0 + f64::from(count).ln()) * self.rarity[feature]))
        });
        let mut vector: Vector = known.collect();
        let length = vector.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
        for (_, value) in &mut vector {
            *value /= length;
        }
        vector
    }
}

/// The hashes of what is in a text, in order, and how often each is.
fn counts(text: &str) -> Vec<(u32, u32)> {
    let text: String = text.nfkc().take(MAX_CHARACTERS).collect::<String>().to_lowercase();
    let words: Vec<&str> = text.unicode_words().collect();
    let spaced = format!(" {} ", text.split_whitespace().collect::<Vec<_>>().join(" "));
    let places: Vec<usize> = spaced.char_indices().map(|(place, _)| place).chain([spaced.len()]).collect();

    let single = words.iter().map(|word| bucket("word", [word]));
    let pairs = words.windows(2).map(|pair| bucket("pair", pair));
    let sequences = places.windows(SEQUENCE + 1).map(|ends| bucket("sequence", [&spaced[ends[0]..ends[SEQUENCE]]]));
    let mut buckets: Vec<u32> = single.chain(pairs).chain(sequences).collect();
    buckets.sort_unstable();
    buckets.chunk_by(u32::eq).map(|same| (same[0], u32::try_from(same.len()).unwrap_or(u32::MAX))).collect()
}

/// The hash of something of a kind. It is kept with the model, so that it must be the same in every release.
fn bucket(kind: &str, parts: impl IntoIterator<Item = impl AsRef<str>>) -> u32 {
    let mut hasher = SipHasher13::new();
    hasher.write(kind.as_bytes());
    for part in parts {
        hasher.write(b"\0");
        hasher.write(part.as_ref().as_bytes());
    }
    u32::try_from(hasher.finish() % BUCKETS as u64).expect("fewer buckets than 2^32")
}

/// A number of a model, which needs no more than seven digits.
#[expect(clippy::cast_possible_truncation, reason = "it is meant")]
fn narrow(number: f64) -> f32 {
    number as f32
}
