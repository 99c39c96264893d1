//! Words, and the language that they show.

use std::{collections::HashMap, sync::LazyLock};

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

/// The languages whose stop words are known, by their codes of ISO 639-1. Where a text shows two of
/// them alike, it counts for the first.
const LANGUAGES: [&str; 16] =
    ["en", "da", "de", "el", "es", "fi", "fr", "hu", "it", "nl", "no", "pt", "ro", "ru", "sv", "tr"];

/// A text shows a language when at least one in so many of its words is a stop word of it.
const WORDS_PER_STOP_WORD: usize = 10;

/// The longest word, in characters, that can be a term. What is longer is no word of a language.
const MAX_TERM: usize = 64;

/// For each stop word, the languages that it is one of: a bit each, in the order of [`LANGUAGES`].
static STOP_WORDS: LazyLock<HashMap<String, u16>> = LazyLock::new(|| {
    let mut stop_words = HashMap::new();
    for (at, language) in LANGUAGES.iter().enumerate() {
        for listed in stop_words::lookup(language).unwrap_or_default() {
            for word in Words::of(listed).iter() {
                *stop_words.entry(word.to_owned()).or_default() |= 1_u16 << at;
            }
        }
    }
    stop_words
});

/// The words of a text. Words that look alike are the same: case does not matter, nor how an accent
/// is put on a letter.
pub(super) struct Words {
    folded: String,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        Self { folded: text.nfc().collect::<String>().to_lowercase() }
    }

    /// The words as UAX #29 finds them, parted at apostrophes: lists of stop words have `l` and `don`.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let words = self.folded.unicode_words().flat_map(|word| word.split(['\'', '’']));
        words.filter(|word| !word.is_empty())
    }
}

/// A language whose stop words are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Language(usize);

impl Language {
    /// The language that has the most stop words among these words.
    pub(super) fn of(words: &Words) -> Option<Self> {
        let mut total = 0;
        let mut found = [0_usize; LANGUAGES.len()];
        for word in words.iter() {
            total += 1;
            let languages = STOP_WORDS.get(word).copied().unwrap_or_default();
            for (at, count) in found.iter_mut().enumerate() {
                *count += usize::from(languages >> at & 1);
            }
        }
        // Of equal ones, `max_by_key` takes the last.
        let (at, count) = found.into_iter().enumerate().rev().max_by_key(|(_, count)| *count)?;
        (count > 0 && count * WORDS_PER_STOP_WORD >= total).then_some(Self(at))
    }

    /// The code of ISO 639-1.
    pub(super) fn code(self) -> &'static str {
        LANGUAGES[self.0]
    }

    fn has_stop_word(self, word: &str) -> bool {
        STOP_WORDS.get(word).is_some_and(|languages| languages >> self.0 & 1 == 1)
    }
}

/// Whether a word of a text in this language can say what the text is about: not a number, not a
/// stop word, and not a single letter, unless its script writes words with one.
pub(super) fn is_term(word: &str, language: Option<Language>) -> bool {
    let is_letter = |character: char| character.is_lowercase() || character.is_uppercase();
    let mut characters = word.chars();
    let lone_letter = characters.next().is_some_and(is_letter) && characters.next().is_none();
    !lone_letter
        && word.chars().any(char::is_alphabetic)
        && is_countable(word)
        && !language.is_some_and(|language| language.has_stop_word(word))
}

/// Whether a word is short enough to be told apart from others.
pub(super) fn is_countable(word: &str) -> bool {
    word.len() <= MAX_TERM || word.chars().count() <= MAX_TERM
}
