//! What a package is made of: its data flow, read from JSON.
//!
//! A [`Definition`] is only made of a data flow without a fault in its structure. All faults are told at once.

use integrate_io_tools::FlowType;
use serde_json::Value;

use super::{
    Fault,
    check::{self, Edge, Outline, Part, Role},
    reader::Reader,
};

/// How many components a data flow can have.
const MOST_COMPONENTS: usize = 100;
/// How many fields a component can have.
const MOST_FIELDS: usize = 500;
/// How many rows a limit can let through.
const MOST_ROWS: i64 = 1_000_000_000_000;

/// What a package is made of.
#[derive(Clone, Debug)]
pub(crate) enum Definition {
    /// Rows flow from a table into others.
    DataFlow(DataFlow),
    /// Packages run one after the other.
    Workflow(Workflow),
}

/// Components from one source to its destinations. A component stands after the one that it reads.
#[derive(Clone, Debug)]
pub(crate) struct DataFlow {
    /// The connection whose database the rows never leave.
    pub(crate) connection_id: i64,
    pub(crate) components: Vec<Component>,
}

/// A component, and which one it reads.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    pub(crate) name: String,
    pub(crate) step: Step,
    /// Where its input stands; a source has none.
    pub(crate) input: Option<usize>,
}

/// What a component does.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Source(Table),
    Filter {
        condition: String,
    },
    Select {
        fields: Vec<Field>,
    },
    Aggregate {
        group_by: Vec<String>,
        aggregates: Vec<Aggregate>,
    },
    Limit {
        rows: i64,
    },
    Destination(Table, Mode),
    /// A step of a workflow.
    RunPackage {
        package_id: i64,
    },
}

/// A table, as the package names it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) connection_id: i64,
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
}

/// What a destination does with the rows that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Append,
    Replace,
}

/// A column that a select makes.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) expression: String,
    pub(crate) alias: Option<String>,
}

/// A column that an aggregate makes of many rows.
#[derive(Clone, Debug)]
pub(crate) struct Aggregate {
    pub(crate) function: AggregateFunction,
    /// What is counted or added up; only `count` goes without.
    pub(crate) field: Option<String>,
    pub(crate) alias: String,
}

/// How many rows become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AggregateFunction {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
}

/// Packages, in the order in which they run.
#[derive(Clone, Debug)]
pub(crate) struct Workflow {
    pub(crate) tasks: Vec<Task>,
}

/// A step of a workflow: another package.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) name: String,
    pub(crate) package_id: i64,
}

#[derive(Clone, Copy)]
enum Type {
    DatabaseSource,
    Filter,
    Select,
    Aggregate,
    Limit,
    DatabaseDestination,
    RunPackage,
}

const DATA_FLOW_TYPES: [(&str, Type); 6] = [
    ("database_source", Type::DatabaseSource),
    ("filter", Type::Filter),
    ("select", Type::Select),
    ("aggregate", Type::Aggregate),
    ("limit", Type::Limit),
    ("database_destination", Type::DatabaseDestination),
];
const WORKFLOW_TYPES: [(&str, Type); 1] = [("run_package", Type::RunPackage)];

impl Definition {
    /// Reads a data flow, and checks its structure.
    ///
    /// # Errors
    /// Every fault of the JSON and of the structure.
    pub(crate) fn parse(flow_type: FlowType, data_flow: &Value) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let (parts, edges) = read(flow_type, data_flow, &mut faults);
        let outline = Outline { parts: parts.iter().map(|(name, step)| part(name, step.as_ref())).collect(), edges };
        let whole = matches!(flow_type, FlowType::Dataflow);
        // Without components there is nothing to say of how they are connected.
        if !outline.parts.is_empty() {
            faults.extend(check::faults(&outline, whole));
        }
        let order = if faults.is_empty() { check::order(&outline).ok() } else { None };
        let Some(order) = order else { return Err(faults) };
        let mut steps: Vec<Option<(String, Step)>> =
            parts.into_iter().map(|(name, step)| step.map(|step| (name, step))).collect();
        let ordered = order.iter().filter_map(|&at| Some((at, steps[at].take()?)));
        Ok(if whole {
            Self::DataFlow(DataFlow::of(&outline, &order, ordered))
        } else {
            let tasks = ordered.filter_map(|(_, (name, step))| match step {
                Step::RunPackage { package_id } => Some(Task { name, package_id }),
                _ => None,
            });
            Self::Workflow(Workflow { tasks: tasks.collect() })
        })
    }
}

impl DataFlow {
    fn of(outline: &Outline, order: &[usize], steps: impl Iterator<Item = (usize, (String, Step))>) -> Self {
        let mut connection_id = 0;
        let components = steps.map(|(at, (name, step))| {
            if let Step::Source(table) = &step {
                connection_id = table.connection_id;
            }
            let input = outline.input(at).and_then(|input| order.iter().position(|&other| other == input));
            Component { name, step, input }
        });
        let components = components.collect();
        Self { connection_id, components }
    }
}

/// The faults of one component, each from the component.
pub(crate) fn component_faults(flow_type: FlowType, component: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    read_component(flow_type, component, "", &mut faults);
    faults
}

/// All that can be read. What cannot is a fault.
fn read(flow_type: FlowType, data_flow: &Value, faults: &mut Vec<Fault>) -> (Vec<(String, Option<Step>)>, Vec<Edge>) {
    let Some(mut reader) = Reader::of(data_flow, None, "", faults) else { return (Vec::new(), Vec::new()) };
    let components = reader.items("components", 1..=MOST_COMPONENTS);
    let edges =
        reader.objects("edges", 0..=MOST_COMPONENTS * 2, |edge| Edge { from: edge.text("from"), to: edge.text("to") });
    reader.finish();
    let parts = components.iter().enumerate();
    let parts = parts.map(|(index, value)| read_component(flow_type, value, &format!("components[{index}]"), faults));
    (parts.collect(), edges)
}

/// A component's name and what it does. `place` is for one that has no name.
fn read_component(flow_type: FlowType, value: &Value, place: &str, faults: &mut Vec<Fault>) -> (String, Option<Step>) {
    let named = value.get("name").and_then(Value::as_str).filter(|name| !name.trim().is_empty());
    let Some(mut reader) = Reader::of(value, named, if named.is_some() { "" } else { place }, faults) else {
        return (String::new(), None);
    };
    let name = reader.name("name");
    if !name.is_empty() && !is_name(&name) {
        reader.fault("name", "expected a letter or `_`, then letters of a to z, digits and `_`");
    }
    let types: &[(&str, Type)] = match flow_type {
        FlowType::Dataflow => &DATA_FLOW_TYPES,
        FlowType::Workflow => &WORKFLOW_TYPES,
    };
    let Some(of_type) = reader.word("type", types) else { return (name, None) };
    let step = read_step(of_type, &mut reader);
    reader.finish();
    (name, Some(step))
}

/// Names stand in SQL and in messages.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn read_step(of_type: Type, reader: &mut Reader<'_, '_>) -> Step {
    match of_type {
        Type::DatabaseSource => Step::Source(read_table(reader)),
        Type::Filter => Step::Filter { condition: reader.text("condition") },
        Type::Select => Step::Select {
            fields: reader.objects("fields", 1..=MOST_FIELDS, |field| Field {
                expression: field.text("expression"),
                alias: field.optional_name("alias"),
            }),
        },
        Type::Aggregate => {
            let group_by = reader.texts("group_by", 0..=MOST_FIELDS);
            let aggregates = reader.objects("aggregates", 0..=MOST_FIELDS, read_aggregate);
            if group_by.is_empty() && aggregates.is_empty() {
                reader.fault("aggregates", "there is nothing to compute: give `group_by`, `aggregates` or both");
            }
            Step::Aggregate { group_by, aggregates }
        }
        Type::Limit => Step::Limit { rows: reader.integer("rows", 1..=MOST_ROWS) },
        Type::DatabaseDestination => {
            let table = read_table(reader);
            let mode = reader.word("mode", &[("append", Mode::Append), ("replace", Mode::Replace)]);
            Step::Destination(table, mode.unwrap_or(Mode::Append))
        }
        Type::RunPackage => Step::RunPackage { package_id: reader.integer("package_id", 1..=i64::MAX) },
    }
}

fn read_table(reader: &mut Reader<'_, '_>) -> Table {
    Table {
        connection_id: reader.integer("connection_id", 1..=i64::MAX),
        schema: reader.optional_name("schema"),
        name: reader.name("table"),
    }
}

fn read_aggregate(reader: &mut Reader<'_, '_>) -> Aggregate {
    let functions = [
        ("count", AggregateFunction::Count),
        ("count_distinct", AggregateFunction::CountDistinct),
        ("sum", AggregateFunction::Sum),
        ("avg", AggregateFunction::Avg),
        ("min", AggregateFunction::Min),
        ("max", AggregateFunction::Max),
    ];
    let function = reader.word("function", &functions);
    let field = reader.optional_text("field");
    if field.is_none() && function.is_some_and(|function| function != AggregateFunction::Count) {
        reader.fault("field", "missing, and required: only `count` counts rows without it");
    }
    Aggregate { function: function.unwrap_or(AggregateFunction::Count), field, alias: reader.name("alias") }
}

/// What the structure has to know of a component.
fn part(name: &str, step: Option<&Step>) -> Part {
    let (role, connection_id) = match step {
        None => (None, None),
        Some(Step::Source(table)) => (Some(Role::Source), Some(table.connection_id)),
        Some(Step::Destination(table, _)) => (Some(Role::Destination), Some(table.connection_id)),
        Some(_) => (Some(Role::Between), None),
    };
    Part { name: name.to_owned(), role, connection_id }
}
