//! JSON against its schema, explained.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::ToolError;

/// Arguments that the schema has accepted, as the tool's input type.
///
/// # Errors
/// Where the type is narrower than the schema: an integer outside of 64 bits.
pub fn typed<T: DeserializeOwned>(arguments: Value) -> Result<T, ToolError> {
    serde_path_to_error::deserialize(arguments)
        .map_err(|error| ToolError::invalid_argument(&error.path().to_string(), error.inner()))
}
