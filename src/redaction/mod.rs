//! What never leaves the server: secrets in results, in errors and in the log.
//!
//! A secret is told by what it is: a value that the server has learned ([`known`], in any of the
//! encodings that text comes in), a credential of the server's own callers, a property with a name that the manifest
//! keeps back, or a form that only secrets have ([`patterns`]).

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt, iter, mem,
    ops::Range,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::IgnoredAny};
use serde_json::Value;

mod known;
mod patterns;

use crate::ServerSpec;
use known::Known;
use patterns::Patterns;

/// What stands in the place of a secret.
pub(crate) const REDACTED: &str = "[redacted]";

/// The secrets that a server keeps back. Clones share what they have learned.
#[derive(Clone)]
pub struct Secrets(Arc<Inner>);

struct Inner {
    /// Names of properties, as [`folded`] makes them.
    names: Vec<String>,
    /// The form of the credentials that callers present, which no answer has a reason to repeat.
    credentials: Option<Regex>,
    patterns: Patterns,
    known: RwLock<Known>,
}

impl Inner {
    /// A panic while the lock was held leaves a list that is as good as before.
    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without what it has learned.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// Keeps back what it learns, and what has the form of a secret: for a server's own commands.
impl Default for Secrets {
    fn default() -> Self {
        Self::new(&[], None)
    }
}

impl Secrets {
    /// Keeps back what a server's manifest says, and what its callers present.
    pub(crate) fn of(server: &ServerSpec) -> Self {
        Self::new(server.redact, server.credential.form().map(|form| form.prefix))
    }

    /// Keeps back what has one of these names, and the credentials with this prefix, beside what has the
    /// form of a secret.
    fn new(names: &[&str], prefix: Option<&str>) -> Self {
        Self(Arc::new(Inner {
            names: names.iter().map(|name| folded(name)).collect(),
            credentials: prefix.map(patterns::credentials),
            patterns: Patterns::new(names),
            known: RwLock::default(),
        }))
    }

    /// Keeps this value back from now on, wherever it turns up: as it is, percent-encoded, in base64
    /// or hexadecimal, escaped as in JSON, and broken over lines. One of fewer than
    /// [`Self::SHORTEST`] bytes is not learned, since it would be found in any text.
    pub fn learn(&self, secret: &str) {
        if secret.len() < Self::SHORTEST || self.0.known().has(secret) {
            return;
        }
        let added = self.0.known.write().unwrap_or_else(PoisonError::into_inner).add(secret);
        // The log looks for what is known, so that nothing is logged while the lock is held.
        if let Err(error) = added {
            tracing::error!(%error, "a secret was not learned");
        }
    }

    /// The fewest bytes of a value that can be learned.
    pub const SHORTEST: usize = 6;

    /// The text without its secrets. Give it whole: of a secret that was cut in two, the halves are
    /// found only where `…` marks the cut.
    pub fn redact_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut pieces = [Cow::Borrowed(text)];
        self.redact_pieces(&mut pieces, true);
        let [text] = pieces;
        text
    }

    /// Takes the secrets out of texts that belong together, in their order, as the lines of a log:
    /// a secret can begin in one and end in another.
    pub fn redact_lines<T: AsRef<str> + From<String>>(&self, lines: &mut [T]) {
        let mut pieces: Vec<Cow<'_, str>> = lines.iter().map(|line| Cow::Borrowed(line.as_ref())).collect();
        self.redact_pieces(&mut pieces, true);
        let changed: Vec<Option<String>> = pieces.into_iter().map(owned).collect();
        for (line, changed) in lines.iter_mut().zip(changed) {
            if let Some(changed) = changed {
                *line = changed.into();
            }
        }
    }

    /// Takes the secrets out of a result. The texts at one place of its structure, as those of an
    /// array's items, are taken for one text: a log in an array of lines is one. The name of a property is a text
    /// of its own.
    ///
    /// Forms of secrets are looked for where the manifest keeps names back: of other servers, what has
    /// one can be the very data that the caller has asked for.
    pub(crate) fn redact_result(&self, value: &mut Value) {
        let forms = !self.0.names.is_empty();
        if !forms && self.0.credentials.is_none() && self.0.known().is_empty() {
            return;
        }
        self.rename(value, forms);
        let mut texts = BTreeMap::new();
        self.collect(value, &mut String::new(), &mut texts);
        for (_, mut texts) in texts {
            let mut pieces: Vec<Cow<'_, str>> = texts.iter().map(|text| Cow::Borrowed(text.as_str())).collect();
            self.redact_pieces(&mut pieces, forms);
            let changed: Vec<Option<String>> = pieces.into_iter().map(owned).collect();
            for (text, changed) in texts.iter_mut().zip(changed) {
                if let Some(changed) = changed {
                    **text = changed;
                }
            }
        }
    }

    /// Replaces names that have a secret. They come from data: a map's keys are no words of ours.
    fn rename(&self, value: &mut Value, forms: bool) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.rename(item, forms)),
            Value::Object(properties) => {
                properties.values_mut().for_each(|value| self.rename(value, forms));
                if !properties.keys().any(|name| self.renamed(name, forms).is_some()) {
                    return;
                }
                for (name, value) in mem::take(properties) {
                    let name = self.renamed(&name, forms).unwrap_or(name);
                    let names = iter::once(name.clone()).chain((2..).map(|number| format!("{name} {number}")));
                    let free = names.into_iter().find(|name| !properties.contains_key(name));
                    properties.insert(free.unwrap_or(name), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn renamed(&self, name: &str, forms: bool) -> Option<String> {
        let mut pieces = [Cow::Borrowed(name)];
        self.redact_pieces(&mut pieces, forms);
        let [name] = pieces;
        owned(name)
    }

    /// Replaces what has a secret's name, and gathers every other text by its place.
    fn collect<'v>(&self, value: &'v mut Value, place: &mut String, texts: &mut BTreeMap<String, Vec<&'v mut String>>) {
        match value {
            Value::String(text) => texts.entry(place.clone()).or_default().push(text),
            Value::Array(items) => {
                let length = place.len();
                place.push_str("/*");
                for item in items {
                    self.collect(item, place, texts);
                }
                place.truncate(length);
            }
            Value::Object(properties) => {
                for (name, value) in properties {
                    if self.is_secret(name) {
                        keep_back(value);
                        continue;
                    }
                    let length = place.len();
                    place.push('/');
                    place.push_str(name);
                    self.collect(value, place, texts);
                    place.truncate(length);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn is_secret(&self, name: &str) -> bool {
        !self.0.names.is_empty() && self.0.names.contains(&folded(name))
    }

    fn redact_pieces(&self, pieces: &mut [Cow<'_, str>], forms: bool) {
        let joined = Joined::new(pieces);
        let mut found = self.0.known().find(&joined.text);
        let credentials = self.0.credentials.iter().flat_map(|form| form.find_iter(&joined.text));
        found.extend(credentials.map(|found| found.range()));
        if forms {
            found.extend(self.0.patterns.find(&joined.text));
        }
        if !found.is_empty() {
            joined.replace(merged(found), pieces);
        }
    }
}

fn owned(text: Cow<'_, str>) -> Option<String> {
    match text {
        Cow::Owned(text) => Some(text),
        Cow::Borrowed(_) => None,
    }
}

/// A name without what different notations do to it.
fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// That there is nothing is no secret, nor is a flag.
fn keep_back(value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::String(text) if text.is_empty() => {}
        value => *value = REDACTED.into(),
    }
}

/// Texts as one, each in a line of its own.
struct Joined {
    text: String,
    /// Where each piece ends, without its line break.
    ends: Vec<usize>,
}

impl Joined {
    fn new(pieces: &[Cow<'_, str>]) -> Self {
        let mut text = String::with_capacity(pieces.iter().map(|piece| piece.len() + 1).sum());
        let mut ends = Vec::with_capacity(pieces.len());
        for piece in pieces {
            text.push_str(piece);
            ends.push(text.len());
            text.push('\n');
        }
        text.pop();
        Self { text, ends }
    }

    /// Replaces ranges of the whole, in their order, by [`REDACTED`], in each piece that they touch.
    fn replace(&self, found: Vec<Range<usize>>, pieces: &mut [Cow<'_, str>]) {
        let mut found = found.into_iter().peekable();
        let mut start = 0;
        for (piece, &end) in pieces.iter_mut().zip(&self.ends) {
            let mut text = String::new();
            let mut kept = start;
            while let Some(range) = found.peek() {
                if range.start >= end {
                    break;
                }
                let goes_on = range.end > end;
                if range.end > start {
                    text.push_str(&self.text[kept..range.start.max(kept)]);
                    text.push_str(REDACTED);
                    kept = range.end.min(end);
                }
                if goes_on {
                    break;
                }
                found.next();
            }
            if !text.is_empty() {
                text.push_str(&self.text[kept..end]);
                *piece = Cow::Owned(text);
            }
            start = end + 1;
        }
    }
}

/// Ranges in their order, those that touch as one.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// The place of a secret in a result: it tells that there is one, and never had it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redacted;

impl Serialize for Redacted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

impl<'de> Deserialize<'de> for Redacted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

#[cfg(test)]
mod tests;
