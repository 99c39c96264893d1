//! The server that values of a binding are tested with: it asks about the project that the runtime has found.

use std::process::ExitCode;

use library_tools::*;
use serde::Serialize;
use serde_json::json;
use toolwright::{
    Call, Context, Grants, Handlers, ReadStore, ServerSpec, ToolError, UpstreamReader, UpstreamWriter, WriteStore,
    mcp_tool,
};

/// The books, to read.
#[derive(ReadStore)]
struct ReadBooks(UpstreamReader);

/// The books, to change.
#[derive(WriteStore)]
struct WriteBooks(UpstreamWriter);

#[derive(Serialize)]
struct Query {
    query: Option<String>,
}

#[mcp_tool]
async fn list_books(store: &ReadBooks, call: &Call, input: list_books::Input) -> Result<list_books::Output, ToolError> {
    store.0.get(call, &["v1", "projects", call.project(), "books"], &Query { query: input.query }).await
}

#[mcp_tool]
async fn get_book(store: &ReadBooks, call: &Call, input: get_book::Input) -> Result<Book, ToolError> {
    store.0.get(call, &["v1", "projects", call.project(), "books", &input.book_id], &()).await
}

#[mcp_tool]
async fn add_book(store: &WriteBooks, call: &Call, input: add_book::Input) -> Result<Book, ToolError> {
    store.0.post(call, &["v1", "projects", call.project(), "books"], &json!({ "title": input.title })).await
}

#[mcp_tool]
async fn remove_book(
    store: &WriteBooks,
    call: &Call,
    input: remove_book::Input,
) -> Result<remove_book::Output, ToolError> {
    let () = store.0.delete(call, &["v1", "projects", call.project(), "books", &input.book_id]).await?;
    Ok(remove_book::Output { removed: true })
}

#[mcp_tool]
async fn list_projects(store: &ReadBooks, call: &Call) -> Result<list_projects::Output, ToolError> {
    store.0.get(call, &["v1", "projects"], &()).await
}

#[mcp_tool]
async fn whoami(_: &ReadBooks, call: &Call) -> Result<whoami::Output, ToolError> {
    let identity = call.identity();
    let Grants::Bound(reached) = &identity.grants else { return Err(ToolError::internal("no projects")) };
    Ok(whoami::Output {
        key: identity.credential_id.clone(),
        projects: reached.values().iter().map(|project| project.id.clone()).collect(),
        default: reached.default_value().map(|project| project.id.clone()),
    })
}

/// Runs the server.
pub fn run(spec: &'static ServerSpec) -> ExitCode {
    toolwright::serve(spec, async |context: Context<()>| -> anyhow::Result<Handlers> {
        let upstream = context.upstream()?;
        Ok(handlers(ReadBooks(upstream.reader()), WriteBooks(upstream.writer())))
    })
}
