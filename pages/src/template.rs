//! The templates. Every value is escaped as HTML, and a name that the context lacks is an error, never an empty text.

use minijinja::{
    Environment, ErrorKind, UndefinedBehavior, Value, escape_formatter, syntax::SyntaxConfig, value::Serde,
};
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
    "clients",
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
        escape_formatter(output, state, value)
    });
    for (name, source) in TEMPLATES {
        // A checkout may have changed line endings; no output has another than `\n`.
        if let Err(error) = environment.add_template_owned(*name, source.replace("\r\n", "\n")) {
            unreachable!("the template {name} is wrong: {error:#}");
        }
    }
    environment
}

/// Tags stand on lines of their own, which leave no trace.
fn syntax() -> SyntaxConfig {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    syntax.build().unwrap_or_else(|error| unreachable!("the default delimiters are wrong: {error:#}"))
}
