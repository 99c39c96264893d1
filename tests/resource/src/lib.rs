//! The servers that access tokens of an OAuth issuer are tested with.

pub mod vault;

use std::process::ExitCode;

use archive_tools::*;
use toolwright::{Call, Context, ReadStore, ServerSpec, ToolError, WriteStore, mcp_tool};

/// The documents, to read.
#[derive(ReadStore)]
struct ReadDocuments;

/// The documents, to change.
#[derive(WriteStore)]
struct WriteDocuments;

#[mcp_tool]
async fn get_document(_: &ReadDocuments, call: &Call, input: get_document::Input) -> Result<Document, ToolError> {
    Ok(Document { id: input.document_id, text: format!("Of {}.", call.subject()) })
}

#[mcp_tool]
async fn write_document(_: &WriteDocuments, input: write_document::Input) -> Result<Document, ToolError> {
    Ok(Document { id: "d_2".to_owned(), text: input.text })
}

#[mcp_tool]
async fn publish_document(_: &WriteDocuments, input: publish_document::Input) -> Result<Document, ToolError> {
    Ok(Document { id: input.document_id, text: "Published.".to_owned() })
}

#[mcp_tool]
async fn whoami(_: &ReadDocuments, call: &Call) -> Result<whoami::Output, ToolError> {
    let identity = call.identity();
    Ok(whoami::Output {
        token_id: identity.credential_id.clone(),
        client: identity.credential_name.clone(),
        subject: identity.subject.clone(),
    })
}

/// Runs the server as one declaration or another has it.
pub fn run(spec: &'static ServerSpec) -> ExitCode {
    toolwright::serve(spec, async |_: Context<()>| Ok(handlers(ReadDocuments, WriteDocuments)))
}
