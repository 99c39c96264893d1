//! What a database holds: its tables, and their columns.

use serde::Serialize;

/// Which tables are asked for.
#[derive(Clone, Debug)]
pub(crate) struct TableFilter {
    pub(crate) schema: Option<String>,
    /// A part of a table's name, in any case.
    pub(crate) search: Option<String>,
    pub(crate) limit: u32,
    pub(crate) offset: u32,
}

/// A page of tables.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TableList {
    pub(crate) tables: Vec<TableSummary>,
    /// How many there are with the filter, on all pages.
    pub(crate) total: u64,
}

/// A table or a view.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub(crate) struct TableSummary {
    /// `main` in SQLite.
    pub(crate) schema: String,
    pub(crate) name: String,
    /// `table`, `view`, `materialized view` or `foreign table`.
    pub(crate) kind: String,
    pub(crate) columns: u64,
    /// What PostgreSQL's statistics say; nothing where there are none, as in SQLite.
    pub(crate) estimated_rows: Option<u64>,
}

/// A table, as the catalogue spells it.
#[derive(Clone, Debug)]
pub(crate) struct TableDetails {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
}

/// A column of a table.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// As the database writes it, such as `numeric(10,2)`. SQLite's may be empty: its values have types, not its columns.
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    pub(crate) nullable: bool,
    pub(crate) primary_key: bool,
    /// How its values become JSON.
    #[serde(skip)]
    pub(super) kind: Kind,
}

/// What a value of a column is to JSON. In SQLite each value says it itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Float,
    Boolean,
    Bytes,
    Json,
    /// An array or a composite value: the database writes it as JSON.
    Structure,
    #[default]
    Text,
}
