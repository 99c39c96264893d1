//! What the server's operator does at its machine, beside running it.

pub(crate) mod connection;
pub(crate) mod schedule;

/// What can stand in a table and in a log.
fn label(text: &str) -> Result<String, String> {
    let printable = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    if text.trim() == text && (1..=120).contains(&text.chars().count()) && text.chars().all(printable) {
        Ok(text.to_owned())
    } else {
        Err("write 1 to 120 printable characters".to_owned())
    }
}

/// An account, as the store knows it: not by its subdomain, which URLs can have as well.
pub(crate) fn account(text: &str) -> Result<String, String> {
    let id = text.parse::<i64>().ok().filter(|id| *id > 0);
    id.map(|id| id.to_string()).ok_or_else(|| "write the account's id, a number, as `account list` shows it".to_owned())
}
