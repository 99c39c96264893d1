//! What packages are made of, and how they run.
//!
//! A package's data flow is JSON. [`definition`] reads it and [`check`] looks at its structure; [`compile`] reads its
//! expressions against the columns that flow into each component, and makes SQL of it; [`validate()`] asks the database what it
//! thinks of that SQL, and [`execute()`] has it done. [`workflow`] puts packages one after the other.

mod check;
mod compile;
mod definition;
mod edit;
mod execute;
mod fault;
mod reader;
mod tables;
#[cfg(test)]
mod tests;
mod validate;
mod variables;
mod workflow;

use std::future::Future;

pub(crate) use definition::Definition;
pub(crate) use edit::{Edit, EditError, edited};
pub(crate) use execute::{Failure, execute};
pub(crate) use fault::Fault;
use integrate_io_tools::FlowType;
use serde_json::Value;
pub(crate) use validate::validate;
pub(crate) use variables::{Given, Values, faults as variable_faults};

use crate::database::Target;

/// A package, as the store has it.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) flow_type: FlowType,
    pub(crate) version: i64,
    pub(crate) data_flow: Value,
    /// Its variables, with their defaults.
    pub(crate) variables: Values,
}

/// The database connections of an account.
pub(crate) trait Connections: Sync {
    /// Where a connection leads. The error says in words why it is not known.
    fn target(&self, connection_id: i64) -> impl Future<Output = Result<Target, String>> + Send;
}

/// The packages of an account.
pub(crate) trait Packages: Sync {
    /// A package. The error says in words why there is none.
    fn package(&self, id: i64) -> impl Future<Output = Result<Package, String>> + Send;
}

/// Where a run tells how it goes.
pub(crate) trait Log: Sync {
    /// Appends a line. A run whose log cannot be written stops.
    fn line(&self, text: &str) -> impl Future<Output = Result<(), String>> + Send;

    /// Keeps what the run's variables are, once the dynamic ones are computed.
    fn variables(&self, values: &Values) -> impl Future<Output = Result<(), String>> + Send;
}
