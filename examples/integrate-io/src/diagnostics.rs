//! The tools of the area Pipeline diagnostics: what the account's connections lead to, asked at once.

use std::time::{Duration, Instant};

use integrate_io_tools::*;
use tokio::{net::TcpStream, time::timeout};
use toolwright::{Call, ToolError, mcp_tool};

use crate::{
    connections::{OpenError, Opened},
    database::{self, Database, Error, Limits, PreviewRequest, TableFilter},
    store::ReadStore,
};

/// How long a host of cloud storage may take to answer.
const REACH: Duration = Duration::from_secs(5);

#[mcp_tool]
async fn discover_schema(
    store: &ReadStore,
    call: &Call,
    input: discover_schema::Input,
) -> Result<discover_schema::Output, ToolError> {
    let discover_schema::Input { connection_id, schema_name, search, limit, offset } = input;
    let _permit = store.connections().permit()?;
    let target = store.connections().database(call.account(), connection_id).await?;
    let [limit, offset] = [limit, offset].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    let filter = TableFilter { schema: schema_name, search, limit, offset };
    let database = Database::new(target, Limits::READING);
    let list = database.tables(&filter).await.map_err(|error| refused(connection_id, error))?;
    Ok(discover_schema::Output {
        tables: list.tables.into_iter().map(table).collect::<Result<_, _>>()?,
        total: count(list.total),
    })
}

fn table(table: database::TableSummary) -> Result<Table, ToolError> {
    let kind = table.kind.replace(' ', "_");
    Ok(Table {
        kind: TableKind::parse(&kind).ok_or_else(|| ToolError::internal(format!("a table is a `{kind}`")))?,
        schema: table.schema,
        name: table.name,
        column_count: count(table.columns),
        estimated_rows: table.estimated_rows.map(count),
    })
}

#[mcp_tool]
async fn preview_data(
    store: &ReadStore,
    call: &Call,
    input: preview_data::Input,
) -> Result<preview_data::Output, ToolError> {
    let preview_data::Input { connection_id, table, schema_name, row_count, where_clause } = input;
    let _permit = store.connections().permit()?;
    let target = store.connections().database(call.account(), connection_id).await?;
    let rows = u32::try_from(row_count).unwrap_or(u32::MAX);
    let request = PreviewRequest { schema: schema_name, table, rows, condition: where_clause };
    let preview = Database::new(target, Limits::READING).preview(&request).await.map_err(|error| match error {
        // The condition is all of the statement that is the caller's.
        Error::Statement(message) if request.condition.is_some() => {
            ToolError::invalid_argument("where_clause", format!("the database says: {message}"))
        }
        error => refused(connection_id, error),
    })?;
    Ok(preview_data::Output {
        schema: preview.schema,
        table: preview.table,
        columns: preview.columns.into_iter().map(column).collect(),
        rows: preview.rows.into_iter().map(|row| row.into_iter().collect()).collect(),
        truncated: preview.is_truncated,
        columns_without_values: count(preview.columns_without_values),
    })
}

fn column(column: database::Column) -> Column {
    let database::Column { name, type_name, nullable, primary_key, .. } = column;
    Column { name, r#type: type_name, nullable, primary_key }
}

fn count(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// What a caller is told when a database did not do what was asked: the argument that is wrong, if one is.
fn refused(connection_id: i64, error: Error) -> ToolError {
    match error {
        Error::Fragment(error) => ToolError::invalid_argument("where_clause", error),
        error @ Error::TableMissing { .. } => ToolError::invalid_argument("table", error),
        error @ Error::Ambiguous { .. } => ToolError::invalid_argument("schema_name", error),
        error => ToolError::unavailable(format!("the connection `{connection_id}`: {error}")),
    }
}

#[mcp_tool]
async fn test_connection(
    store: &ReadStore,
    call: &Call,
    input: test_connection::Input,
) -> Result<test_connection::Output, ToolError> {
    let test_connection::Input { connection_id, connection_type } = input;
    let _permit = store.connections().permit()?;
    let started = Instant::now();
    let failure = match store.connections().open(call.account(), connection_type, connection_id).await {
        Ok(opened) => reach(opened).await.err(),
        Err(OpenError::Store(error)) => return Err(error.into()),
        // A connection that cannot even be tried is one that fails.
        Err(error) => Some(error.to_string()),
    };
    Ok(test_connection::Output {
        success: failure.is_none(),
        error_message: failure,
        elapsed_ms: count(started.elapsed().as_millis()),
    })
}

/// Signs in to a database, or reaches the host of cloud storage; the error says why that failed.
pub(crate) async fn reach(opened: Opened) -> Result<(), String> {
    match opened {
        Opened::Database(target) => {
            Database::new(target, Limits::READING).test().await.map_err(|error| error.to_string())
        }
        Opened::CloudStorage { host, port } => match timeout(REACH, TcpStream::connect((host.as_str(), port))).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(format!("{host}:{port} cannot be reached: {error}")),
            Err(_) => Err(format!("{host}:{port} did not answer within {} s", REACH.as_secs())),
        },
    }
}
