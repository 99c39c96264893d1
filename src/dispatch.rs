//! From an authorized call to the handler of its tool, and back.

use std::{future::Future, pin::Pin, sync::Arc};

use serde_json::Value;

use crate::{Call, Handle, Tool, ToolError, arguments};

/// The boxed future of one call; its value is the tool's result as JSON.
pub type Reply = Pin<Box<dyn Future<Output = Result<Value, ToolError>> + Send>>;

/// All handlers of a server behind one object, so that the protocol's machinery is compiled once,
/// in the runtime. Generated code implements it with one `match` over the tools' names.
pub trait Dispatch: Send + Sync + 'static {
    /// Starts the call. `arguments` are valid by the tool's input schema.
    fn dispatch(self: Arc<Self>, call: Call, arguments: Value) -> Reply;
}

/// Every handler of a server: what the generated constructor makes.
#[derive(Clone)]
pub struct Handlers(pub(crate) Arc<dyn Dispatch>);

impl Handlers {
    /// For generated code.
    #[doc(hidden)]
    pub fn new(dispatch: impl Dispatch) -> Self {
        Self(Arc::new(dispatch))
    }
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handlers")
    }
}

/// Runs the handler of one tool on the store that `store` picks: one arm of the generated `match`.
pub fn invoke<T, S, H>(handlers: Arc<H>, store: fn(&H) -> &S, call: Call, arguments: Value) -> Reply
where
    T: Tool,
    S: Handle<T>,
    H: Send + Sync + 'static,
{
    Box::pin(async move {
        let input: T::Input = arguments::typed(T::SPEC, &arguments)?;
        let output = store(&handlers).handle(&call, input).await?;
        serde_json::to_value(output).map_err(ToolError::internal)
    })
}

/// The arm of the generated `match` for a name that is not declared; the runtime asks for declared
/// tools only.
pub fn undeclared(call: &Call) -> Reply {
    let error = ToolError::internal(format!("no dispatch for `{}`", call.tool().name));
    Box::pin(std::future::ready(Err(error)))
}
