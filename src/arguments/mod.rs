//! JSON against its schema, explained.

mod explain;
mod number;
mod omit;
mod place;
mod union;

use std::{borrow::Cow, collections::HashMap};

use anyhow::{Context as _, anyhow};
use jsonschema::{Draft, ValidationError, Validator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(crate) use self::omit::Omission;
use crate::{ServerSpec, ToolError, spec::ToolSpec};

/// The input schemas of a server's tools, compiled once.
#[derive(Debug)]
pub(crate) struct Schemas(HashMap<&'static str, Schema>);

/// A schema, compiled once.
#[derive(Debug)]
pub(crate) struct Schema {
    declared: Value,
    /// What the validator is made from, for its faults point into it.
    checked: Value,
    validator: Validator,
    /// What is kept out of messages and records, if anything is.
    omission: Option<Omission>,
}

impl Schema {
    pub(crate) fn compile(declared: Value) -> Result<Self, ValidationError<'static>> {
        let checked = union::decided_by_tag(&declared);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .offline()
            .build(&checked)
            .map_err(ValidationError::to_owned)?;
        let omission = Omission::of(&declared);
        Ok(Self { declared, checked, validator, omission })
    }

    /// As it was declared.
    pub(crate) fn declared(&self) -> &Value {
        &self.declared
    }

    /// The value as a type takes it.
    ///
    /// # Errors
    /// Every fault at once.
    pub(crate) fn check(&self, mut arguments: Value) -> Result<Value, Vec<String>> {
        if self.validator.is_valid(&arguments) {
            number::make_whole(&mut arguments, &self.declared);
            return Ok(arguments);
        }
        let omitted = self.omission.as_ref().map(|omission| omission.apply(&arguments));
        Err(explain::faults(self.validator.iter_errors(&arguments), &self.checked, &arguments, omitted.as_ref()))
    }
}

impl Schemas {
    /// # Errors
    /// When a declared schema is missing or is no JSON Schema of 2020-12.
    pub(crate) fn compile(server: &ServerSpec) -> anyhow::Result<Self> {
        let mut list: Vec<Value> =
            serde_json::from_str(server.tool_list).context("the generated tool list is broken")?;
        let mut compile = |tool: &&'static ToolSpec| {
            let declared =
                list.iter_mut().find(|shown| shown["name"] == tool.name).map(|shown| shown["inputSchema"].take());
            let declared = declared.ok_or_else(|| anyhow!("the generated tool list lacks `{}`", tool.name))?;
            let schema = Schema::compile(declared)
                .map_err(|error| anyhow!("the input schema of `{}` does not compile: {error}", tool.name))?;
            Ok((tool.name, schema))
        };
        server.tools.iter().map(&mut compile).collect::<anyhow::Result<_>>().map(Self)
    }

    /// The arguments as the tool's input type takes them.
    ///
    /// # Errors
    /// Every fault at once: its path, what was expected there, and what came.
    pub(crate) fn check(&self, tool: &ToolSpec, arguments: Map<String, Value>) -> Result<Value, ToolError> {
        let schema = self.0.get(tool.name).ok_or_else(|| ToolError::internal("a tool without a schema"))?;
        schema.check(Value::Object(arguments)).map_err(|faults| ToolError::invalid_arguments(tool.name, &faults))
    }

    /// The arguments without what the manifest keeps out of every message and record. They need not be valid.
    pub(crate) fn omitted<'a>(&self, tool: &ToolSpec, arguments: &'a Value) -> Cow<'a, Value> {
        let omission = self.0.get(tool.name).and_then(|schema| schema.omission.as_ref());
        omission.map_or(Cow::Borrowed(arguments), |omission| Cow::Owned(omission.apply(arguments)))
    }
}

/// Arguments that the schema has accepted, as the tool's input type.
///
/// # Errors
/// Where the type is narrower than the schema: an integer outside of 64 bits.
pub(crate) fn typed<T: DeserializeOwned>(tool: &ToolSpec, arguments: &Value) -> Result<T, ToolError> {
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        let fault = explain::narrower(error.path(), &error.inner().to_string(), arguments);
        ToolError::invalid_arguments(tool.name, &[fault])
    })
}

#[cfg(test)]
mod tests;
