//! The words of a run, and which of them mark it.

use std::collections::HashMap;

use infatica_tools::KeyTerm;

use super::words::{Language, Words, is_countable, is_term};

/// How many different words of a run are told apart. Pages can be made of nothing but new ones.
pub(super) const MAX_DISTINCT: usize = 100_000;

/// Which words the items of a run have, and how often.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    usages: HashMap<Box<str>, Usage>,
    words: i64,
    items: i64,
    /// Whether there are more words than are told apart.
    is_full: bool,
}

/// How a word is used.
#[derive(Debug, Clone, Copy, Default)]
struct Usage {
    /// How often it is a term: in another language it can be a stop word.
    occurrences: i64,
    /// In how many items it is one.
    items: i64,
    /// The last of them.
    last_item: i64,
}

impl Vocabulary {
    /// Adds an item's words, and says how many they are.
    pub(super) fn add(&mut self, words: &Words, language: Option<Language>) -> i64 {
        let before = self.words;
        self.items += 1;
        for word in words.iter() {
            self.words += 1;
            if !is_countable(word) {
                continue;
            }
            if !self.usages.contains_key(word) {
                if self.usages.len() == MAX_DISTINCT {
                    self.is_full = true;
                    continue;
                }
                self.usages.insert(word.into(), Usage::default());
            }
            if let Some(usage) = self.usages.get_mut(word)
                && is_term(word, language)
            {
                usage.occurrences += 1;
                usage.items += i64::from(usage.last_item != self.items);
                usage.last_item = self.items;
            }
        }
        self.words - before
    }

    /// All words.
    pub(super) fn words(&self) -> i64 {
        self.words
    }

    /// The different words that are told apart, stop words among them.
    pub(super) fn distinct(&self) -> usize {
        self.usages.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// The terms that mark the run most, by tf-idf: a term counts the more, the more often it occurs
    /// and the fewer items have it.
    pub(super) fn key_terms(&self, limit: usize) -> Vec<KeyTerm> {
        let terms = self.usages.iter().filter(|(_, usage)| usage.occurrences > 0);
        let terms = terms.map(|(term, Usage { occurrences, items, .. })| {
            let rarity = (float(1 + self.items) / float(1 + items)).ln() + 1.0;
            KeyTerm {
                term: term.to_string(),
                score: thousandths(float(*occurrences) * rarity),
                occurrences: *occurrences,
                items: *items,
            }
        });
        highest(terms, limit, |term| term.score, |term| &term.term)
    }
}

/// Those with the highest scores, highest first; of equal ones, those whose term comes first.
fn highest<T>(
    terms: impl Iterator<Item = T>,
    limit: usize,
    score: impl Fn(&T) -> f64,
    term: impl Fn(&T) -> &String,
) -> Vec<T> {
    let mut terms: Vec<T> = terms.collect();
    terms.sort_by(|a, b| score(b).total_cmp(&score(a)).then_with(|| term(a).cmp(term(b))));
    terms.truncate(limit);
    terms
}

/// To three decimals, so that no machine's logarithm makes a difference.
fn thousandths(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "no count comes near 2^53")]
fn float(count: i64) -> f64 {
    count as f64
}
