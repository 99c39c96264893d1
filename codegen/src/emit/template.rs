//! The templates of the outputs that are text.
//!
//! In a template of `docs/` every value is escaped as Markdown unless a filter has made Markdown of it;
//! in the others values go in as they are, and those that need it are quoted for their format by a
//! filter. A name that the context lacks is an error, never an empty text.

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use super::{markdown, wording};

/// The templates by their path below `templates/`, without `.j2`.
macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name, ".j2")))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = templates![
    "crate/Cargo.toml",
    "docs/README.md",
    "docs/group.md",
    "docs/types.md",
    "docs/operations.md",
    "docs/promises.md",
    "docs/manifest.md",
    "docs/clients/claude-code.md",
    "docs/clients/cursor.md",
    "docs/clients/vscode.md",
    "docs/clients/windsurf.md",
    "docs/clients/codex.md",
    "docs/clients/opencode.md",
    "docs/clients/gemini-cli.md",
    "docs/clients/claude-ai.md",
    "docs/clients/stdio.md",
    "docs/clients/claude-desktop.md",
    "docs/clients/inspector.md",
    "docs/clients/other.md",
    "docs/clients/zed.md",
    "docs/clients/goose.md",
    "docs/clients/continue.md",
    "docs/clients/kiro.md",
    "docs/clients/roo.md",
    "docs/clients/cline.md",
    "docs/clients/copilot-cli.md",
    "docs/clients/lm-studio.md",
    "docs/clients/warp.md",
    "docs/clients/jetbrains.md",
    "docs/clients/unsupported.md",
    "docs/clients/another.md",
];

/// Renders the template with this name.
pub(super) fn render(name: &str, context: &impl Serialize) -> String {
    let context = Value::from(Serde(context));
    let rendered = environment().get_template(name).and_then(|template| template.render(context));
    // The templates are part of the program, and so is every context: neither depends on input.
    rendered.unwrap_or_else(|error| unreachable!("the template {name} is wrong: {error:#}"))
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(syntax());
    environment.set_auto_escape_callback(|name| {
        if name.starts_with("docs/") { AutoEscape::Custom("markdown".into()) } else { AutoEscape::None }
    });
    environment.set_formatter(|output, state, value| {
        if value.is_undefined() || value.is_none() {
            return Err(ErrorKind::UndefinedError.into());
        }
        let escapes = *state.auto_escape() != AutoEscape::None && !value.is_safe();
        match value.as_str().filter(|_| escapes) {
            Some(text) => Ok(output.write_str(&markdown::inline(text))?),
            None => Ok(write!(output, "{value}")?),
        }
    });
    for (filter, function) in FILTERS {
        environment.add_filter(*filter, move |text: &str| Value::from_safe_string(function(text)));
    }
    environment.add_filter("codes", |names: Vec<String>, word: &str| {
        let codes: Vec<String> = names.iter().map(|name| markdown::code(name)).collect();
        Value::from_safe_string(wording::list(&codes, word))
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

/// A filter: its name in templates and what it makes of text.
type Filter = (&'static str, fn(&str) -> String);

const FILTERS: &[Filter] = &[("code", markdown::code), ("paragraphs", markdown::paragraphs), ("quoted", quoted)];

/// Text as a string of JSON, which is a basic string of TOML too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render_text(name: &str, source: &str, context: &impl Serialize) -> Option<String> {
        let mut environment = environment();
        environment.add_template_owned(name.to_owned(), source.to_owned()).expect("a template");
        environment.get_template(name).and_then(|template| template.render(Value::from(Serde(context)))).ok()
    }

    #[derive(Serialize)]
    struct Context {
        text: &'static str,
        absent: Option<&'static str>,
    }

    const CONTEXT: Context = Context { text: "<a> \"b\"", absent: None };

    #[test]
    fn what_has_no_value_is_an_error_and_no_empty_text() {
        for source in
            ["{{ missing }}", "{{ text.missing }}", "{{ absent }}", "{{ 'x' if absent }}", "{{ missing|code }}"]
        {
            assert_eq!(render_text("docs/x.md", source, &CONTEXT), None, "{source}");
        }
        assert_eq!(render_text("docs/x.md", "{{ absent or text }}", &CONTEXT).as_deref(), Some("\\<a\\> \"b\""));
    }

    #[test]
    fn only_markdown_is_escaped_as_markdown() {
        assert_eq!(render_text("docs/x.md", "{{ text }}", &CONTEXT).as_deref(), Some("\\<a\\> \"b\""));
        assert_eq!(render_text("docs/x.md", "{{ text|safe }}", &CONTEXT).as_deref(), Some(CONTEXT.text));
        assert_eq!(render_text("crate/x.toml", "{{ text }}", &CONTEXT).as_deref(), Some(CONTEXT.text));
        assert_eq!(render_text("crate/x.toml", "{{ text|quoted }}", &CONTEXT).as_deref(), Some(r#""<a> \"b\"""#));
    }
}
