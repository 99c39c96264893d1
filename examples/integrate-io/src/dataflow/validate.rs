//! Everything that is wrong with a package, as its database sees it.

use std::time::Duration;

use tokio::time;

use super::{
    Connections, Fault, Package, Packages,
    compile::{Compiled, compile},
    definition::{DataFlow, Definition, Step},
    tables, variables, workflow,
};
use crate::database::{Database, Error};

/// How long the databases can take, all in all.
const LIMIT: Duration = Duration::from_secs(30);

/// All faults of a package: of its structure, and, where that has none, of its expressions and tables.
pub(crate) async fn validate(
    package: &Package,
    connections: &impl Connections,
    packages: &impl Packages,
) -> Vec<Fault> {
    let definition = match Definition::parse(package.flow_type, &package.data_flow) {
        Ok(definition) => definition,
        Err(faults) => return faults,
    };
    match definition {
        Definition::Workflow(_) => workflow::stages(package, packages).await.err().unwrap_or_default(),
        Definition::DataFlow(flow) => {
            let checked = time::timeout(LIMIT, scripts(&flow, package, connections)).await;
            checked.unwrap_or_else(|_| {
                vec![Fault::of_all(format!("the database took more than {} s to look at the package", LIMIT.as_secs()))]
            })
        }
    }
}

async fn scripts(flow: &DataFlow, package: &Package, connections: &impl Connections) -> Vec<Fault> {
    let variables = match variables::literals(&package.variables) {
        Ok(variables) => variables,
        Err(faults) => return faults,
    };
    let database = match tables::target(flow, connections).await {
        Ok(target) => tables::reading(target),
        Err(fault) => return vec![fault],
    };
    let (shapes, mut faults) = tables::shapes(flow, &database).await;
    let compiled = compile(database.engine(), flow, &shapes, &variables);
    faults.extend(plans(flow, &compiled, &database).await);
    faults.extend(compiled.faults);
    // In the order of the components.
    let place =
        |fault: &Fault| flow.components.iter().position(|component| Some(&component.name) == fault.component.as_ref());
    faults.sort_by_key(place);
    faults
}

/// Has the database plan what each branch gives, and finds the component that it does not like.
async fn plans(flow: &DataFlow, compiled: &Compiled<'_>, database: &Database) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut planned = vec![false; flow.components.len()];
    for at in (0..flow.components.len()).rev() {
        // What a longer chain was planned with needs no plan of its own.
        if planned[at] || matches!(flow.components[at].step, Step::Destination(..)) {
            continue;
        }
        let Some(query) = compiled.query(at) else { continue };
        let chain = chain(flow, at);
        for &at in &chain {
            planned[at] = true;
        }
        if database.explain(&query).await.is_ok() {
            continue;
        }
        let fault = first_refused(flow, compiled, database, &chain).await;
        faults.extend(fault.filter(|fault| !faults.contains(fault)));
    }
    faults
}

/// A component and those that it reads, the source first.
fn chain(flow: &DataFlow, at: usize) -> Vec<usize> {
    let mut chain: Vec<usize> = std::iter::successors(Some(at), |&at| flow.components[at].input).collect();
    chain.reverse();
    chain
}

async fn first_refused(
    flow: &DataFlow,
    compiled: &Compiled<'_>,
    database: &Database,
    chain: &[usize],
) -> Option<Fault> {
    for &at in chain {
        let query = compiled.query(at)?;
        if let Err(error) = database.explain(&query).await {
            let component = &flow.components[at];
            let field = match (&component.step, &error) {
                (_, Error::Statement(_)) => match component.step {
                    Step::Filter { .. } => Some("condition"),
                    Step::Select { .. } => Some("fields"),
                    Step::Aggregate { .. } => Some("aggregates"),
                    _ => None,
                },
                _ => None,
            };
            let fault = Fault::of(&component.name, error.to_string());
            return Some(match field {
                Some(field) => fault.at(field),
                None => fault,
            });
        }
    }
    None
}
