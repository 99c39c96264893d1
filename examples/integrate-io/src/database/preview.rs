//! Some rows of a table as JSON, within bounds: of each text, of the columns and of the whole.

use serde::Serialize;
use serde_json::{Map, Value};

use super::schema::{Column, Kind, TableDetails};

/// How many characters of a text, and bytes of a binary value, are shown.
pub(super) const MAX_TEXT: usize = 2_000;
pub(super) const MAX_BYTES: usize = 500;
/// How many columns have their values shown. PostgreSQL's tables have up to 1600.
const MAX_COLUMNS: usize = 200;
/// How many bytes of values are shown. What a person or a model reads is far less.
const MAX_SIZE: usize = 256 * 1024;
/// What follows a value that was shortened.
const MARK: &str = "… (shortened)";
/// The largest integer up to which a double, and with it JavaScript, knows each one.
const MAX_EXACT: i64 = (1 << 53) - 1;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct PreviewRequest {
    pub(crate) schema: Option<String>,
    pub(crate) table: String,
    /// The most rows.
    pub(crate) rows: u32,
    /// A condition, as its caller wrote it.
    pub(crate) condition: Option<String>,
}

/// Columns and rows of a table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Preview {
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) columns: Vec<Column>,
    /// Values by column. Integers that a double does not hold and decimals are texts, as are dates and times; binary values are
    /// `\x` and hexadecimal digits; a text that was cut ends with `… (shortened)`.
    pub(crate) rows: Vec<Map<String, Value>>,
    /// Whether there were more rows to show, which would have made the answer too large.
    pub(crate) is_truncated: bool,
    /// Columns whose values are not shown, since there are too many.
    pub(crate) columns_without_values: usize,
}

impl Preview {
    /// A preview that has no rows yet.
    pub(super) fn of(table: TableDetails) -> Self {
        let TableDetails { schema, name, columns } = table;
        let columns_without_values = columns.len().saturating_sub(MAX_COLUMNS);
        Self { schema, table: name, columns, rows: Vec::new(), is_truncated: false, columns_without_values }
    }

    /// The columns whose values are shown.
    pub(super) fn shown(&self) -> &[Column] {
        &self.columns[..self.columns.len() - self.columns_without_values]
    }
}

/// Takes rows until the answer is large enough.
#[derive(Default)]
pub(super) struct Rows {
    taken: Vec<Map<String, Value>>,
    size: usize,
    is_full: bool,
}

impl Rows {
    /// Adds a row. `false` when there is no room for it: no more should be fetched.
    pub(super) fn push(&mut self, columns: &[Column], values: Vec<Value>) -> bool {
        let row: Map<String, Value> = columns.iter().map(|column| column.name.clone()).zip(values).collect();
        let size = serde_json::to_string(&row).map_or(0, |text| text.len());
        // The first row is always shown: each of its values has a bound.
        self.is_full = !self.taken.is_empty() && self.size + size > MAX_SIZE;
        if !self.is_full {
            self.size += size;
            self.taken.push(row);
        }
        !self.is_full
    }

    /// The preview with these rows.
    pub(super) fn into_preview(self, preview: Preview) -> Preview {
        Preview { rows: self.taken, is_truncated: self.is_full, ..preview }
    }
}

/// A value that PostgreSQL wrote as text, as JSON of the column's kind. What was asked for is one character more than is shown.
pub(super) fn from_text(kind: Kind, value: Option<String>) -> Value {
    let Some(text) = value else { return Value::Null };
    match kind {
        Kind::Integer => text.parse().map_or(Value::String(text), integer),
        Kind::Float => text.parse().map_or(Value::String(text), float),
        Kind::Boolean => Value::Bool(text == "true"),
        Kind::Bytes => hexadecimal(&text),
        Kind::Json | Kind::Structure => serde_json::from_str(&text).unwrap_or_else(|_| shortened(text)),
        Kind::Text => shortened(text),
    }
}

/// An integer, as text where a double would not hold it.
pub(super) fn integer(value: i64) -> Value {
    if (-MAX_EXACT..=MAX_EXACT).contains(&value) { value.into() } else { value.to_string().into() }
}

/// A float, as text where JSON has no number for it.
pub(super) fn float(value: f64) -> Value {
    match value {
        value if value.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        value => value.into(),
    }
}

/// Binary data, of which one byte more than is shown was asked for.
pub(super) fn bytes(value: &[u8]) -> Value {
    use std::fmt::Write;
    let mut digits = String::with_capacity(value.len() * 2);
    for byte in value {
        let _ = write!(digits, "{byte:02x}");
    }
    hexadecimal(&digits)
}

fn hexadecimal(digits: &str) -> Value {
    let is_shortened = digits.len() > MAX_BYTES * 2;
    let shown = digits.get(..MAX_BYTES * 2).unwrap_or(digits);
    format!("\\x{shown}{}", if is_shortened { MARK } else { "" }).into()
}

/// A text, of which one character more than is shown was asked for.
pub(super) fn shortened(mut text: String) -> Value {
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(end);
        text.push_str(MARK);
    }
    text.into()
}
