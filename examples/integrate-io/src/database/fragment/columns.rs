//! The columns that a fragment may name.

use sqlparser::ast::Ident;

use crate::database::Engine;

/// The columns of one table, or of what a step of a data flow gives to the next.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    engine: Engine,
    table: Option<String>,
    names: Vec<String>,
}

impl Columns {
    /// Columns by the names that the catalogue has. The table's name may stand before a column.
    pub(crate) fn new(engine: Engine, table: Option<&str>, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { engine, table: table.map(str::to_owned), names: names.into_iter().map(Into::into).collect() }
    }

    /// All names, in the table's order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The column that a name in an expression means.
    pub(super) fn find(&self, name: &Ident) -> Option<&str> {
        self.names.iter().find(|column| self.is_same(name, column)).map(String::as_str)
    }

    /// Whether a name in an expression means this table.
    pub(super) fn is_table(&self, name: &Ident) -> bool {
        self.table.as_ref().is_some_and(|table| self.is_same(name, table))
    }

    /// SQLite never minds the case of ASCII letters. PostgreSQL does, and folds a name that stands without quotes.
    fn is_same(&self, written: &Ident, name: &str) -> bool {
        match (self.engine, written.quote_style) {
            (Engine::Sqlite, _) => written.value.eq_ignore_ascii_case(name),
            (Engine::Postgres, None) => written.value.to_ascii_lowercase() == name,
            (Engine::Postgres, Some(_)) => written.value == name,
        }
    }
}
