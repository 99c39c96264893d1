//! The tables of a data flow, asked from its database.

use super::{
    Connections, Fault,
    compile::{Shape, Shapes},
    definition::{DataFlow, Step},
};
use crate::database::{Database, Error, Limits, Target};

/// Opens a data flow's connection. A fault is its source's.
pub(super) async fn target(flow: &DataFlow, connections: &impl Connections) -> Result<Target, Fault> {
    let source = flow.components.first().map_or("", |component| &component.name);
    let target = connections.target(flow.connection_id).await;
    target.map_err(|message| Fault::of(source, message).at("connection_id"))
}

/// The tables of the source and the destinations, and a fault for each that is not there.
pub(super) async fn shapes(flow: &DataFlow, database: &Database) -> (Shapes, Vec<Fault>) {
    let mut shapes = Shapes::new();
    let mut faults = Vec::new();
    for (at, component) in flow.components.iter().enumerate() {
        let (Step::Source(table) | Step::Destination(table, _)) = &component.step else { continue };
        match database.table(table.schema.as_deref(), &table.name).await {
            Ok(found) => {
                let columns = found.columns.into_iter().map(|column| column.name).collect();
                shapes.insert(at, Shape { schema: found.schema, name: found.name, columns });
            }
            Err(error) => {
                let field = match error {
                    Error::TableMissing { .. } => "table",
                    Error::Ambiguous { .. } => "schema",
                    _ => "connection_id",
                };
                faults.push(Fault::of(&component.name, error.to_string()).at(field));
                // A database that does not answer once is not asked for the other tables.
                if field == "connection_id" {
                    break;
                }
            }
        }
    }
    (shapes, faults)
}

/// The door through which a data flow's database is asked.
pub(super) fn reading(target: Target) -> Database {
    Database::new(target, Limits::READING)
}
