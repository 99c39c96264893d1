//! What a client can call a server, and the variable that goes with a name.

/// The most characters of a server's name.
pub const LONGEST_NAME: usize = 40;

/// Whether every client takes a text as the name of a server: letters, digits, hyphens and underscores. Claude
/// Code and Codex refuse others, and in none of the formats does such a name need quotation marks.
pub fn is_name(text: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(plain)
        && text.len() <= LONGEST_NAME
}

/// Whether a text names an environment variable that every shell and every client can refer to.
pub fn is_variable(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

/// The variable with the credential of a server that a client calls `name`: the declared one for the declared
/// `key`, and for every other name that name in the key's place, or before the whole where the key is not in
/// it. Names that differ in more than case, hyphens and underscores have variables that differ.
pub fn variable(declared: &str, key: &str, name: &str) -> String {
    if name == key {
        return declared.to_owned();
    }
    let word = |name: &str| name.replace('-', "_").to_ascii_uppercase();
    let rest = declared.strip_prefix(&word(key)).and_then(|rest| rest.strip_prefix('_')).unwrap_or(declared);
    let variable = format!("{}_{rest}", word(name));
    if is_variable(&variable) { variable } else { format!("_{variable}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_variable() {
        for (declared, key, name, expected) in [
            ("INFERENCE_API_KEY", "inference", "inference", "INFERENCE_API_KEY"),
            ("INFERENCE_API_KEY", "inference", "inference-prod", "INFERENCE_PROD_API_KEY"),
            ("INFERENCE_API_KEY", "inference", "prod", "PROD_API_KEY"),
            ("INFERENCE_API_KEY", "infer", "infer-prod", "INFER_PROD_INFERENCE_API_KEY"),
            ("ACME_IO_TOKEN", "acme-io", "acme_io_2", "ACME_IO_2_TOKEN"),
            ("TOKEN", "acme", "acme-2", "ACME_2_TOKEN"),
            ("ACME_KEY", "acme", "2nd", "_2ND_KEY"),
            ("ACME_KEY", "acme", "Acme", "ACME_KEY"),
        ] {
            let variable = variable(declared, key, name);
            assert_eq!(variable, expected, "{declared} {key} {name}");
            assert!(is_variable(&variable), "{variable}");
        }
    }

    #[test]
    fn names_and_variables_are_plain() {
        let longest = "a".repeat(LONGEST_NAME);
        for name in ["acme", "Acme_2", "2nd", "a-b", &longest] {
            assert!(is_name(name), "{name}");
        }
        let longer = format!("{longest}a");
        for name in ["", "-a", "_a", "a b", "a.b", "a\"b", "a'b", "$a", "ä", "a\n", &longer] {
            assert!(!is_name(name), "{name}");
        }
        for (text, expected) in
            [("A", true), ("_2a", true), ("", false), ("2A", false), ("A-B", false), ("A B", false), ("Ä", false)]
        {
            assert_eq!(is_variable(text), expected, "{text}");
        }
    }
}
