//! Declared resources: which one a URI is of, who may read it, and what it says.

use std::sync::Arc;

use rmcp::model::{ErrorData, ResourceContents};
use serde_json::{Map, Value, json};
use toolwright_core::{ErrorCode, errors::RESOURCE_NOT_FOUND, resource::is_text};

use crate::{
    ToolError,
    about::About,
    caller::Caller,
    completion::{Candidates, Completion},
    confirmation::Said,
    conversation::Opening,
    gate::Admitted,
    nearest::nearest,
    refusal::Refusal,
    server::{AdmittedCall, Server, Work},
    shortened::shortened,
    spec::{ArgumentValues, ResourceContentSpec, ResourceSpec, ResourceToolSpec, ResourceVariableSpec},
};

const PLAIN_TEXT: &str = "text/plain";

/// An authorized resource.
#[derive(Debug, Clone)]
pub(crate) struct AdmittedResource {
    /// As it was asked for.
    uri: String,
    media_type: &'static str,
    pub(crate) source: Source,
}

/// What says what a resource is.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Text(&'static str),
    /// In Base64.
    Blob(&'static str),
    /// A call of its tool, or what the caller is told where nothing says what it is about.
    Call(Result<Box<AdmittedCall>, ToolError>),
}

impl AdmittedResource {
    fn new(admitted: &Admitted<ResourceSpec>, uri: &str, source: Source) -> Self {
        Self { uri: uri.to_owned(), media_type: admitted.operation().media_type, source }
    }

    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    pub(crate) fn text(&self, text: impl Into<String>) -> ResourceContents {
        ResourceContents::text(text, &self.uri).with_mime_type(self.media_type)
    }

    /// What a tool answers that has no output schema, one block after the other. A link is none that can be read: it says where something else is.
    ///
    /// # Errors
    /// When there are only links.
    pub(crate) fn blocks(&self, blocks: &Value) -> Result<Vec<ResourceContents>, ToolError> {
        let contents: Vec<_> = blocks.as_array().into_iter().flatten().filter_map(|block| self.block(block)).collect();
        if contents.is_empty() {
            return Err(ToolError::internal("the tool answers with nothing that can be read"));
        }
        Ok(contents)
    }

    fn block(&self, block: &Value) -> Option<ResourceContents> {
        let block = block.get("resource").unwrap_or(block);
        let of = |key: &str| block.get(key).and_then(Value::as_str);
        let contents = match (of("text"), of("data").or_else(|| of("blob"))) {
            // Beside a picture, a text has no media type of its own, and is none.
            (Some(text), _) if !is_text(self.media_type) => self.text(text).with_mime_type(PLAIN_TEXT),
            (Some(text), _) => self.text(text),
            (None, Some(bytes)) => self.blob(bytes),
            (None, None) => return None,
        };
        Some(match of("mimeType") {
            Some(media_type) => contents.with_mime_type(media_type),
            None => contents,
        })
    }

    pub(crate) fn blob(&self, blob: impl Into<String>) -> ResourceContents {
        ResourceContents::blob(blob, &self.uri).with_mime_type(self.media_type)
    }
}

impl Server {
    /// Finds the resource, then whether the caller may read it; what a tool answers goes the way of a call of that tool.
    pub(crate) fn examine_resource(
        &self,
        params: &Map<String, Value>,
        caller: &Arc<Caller>,
        has_handshake: bool,
    ) -> Result<Work, Refusal> {
        let uri = self.uri(params)?;
        let Some((resource, values)) = self.spec.resource(uri) else {
            return Err(self.unknown_resource(uri, has_handshake));
        };
        let admitted = self.admit(&About::anything(caller), resource)?;
        let source = match &resource.content {
            ResourceContentSpec::Text(text) => Source::Text(text),
            ResourceContentSpec::Blob(blob) => Source::Blob(blob),
            ResourceContentSpec::Tool(answered) => {
                let arguments = answered.arguments(values).map_err(|error| self.broken(error))?;
                let call = self.admit_call(caller, answered.tool, arguments, Said::default(), Opening::silent())?;
                Source::Call(call.map(Box::new))
            }
        };
        Ok(Work::Resource(AdmittedResource::new(&admitted, uri, source)))
    }

    /// What completes a variable of a template, for those who are shown the template.
    pub(crate) fn examine_variable(
        &self,
        template: &str,
        (variable, typed): (&str, &str),
        caller: &Arc<Caller>,
        has_handshake: bool,
    ) -> Result<Work, Refusal> {
        let mut visible = self.templates.visible(self.spec, caller);
        let Some(resource) = visible.find(|resource| resource.uri == template) else {
            return Err(self.unknown_resource(template, has_handshake));
        };
        let variables = resource.variables();
        let Some(declared) = variables.iter().find(|declared| declared.name == variable) else {
            let shown = shortened(variable);
            let detail = match nearest(&shown, variables.iter().map(|declared| declared.name)) {
                Some(near) => format!("`{template}` has no variable `{shown}`; did you mean `{near}`?"),
                None => format!("`{template}` has no variable `{shown}`."),
            };
            return Err(self.invalid_params(&detail).with_data(json!({ "operation": resource.name })));
        };
        let from = match &declared.values {
            ArgumentValues::Text => Candidates::Declared(&[]),
            ArgumentValues::Words(words) => Candidates::Declared(words),
            ArgumentValues::Listed(listed) => self.admit_listed(resource, listed, typed, caller)?,
        };
        Ok(Work::Complete(Completion { from, typed: typed.to_owned() }))
    }

    /// The URI that a request is about.
    pub(crate) fn uri<'p>(&self, params: &'p Map<String, Value>) -> Result<&'p str, Refusal> {
        let uri = params.get("uri").and_then(Value::as_str);
        uri.ok_or_else(|| self.invalid_params("`uri` is not the URI of a resource."))
    }

    /// Nothing that the server has, or that it has for nobody.
    pub(crate) fn unknown_resource(&self, uri: &str, has_handshake: bool) -> Refusal {
        let shown = self.shown(uri);
        let refusal =
            Refusal::new(self.spec, ErrorCode::UnknownResource, Some(&format!("There is no resource `{shown}`.")))
                .with_data(json!({ "uri": shown }));
        if has_handshake { refusal.with_json_rpc(RESOURCE_NOT_FOUND) } else { refusal }
    }

    /// A URI as a message repeats it.
    fn shown(&self, uri: &str) -> String {
        const LONGEST: usize = 256;
        let clean = self.secrets.redact_text(uri);
        clean.chars().take(LONGEST).collect()
    }

    fn broken(&self, error: serde_json::Error) -> Refusal {
        let error = ToolError::internal(error);
        Refusal::new(self.spec, error.code(), None)
    }

    /// What a caller is told whose resource a tool could not answer. A URI that names what does not exist is one that does
    /// not exist itself.
    pub(crate) fn unanswered(&self, uri: &str, error: &ToolError, explained: String, is_modern: bool) -> ErrorData {
        let is_unknown =
            matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidArguments | ErrorCode::BindingNotFound);
        let code = if is_unknown { ErrorCode::UnknownResource } else { error.code() };
        let data = Some(json!({ "reason": code.entry().name, "uri": self.shown(uri) }));
        match (is_unknown, is_modern) {
            (true, true) => ErrorData::invalid_params(explained, data),
            (true, false) => ErrorData::new(rmcp::model::ErrorCode(RESOURCE_NOT_FOUND), explained, data),
            (false, _) => ErrorData::internal_error(explained, data),
        }
    }
}

impl ResourceToolSpec {
    /// The arguments of the call that answers with the resource.
    ///
    /// # Errors
    /// When the declared input is no JSON object: the generated crate is not of this version.
    fn arguments(&self, values: Vec<(&'static str, String)>) -> serde_json::Result<Map<String, Value>> {
        let mut arguments: Map<String, Value> = serde_json::from_str(self.input)?;
        for (name, text) in values {
            let variable = self.variables.iter().find(|variable| variable.name == name);
            arguments.insert(name.to_owned(), variable.map_or(Value::Null, |variable| variable.value(text)));
        }
        Ok(arguments)
    }
}

impl ResourceVariableSpec {
    /// A part of a URI as an argument. What is no integer stays text, of which the tool's schema says what it should be.
    fn value(&self, text: String) -> Value {
        let integer = || text.parse::<i64>().ok().filter(|number| number.to_string() == text);
        match self.is_integer.then(integer).flatten() {
            Some(integer) => integer.into(),
            None => text.into(),
        }
    }
}
