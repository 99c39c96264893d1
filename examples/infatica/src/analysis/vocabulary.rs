//! The words of a run, and which of them mark it, by itself or among others.

use std::collections::HashMap;

use infatica_tools::{DistinctiveTerm, KeyTerm, Trend};

use super::{
    numbers::{count, float, hundredths, thousandths},
    words::{Language, Words, is_countable, is_term},
};

/// How many different words of a run are told apart. Pages can be made of nothing but new ones.
pub(super) const MAX_DISTINCT: usize = 100_000;

/// The log-likelihood ratio that chance stays below in 19 of 20 cases.
const SIGNIFICANT: f64 = 3.84;

/// The fewest occurrences that make a trend.
const FEWEST_OF_TREND: i64 = 3;

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
    pub(super) fn distinct(&self) -> i64 {
        count(&self.usages)
    }

    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// How often a word is a term.
    fn occurrences(&self, word: &str) -> i64 {
        self.usages.get(word).map_or(0, |usage| usage.occurrences)
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

/// The terms that one run has more of than all the others together, by their log-likelihood ratio
/// (Dunning 1993): 2 × Σ observed × ln(observed / expected), where the expected are what the two would
/// have if they used the term alike.
pub(super) fn distinctive(vocabularies: &[Vocabulary], at: usize, limit: usize) -> Vec<DistinctiveTerm> {
    let others = || vocabularies.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
    let words_here = float(vocabularies[at].words);
    let words_elsewhere = float(others().map(|other| other.words).sum());
    let terms = vocabularies[at].usages.iter().filter(|(_, usage)| usage.occurrences > 0);
    let terms = terms.filter_map(|(term, usage)| {
        let (here, elsewhere) = (usage.occurrences, others().map(|other| other.occurrences(term)).sum());
        let per_word = float(here + elsewhere) / (words_here + words_elsewhere);
        let part = |observed: i64, words: f64| match observed {
            0 => 0.0,
            _ => float(observed) * (float(observed) / (words * per_word)).ln(),
        };
        let score = thousandths(2.0 * (part(here, words_here) + part(elsewhere, words_elsewhere)));
        let has_more = float(here) > words_here * per_word;
        (has_more && score >= SIGNIFICANT).then(|| DistinctiveTerm { term: term.to_string(), score, here, elsewhere })
    });
    highest(terms, limit, |term| term.score, |term| &term.term)
}

/// The terms that the last run has more of than the first, and those that it has less of.
pub(super) fn trends(vocabularies: &[Vocabulary], limit: usize) -> (Vec<Trend>, Vec<Trend>) {
    let mut trends = Vec::new();
    for (at, vocabulary) in vocabularies.iter().enumerate() {
        let is_new = |term: &str| vocabularies[..at].iter().all(|earlier| !earlier.usages.contains_key(term));
        for term in vocabulary.usages.keys().filter(|term| is_new(term)) {
            let occurrences: Vec<i64> = vocabularies.iter().map(|vocabulary| vocabulary.occurrences(term)).collect();
            if occurrences.iter().sum::<i64>() < FEWEST_OF_TREND {
                continue;
            }
            let rate = |(occurrences, vocabulary): (&i64, &Vocabulary)| match vocabulary.words {
                0 => 0.0,
                words => hundredths(float(1000 * occurrences) / float(words)),
            };
            let per_1000_words: Vec<f64> = occurrences.iter().zip(vocabularies).map(rate).collect();
            let ends = per_1000_words.first().zip(per_1000_words.last());
            let change = ends.map_or(0.0, |(first, last)| hundredths(last - first));
            trends.push(Trend { term: term.to_string(), per_1000_words, change });
        }
    }
    let (rising, rest): (Vec<_>, Vec<_>) = trends.into_iter().partition(|trend| trend.change > 0.0);
    let falling = rest.into_iter().filter(|trend| trend.change < 0.0);
    (
        highest(rising.into_iter(), limit, |trend| trend.change, |trend| &trend.term),
        highest(falling, limit, |trend| -trend.change, |trend| &trend.term),
    )
}

/// How many words two runs have in common, and how many different ones they have.
pub(super) fn common(one: &Vocabulary, other: &Vocabulary) -> (i64, i64) {
    let common = count(one.usages.keys().filter(|word| other.usages.contains_key(*word)));
    (common, one.distinct() + other.distinct() - common)
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
