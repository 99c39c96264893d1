//! What an account can be called: its id, or its subdomain.

/// How long a subdomain can be (RFC 1035, section 2.3.4).
const LONGEST: usize = 63;

/// What names an account, in a URL and on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountName<'a> {
    Id(i64),
    /// Told without case, as hosts are.
    Subdomain(&'a str),
}

impl<'a> AccountName<'a> {
    /// Reads a name. Digits are always an id, and an id is written in one way only; what no account
    /// can be called is none.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let id = text.parse().ok().filter(|id| *id > 0 && !text.starts_with('0'));
            return id.map(Self::Id);
        }
        check_subdomain(text).is_ok().then_some(Self::Subdomain(text))
    }
}

/// # Errors
/// Why an account cannot have the subdomain, as the rest of a sentence about it.
pub(crate) fn check_subdomain(text: &str) -> Result<(), &'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if text.is_empty() || text.len() > LONGEST || !text.bytes().all(plain) {
        return Err("has 1 to 63 letters, digits and hyphens");
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err("does not begin or end with a hyphen");
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("has a letter, or it would be taken for an id");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::AccountName;

    #[test]
    fn a_name_is_an_id_or_a_subdomain() {
        let long = "a".repeat(63);
        let longer = "a".repeat(64);
        let cases = [
            ("1", Some(AccountName::Id(1))),
            ("9223372036854775807", Some(AccountName::Id(i64::MAX))),
            ("demo", Some(AccountName::Subdomain("demo"))),
            ("4-you", Some(AccountName::Subdomain("4-you"))),
            (&long, Some(AccountName::Subdomain(&long))),
            (&longer, None),
            ("9223372036854775808", None),
            ("0", None),
            ("01", None),
            ("+1", None),
            ("-1", None),
            ("1-", None),
            ("", None),
            ("..", None),
            ("a.b", None),
            ("a/b", None),
            ("a b", None),
            ("a\0", None),
            ("١", None),
            ("１", None),
            ("dèmo", None),
        ];
        for (text, expected) in cases {
            assert_eq!(AccountName::parse(text), expected, "{text:?}");
        }
    }
}
