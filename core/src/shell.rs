//! Text in commands that a POSIX shell reads.

/// Text as one word of a shell; in double quotes where any will do, which other shells read as well.
pub fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else if text.contains(['$', '`', '\\', '"', '!']) {
        format!("'{}'", text.replace('\'', r"'\''"))
    } else {
        format!("\"{text}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_shell_is_one_word() {
        for (text, expected) in [
            ("acme", "acme"),
            ("https://a.example/mcp", "https://a.example/mcp"),
            ("", "\"\""),
            ("two words", "\"two words\""),
            ("a&b;c|d", "\"a&b;c|d\""),
            ("{{url}}", "\"{{url}}\""),
            ("it's", "\"it's\""),
            ("$HOME", "'$HOME'"),
            ("`id`", "'`id`'"),
            ("$it's", r"'$it'\''s'"),
            ("\"quoted\"", "'\"quoted\"'"),
            ("back\\slash", "'back\\slash'"),
        ] {
            assert_eq!(word(text), expected);
        }
    }
}
