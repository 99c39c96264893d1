//! Declared prompts: whether arguments fill them, and what their messages say.

use std::collections::BTreeMap;

use anyhow::Context as _;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value as Gap, syntax::SyntaxConfig};
use rmcp::model::{PromptMessage, Role};
use serde_json::{Map, Value};

use crate::{
    ServerSpec,
    gate::Admitted,
    nearest::nearest,
    shortened::shortened,
    spec::{ArgumentValues, PromptArgumentSpec, PromptMessageSpec, PromptRole, PromptSpec},
};

/// How many arguments that a prompt does not have are named: a caller can send any number.
const MOST_UNKNOWN: usize = 8;

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

/// The messages of a server's prompts, compiled once.
#[derive(Debug)]
pub(crate) struct Prompts(Environment<'static>);

/// An authorized prompt, with arguments that fill it.
#[derive(Debug, Clone)]
pub(crate) struct AdmittedPrompt {
    admitted: Admitted<PromptSpec>,
    arguments: Arguments,
}

/// The arguments that were given. An empty text is as good as none: forms send it for a field that
/// was left alone.
type Arguments = BTreeMap<&'static str, String>;

impl AdmittedPrompt {
    /// Holds the arguments against the prompt.
    ///
    /// # Errors
    /// Every fault at once, each a sentence that names its argument.
    pub(crate) fn new(admitted: Admitted<PromptSpec>, given: &Map<String, Value>) -> Result<Self, Vec<String>> {
        let prompt = admitted.operation();
        let mut arguments = Arguments::new();
        let mut faults = Vec::new();
        for argument in prompt.arguments {
            match check(argument, given.get(argument.name)) {
                Ok(text) => arguments.extend(text.map(|text| (argument.name, text))),
                Err(fault) => faults.push(fault),
            }
        }
        let declared = |name: &str| prompt.arguments.iter().any(|argument| argument.name == name);
        faults.extend(given.keys().filter(|name| !declared(name)).take(MOST_UNKNOWN).map(|name| unknown(prompt, name)));
        if faults.is_empty() { Ok(Self { admitted, arguments }) } else { Err(faults) }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.admitted.operation().name
    }
}

/// The text that was given for an argument, if one was.
fn check(argument: &PromptArgumentSpec, given: Option<&Value>) -> Result<Option<String>, String> {
    let PromptArgumentSpec { name, required, values } = argument;
    let text = match given {
        None => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err(format!("`{name}` is not text.")),
    };
    if text.is_empty() {
        return if *required { Err(format!("`{name}` is missing.")) } else { Ok(None) };
    }
    match values {
        ArgumentValues::Words(words) if !words.contains(&text) => {
            Err(format!("`{name}` is one of `{}`, and not `{}`.", words.join("`, `"), shortened(text)))
        }
        ArgumentValues::Words(_) | ArgumentValues::Text | ArgumentValues::Listed(_) => Ok(Some(text.to_owned())),
    }
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
    /// When a declared message is no template: the generated crate is not of this version.
    pub(crate) fn compile(server: &ServerSpec) -> anyhow::Result<Self> {
        let mut environment = environment()?;
        environment.set_formatter(|output, _, value| match value.as_str() {
            Some(text) => Ok(output.write_str(text)?),
            None => Err(Error::new(ErrorKind::InvalidOperation, "only text can be printed")),
        });
        for prompt in server.prompts {
            for (place, message) in prompt.messages.iter().enumerate() {
                environment
                    .add_template_owned(template_name(prompt, place), message.template)
                    .with_context(|| format!("a message of the prompt `{}` does not compile", prompt.name))?;
            }
        }
        Ok(Self(environment))
    }

    /// What the prompt says. An argument goes in as it is: nothing in it is read as a template.
    ///
    /// # Errors
    /// When a message needs what the generator has not seen it need.
    pub(crate) fn render(&self, prompt: &AdmittedPrompt) -> Result<Vec<PromptMessage>, Error> {
        let spec = prompt.admitted.operation();
        let context = context(spec, &prompt.arguments);
        let message = |(place, message): (usize, &PromptMessageSpec)| {
            let text = self.0.get_template(&template_name(spec, place)).and_then(|said| said.render(&context));
            let role = match message.role {
                PromptRole::User => Role::User,
                PromptRole::Assistant => Role::Assistant,
            };
            // Models refuse a message without text; a condition can leave nothing of one.
            let is_said = |text: &String| !text.trim().is_empty();
            text.map(|text| Some(text).filter(is_said).map(|text| PromptMessage::new_text(role, text))).transpose()
        };
        spec.messages.iter().enumerate().filter_map(message).collect()
    }
}

fn template_name(prompt: &PromptSpec, place: usize) -> String {
    format!("{}/{place}", prompt.name)
}

/// Everything that the messages can name: absent arguments are there too, for conditions.
fn context(prompt: &'static PromptSpec, arguments: &Arguments) -> Gap {
    let value = |argument: &PromptArgumentSpec| {
        let given = arguments.get(argument.name);
        (argument.name, given.map_or(Gap::from(()), |text| Gap::from(text.as_str())))
    };
    let tool = Gap::from_function(|name: String| {
        if prompt.uses.contains(&name.as_str()) {
            return Ok(name);
        }
        Err(Error::new(ErrorKind::InvalidOperation, "the prompt does not use this tool"))
    });
    Gap::from_pairs(prompt.arguments.iter().map(value).chain([("tool", tool)]))
}
