//! Fields of a body that several areas have.

use crate::error::ApiError;

/// How many characters a name can have.
const MAX_NAME: usize = 120;

/// How many characters a description can have.
const MAX_DESCRIPTION: usize = 1_000;

/// A name in one line, without white space around it.
pub(crate) fn name(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    if (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(ApiError::invalid("name", format!("write 1 to {MAX_NAME} characters in one line")))
    }
}

/// A description, where there is one.
pub(crate) fn description(text: Option<String>) -> Result<Option<String>, ApiError> {
    match text {
        Some(text) if text.trim().is_empty() || text.chars().count() > MAX_DESCRIPTION => {
            Err(ApiError::invalid("description", format!("write 1 to {MAX_DESCRIPTION} characters, or leave it out")))
        }
        text => Ok(text),
    }
}

/// That a name is new, or why nothing was stored under it.
pub(crate) fn must_be_new<T>(what: &str, name: &str, stored: Result<T, sqlx::Error>) -> Result<T, ApiError> {
    stored.map_err(|error| match error.as_database_error() {
        Some(database) if database.is_unique_violation() => {
            ApiError::WrongState(format!("the project has a {what} `{name}` already; choose another name"))
        }
        _ => error.into(),
    })
}
