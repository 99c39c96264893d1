//! What a person is asked, or a client's model. Values of arguments stand in it as data: to a person, whole words of a model,
//! which may have them from anywhere, and which a person is to see as they are; to a model, as they came.

use std::collections::HashMap;

use anyhow::Context as _;
use minijinja::{Environment, Error, ErrorKind, Value as Gap, value::ValueKind};
use serde_json::{Map, Value};
use toolwright_core::text::invisible;

use crate::{
    Secrets, ServerSpec,
    arguments::Omission,
    prompt,
    spec::{AskKind, AskSpec, ToolSpec},
};

/// How many characters of a value are shown.
const SHOWN: usize = 500;

/// The questions of a server's tools, compiled once.
#[derive(Debug)]
pub(crate) struct Questions {
    to_people: Environment<'static>,
    to_models: Environment<'static>,
    /// The arguments of each tool that asks, with their defaults.
    arguments: HashMap<&'static str, Map<String, Value>>,
    /// What no question repeats.
    omissions: HashMap<&'static str, Omission>,
}

impl Questions {
    /// # Errors
    /// When a declared question is no template: the generated crate is not of this version.
    pub(crate) fn compile(server: &ServerSpec) -> anyhow::Result<Self> {
        let list: Vec<Value> = serde_json::from_str(server.tool_list).context("the generated tool list is broken")?;
        let mut to_people = printing(code)?;
        let mut to_models = printing(str::to_owned)?;
        let (mut arguments, mut omissions) = (HashMap::new(), HashMap::new());
        for tool in server.tools.iter().filter(|tool| tool.question.is_some() || !tool.asks.is_empty()) {
            let compiles = |added: Result<(), Error>| {
                added.with_context(|| format!("a question of the tool `{}` does not compile", tool.name))
            };
            if let Some(question) = tool.question {
                compiles(to_people.add_template(tool.name, question))?;
            }
            for ask in tool.asks {
                let name = template(tool, ask);
                match ask.kind {
                    AskKind::Form { message, schema: _ } => compiles(to_people.add_template_owned(name, message))?,
                    AskKind::Sample { prompt, max_tokens: _ } => compiles(to_models.add_template_owned(name, prompt))?,
                    AskKind::Roots => {}
                }
            }
            let declared = list.iter().find(|shown| shown["name"] == tool.name);
            let schema = declared.map(|shown| &shown["inputSchema"]);
            omissions.extend(schema.and_then(Omission::of).map(|omission| (tool.name, omission)));
            let declared = schema.and_then(|schema| schema["properties"].as_object()).into_iter().flatten();
            let default = |(name, schema): (&String, &Value)| (name.clone(), schema["default"].clone());
            arguments.insert(tool.name, declared.map(default).collect());
        }
        Ok(Self { to_people, to_models, arguments, omissions })
    }

    /// The question about one call, in one line.
    ///
    /// # Errors
    /// When it names what the generator has not seen it name.
    pub(crate) fn about(&self, tool: &ToolSpec, arguments: &Value, secrets: &Secrets) -> Result<String, Error> {
        self.to_people.get_template(tool.name)?.render(self.gaps(tool, arguments, secrets))
    }

    /// What a tool asks while it runs.
    ///
    /// # Errors
    /// When it names what the generator has not seen it name.
    pub(crate) fn asked(
        &self,
        tool: &ToolSpec,
        ask: &AskSpec,
        arguments: &Value,
        secrets: &Secrets,
    ) -> Result<String, Error> {
        let templates = match ask.kind {
            AskKind::Form { .. } => &self.to_people,
            AskKind::Sample { .. } => &self.to_models,
            AskKind::Roots => return Ok(String::new()),
        };
        templates.get_template(&template(tool, ask))?.render(self.gaps(tool, arguments, secrets))
    }

    /// The arguments of a call, for the gaps of a question.
    fn gaps(&self, tool: &ToolSpec, arguments: &Value, secrets: &Secrets) -> Gap {
        let mut shown = Value::Object(self.arguments.get(tool.name).cloned().unwrap_or_default());
        let omitted = self.omissions.get(tool.name).map(|omission| omission.apply(arguments));
        if let (Value::Object(shown), Value::Object(given)) = (&mut shown, omitted.as_ref().unwrap_or(arguments)) {
            shown.extend(given.clone());
        }
        secrets.redact_result(&mut shown);
        let gaps = shown.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), gap(value, secrets)));
        Gap::from_pairs(gaps)
    }
}

/// What a template is known by.
fn template(tool: &ToolSpec, ask: &AskSpec) -> String {
    format!("{}/{}", tool.name, ask.key)
}

/// Templates whose values are printed in this form.
fn printing(form: impl Fn(&str) -> String + Send + Sync + 'static) -> Result<Environment<'static>, Error> {
    let mut templates = prompt::environment()?;
    templates.set_formatter(move |output, _, value| match value.as_str() {
        Some(text) => Ok(output.write_str(&form(text))?),
        // The engine's own words for them are Python's.
        None if value.kind() == ValueKind::Bool => {
            Ok(output.write_str(&form(if value.is_true() { "true" } else { "false" }))?)
        }
        None => Err(Error::new(ErrorKind::InvalidOperation, "there is nothing to print")),
    });
    Ok(templates)
}

/// A value as conditions ask for it: all that is given holds, but for `false` and an empty text or list.
fn gap(value: &Value, secrets: &Secrets) -> Gap {
    let text = match value {
        Value::Null => return Gap::from(()),
        Value::Bool(flag) => return Gap::from(*flag),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => text(other),
    };
    Gap::from(secrets.redact_text(&text).into_owned())
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value in quotes that it cannot leave, in one line, with nothing in it that a person cannot see: as code,
/// in which no Markdown means anything.
pub(crate) fn code(value: &str) -> String {
    let words = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() {
        return "(nothing)".to_owned();
    }
    let mut shown: String = words
        .chars()
        .take(SHOWN)
        .map(|char| match char {
            '`' => '\'',
            char if invisible(char).is_some() => char::REPLACEMENT_CHARACTER,
            char => char,
        })
        .collect();
    if words.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}
