//! Forms that only secrets have.

use std::ops::Range;

use regex::{Regex, RegexSet};

/// Forms of secrets. What is kept back is the group `secret`, or the whole match; nothing where there is a group `nothing`.
///
/// Each needs a sign that no ordinary text has, so that ordinary text is left as it is.
const FORMS: &[&str] = &[
    // A password in a URL (RFC 3986, section 3.2.1), up to the last `@` of its authority.
    r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/?#:@'\x22<>]*:(?<secret>[^\s/?#'\x22<>]+)@",
    // What is left of such a password where the rest of the text was cut, which no port is.
    r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/?#:@'\x22<>\[]*:(?<secret>[^\s/?#@'\x22<>…]*[^\s/?#@'\x22<>…0-9][^\s/?#@'\x22<>…]*)…",
    // Authorization headers (RFC 9110, section 11.6.2), with or without the header's name.
    r"(?i)\bauthorization(?:\\*['\x22])?\s*[:=]\s*(?:\\*['\x22])?(?:(?<nothing>[a-z][a-z0-9-]*\s+\[redacted\])|(?:[a-z][a-z0-9-]*\s+)?(?<secret>[a-z0-9._~+/=-]{6,}))",
    r"(?i)\b(?:bearer|basic)\s+(?<secret>[a-z0-9._~+/-]{16,}=*)",
    // The end of a private key in PEM (RFC 7468) whose beginning was cut; the others are `private_keys`.
    r"(?:[A-Za-z0-9+/=]{16,}\s+)*[A-Za-z0-9+/=]+\s+-----END [A-Z0-9 ]*PRIVATE KEY-----",
    // A JSON Web Token (RFC 7519).
    r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    // AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    r"(?i)\b(?:aws_?)?secret_?access_?key(?:\\*['\x22])?\s*[:=]\s*(?:\\*['\x22])?(?<secret>[a-z0-9/+=]{40})",
    // Azure storage and service bus connection strings.
    r"(?i)\b(?:AccountKey|SharedAccessKey)=(?<secret>[a-z0-9+/]{32,}=*)",
    r"(?i)[?&]sig=(?<secret>[a-z0-9%+/]{32,}=*)",
    // Google API keys, and OAuth client secrets.
    r"\bAIza[A-Za-z0-9_-]{35}",
    r"\bGOCSPX-[A-Za-z0-9_-]{28}",
    // GitHub, GitLab, Slack, Stripe, SendGrid, npm, and the many that begin as OpenAI's do.
    r"\bgh[pousr]_[A-Za-z0-9]{36,}",
    r"\bgithub_pat_[A-Za-z0-9_]{60,}",
    r"\bglpat-[A-Za-z0-9_-]{20,}",
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    r"\bnpm_[A-Za-z0-9]{36}",
    r"\bsk-[A-Za-z0-9_-]{20,}",
];

/// How many characters after the prefix tell a credential, also one of which some are lost.
const TELLING: usize = 16;

/// The credentials that begin with a prefix.
pub(super) fn credentials(prefix: &str) -> Regex {
    let form = format!("{}[A-Za-z0-9]{{{TELLING},}}", regex::escape(prefix));
    Regex::new(&form).expect("the form is a regular expression")
}

/// A text in quotes that are escaped, as where JSON stands in a text of JSON: once, with what is escaped within it, or
/// more often.
const ESCAPED: &str = r#"\\"(?<escaped>(?:[^"\\]|\\+[^"\\]|\\{3}")+)|\\{2,}"(?<deep>[^"\\]+)"#;

/// The beginning of a private key in PEM (RFC 7468), and its end.
const KEY_BEGINS: &str = "-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----";
const KEY_ENDS: &str = "-----END [A-Z0-9 ]*PRIVATE KEY-----";

/// Compiled forms, with a set that tells which of them a text has at all.
pub(super) struct Patterns {
    any: RegexSet,
    each: Vec<Regex>,
    key_begins: Regex,
    key_ends: Regex,
}

impl Patterns {
    /// The forms, and assignments to these names: `password=…`, `"password": "…"`, `password: …`.
    pub(super) fn new(names: &[&str]) -> Self {
        let mut forms: Vec<String> = FORMS.iter().map(|form| (*form).to_owned()).collect();
        if !names.is_empty() {
            let names: Vec<String> = names.iter().map(|name| assignable(name)).collect();
            forms.push(format!(
                r#"(?i)(?:^|[^a-z0-9])(?:{})(?:\\*['"])?\s*(?:={{1,3}}|:|=>)\s*(?:"(?<secret>(?:[^"\\]|\\.)+)"|'(?<single>[^']+)'|{ESCAPED}|(?<bare>[^\s"',;&}}\]]+))"#,
                names.join("|")
            ));
        }
        let compiled = |form: &str| Regex::new(form).expect("the forms are regular expressions");
        Self {
            any: RegexSet::new(&forms).expect("the forms are regular expressions"),
            each: forms.iter().map(|form| compiled(form)).collect(),
            key_begins: compiled(KEY_BEGINS),
            key_ends: compiled(KEY_ENDS),
        }
    }

    /// Where the text has a secret.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = self.private_keys(text);
        for form in self.any.matches(text) {
            for captures in self.each[form].captures_iter(text) {
                let bare = captures.name("bare").map(|bare| unescaped(text, bare.range()));
                let is_nothing = |bare: &Range<usize>| is_nothing(&text[..bare.start], &text[bare.clone()]);
                if captures.name("nothing").is_some() || bare.as_ref().is_some_and(is_nothing) {
                    continue;
                }
                let secret = ["secret", "single", "escaped", "deep"].iter().find_map(|group| captures.name(group));
                let secret = secret.map(|secret| secret.range()).or(bare);
                found.extend(secret.or_else(|| captures.get(0).map(|whole| whole.range())));
            }
        }
        found
    }

    /// Where the text has a private key in PEM; of one that is cut, what is there. As one regular
    /// expression, each beginning without an end would be followed to the end of the text.
    fn private_keys(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut ends = self.key_ends.find_iter(text).map(|end| end.end()).peekable();
        let mut at = 0;
        while let Some(begin) = self.key_begins.find_at(text, at) {
            while ends.next_if(|end| *end <= begin.end()).is_some() {}
            at = ends.peek().copied().unwrap_or_else(|| begin.end() + body_length(&text[begin.end()..]));
            found.push(begin.start()..at);
        }
        found
    }
}

/// Whether what is assigned to a name, and stands after `before`, is no value: that there is none, a flag, the place of a
/// value, or what was kept back already. After two colons there is a type, or the member of one.
fn is_nothing(before: &str, assigned: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "none", "nil", "undefined", "true", "false", "yes", "no", "%s"];
    let value = assigned.trim_end_matches(')');
    let all = |rest: &str, are: fn(char) -> bool| !rest.is_empty() && rest.chars().all(are);
    assigned.is_empty()
        || WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
        || matches!(value, "?" | "[redacted")
        || all(value, |c| c == '*')
        || value.strip_prefix('$').is_some_and(|number| all(number, |c| c.is_ascii_digit()))
        || value.strip_prefix("${").is_some_and(|name| all(name, |c| c.is_ascii_alphanumeric() || c == '_'))
        || (value.starts_with(':') && before.ends_with(':'))
}

/// What of a value is its own where a quote follows it: what escapes that is not.
fn unescaped(text: &str, value: Range<usize>) -> Range<usize> {
    let own = if text[value.end..].starts_with('"') {
        text[value.clone()].trim_end_matches('\\')
    } else {
        &text[value.clone()]
    };
    value.start..value.start + own.len()
}

/// How many bytes of a text can be the body of a key in PEM.
fn body_length(text: &str) -> usize {
    let in_body = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=') || c.is_whitespace();
    text.find(|c| !in_body(c)).unwrap_or(text.len())
}

/// A name in any notation: its words with nothing, `_`, `-` or a space between them.
fn assignable(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(regex::escape).collect::<Vec<_>>().join("[_ -]?")
}
