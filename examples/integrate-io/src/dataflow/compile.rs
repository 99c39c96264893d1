//! From components to SQL: a common table expression for each, and an `INSERT … SELECT` for each destination.
//!
//! Nothing that a person wrote gets into a statement as it is: expressions come out of [`Fragment`], names are quoted, and
//! everything else is ours.

use std::collections::BTreeMap;

use super::{
    Fault,
    definition::{Aggregate, AggregateFunction, Component, DataFlow, Field, Mode, Step},
};
use crate::database::{Columns, Engine, Fragment, Variables, identifier, table};

/// A table, as its database knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
}

/// The tables of a data flow, by the place of the source or destination that names each.
pub(crate) type Shapes = BTreeMap<usize, Shape>;

/// A data flow as SQL, as far as it is without faults.
#[derive(Debug)]
pub(super) struct Compiled<'a> {
    flow: &'a DataFlow,
    /// By component. Nothing where a fault leaves open which columns it gives; a destination gives nothing either.
    selects: Vec<Option<Select>>,
    pub(super) statements: Vec<Statement>,
    pub(super) faults: Vec<Fault>,
}

/// What a component gives to the next.
#[derive(Debug)]
struct Select {
    /// Nothing where there is a fault.
    sql: Option<String>,
    columns: Vec<String>,
}

/// A statement that writes.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// The destination that it is for.
    pub(super) component: String,
    pub(super) does: Does,
    /// The table, with its schema.
    pub(super) table: String,
    pub(super) sql: String,
}

/// What a statement does with the rows that it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    Delete,
    Insert,
}

/// Compiles a data flow for the tables that it found.
pub(super) fn compile<'a>(engine: Engine, flow: &'a DataFlow, shapes: &Shapes, variables: &Variables) -> Compiled<'a> {
    let mut compiled = Compiled { flow, selects: Vec::new(), statements: Vec::new(), faults: Vec::new() };
    for (at, component) in flow.components.iter().enumerate() {
        let select = match &component.step {
            Step::Source(_) => shapes.get(&at).map(Select::of_table),
            Step::Destination(_, mode) => {
                compiled.write(engine, at, component, *mode, shapes);
                None
            }
            step => {
                let read = compiled.input(component).map(|(input, columns)| {
                    let script = Script { engine, component, input, columns, variables };
                    // What a filter lets through is known in spite of its faults.
                    let through = matches!(step, Step::Filter { .. }).then(|| columns.to_vec());
                    script.select(step).map_err(|faults| (faults, through.map(|columns| Select { sql: None, columns })))
                });
                match read {
                    None => None,
                    Some(Ok(select)) => Some(select),
                    Some(Err((faults, through))) => {
                        compiled.faults.extend(faults);
                        through
                    }
                }
            }
        };
        compiled.selects.push(select);
    }
    compiled.faults.extend(same_tables(flow, shapes));
    compiled
}

/// Whether two names mean the same to an engine. SQLite does not mind the case of ASCII letters.
fn is_same(engine: Engine, one: &str, other: &str) -> bool {
    match engine {
        Engine::Sqlite => one.eq_ignore_ascii_case(other),
        Engine::Postgres => one == other,
    }
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|column| identifier(column)).collect::<Vec<_>>().join(", ")
}

/// A destination neither takes the rows away that are read, nor those that another destination has just written.
fn same_tables(flow: &DataFlow, shapes: &Shapes) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut before: Vec<(&Shape, &Component)> = Vec::new();
    for (at, component) in flow.components.iter().enumerate() {
        let Some(shape) = shapes.get(&at) else { continue };
        let replaces = |component: &Component| matches!(component.step, Step::Destination(_, Mode::Replace));
        let other = before.iter().find(|(other, _)| (&other.schema, &other.name) == (&shape.schema, &shape.name));
        if let Some((_, other)) = other {
            if matches!(other.step, Step::Source(_)) {
                let message = format!("`{}` reads this table: rows cannot go to where they come from", other.name);
                faults.push(Fault::of(&component.name, message).at("table"));
            } else if replaces(other) || replaces(component) {
                let message = format!("`{}` writes to this table, too: both have to append", other.name);
                faults.push(Fault::of(&component.name, message).at("mode"));
            }
        }
        before.push((shape, component));
    }
    faults
}

impl Select {
    fn of_table(shape: &Shape) -> Self {
        let sql = format!("SELECT {} FROM {}", list(&shape.columns), table(&shape.schema, &shape.name));
        Self { sql: Some(sql), columns: shape.columns.clone() }
    }
}

impl Compiled<'_> {
    /// The component that a component reads, and its columns, if they are known.
    fn input(&self, component: &Component) -> Option<(&str, &[String])> {
        let at = component.input?;
        Some((&self.flow.components[at].name, &self.selects[at].as_ref()?.columns))
    }

    /// A query for what a component gives, if that is known.
    pub(super) fn query(&self, at: usize) -> Option<String> {
        self.query_of(at, &self.selects.get(at)?.as_ref()?.columns)
    }

    fn query_of(&self, at: usize, columns: &[String]) -> Option<String> {
        let mut chain = Vec::new();
        let mut next = Some(at);
        while let Some(at) = next {
            let component = &self.flow.components[at];
            let sql = self.selects[at].as_ref()?.sql.as_ref()?;
            chain.push(format!("{} AS (\n  {sql}\n)", identifier(&component.name)));
            next = component.input;
        }
        chain.reverse();
        let last = identifier(&self.flow.components[at].name);
        Some(format!("WITH {}\nSELECT {} FROM {last}", chain.join(", "), list(columns)))
    }

    /// Rows are brought to a destination's columns by their names.
    fn write(&mut self, engine: Engine, at: usize, component: &Component, mode: Mode, shapes: &Shapes) {
        let (Some(shape), Some((_, given)), Some(from)) = (shapes.get(&at), self.input(component), component.input)
        else {
            return;
        };
        let pair = |column: &String| {
            let there = shape.columns.iter().find(|there| is_same(engine, there, column));
            there.map(|there| (column.clone(), there.clone())).ok_or_else(|| column.clone())
        };
        let (pairs, missing): (Vec<_>, Vec<_>) = given.iter().map(pair).partition(Result::is_ok);
        let place = format!("{}.{}", shape.schema, shape.name);
        let missing: Vec<String> = missing.into_iter().filter_map(Result::err).collect();
        if !missing.is_empty() {
            let message = format!(
                "`{place}` has no column {}; it has {}: leave out or rename what has no place there, with a select before it",
                quoted(&missing),
                quoted(&shape.columns)
            );
            self.faults.push(Fault::of(&component.name, message).at("table"));
            return;
        }
        let (columns, targets): (Vec<String>, Vec<String>) = pairs.into_iter().filter_map(Result::ok).unzip();
        let Some(query) = self.query_of(from, &columns) else { return };
        let into = table(&shape.schema, &shape.name);
        let statement = |does, sql| Statement { component: component.name.clone(), does, table: place.clone(), sql };
        if mode == Mode::Replace {
            self.statements.push(statement(Does::Delete, format!("DELETE FROM {into}")));
        }
        let insert = format!("INSERT INTO {into} ({})\n{query}", list(&targets));
        self.statements.push(statement(Does::Insert, insert));
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A component between source and destination, before the columns that flow into it.
struct Script<'a> {
    engine: Engine,
    component: &'a Component,
    input: &'a str,
    columns: &'a [String],
    variables: &'a Variables,
}

/// What goes before the names of PostgreSQL's own functions, so that nobody else's are meant.
const fn catalogue(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "",
        Engine::Postgres => "pg_catalog.",
    }
}

impl Script<'_> {
    fn select(&self, step: &Step) -> Result<Select, Vec<Fault>> {
        let (from, all) = (identifier(self.input), list(self.columns));
        let same = |sql| Ok(Select { sql: Some(sql), columns: self.columns.to_vec() });
        match step {
            Step::Filter { condition } => {
                let condition = self.fragment("condition", condition).map_err(|fault| vec![fault])?;
                same(format!("SELECT {all} FROM {from} WHERE {}", condition.to_sql()))
            }
            Step::Limit { rows } => same(format!("SELECT {all} FROM {from} LIMIT {rows}")),
            Step::Select { fields } => {
                self.made(fields.iter().enumerate().map(|(at, field)| self.field(at, field)), "")
            }
            Step::Aggregate { group_by, aggregates } => {
                let groups = group_by.iter().enumerate().map(|(at, column)| {
                    let field = format!("group_by[{at}]");
                    let (name, sql) = self.column(&field, column)?;
                    Ok(Made { name, sql, field })
                });
                let aggregates = aggregates.iter().enumerate().map(|(at, aggregate)| self.aggregate(at, aggregate));
                // By position, as an alias could hide a column.
                let positions: Vec<_> = (1..=group_by.len()).map(|position| position.to_string()).collect();
                let by =
                    if positions.is_empty() { String::new() } else { format!(" GROUP BY {}", positions.join(", ")) };
                self.made(groups.chain(aggregates), &by)
            }
            Step::Source(_) | Step::Destination(..) | Step::RunPackage { .. } => Err(Vec::new()),
        }
    }

    fn fault(&self, field: &str, message: impl Into<String>) -> Fault {
        Fault::of(&self.component.name, message).at(field)
    }

    fn fragment(&self, field: &str, text: &str) -> Result<Fragment, Fault> {
        let columns = Columns::new(self.engine, Some(self.input), self.columns);
        Fragment::parse(text, &columns, Some(self.variables), self.engine)
            .map_err(|error| self.fault(field, error.to_string()))
    }

    /// A text that is a column and nothing else: its name, and its SQL.
    fn column(&self, field: &str, text: &str) -> Result<(String, String), Fault> {
        let fragment = self.fragment(field, text)?;
        let name = only_column(&fragment).ok_or_else(|| {
            self.fault(field, "expected a column; compute others with a select before this component")
        })?;
        Ok((name, fragment.to_sql()))
    }

    fn field(&self, at: usize, field: &Field) -> Result<Made, Fault> {
        let place = format!("fields[{at}].expression");
        let fragment = self.fragment(&place, &field.expression)?;
        let name = field.alias.clone().or_else(|| only_column(&fragment));
        let name = name.ok_or_else(|| {
            self.fault(&format!("fields[{at}].alias"), "missing: an expression that is no column needs a name")
        })?;
        Ok(Made { name, sql: fragment.to_sql(), field: format!("fields[{at}].alias") })
    }

    fn aggregate(&self, at: usize, aggregate: &Aggregate) -> Result<Made, Fault> {
        let of = match &aggregate.field {
            Some(field) => self.fragment(&format!("aggregates[{at}].field"), field)?.to_sql(),
            None => "*".to_owned(),
        };
        let (function, distinct) = match aggregate.function {
            AggregateFunction::Count => ("count", ""),
            AggregateFunction::CountDistinct => ("count", "DISTINCT "),
            AggregateFunction::Sum => ("sum", ""),
            AggregateFunction::Avg => ("avg", ""),
            AggregateFunction::Min => ("min", ""),
            AggregateFunction::Max => ("max", ""),
        };
        let sql = format!("{}{function}({distinct}{of})", catalogue(self.engine));
        Ok(Made { name: aggregate.alias.clone(), sql, field: format!("aggregates[{at}].alias") })
    }

    /// A query for new columns, each with a name of its own.
    fn made(&self, columns: impl Iterator<Item = Result<Made, Fault>>, clause: &str) -> Result<Select, Vec<Fault>> {
        let (mut made, mut faults): (Vec<Made>, Vec<Fault>) = (Vec::new(), Vec::new());
        for column in columns {
            match column {
                Err(fault) => faults.push(fault),
                Ok(column) if made.iter().any(|other| is_same(self.engine, &other.name, &column.name)) => {
                    let message = format!("there is a column `{}` already: give this one another alias", column.name);
                    faults.push(self.fault(&column.field, message));
                }
                Ok(column) => made.push(column),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let select: Vec<_> = made.iter().map(|made| format!("{} AS {}", made.sql, identifier(&made.name))).collect();
        let sql = format!("SELECT {} FROM {}{clause}", select.join(", "), identifier(self.input));
        Ok(Select { sql: Some(sql), columns: made.into_iter().map(|made| made.name).collect() })
    }
}

/// A column that a component makes, and the field that names it.
struct Made {
    name: String,
    sql: String,
    field: String,
}

/// The column that an expression is, when it is one and nothing else.
fn only_column(fragment: &Fragment) -> Option<String> {
    let mut columns = fragment.columns().iter();
    let only = columns.next().filter(|_| columns.next().is_none())?;
    (fragment.to_sql() == identifier(only)).then(|| only.clone())
}
