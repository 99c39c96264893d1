//! What a person is asked for where a prompt lacks it: the form, and what they filled in.

use anyhow::{Context as _, anyhow, bail};
use minijinja::{Environment, Error, ErrorKind};
use rmcp::model::{ElicitRequest, ElicitRequestParams, InputRequest};
use serde_json::{Map, Value, json};

use super::{
    context, environment,
    fill::{Answers, Arguments, Unfilled},
};
use crate::{
    arguments::Schema,
    question::code,
    spec::{AskKind, AskSpec, PromptSpec},
};

/// The form of an ask.
#[derive(Debug)]
pub(super) struct Form {
    spec: &'static AskSpec,
    message: Environment<'static>,
    fields: Vec<Field>,
}

/// A field of a form, which is an argument of the prompt, too.
#[derive(Debug)]
pub(super) struct Field {
    name: &'static str,
    required: bool,
    default: Option<Value>,
    declared: Value,
    /// Of an object with this property alone.
    schema: Schema,
}

/// What comes of a form.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Values of its fields, as far as there are any.
    Filled(Vec<(&'static str, Value)>),
    /// A person is to be asked.
    Asked(Box<InputRequest>),
}

/// The one template of a form.
const MESSAGE: &str = "message";

impl Form {
    /// The forms of a prompt.
    ///
    /// # Errors
    /// When one is no form: the generated crate is not of this version.
    pub(super) fn of(prompt: &'static PromptSpec) -> anyhow::Result<Vec<Self>> {
        let form = |spec: &'static AskSpec| {
            Self::compile(prompt, spec)
                .with_context(|| format!("the form `{}` of the prompt `{}` is broken", spec.key, prompt.name))
        };
        prompt.asks.iter().map(form).collect()
    }

    fn compile(prompt: &'static PromptSpec, spec: &'static AskSpec) -> anyhow::Result<Self> {
        let AskKind::Form { message: template, schema } = spec.kind else { bail!("a prompt asks for forms only") };
        let schema: Value = serde_json::from_str(schema)?;
        let properties = schema["properties"].as_object().ok_or_else(|| anyhow!("it has no fields"))?;
        let field = |(name, declared): (&String, &Value)| {
            let argument = prompt.arguments.iter().find(|argument| argument.name == name);
            let argument = argument.ok_or_else(|| anyhow!("the prompt has no argument `{name}`"))?;
            let alone = json!({"type": "object", "properties": {name: declared}});
            Ok(Field {
                name: argument.name,
                required: schema["required"].as_array().is_some_and(|names| names.contains(&json!(name))),
                default: declared.get("default").cloned(),
                declared: declared.clone(),
                schema: Schema::compile(alone).map_err(|error| anyhow!("`{name}` does not compile: {error}"))?,
            })
        };
        let fields = properties.iter().map(field).collect::<anyhow::Result<_>>()?;
        let mut message = environment()?;
        message.set_formatter(|output, _, value| match value.as_str() {
            Some(text) => Ok(output.write_str(&code(text))?),
            None => Err(Error::new(ErrorKind::InvalidOperation, "only text can be printed")),
        });
        message.add_template(MESSAGE, template)?;
        Ok(Self { spec, message, fields })
    }

    pub(super) fn key(&self) -> &'static str {
        self.spec.key
    }

    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Fills in what was not given as an argument, or asks for it: where something that is required is missing, or
    /// everything.
    ///
    /// # Errors
    /// That a client cannot be asked for what the prompt cannot do without, or that a person declined to give it.
    pub(super) fn fill(
        &self,
        prompt: &'static PromptSpec,
        given: &Arguments,
        answers: &Answers,
    ) -> Result<Outcome, Unfilled> {
        let open: Vec<&Field> = self.fields.iter().filter(|field| !given.contains_key(field.name)).collect();
        let is_complete = open.len() < self.fields.len() && !open.iter().any(|field| field.required);
        let answer = answers.given.get(self.key());
        let action = answer.and_then(|answer| answer["action"].as_str());
        let filled = match (action, answer) {
            _ if is_complete => Some(Vec::new()),
            (Some("accept"), Some(answer)) => read(&open, &answer["content"]),
            (Some("decline" | "cancel"), _) if self.spec.optional => return Ok(Outcome::Filled(Vec::new())),
            (Some("decline" | "cancel"), _) => {
                let why = format!("{}: the form that asks for it was not filled in.", missing(&open));
                return Err(Unfilled::Faults(vec![why]));
            }
            _ => None,
        };
        if let Some(mut filled) = filled {
            let is_absent = |field: &&&Field| !filled.iter().any(|(name, _)| *name == field.name);
            let defaults = open.iter().filter(is_absent).filter_map(|field| Some((field.name, field.default.clone()?)));
            let defaults: Vec<_> = defaults.collect();
            filled.extend(defaults);
            return Ok(Outcome::Filled(filled));
        }
        match answers {
            Answers { can_ask: true, .. } => {
                self.question(prompt, given, &open).map(|question| Outcome::Asked(Box::new(question)))
            }
            _ if self.spec.optional => Ok(Outcome::Filled(Vec::new())),
            Answers { is_stateless: true, .. } => Err(Unfilled::CannotAsk(format!(
                "{}, and this client shows no form to ask for it. It can be given as an argument.",
                missing(&open)
            ))),
            _ => {
                let why =
                    format!("{}, and this client cannot be asked for it: give it as an argument.", missing(&open));
                Err(Unfilled::Faults(vec![why]))
            }
        }
    }

    /// What a client is to ask: for the fields that are open, and no others.
    fn question(
        &self,
        prompt: &'static PromptSpec,
        given: &Arguments,
        open: &[&Field],
    ) -> Result<InputRequest, Unfilled> {
        let properties: Map<String, Value> =
            open.iter().map(|field| (field.name.to_owned(), field.declared.clone())).collect();
        let required: Vec<&str> = open.iter().filter(|field| field.required).map(|field| field.name).collect();
        let mut schema = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        let broken = |error: &dyn std::fmt::Display| Unfilled::Broken(format!("the form `{}`: {error}", self.key()));
        let message = self.message.get_template(MESSAGE).and_then(|message| message.render(context(prompt, given)));
        let form = ElicitRequestParams::FormElicitationParams {
            meta: None,
            message: message.map_err(|error| broken(&error))?,
            requested_schema: serde_json::from_value(schema).map_err(|error| broken(&error))?,
        };
        Ok(InputRequest::Elicitation(ElicitRequest::new(form)))
    }
}

impl Field {
    /// A text that was given as an argument, as the form would have it.
    pub(super) fn parse(&self, text: &str) -> Result<Value, Vec<String>> {
        let value = match self.declared["type"].as_str() {
            Some("string") => Value::from(text),
            _ => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        };
        self.check(&value)
    }

    fn check(&self, value: &Value) -> Result<Value, Vec<String>> {
        let mut alone = self.schema.check(json!({self.name: value})).map_err(|faults| {
            // The faults of tools' arguments are lines of a list.
            faults.into_iter().map(|fault| format!("{fault}.")).collect::<Vec<_>>()
        })?;
        Ok(alone[self.name].take())
    }
}

/// What a person filled in; nothing where it does not fit, so that they are asked again. An empty text is none.
fn read(open: &[&Field], content: &Value) -> Option<Vec<(&'static str, Value)>> {
    let mut filled = Vec::new();
    for field in open {
        match content.get(field.name).filter(|value| **value != Value::Null && *value != "") {
            Some(value) => filled.push((field.name, field.check(value).ok()?)),
            None if field.required => return None,
            None => {}
        }
    }
    Some(filled)
}

/// Which fields are not there.
fn missing(open: &[&Field]) -> String {
    let required = open.iter().filter(|field| field.required);
    let names: Vec<String> = required.map(|field| format!("`{}`", field.name)).collect();
    match names.as_slice() {
        [] => "What it asks for is missing".to_owned(),
        [one] => format!("{one} is missing"),
        several => format!("{} are missing", several.join(", ")),
    }
}
