//! Declared prompts: whether arguments and answers fill them, and what their messages say.

mod fill;
mod form;

use std::collections::HashMap;

use anyhow::Context as _;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value as Gap, syntax::SyntaxConfig, value::ValueKind,
};
use rmcp::model::{ContentBlock, PromptMessage, ResourceContents, Role};
use serde_json::Value;

pub(crate) use self::fill::{AdmittedPrompt, Answers, Unfilled};
use self::{fill::Arguments, form::Form};
use crate::{
    ServerSpec,
    nearest::nearest,
    shortened::shortened,
    spec::{MediaSpec, PromptArgumentSpec, PromptContentSpec, PromptMessageSpec, PromptRole, PromptSpec},
};

/// What templates are read with. No filter, no test and no function: what the generator lets through needs
/// none but `tool`.
///
/// # Errors
/// When the template engine is not of the version that this is written for.
pub(crate) fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A line with a condition alone leaves no trace.
    let mut syntax = SyntaxConfig::builder();
    environment.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    Ok(environment)
}

/// A server's prompts, compiled once: their messages, and the forms of what they ask.
#[derive(Debug)]
pub(crate) struct Prompts {
    messages: Environment<'static>,
    forms: HashMap<&'static str, Vec<Form>>,
}

/// What is said of an argument that a prompt does not have.
pub(crate) fn unknown(prompt: &PromptSpec, name: &str) -> String {
    let shown = shortened(name);
    match nearest(&shown, prompt.arguments.iter().map(|argument| argument.name)) {
        Some(near) => format!("`{}` has no argument `{shown}`; did you mean `{near}`?", prompt.name),
        None => format!("`{}` has no argument `{shown}`.", prompt.name),
    }
}

impl Prompts {
    /// # Errors
    /// When a declared message is no template, or a form no schema: the generated crate is not of this version.
    pub(crate) fn compile(server: &ServerSpec) -> anyhow::Result<Self> {
        let mut messages = environment()?;
        messages.set_formatter(|output, _, value| match value.as_str() {
            Some(text) => Ok(output.write_str(text)?),
            // The engine's own words for them are Python's.
            None if value.kind() == ValueKind::Bool => Ok(write!(output, "{}", value.is_true())?),
            None => Err(Error::new(ErrorKind::InvalidOperation, "only text can be printed")),
        });
        for prompt in server.prompts {
            for (place, message) in prompt.messages.iter().enumerate() {
                for (part, template) in templates(&message.content) {
                    messages
                        .add_template_owned(template_name(prompt, place, part), template)
                        .with_context(|| format!("a message of the prompt `{}` does not compile", prompt.name))?;
                }
            }
        }
        let forms = |prompt: &'static PromptSpec| Ok((prompt.name, Form::of(prompt)?));
        let forms = server.prompts.iter().map(forms).collect::<anyhow::Result<_>>()?;
        Ok(Self { messages, forms })
    }

    /// What the prompt says. An argument goes in as it is: nothing in it is read as a template.
    ///
    /// # Errors
    /// When a message needs what the generator has not seen it need.
    pub(crate) fn render(&self, prompt: &AdmittedPrompt) -> Result<Vec<PromptMessage>, Error> {
        let spec = prompt.spec();
        let context = context(spec, prompt.arguments());
        let message = |(place, PromptMessageSpec { role, content }): (usize, &PromptMessageSpec)| {
            let role = match role {
                PromptRole::User => Role::User,
                PromptRole::Assistant => Role::Assistant,
            };
            let filled = |part| {
                self.messages.get_template(&template_name(spec, place, part)).and_then(|said| said.render(&context))
            };
            let block = match content {
                // Models refuse a message without text; a condition can leave nothing of one.
                PromptContentSpec::Text(_) => {
                    filled(TEXT).map(|text| Some(text).filter(|text| !text.trim().is_empty()).map(ContentBlock::text))
                }
                PromptContentSpec::Image(MediaSpec { media_type, data }) => {
                    Ok(Some(ContentBlock::image(*data, *media_type)))
                }
                PromptContentSpec::Audio(MediaSpec { media_type, data }) => {
                    Ok(Some(ContentBlock::audio(*data, *media_type)))
                }
                PromptContentSpec::Resource { uri: _, media_type, text: _ } => filled(TEXT).and_then(|text| {
                    let contents = ResourceContents::text(text, filled(URI)?).with_mime_type(*media_type);
                    Ok(Some(ContentBlock::resource(contents)))
                }),
            };
            block.map(|block| block.map(|block| PromptMessage::new(role, block))).transpose()
        };
        spec.messages.iter().enumerate().filter_map(message).collect()
    }

    fn forms(&self, prompt: &PromptSpec) -> &[Form] {
        self.forms.get(prompt.name).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The parts of a message that are templates.
const TEXT: &str = "text";
const URI: &str = "uri";

fn templates(content: &PromptContentSpec) -> Vec<(&'static str, &'static str)> {
    match content {
        PromptContentSpec::Text(text) => vec![(TEXT, text)],
        PromptContentSpec::Image(_) | PromptContentSpec::Audio(_) => Vec::new(),
        PromptContentSpec::Resource { uri, media_type: _, text } => vec![(URI, uri), (TEXT, text)],
    }
}

fn template_name(prompt: &PromptSpec, place: usize, part: &str) -> String {
    format!("{}/{place}/{part}", prompt.name)
}

/// Everything that the messages can name: absent arguments are there too, for conditions.
fn context(prompt: &'static PromptSpec, arguments: &Arguments) -> Gap {
    let value =
        |argument: &PromptArgumentSpec| (argument.name, arguments.get(argument.name).map_or(Gap::from(()), gap));
    let tool = Gap::from_function(|name: String| {
        if prompt.uses.contains(&name.as_str()) {
            return Ok(name);
        }
        Err(Error::new(ErrorKind::InvalidOperation, "the prompt does not use this tool"))
    });
    Gap::from_pairs(prompt.arguments.iter().map(value).chain([("tool", tool)]))
}

/// A value as conditions ask for it: all that is given holds, but for `false`.
fn gap(value: &Value) -> Gap {
    match value {
        Value::Bool(flag) => Gap::from(*flag),
        Value::String(text) => Gap::from(text.as_str()),
        other => Gap::from(other.to_string()),
    }
}
