//! What `$name` stands for: a package's defaults, and what a run gives in their place.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use super::Fault;
use crate::database::{Columns, Database, Engine, Fragment, Literal, Variables};

/// Values by the names of variables, as they are kept.
pub(crate) type Values = BTreeMap<String, String>;

/// What a run gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    /// Values, which replace the package's.
    pub(crate) variables: Values,
    /// Expressions without columns, which replace both. They may use the other variables, and are computed when the run starts.
    pub(crate) dynamic_variables: Values,
}

/// The defaults, with what replaces them.
pub(super) fn replaced(defaults: &Values, by: &Values) -> Values {
    defaults.iter().chain(by).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Values as the literals that they become.
///
/// # Errors
/// A fault for each that no database can take.
pub(super) fn literals(values: &Values) -> Result<Variables, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut literals = Variables::new();
    for (name, value) in values {
        match literal(value) {
            Ok(literal) => drop(literals.insert(name.clone(), literal)),
            Err(message) => faults.push(Fault::of_all(message).at(format!("variables.{name}"))),
        }
    }
    if faults.is_empty() { Ok(literals) } else { Err(faults) }
}

/// What is written as JSON writes a number, `true` or `false` is that; all else is a text. So `0123` stays what it is.
fn literal(value: &str) -> Result<Literal, String> {
    match value {
        "true" => return Ok(Literal::Boolean(true)),
        "false" => return Ok(Literal::Boolean(false)),
        _ => {}
    }
    let is_number = !value.contains(char::is_whitespace) && serde_json::from_str::<Number>(value).is_ok();
    let number = if is_number { Literal::number(value) } else { None };
    number.map_or_else(|| Literal::try_from(&Value::String(value.to_owned())), Ok)
}

/// The values and expressions that no database can take. Which one computes them is known when the run starts, so
/// that what another one could compute is no fault.
pub(crate) fn faults(given: &Given, defaults: &Values) -> Vec<Fault> {
    let known = match literals(&replaced(defaults, &given.variables)) {
        Ok(known) => known,
        Err(faults) => return faults,
    };
    let fault = |(name, expression): (&String, &String)| {
        let parsed = |engine| {
            let columns = Columns::new(engine, None, std::iter::empty::<String>());
            Fragment::parse(expression, &columns, Some(&known), engine)
        };
        let error = parsed(Engine::Sqlite).or_else(|error| parsed(Engine::Postgres).map_err(|_| error)).err()?;
        Some(Fault::of_all(error.to_string()).at(format!("dynamic_variables.{name}")))
    };
    given.dynamic_variables.iter().filter_map(fault).collect()
}

/// Computes expressions on a database, in its read-only mode.
///
/// # Errors
/// A fault for each that is no expression, that the database cannot compute, or that is null.
pub(super) async fn computed(
    expressions: &Values,
    known: &Variables,
    database: &Database,
) -> Result<Values, Vec<Fault>> {
    let columns = Columns::new(database.engine(), None, std::iter::empty::<String>());
    let mut values = Values::new();
    let mut faults = Vec::new();
    for (name, expression) in expressions {
        let computed = match Fragment::parse(expression, &columns, Some(known), database.engine()) {
            Ok(fragment) => database.evaluate(&fragment).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let value = computed.and_then(|value| value.ok_or_else(|| "the expression is null".to_owned()));
        match value {
            Ok(value) => drop(values.insert(name.clone(), value)),
            Err(message) => faults.push(Fault::of_all(message).at(format!("dynamic_variables.{name}"))),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}
