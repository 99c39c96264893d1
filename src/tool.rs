//! The contract between a declared tool and the function that implements it.

use std::future::Future;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Call, ToolError, spec::ToolSpec};

/// A declared tool, as a type. Generated code has one for every tool: `cancel_run::Tool`.
pub trait Tool: 'static {
    /// The declaration.
    const SPEC: &'static ToolSpec;
    /// Which store serves the tool: [`Read`] for a tool with `access: read`, [`Record`] where it declares
    /// `records` as well, else [`Write`].
    type Access: Access;
    /// The arguments, valid by the tool's input schema.
    type Input: DeserializeOwned + Send + 'static;
    /// The result, valid by the tool's output schema.
    type Output: Serialize + Send + 'static;
}

/// Which store a tool is given.
pub trait Access: sealed::Sealed + 'static {}

/// The access of tools that leave no trace: their store cannot write.
#[derive(Debug)]
pub enum Read {}

/// The access of tools that change nothing and leave a record of each call: their store can append that
/// record, and nothing else.
///
/// A call of such a tool ends as one that reads: when its time is over, or its caller has gone. What it has
/// recorded by then stays, so that a handler whose every call must be on record begins with it.
#[derive(Debug)]
pub enum Record {}

/// The access of tools that change something.
#[derive(Debug)]
pub enum Write {}

impl Access for Read {}
impl Access for Record {}
impl Access for Write {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Read {}
    impl Sealed for super::Record {}
    impl Sealed for super::Write {}
}

/// A type that serves tools of one access; derived with one of `ReadStore`, `RecordStore` and `WriteStore`.
pub trait Store: Send + Sync + 'static {
    /// The access that it serves.
    type Access: Access;
}

/// That a store serves an access. It follows from [`Store`]; the derives write both.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the store for a tool with this access",
    label = "this store does not serve {A} tools",
    note = "a tool with `access: read` takes the type that derives `ReadStore`, or the one that derives `RecordStore` if it declares `records`; one with `access: write` or `access: destructive` takes the type that derives `WriteStore`"
)]
pub trait Serves<A: Access>: Store {}

/// The function that implements a tool, on the store that it takes. `#[mcp_tool]` implements it.
#[diagnostic::on_unimplemented(
    message = "the declared tool `{T}` has no handler on `{Self}`",
    label = "a handler is missing here",
    note = "write it: `#[mcp_tool] async fn NAME(store: &{Self}, call: &Call, input: NAME::Input) -> Result<NAME::Output, ToolError>`"
)]
pub trait Handle<T: Tool>: Serves<T::Access> {
    /// Runs one call.
    ///
    /// # Errors
    /// What the caller is told instead of a result.
    fn handle<'a>(
        &'a self,
        call: &'a Call,
        input: T::Input,
    ) -> impl Future<Output = Result<T::Output, ToolError>> + Send + 'a;
}
