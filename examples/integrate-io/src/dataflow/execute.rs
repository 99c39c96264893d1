//! Runs a package: its rows go where they belong, all or none.

use std::time::Instant;

use tokio_util::sync::CancellationToken;

use super::{
    Connections, Fault, Given, Log, Package, Packages, Values,
    compile::{Does, compile},
    tables,
    variables::{self, replaced},
    workflow::{self, Stage},
};
use crate::database::{Error, Limits, Writer};

/// Why a run did not end well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// Somebody has cancelled it; what was not kept yet is undone.
    #[error("cancelled")]
    Cancelled,
    /// What went wrong: the package and component, and the words of the database.
    #[error("{0}")]
    Failed(String),
}

/// What a run has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// How many rows were written.
    pub(crate) rows: u64,
}

/// Runs a package. A workflow's packages run one after the other, each in a transaction of its own; the first failure ends it.
///
/// # Errors
/// With an error, the package at which it happened has changed nothing; what a workflow ran before stays.
pub(crate) async fn execute(
    package: &Package,
    given: &Given,
    connections: &impl Connections,
    packages: &impl Packages,
    log: &impl Log,
    cancelled: &CancellationToken,
) -> Result<Outcome, Failure> {
    let run = Run { package, connections, log, cancelled };
    let stages = workflow::stages(package, packages).await.map_err(|faults| failure(&faults))?;
    let values = run.variables(given, &stages).await?;
    let mut outcome = Outcome::default();
    for stage in &stages {
        outcome.rows += run.stage(stage, &values).await?;
    }
    Ok(outcome)
}

/// Faults of a package that should run.
fn failure(faults: &[Fault]) -> Failure {
    let first = faults.first().map(ToString::to_string).unwrap_or_default();
    Failure::Failed(match faults.len() {
        0 | 1 => first,
        several => format!("{first} (the first of {several} faults; validate_package has all)"),
    })
}

struct Run<'a, C, L> {
    package: &'a Package,
    connections: &'a C,
    log: &'a L,
    cancelled: &'a CancellationToken,
}

impl<C: Connections, L: Log> Run<'_, C, L> {
    async fn say(&self, line: &str) -> Result<(), Failure> {
        self.log.line(line).await.map_err(Failure::Failed)
    }

    /// The values of all variables. Dynamic ones are computed on the connection of the package that runs first.
    async fn variables(&self, given: &Given, stages: &[Stage]) -> Result<Values, Failure> {
        let mut values = replaced(&self.package.variables, &given.variables);
        if let (Some(first), false) = (stages.first(), given.dynamic_variables.is_empty()) {
            let known = variables::literals(&values).map_err(|faults| failure(&faults))?;
            let target = tables::target(&first.flow, self.connections).await.map_err(|fault| failure(&[fault]))?;
            let computing = tables::reading(target);
            let computing = variables::computed(&given.dynamic_variables, &known, &computing);
            let computed = self.unless_cancelled(computing).await?.map_err(|faults| failure(&faults))?;
            let names: Vec<String> = computed.keys().map(|name| format!("`{name}`")).collect();
            self.say(&format!("computed {}", names.join(", "))).await?;
            values = replaced(&values, &computed);
        }
        self.log.variables(&values).await.map_err(Failure::Failed)?;
        Ok(values)
    }

    async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            done = work => Ok(done),
            () = self.cancelled.cancelled() => Err(Failure::Cancelled),
        }
    }

    /// Runs one package, in one transaction. How many rows it has written.
    async fn stage(&self, stage: &Stage, values: &Values) -> Result<u64, Failure> {
        let Stage { package, flow } = stage;
        let started = Instant::now();
        self.say(&format!("package {} `{}`, version {}", package.id, package.name, package.version)).await?;
        let of_package = |failure: Failure| match failure {
            // A workflow's reader has to know which of its packages it was.
            Failure::Failed(message) if package.id != self.package.id => {
                Failure::Failed(format!("package {} `{}`: {message}", package.id, package.name))
            }
            other => other,
        };
        let variables = variables::literals(&replaced(&package.variables, values));
        let variables = variables.map_err(|faults| of_package(failure(&faults)))?;
        let target = self.unless_cancelled(tables::target(flow, self.connections)).await?;
        let target = target.map_err(|fault| of_package(failure(&[fault])))?;
        let database = tables::reading(target.clone());
        let (shapes, mut faults) = self.unless_cancelled(tables::shapes(flow, &database)).await?;
        let compiled = compile(database.engine(), flow, &shapes, &variables);
        faults.extend(compiled.faults);
        if !faults.is_empty() {
            return Err(of_package(failure(&faults)));
        }
        let names: Vec<&str> = flow.components.iter().map(|component| component.name.as_str()).collect();
        let engine = database.engine().name();
        self.say(&format!("connection {} ({engine}): {}", flow.connection_id, names.join(", "))).await?;

        let statements: Vec<String> = compiled.statements.iter().map(|statement| statement.sql.clone()).collect();
        let mut done = Vec::new();
        let mut before = Instant::now();
        let written = match Writer::open(&target, Limits::WRITING, self.cancelled.clone()).await {
            Ok(writer) => {
                let note = |rows: u64| {
                    done.push((rows, before.elapsed()));
                    before = Instant::now();
                };
                writer.run(&statements, note).await
            }
            Err(error) => Err(error),
        };
        // Once the rows are there, a line that is missing in the log does not make them undone.
        let kept = written.is_ok();
        let mut rows_written = 0;
        for (statement, (rows, time)) in compiled.statements.iter().zip(&done) {
            let (verb, way) = match statement.does {
                Does::Delete => ("deleted", "from"),
                Does::Insert => ("inserted", "into"),
            };
            if statement.does == Does::Insert {
                rows_written += rows;
            }
            let (component, table) = (&statement.component, &statement.table);
            let line = format!("{component}: {verb} {rows} rows {way} {table} in {:.3} s", time.as_secs_f64());
            let said = self.say(&line).await;
            if !kept {
                said?;
            }
        }
        match written {
            Ok(()) => {
                let line = format!("package {} done in {:.3} s", package.id, started.elapsed().as_secs_f64());
                if let Err(error) = self.say(&line).await {
                    tracing::error!(package = package.id, %error, "a line is missing in the log of a run");
                }
                Ok(rows_written)
            }
            Err(Error::Cancelled) => Err(Failure::Cancelled),
            Err(error) => {
                if !done.is_empty() {
                    self.say("everything is undone").await?;
                }
                // The statement that failed is the one after those that were done.
                let component = compiled.statements.get(done.len()).or(compiled.statements.last());
                let component = component.map_or("", |statement| &statement.component);
                Err(of_package(failure(&[Fault::of(component, error.to_string())])))
            }
        }
    }
}
