//! Names and texts in SQL.

/// A name in double quotes, as both engines read it.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table with its schema, quoted.
pub(crate) fn table(schema: &str, name: &str) -> String {
    format!("{}.{}", identifier(schema), identifier(name))
}

/// A text in single quotes. PostgreSQL is told to take backslashes as they are (`standard_conforming_strings`).
pub(super) fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
