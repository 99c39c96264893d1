//! The templates. Every value is escaped as HTML, and a name that the context lacks is an error, never an empty text.

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$((concat!($name, ".html"), include_str!(concat!("../templates/", $name, ".html.j2")))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = templates![
    "layout",
    "macros",
    "picker",
    "check",
    "sign-in",
    "failure",
    "tokens",
    "new-token",
    "connect",
    "tools",
    "keys",
    "activity",
];

/// Renders the template with this name.
pub(crate) fn render(environment: &Environment<'_>, name: &str, context: &impl Serialize) -> String {
    let context = Value::from(Serde(context));
    let rendered = environment.get_template(name).and_then(|template| template.render(context));
    // The templates are part of the program, and contexts are typed: whether one renders depends on no input.
    rendered.unwrap_or_else(|error| unreachable!("the template {name} is wrong: {error:#}"))
}

pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(syntax());
    environment.set_formatter(|output, state, value| {
        if value.is_undefined() || value.is_none() {
            return Err(ErrorKind::UndefinedError.into());
        }
        let is_text = *state.auto_escape() == AutoEscape::None || value.is_safe();
        let text = value.to_string();
        Ok(output.write_str(&if is_text { text } else { escaped(&text) })?)
    });
    environment.add_filter("counted", counted);
    environment.add_filter("prose", |text: &str| Value::from_safe_string(prose(text)));
    for (name, source) in TEMPLATES {
        // A checkout may have changed line endings; no output has another than `\n`.
        if let Err(error) = environment.add_template_owned(*name, source.replace("\r\n", "\n")) {
            unreachable!("the template {name} is wrong: {error:#}");
        }
    }
    environment
}

/// Text as HTML, between tags and between quotation marks. The engine's own escapes slashes as well, which mean nothing
/// there, and make addresses hard to read.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(char),
        }
    }
    escaped
}

/// How many there are of what a word that takes an s means.
fn counted(number: u64, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// The manifest's prose as HTML: what stands between backticks is code. One without its other is itself.
fn prose(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, code, after)) = rest.split_once('`').and_then(|(before, after)| {
        let (code, after) = after.split_once('`')?;
        Some((before, code, after))
    }) {
        html.extend([&*escaped(before), "<code>", &*escaped(code), "</code>"]);
        rest = after;
    }
    html + &escaped(rest)
}

/// Tags stand on lines of their own, which leave no trace.
fn syntax() -> SyntaxConfig {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    syntax.build().unwrap_or_else(|error| unreachable!("the default delimiters are wrong: {error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_has_code_between_backticks_and_nothing_else() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a `b` c", "a <code>b</code> c"),
            ("`a` and `b<i>`", "<code>a</code> and <code>b&lt;i&gt;</code>"),
            ("it`s <b>", "it`s &lt;b&gt;"),
            ("`a` `b", "<code>a</code> `b"),
            ("``", "<code></code>"),
            ("", ""),
        ] {
            assert_eq!(prose(text), expected);
        }
    }

    #[test]
    fn what_has_no_value_is_an_error_and_no_empty_text() {
        for source in ["{{ missing }}", "{{ text.missing }}", "{{ none }}", "{{ missing|prose }}"] {
            let context = serde_json::json!({"text": "x", "none": null});
            let rendered = environment().render_named_str("x.html", source, Value::from(Serde(&context)));
            assert!(rendered.is_err(), "{source}: {rendered:?}");
        }
    }
}
