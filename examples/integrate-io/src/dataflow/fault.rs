//! What is wrong with a package, and where.

use std::fmt;

/// One fault. Someone who edits the package finds its place by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The component that has it; nothing for a fault of the whole.
    pub(crate) component: Option<String>,
    /// The field, from the component, as `fields[2].expression`; without a component, from the data flow.
    pub(crate) field: Option<String>,
    /// What is wrong, and what to do.
    pub(crate) message: String,
}

impl Fault {
    /// A fault of the whole.
    pub(crate) fn of_all(message: impl Into<String>) -> Self {
        Self { component: None, field: None, message: message.into() }
    }

    /// A fault of a component.
    pub(crate) fn of(component: &str, message: impl Into<String>) -> Self {
        Self { component: Some(component.to_owned()), ..Self::of_all(message) }
    }

    /// The same fault, at a field.
    #[must_use]
    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.component, &self.field) {
            (Some(component), Some(field)) => write!(f, "component `{component}`, `{field}`: ")?,
            (Some(component), None) => write!(f, "component `{component}`: ")?,
            (None, Some(field)) => write!(f, "`{field}`: ")?,
            (None, None) => {}
        }
        f.write_str(&self.message)
    }
}
