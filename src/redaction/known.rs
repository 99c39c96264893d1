//! Secrets that the server has learned, found in every encoding that text comes in.

use std::{collections::BTreeSet, ops::Range};

use aho_corasick::{AhoCorasick, BuildError};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// How often a text can be percent-encoded: a URL within a URL within a URL.
const LAYERS: usize = 3;

/// How many bytes of a secret, at the least, are found beside the mark of a cut.
const PART: usize = 6;
/// What stands where a text was cut.
const CUT: &[u8] = "…".as_bytes();

/// The learned secrets, and what finds them.
#[derive(Default)]
pub(super) struct Known {
    secrets: BTreeSet<String>,
    automata: Option<Automata>,
}

/// What finds the forms of secrets, and the beginnings and ends of those that can be cut.
struct Automata {
    whole: AhoCorasick,
    /// The forms that `beginnings` and `ends` are of, in their order.
    forms: Vec<Vec<u8>>,
    beginnings: AhoCorasick,
    ends: AhoCorasick,
}

impl Automata {
    fn new(forms: &BTreeSet<Vec<u8>>) -> Result<Self, BuildError> {
        let whole = AhoCorasick::new(forms)?;
        let forms: Vec<Vec<u8>> = forms.iter().filter(|form| form.len() > PART).cloned().collect();
        let beginnings = AhoCorasick::new(forms.iter().map(|form| &form[..PART]))?;
        let ends = AhoCorasick::new(forms.iter().map(|form| &form[form.len() - PART..]))?;
        Ok(Self { whole, forms, beginnings, ends })
    }

    fn find(&self, bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
        let whole = self.whole.find_overlapping_iter(bytes).map(|found| found.start()..found.end());
        whole.chain(self.begun(bytes)).chain(self.ended(bytes))
    }

    /// Where a form begins that is cut.
    fn begun(&self, bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
        self.beginnings.find_overlapping_iter(bytes).filter_map(|found| {
            let form = &self.forms[found.pattern().as_usize()];
            let rest = &bytes[found.start()..];
            let length = form.iter().zip(rest).take_while(|(expected, byte)| expected == byte).count();
            rest[length..].starts_with(CUT).then(|| found.start()..found.start() + length)
        })
    }

    /// Where a form ends whose beginning is cut off.
    fn ended(&self, bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
        self.ends.find_overlapping_iter(bytes).filter_map(|found| {
            let form = &self.forms[found.pattern().as_usize()];
            let rest = &bytes[..found.end()];
            let same = form.iter().rev().zip(rest.iter().rev()).take_while(|(expected, byte)| expected == byte);
            let start = found.end() - same.count();
            rest[..start].ends_with(CUT).then(|| start..found.end())
        })
    }
}

impl Known {
    pub(super) fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    pub(super) fn has(&self, secret: &str) -> bool {
        self.secrets.contains(secret)
    }

    /// # Errors
    /// Beyond millions of secrets: those before this one are kept back further.
    pub(super) fn add(&mut self, secret: &str) -> Result<(), BuildError> {
        self.secrets.insert(secret.to_owned());
        let forms: BTreeSet<Vec<u8>> = self.secrets.iter().flat_map(|secret| forms(secret)).collect();
        self.automata = Some(Automata::new(&forms)?);
        Ok(())
    }

    /// Where the text has a learned secret.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let Some(automata) = &self.automata else { return Vec::new() };
        let mut found = Vec::new();
        let mut layer = Layer::unbroken(text);
        for _ in 0..=LAYERS {
            found.extend(automata.find(&layer.bytes).map(|range| layer.origin(range)));
            let Some(decoded) = layer.decoded() else { break };
            layer = decoded;
        }
        found
    }
}

/// How a secret can be written.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    // Line breaks are left out of what is searched, and so of what is searched for.
    let unbroken = |text: &str| text.replace(['\r', '\n'], "").into_bytes();
    let in_json = serde_json::Value::from(secret).to_string();
    let mut forms = vec![
        unbroken(secret),
        unbroken(&secret.replace(' ', "+")),
        unbroken(&in_json[1..in_json.len() - 1]),
        // As SQL has it in quotes.
        unbroken(&secret.replace('"', "\"\"")),
        unbroken(&secret.replace('\'', "''")),
        hexadecimal(bytes).into_bytes(),
        hexadecimal(bytes).to_uppercase().into_bytes(),
    ];
    for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        forms.extend((0..3).map(|before| {
            // Six bits a character: only characters without a bit of what stands before or after are the
            // secret's alone.
            let mut padded = vec![0; before];
            padded.extend_from_slice(bytes);
            let encoded = alphabet.encode(&padded);
            let first = (before * 8).div_ceil(6);
            let end = padded.len() * 8 / 6;
            encoded.as_bytes()[first..end].to_vec()
        }));
    }
    forms.retain(|form| !form.is_empty());
    forms
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A text as it is read, which knows where its bytes come from.
struct Layer {
    bytes: Vec<u8>,
    /// What each reading left out of the one before, the first of the text itself.
    readings: Vec<Reading>,
}

impl Layer {
    /// The text without line breaks.
    fn unbroken(text: &str) -> Self {
        let mut bytes = Vec::with_capacity(text.len());
        let mut reading = Reading::default();
        for (at, byte) in text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n')) {
            reading.add(bytes.len(), at..at + 1);
            bytes.push(byte);
        }
        Self { bytes, readings: vec![reading] }
    }

    /// The same without one layer of percent-encoding, if it has one (RFC 3986, section 2.1).
    fn decoded(mut self) -> Option<Self> {
        if !self.bytes.contains(&b'%') {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut reading = Reading::default();
        let mut at = 0;
        while at < self.bytes.len() {
            let byte = match self.bytes.get(at..at + 3) {
                Some([b'%', high, low]) => digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low),
                _ => None,
            };
            let length = if byte.is_some() { 3 } else { 1 };
            reading.add(bytes.len(), at..at + length);
            bytes.push(byte.unwrap_or(self.bytes[at]));
            at += length;
        }
        let changed = bytes.len() < self.bytes.len();
        self.readings.push(reading);
        changed.then_some(Self { bytes, readings: self.readings })
    }

    /// Where a range comes from. It begins and ends between characters, since what is searched for does, and the mark of
    /// a cut is one.
    fn origin(&self, range: Range<usize>) -> Range<usize> {
        self.readings.iter().rev().fold(range, |range, reading| reading.origin(&range))
    }
}

/// Where the bytes of a layer are in what it was read from. Only a line break, or where percent sequences
/// begin or end, makes an entry: a text can be long.
#[derive(Default)]
struct Reading(Vec<Run>);

/// Bytes, up to the next run, that come one after another from equally many bytes each.
struct Run {
    at: usize,
    origin: usize,
    width: usize,
}

impl Reading {
    /// The next byte, and where it comes from.
    fn add(&mut self, at: usize, origin: Range<usize>) {
        let continues = |run: &Run| run.width == origin.len() && run.origin(at) == origin.start;
        if !self.0.last().is_some_and(continues) {
            self.0.push(Run { at, origin: origin.start, width: origin.len() });
        }
    }

    /// Where a range that is not empty comes from, without what was left out on either side of it.
    fn origin(&self, range: &Range<usize>) -> Range<usize> {
        let run = |at: usize| &self.0[self.0.partition_point(|run| run.at <= at) - 1];
        run(range.start).origin(range.start)..run(range.end - 1).origin(range.end)
    }
}

impl Run {
    fn origin(&self, at: usize) -> usize {
        self.origin + (at - self.at) * self.width
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
