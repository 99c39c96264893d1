//! What a caller sent, as far as an answer or the log repeats it.

/// How many characters of it: a name or an id is told by them, and callers can send any number.
const SHOWN: usize = 64;

/// The beginning of a name or an id that was sent.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
