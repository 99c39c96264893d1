//! What a token can be called, what it can hold and how long it can live: the same wherever somebody makes one.

use std::time::Duration;

use toolwright_core::{
    ScopeSet,
    token::{LONGEST_LIFETIME, LONGEST_NAME},
};

use crate::{ServerSpec, nearest::nearest};

/// A scope that the server does not declare.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownScope<'a> {
    pub(crate) name: &'a str,
    /// One that is called nearly so.
    pub(crate) near: Option<&'static str>,
}

/// The scopes with these names.
pub(crate) fn known_scopes<'a>(
    spec: &'static ServerSpec,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<ScopeSet, UnknownScope<'a>> {
    let scopes = spec.scopes();
    let find = |name| {
        let near = || nearest(name, spec.scopes.iter().map(|scope| scope.name.as_ref()));
        scopes.find(name).ok_or_else(|| UnknownScope { name, near: near() })
    };
    names.into_iter().map(find).collect()
}

/// A name is shown in tables and logs, and told apart from an id.
///
/// # Errors
/// Why no token can have the name, as a sentence without a capital letter and a period.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    if !is_printable(name) || name.starts_with(super::ID_PREFIX) {
        return Err("a token's name has 1 to 64 printable characters and does not start with `tok_`, as ids do");
    }
    Ok(())
}

/// Whether a text can stand in a table and in a log. Letters, digits, marks of ASCII and spaces between them.
pub(crate) fn is_printable(text: &str) -> bool {
    let printable = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    !text.trim().is_empty() && text.chars().count() <= LONGEST_NAME && text.chars().all(printable)
}

/// How long a token is to live, as somebody writes it: `90d`.
///
/// # Errors
/// What to write instead.
pub(crate) fn lifetime(text: &str) -> Result<Duration, &'static str> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        "y" => 365 * 24 * 60 * 60,
        _ => return Err("write a number and a unit: 90d, 12h, 1y"),
    };
    let total = number.parse::<u64>().ok().filter(|number| *number > 0).and_then(|number| number.checked_mul(seconds));
    total
        .filter(|total| *total <= LONGEST_LIFETIME)
        .map(Duration::from_secs)
        .ok_or("write a time between one second and 100 years")
}
