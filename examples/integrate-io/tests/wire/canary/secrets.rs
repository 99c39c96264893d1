//! Secrets that nobody may be shown, how they can be written, and what finds any part of them.

use std::{collections::BTreeSet, fmt::Write as _};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use regex::Regex;
use serde_json::Value;

/// Passwords of connections, which the server knows. Each has characters that encodings change.
pub(super) const READER: &str = "R4n.Zt4Qw/8Er2+Ty6 Üi0\"Op3As7Df";
pub(super) const WRITER: &str = "W7k:Kj3Hg5Fd7%Sa9Po1Iu&Yx4Cv";
pub(super) const STORAGE: &str = "S3xNbVcXyLkJhGfDs+QaWsEdRfTg/7Zh4Uj0";
pub(super) const KNOWN: [&str; 3] = [READER, WRITER, STORAGE];

/// What only its form tells.
pub(super) const BEARER: &str = "B9x8c7v6b5n4m3a2s1d0f9g8h7";
pub(super) const KEY: [&str; 2] = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"];
/// What only a name beside it tells.
pub(super) const NAMED: &str = "N5f6g7h8j9k0l1m2n3b4v5";

/// A private key in PEM, as lines.
pub(super) fn pem() -> Vec<String> {
    let [first, second] = KEY.map(str::to_owned);
    vec!["-----BEGIN PRIVATE KEY-----".to_owned(), first, second, "-----END PRIVATE KEY-----".to_owned()]
}

/// A text with each byte percent-encoded that may not stand in a URL's password.
pub(super) fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string");
        }
        encoded
    })
}

fn hexadecimal(text: &str) -> String {
    text.bytes().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a string");
        digits
    })
}

/// Lines that have a secret, each written in another way; in the last two it is split.
pub(super) fn lines(secret: &str) -> Vec<String> {
    let percent = percent(secret);
    let middle = (0..=secret.len() / 2).rev().find(|at| secret.is_char_boundary(*at)).expect("a boundary");
    let (first, second) = secret.split_at(middle);
    let mut lines = vec![
        format!("ERROR login with {secret} failed"),
        format!("connecting to postgres://loader:{percent}@db.example.com/shop"),
        format!(
            "GET /report?key={}&page=2",
            percent.replace("%2F", "%2f").replace("%2B", "%2b").replace("%C3%9C", "%c3%9c")
        ),
        format!("GET /login?next={}", self::percent(&format!("/report?key={percent}"))),
        format!("form key={}&page=2", percent.replace("%20", "+")),
        format!("sent {{\"name\":{}}}", Value::from(secret)),
        format!("bytes {}", hexadecimal(secret)),
        format!("BYTES {}", hexadecimal(secret).to_uppercase()),
    ];
    for before in ["", "u", "us", "user:"] {
        let text = format!("{before}{secret}{before}");
        lines.push(format!("header {}", STANDARD.encode(&text)));
        lines.push(format!("cookie {}", URL_SAFE_NO_PAD.encode(&text)));
    }
    lines.extend([first.to_owned(), second.to_owned()]);
    lines
}

/// How many characters of a secret are more than chance.
const PART: usize = 8;

/// Finds any part of any secret, in any of the ways in which [`lines`] writes it.
pub(super) struct Finder(Regex);

impl Finder {
    pub(super) fn new() -> Self {
        let mut needles = BTreeSet::new();
        for secret in KNOWN {
            for part in parts(secret) {
                let in_json = Value::from(part.as_str()).to_string();
                needles.extend([
                    in_json[1..in_json.len() - 1].to_owned(),
                    part.replace(' ', "+"),
                    hexadecimal(&part),
                    hexadecimal(&part).to_uppercase(),
                ]);
                for before in 0..3 {
                    let bytes = [vec![0; before], part.as_bytes().to_vec()].concat();
                    // Characters that stand for bits of the part alone.
                    let own = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
                    needles.extend([
                        STANDARD_NO_PAD.encode(&bytes)[own.clone()].to_owned(),
                        URL_SAFE_NO_PAD.encode(&bytes)[own].to_owned(),
                    ]);
                }
                needles.insert(part);
            }
        }
        for secret in [BEARER, NAMED, KEY[0], KEY[1]] {
            needles.extend(parts(secret));
        }
        let needles: Vec<String> = needles.iter().map(|needle| regex::escape(needle)).collect();
        Self(Regex::new(&needles.join("|")).expect("an expression"))
    }

    /// A part of a secret that the text has, with what stands around it.
    pub(super) fn find(&self, text: &str) -> Option<String> {
        let mut text = text.to_owned();
        for _ in 0..4 {
            if let Some(found) = self.0.find(&text) {
                let around = |at: usize| text[..at].char_indices().rev().nth(60).map_or(0, |(at, _)| at);
                let after: String = text[found.end()..].chars().take(60).collect();
                return Some(format!("{}⟦{}⟧{after}", &text[around(found.start())..found.start()], found.as_str()));
            }
            text = decoded(&text);
        }
        None
    }
}

fn parts(secret: &str) -> Vec<String> {
    let characters: Vec<char> = secret.chars().collect();
    characters.windows(PART).map(|part| part.iter().collect()).collect()
}

/// A text without one layer of percent-encoding.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| first == b'%').and_then(|digits| str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The finder finds each way of writing, and so do the tests that use it.
#[test]
fn every_writing_of_a_secret_is_found() {
    let finder = Finder::new();
    for line in KNOWN.iter().flat_map(|secret| lines(secret)).chain(pem()[1..3].to_vec()) {
        assert!(finder.find(&line).is_some(), "{line}");
        assert!(finder.find(&Value::from(line.as_str()).to_string()).is_some(), "{line} in JSON");
    }
    assert_eq!(finder.find("nothing of it, in any form: 100 % clean"), None);
}
