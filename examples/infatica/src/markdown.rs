//! What Markdown needs around text that it must not read as Markdown.

use minijinja::{Environment, UndefinedBehavior};

/// An engine for templates of Markdown: what a value needs depends on where it stands, so each goes
/// through the filter of its place.
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("prose", prose);
    environment.add_filter("code", code);
    environment.add_filter("fenced", fenced);
    environment
}

/// Text of a paragraph or heading: on one line, and every punctuation character escaped
/// (<https://spec.commonmark.org/0.31.2/#backslash-escapes>).
fn prose(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in one_line(text).chars() {
        if character.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A code span.
fn code(text: &str) -> String {
    let ticks = "`".repeat(longest_run(text) + 1);
    let text = one_line(text);
    // A space on both sides is not shown, and keeps ticks of the text apart from those around it.
    if text.starts_with('`') || text.ends_with('`') {
        format!("{ticks} {text} {ticks}")
    } else {
        format!("{ticks}{text}{ticks}")
    }
}

/// A fenced code block, with a fence that no line of the text can close.
fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}\n{}\n{fence}", text.strip_suffix('\n').unwrap_or(text))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Length of the longest row of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}
