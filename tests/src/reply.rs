//! An answer, whichever way it came.

use serde_json::Value;

/// The answer to one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// HTTP status; none over stdio.
    pub status: Option<u16>,
    /// The header `WWW-Authenticate`, if there was one.
    pub challenge: Option<String>,
    /// The header `Retry-After`, if there was one.
    pub retry_after: Option<String>,
    /// The JSON-RPC message; `null` when the body was empty or no JSON.
    pub body: Value,
}

impl Reply {
    /// The result of a request that succeeded.
    ///
    /// # Panics
    /// When the answer is an error.
    pub fn result(&self) -> &Value {
        self.body.get("result").unwrap_or_else(|| panic!("no result: {self:?}"))
    }

    /// The JSON-RPC error's code, if the answer is an error.
    pub fn error_code(&self) -> Option<i64> {
        self.body.pointer("/error/code").and_then(Value::as_i64)
    }

    /// The JSON-RPC error's message, or an empty text.
    pub fn error_message(&self) -> &str {
        self.body.pointer("/error/message").and_then(Value::as_str).unwrap_or_default()
    }

    /// The JSON-RPC error's data, or `null`.
    pub fn error_data(&self) -> &Value {
        self.body.pointer("/error/data").unwrap_or(&Value::Null)
    }

    /// Whether a tool ran and failed.
    pub fn is_tool_error(&self) -> bool {
        self.body.pointer("/result/isError") == Some(&Value::Bool(true))
    }

    /// The text of a tool's result.
    ///
    /// # Panics
    /// When the answer is not a tool's result.
    pub fn text(&self) -> &str {
        let text = self.result().pointer("/content/0/text").and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("no text: {self:?}"))
    }

    /// The structured content of a tool that succeeded.
    ///
    /// # Panics
    /// When the tool failed, or the answer is not a tool's result.
    pub fn structured(&self) -> &Value {
        assert!(!self.is_tool_error(), "the tool failed: {}", self.text());
        self.result().get("structuredContent").unwrap_or_else(|| panic!("nothing structured: {self:?}"))
    }

    /// The names of `tools/list`, in its order.
    ///
    /// # Panics
    /// When the answer is not that list.
    pub fn tool_names(&self) -> Vec<String> {
        self.names("tools")
    }

    /// The names of `prompts/list`, in its order.
    ///
    /// # Panics
    /// When the answer is not that list.
    pub fn prompt_names(&self) -> Vec<String> {
        self.names("prompts")
    }

    /// The names of `resources/list`, in its order.
    ///
    /// # Panics
    /// When the answer is not that list.
    pub fn resource_names(&self) -> Vec<String> {
        self.names("resources")
    }

    /// The names of `resources/templates/list`, in its order.
    ///
    /// # Panics
    /// When the answer is not that list.
    pub fn resource_template_names(&self) -> Vec<String> {
        self.names("resourceTemplates")
    }

    fn names(&self, list: &str) -> Vec<String> {
        let entries = self.result()[list].as_array().unwrap_or_else(|| panic!("no list: {self:?}"));
        entries.iter().filter_map(|entry| entry["name"].as_str()).map(str::to_owned).collect()
    }
}
