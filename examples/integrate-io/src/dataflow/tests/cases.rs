//! Each case is a package in `cases/NAME.json`, with the tables that its database has, and in `cases/NAME.txt` what becomes of
//! it in each engine: statements, or faults. `UPDATE_GOLDEN=1` writes the latter; read the difference.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

use integrate_io_tools::FlowType;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    database::{Engine, Variables},
    dataflow::{
        Definition, Fault, Values,
        compile::{Shape, Shapes, compile},
        definition::{DataFlow, Step, Table},
        variables,
    },
};

#[derive(Deserialize)]
struct Case {
    #[serde(default = "dataflow")]
    flow_type: FlowType,
    /// The columns of each table.
    #[serde(default)]
    tables: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    variables: Values,
    data_flow: Value,
}

fn dataflow() -> FlowType {
    FlowType::Dataflow
}

impl Case {
    fn shapes(&self, engine: Engine, flow: &DataFlow) -> Shapes {
        let default = if engine == Engine::Sqlite { "main" } else { "public" };
        let tables = flow.components.iter().enumerate().filter_map(|(at, component)| match &component.step {
            Step::Source(table) | Step::Destination(table, _) => Some((at, table)),
            _ => None,
        });
        let shape = |(at, table): (usize, &Table)| {
            let columns = self.tables.get(&table.name)?.clone();
            let schema = table.schema.clone().unwrap_or_else(|| default.to_owned());
            Some((at, Shape { schema, name: table.name.clone(), columns }))
        };
        tables.filter_map(shape).collect()
    }

    fn report(&self) -> String {
        let definition = match Definition::parse(self.flow_type, &self.data_flow) {
            Ok(definition) => definition,
            Err(faults) => return lines(&faults),
        };
        let flow = match definition {
            Definition::DataFlow(flow) => flow,
            Definition::Workflow(workflow) => {
                let tasks = workflow.tasks.iter().map(|task| format!("{}: package {}", task.name, task.package_id));
                return tasks.collect::<Vec<_>>().join("\n") + "\n";
            }
        };
        let variables = match variables::literals(&self.variables) {
            Ok(variables) => variables,
            Err(faults) => return lines(&faults),
        };
        [Engine::Sqlite, Engine::Postgres].map(|engine| self.compiled(engine, &flow, &variables)).join("\n")
    }

    fn compiled(&self, engine: Engine, flow: &DataFlow, variables: &Variables) -> String {
        let mut report = format!("== {}\n", engine.name());
        let shapes = self.shapes(engine, flow);
        let compiled = compile(engine, flow, &shapes, variables);
        if !compiled.faults.is_empty() {
            return report + &lines(&compiled.faults);
        }
        for statement in &compiled.statements {
            writeln!(
                report,
                "-- {}: {:?} {}\n{};",
                statement.component, statement.does, statement.table, statement.sql
            )
            .expect("a string");
        }
        report
    }
}

fn lines(faults: &[Fault]) -> String {
    faults.iter().flat_map(|fault| [fault.to_string(), "\n".to_owned()]).collect()
}

#[test]
fn every_case_becomes_what_is_written_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dataflow/tests/cases");
    let mut cases: Vec<_> = fs::read_dir(&folder).expect("cases").map(|entry| entry.expect("a file").path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    cases.sort();
    assert!(!cases.is_empty());
    let mut wrong = String::new();
    for path in cases {
        let text = fs::read_to_string(&path).expect("a case");
        let case: Case = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let report = case.report();
        let expected = path.with_extension("txt");
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&expected, &report).expect("a writable folder");
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if report != expected {
            write!(wrong, "{}:\n{report}\nexpected:\n{expected}\n", path.display()).expect("a string");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
