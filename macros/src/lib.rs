//! The attribute `#[mcp_tool]` and the store derives of toolwright.

use proc_macro::TokenStream;

mod expand;
mod handler;
mod store;

/// Makes a function the handler of a declared tool.
///
/// ```text
/// #[mcp_tool]
/// async fn cancel_run(store: &WriteStore, call: &Call, input: cancel_run::Input) -> Result<Run, ToolError>
/// ```
///
/// The function is async and takes, in this order: the store that serves the tool, by reference;
/// optionally the call, by reference; optionally the tool's input, by value. It answers with
/// `Result<Output, E>`, where `E` is `toolwright::ToolError` or becomes one by `From`. A function
/// that is not called like its tool says `#[mcp_tool(cancel_run)]`.
///
/// The function stays as it was written, and `toolwright::Handle` is implemented for the store.
#[proc_macro_attribute]
pub fn mcp_tool(arguments: TokenStream, function: TokenStream) -> TokenStream {
    expand::mcp_tool(arguments.into(), &function.into()).into()
}

/// Makes a type the store of tools with `access: read`. Nothing reached through it should be able
/// to write: open its database connections read-only.
#[proc_macro_derive(ReadStore)]
pub fn read_store(input: TokenStream) -> TokenStream {
    store::derive(input.into(), "Read").into()
}

/// Makes a type the store of tools with `access: read` that declare `records`. Through it nothing should
/// be possible but to read and to append such a record: let the database refuse to change one.
#[proc_macro_derive(RecordStore)]
pub fn record_store(input: TokenStream) -> TokenStream {
    store::derive(input.into(), "Record").into()
}

/// Makes a type the store of tools with `access: write` or `access: destructive`.
#[proc_macro_derive(WriteStore)]
pub fn write_store(input: TokenStream) -> TokenStream {
    store::derive(input.into(), "Write").into()
}
